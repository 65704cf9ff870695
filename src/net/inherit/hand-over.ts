// Hands listening sockets to the next process, which asks for them at a Unix socket: a server restarts
// without refusing a connection, since the queue of connections belongs to the socket, not to a
// process, and the socket is open all the time.
//
// The talk, in lines of text: the next process connects; we send HEAD with names and, beside it, the
// descriptors; it listens on them and answers CONFIRM; we stop accepting, answer RELEASED, and finish
// the connections that we have. Until CONFIRM nothing has changed here. takeover.ts is the other side.
import { chmodSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { EdgewiseError, errnoError, invalidType } from '../../errors.ts';
import type { Reactor } from '../../reactor/reactor.ts';
import { checkFunction, checkInteger, checkObject } from '../../validate.ts';
import type { Connection } from '../connection/connection.ts';
import { listen } from '../listen/listen.ts';
import type { Listener } from '../listen/listener.ts';

/** @internal */
export const CONFIRM = 'confirm';
/** @internal */
export const RELEASED = 'released';
const VERSION = 1;
const LINE_MAX = 128 * 1024;
const NAME_MAX = 255;
const SOCKETS_MAX = 253; // one message carries them all
const CONFIRM_TIMEOUT_MS = 30_000;
const OTHERS_MAY_WRITE = 0o022;

/** What can be handed over: a `Listener`, or a `DatagramSocket`. */
export interface HandOverSocket {
  readonly fd: number;
  readonly isClosed: boolean;
  close(): void;
  /** Closes, but leaves the file of a Unix socket to the next process. */
  release?(): void;
}

export interface HandOverHandlers {
  /**
   * The next process serves: the sockets are closed here, and the path is free for it. Finish the
   * open connections; the process can end when they are gone. Called once.
   *
   * @param pid - of the next process, where the kernel tells.
   */
  handedOver(handOver: HandOver, pid: number | undefined): void;
  /**
   * A process that asked was refused, or has gone without confirming. Everything is as before.
   *
   * @param error - ERR_HANDOVER_FAILED.
   */
  failed?(handOver: HandOver, error: Error): void;
}

export interface HandOverOptions {
  /** Where the next process asks. Only this user, or root, may be able to write to its directory. */
  readonly path: string;
  /** What is handed over, by names of 1 to 255 characters; those that are closed are left out. */
  readonly sockets: Readonly<Record<string, HandOverSocket>>;
  readonly handlers: HandOverHandlers;
  /** Default: the reactor of this thread, attached to Node's loop. */
  readonly reactor?: Reactor;
  /** How long the next process may take to confirm, in milliseconds. Default 30,000. */
  readonly confirmTimeoutMs?: number;
}

/** @internal the first line */
export interface Head {
  readonly version: number;
  readonly names: readonly string[];
}

/** @internal */
export function failed(what: string): EdgewiseError {
  return new EdgewiseError('ERR_HANDOVER_FAILED', what);
}

/** @internal puts lines together that come in pieces */
export class Lines {
  #text = '';
  /** A letter of several bytes can come in two pieces. */
  readonly #decoder = new StringDecoder('utf8');

  /**
   * @returns the lines that are whole, without their ends.
   * @throws EdgewiseError - ERR_HANDOVER_FAILED: what comes is too long to be one.
   */
  take(bytes: Buffer): string[] {
    // Only what is new is looked through: many small pieces cost no more than a large one.
    const [rest = '', ...more] = this.#decoder.write(bytes).split('\n');
    const lines = [this.#text + rest, ...more];
    this.#text = lines.pop() ?? '';
    if (this.#text.length <= LINE_MAX) return lines;
    throw failed('the peer does not speak the protocol');
  }
}

/**
 * @internal
 * @returns the peer's pid, where the kernel tells.
 * @throws EdgewiseError - ERR_HANDOVER_FAILED: it is another user's.
 */
export function checkPeer(connection: Connection): number | undefined {
  const { uid, pid } = connection.peerCredentials();
  if (uid === process.geteuid?.()) return pid;
  throw failed(`the peer is of the user ${uid}`);
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    throw errno === undefined ? error : errnoError(errno, 'stat', { path });
  }
}

function checkDirectory(path: string): void {
  const directory = dirname(resolve(path));
  const { uid, mode } = statOf(directory);
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
  checkInteger('sockets.length', Object.keys(sockets).length, 1, SOCKETS_MAX);
  for (const [name, socket] of Object.entries(sockets)) {
    checkInteger(`sockets[${name.slice(0, NAME_MAX)}].name.length`, name.length, 1, NAME_MAX);
    checkObject(`sockets.${name}`, socket);
    checkFunction(`sockets.${name}.close`, socket.close);
  }
}

/** An offer to the next process, made by `offerHandOver`. It does not keep the reactor alive. */
export class HandOver {
  readonly #options: HandOverOptions;
  readonly #control: Listener<Lines>;
  #asking: Connection<Lines> | undefined = undefined;
  #pid: number | undefined = undefined;
  #isDone = false;

  /** @internal use `offerHandOver` */
  constructor(options: HandOverOptions) {
    this.#options = options;
    const { path, reactor, confirmTimeoutMs = CONFIRM_TIMEOUT_MS } = options;
    this.#control = listen<Lines>({
      path,
      ...(reactor === undefined ? {} : { reactor }),
      idleTimeoutMs: confirmTimeoutMs,
      handlers: {
        open: (connection) => this.#guard(connection, () => this.#offer(connection)),
        data: (connection, bytes) => this.#onData(connection, bytes),
        timeout: (connection) => connection.destroy(failed('the next process did not confirm')),
        close: (connection, error) => this.#onClose(connection, error),
      },
    }).unref();
    try {
      chmodSync(path, 0o600);
    } catch (error) {
      this.#control.close();
      throw error;
    }
  }

  get path(): string {
    return this.#options.path;
  }

  /** Whether the sockets were handed over. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Offers nothing any more; the sockets stay open here. Does nothing the second time. */
  close(): void {
    this.#control.close();
    this.#asking?.destroy(failed('the offer was withdrawn'));
  }

  [Symbol.dispose](): void {
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
    connection.data = new Lines();
    const head: Head = { version: VERSION, names: open.map(([name]) => name) };
    connection.writeDescriptors(
      `${JSON.stringify(head)}\n`,
      open.map(([, { fd }]) => fd),
    );
  }

  #onData(connection: Connection<Lines>, bytes: Buffer): void {
    if (this.#isDone) return;
    this.#guard(connection, () => this.#read(connection, bytes));
    // Outside of the guard: what the handler throws is the reactor's to tell.
    if (this.#isDone) this.#options.handlers.handedOver(this, this.#pid);
  }

  #read(connection: Connection<Lines>, bytes: Buffer): void {
    const [line] = connection.data?.take(bytes) ?? [];
    if (line === undefined) return;
    if (line !== CONFIRM) throw failed('the peer does not speak the protocol');
    this.#isDone = true;
    this.#control.close(); // the path is free before the next process hears that it is
    for (const socket of Object.values(this.#options.sockets)) {
      if (socket.release === undefined) socket.close();
      else socket.release();
    }
    connection.end(`${RELEASED}\n`);
  }

  #onClose(connection: Connection<Lines>, error: Error | undefined): void {
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
