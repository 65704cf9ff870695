// Hands listening sockets to the next process, which asks for them at a Unix socket: a server restarts
// without refusing a connection, since the queue of connections belongs to the socket, not to a
// process, and the socket is open all the time. take-over.ts is the other side; protocol.ts has what
// they say.

import { dirname, resolve } from 'node:path';
import { EdgewiseError, invalidType } from '../../errors.ts';
import type { Method } from '../../method.ts';
import { native } from '../../native.ts';
import { defaultReactor, type Reactor } from '../../reactor/index.ts';
import { checkFunction, checkInteger, checkObject } from '../../validate.ts';
import type { Connection } from '../connection/connection.ts';
import { listen } from '../listen/listen.ts';
import type { Listener } from '../listen/listener.ts';
import { typed } from '../socket/file.ts';
import {
  CONFIRM,
  checkPeer,
  encodeHead,
  failed,
  failedByPeer,
  Lines,
  NAME_LENGTH_MAX,
  RELEASED,
  SOCKET_COUNT_MAX,
} from './protocol.ts';

const CONFIRM_TIMEOUT_MS = 30_000;
const OTHERS_MAY_WRITE = 0o022;
const OPTION_NAMES = Object.keys({
  path: true,
  sockets: true,
  handlers: true,
  reactor: true,
  confirmTimeoutMs: true,
} satisfies Record<keyof HandOverOptions, true>);

/** What can be handed over: a `Listener`, or a `DatagramSocket`. */
export interface HandOverSocket {
  /** The descriptor. */
  readonly fd: number;
  /** It is left out when it is closed by the time it would be offered. */
  readonly isClosed: boolean;
  /** Called when the next process has it, unless there is `release` or `destroy`. */
  close(): void;
  /** Closes at once; called in place of `close`, which may wait until its queue has left. */
  destroy?: Method<[]> | undefined;
  /** Closes, but leaves the file of a Unix socket to the next process; called in place of both. */
  release?: Method<[]> | undefined;
}

/** Receives what becomes of an offer. */
export interface HandOverHandlers {
  /**
   * The next process serves: the sockets are closed here, and the path is free for it. Finish the
   * open connections; the process can end when they are gone. Called once.
   *
   * @param pid - of the next process, where the kernel reports it.
   */
  handedOver(handOver: HandOver, pid: number | undefined): void;
  /**
   * A process that asked was refused, or has gone without confirming. Everything is as before, but
   * for one case: the socket at the path has failed, and nothing is offered any more (`isClosed`).
   *
   * @param error - ERR_HANDOVER_FAILED.
   */
  failed?: Method<[handOver: HandOver, error: NodeJS.ErrnoException]> | undefined;
}

/** Options of {@link offerHandOver}. */
export interface HandOverOptions {
  /** Where the next process asks. Only this user, or root, may be able to write to its directory. */
  readonly path: string;
  /** What is handed over, by names of 1 to 255 characters; those that are closed are left out. */
  readonly sockets: Readonly<Record<string, HandOverSocket>>;
  /** Receives the outcome. */
  readonly handlers: HandOverHandlers;
  /** Default: the reactor of this thread, attached to Node's loop. */
  readonly reactor?: Reactor | undefined;
  /** How long the next process may take to confirm, in milliseconds. Default 30,000. */
  readonly confirmTimeoutMs?: number | undefined;
}

function checkDirectory(path: string): void {
  const directory = dirname(resolve(path));
  const { uid, mode } = typed(directory, () => native.statSync(directory));
  const isOurs = uid === process.geteuid?.() || uid === 0;
  if (isOurs && (mode & OTHERS_MAY_WRITE) === 0) return;
  throw new EdgewiseError('ERR_PATH_UNSAFE', `other users may write to ${directory}`);
}

function checkOptions(options: HandOverOptions): void {
  checkObject('options', options);
  const { path, sockets, handlers } = options;
  if (typeof path !== 'string') throw invalidType('path', 'a string', path);
  checkObject('handlers', handlers);
  checkFunction('handlers.handedOver', handlers.handedOver);
  if (handlers.failed !== undefined) checkFunction('handlers.failed', handlers.failed);
  checkObject('sockets', sockets);
  checkInteger('sockets.length', Object.keys(sockets).length, 1, SOCKET_COUNT_MAX);
  for (const [name, socket] of Object.entries(sockets)) {
    checkInteger(
      `sockets[${name.slice(0, NAME_LENGTH_MAX)}].name.length`,
      name.length,
      1,
      NAME_LENGTH_MAX,
    );
    checkObject(`sockets.${name}`, socket);
    checkFunction(`sockets.${name}.close`, socket.close);
  }
}

function release(socket: HandOverSocket): void {
  if (socket.release !== undefined) socket.release();
  else if (socket.destroy !== undefined) socket.destroy();
  else socket.close();
}

/**
 * An offer to the next process, made by `offerHandOver`. It does not keep the reactor alive, unless
 * `ref` says so.
 */
export class HandOver {
  readonly #options: HandOverOptions;
  readonly #control: Listener<Lines>;
  #asking: Connection<Lines> | undefined = undefined;
  #pid: number | undefined = undefined;
  #isDone = false;

  /** @internal use `offerHandOver` */
  constructor(options: HandOverOptions) {
    this.#options = options;
    const { path, reactor = defaultReactor(), confirmTimeoutMs = CONFIRM_TIMEOUT_MS } = options;
    this.#control = listen<Lines>({
      path,
      reactor,
      createData: () => new Lines(),
      idleTimeoutMs: confirmTimeoutMs,
      handlers: {
        open: (connection) => this.#guard(connection, () => this.#offer(connection)),
        data: (connection, bytes) => this.#onData(connection, bytes),
        timeout: (connection) => connection.destroy(failed('the next process did not confirm')),
        close: (connection, error) => this.#onClose(connection, error),
      },
      onError: (error) => this.#onBroken(error),
    }).unref();
    reactor.lintNames('offerHandOver', options, OPTION_NAMES);
    reactor.lintNames('handlers', options.handlers, ['handedOver', 'failed']);
    try {
      native.chmodSync(path, 0o600);
    } catch (error) {
      this.#control.close();
      throw error;
    }
  }

  /** Where the next process asks. */
  get path(): string {
    return this.#options.path;
  }

  /** Whether the sockets were handed over. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Whether nothing is offered any more: handed over, or withdrawn. */
  get isClosed(): boolean {
    return this.#control.isClosed;
  }

  /**
   * Withdraws the offer; the sockets stay open here, and a process that has asked gets
   * ERR_HANDOVER_FAILED. After a hand-over, and the second time, it does nothing.
   */
  close(): void {
    this.#control.close();
    if (!this.#isDone) this.#asking?.destroy(failed('the offer was withdrawn'));
  }

  /**
   * Withdraws the offer as `close` does, since there is nothing to wait for; after a hand-over it
   * also cuts the connection to the next process, if that has not read the answer yet.
   *
   * @param error - reaches the handler `failed`, if a process is asking.
   */
  destroy(error?: Error): void {
    this.#control.close();
    this.#asking?.destroy(error ?? failed('the offer was withdrawn'));
  }

  /** Keeps the reactor alive as long as it is offered. */
  ref(): this {
    this.#control.ref();
    return this;
  }

  /** Lets the reactor end although it is offered, which is so from the start. */
  unref(): this {
    this.#control.unref();
    return this;
  }

  /** Whether it keeps the reactor alive while it is offered. */
  hasRef(): boolean {
    return this.#control.hasRef();
  }

  /** Withdraws the offer: see `destroy`. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** Withdraws the offer: see `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  // What cannot be done ends the connection, not the process.
  #guard(connection: Connection<Lines>, step: () => void): void {
    try {
      step();
    } catch (error) {
      connection.destroy(error as Error);
    }
  }

  #offer(connection: Connection<Lines>): void {
    const pid = checkPeer(connection);
    if (this.#asking !== undefined) throw failed('another process is taking over');
    const open = Object.entries(this.#options.sockets).filter(([, { isClosed }]) => !isClosed);
    if (open.length === 0) throw failed('all sockets are closed');
    this.#asking = connection;
    this.#pid = pid;
    connection.writeDescriptors(
      encodeHead(open.map(([name]) => name)),
      open.map(([, { fd }]) => fd),
    );
  }

  #onData(connection: Connection<Lines>, bytes: Buffer): void {
    if (this.#isDone) return;
    this.#guard(connection, () => this.#read(connection, bytes));
    // Outside of the guard: what the handler throws reaches the reactor's `onError`.
    if (this.#isDone) this.#options.handlers.handedOver(this, this.#pid);
  }

  #read(connection: Connection<Lines>, bytes: Buffer): void {
    const [line] = connection.data.take(bytes);
    if (line === undefined) return;
    if (line !== CONFIRM) throw failedByPeer();
    this.#isDone = true;
    this.#control.close(); // first: with the answer the path has to be free
    for (const socket of Object.values(this.#options.sockets)) {
      try {
        release(socket);
      } catch (error) {
        connection.reactor.report(error); // of the user's object: the others are released
      }
    }
    connection.end(`${RELEASED}\n`);
  }

  // Without a handler for it, what is thrown here reaches the reactor's `onError`.
  #onBroken(error: Error): void {
    const { handlers } = this.#options;
    if (handlers.failed === undefined) throw error;
    handlers.failed(this, failed(error.message));
  }

  #onClose(connection: Connection<Lines>, error: NodeJS.ErrnoException | undefined): void {
    if (connection === this.#asking) this.#asking = undefined;
    if (this.#isDone) return;
    const reason = error ?? failed('the next process has gone without confirming');
    const { handlers } = this.#options;
    handlers.failed?.(this, failed(reason.message));
  }
}

/**
 * Offers sockets to the next process of this user, which calls `takeOver` with the same path. They
 * go on being served here until it confirms.
 *
 * @throws EdgewiseError - ERR_PATH_UNSAFE: others may write to the directory of the path.
 * @throws ErrnoError - EADDRINUSE: another process offers there; and others of `listen`.
 * @throws TypeError, RangeError - an option of the wrong kind.
 */
export function offerHandOver(options: HandOverOptions): HandOver {
  checkOptions(options);
  checkDirectory(options.path);
  return new HandOver(options);
}
