// The next process's side of a hand-over: it asks at the path, gets the sockets, listens on them, and
// confirms. hand-over.ts is the other side; protocol.ts has what they say.
import { EdgewiseError, invalidType } from '../../errors.ts';
import { defaultReactor, type Reactor } from '../../reactor/index.ts';
import { checkInteger, checkObject } from '../../validate.ts';
import { connect } from '../connect/connect.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionHandlers } from '../connection/handlers.ts';
import { closeAll } from '../socket/descriptor-passing.ts';
import { kindOf } from '../socket/inherited.ts';
import type { InheritedSocket } from './activation.ts';
import {
  CONFIRM,
  checkPeer,
  decodeHead,
  failed,
  failedByPeer,
  Lines,
  RELEASED,
  SOCKET_COUNT_MAX,
} from './protocol.ts';

const TIMEOUT_MS = 10_000;

/** Options of {@link takeOver}. */
export interface TakeOverOptions {
  /** Where the earlier process offers: `path` of its `offerHandOver`. */
  readonly path: string;
  /** Default: the reactor of this thread, attached to Node's loop. */
  readonly reactor?: Reactor | undefined;
  /** How long the earlier process may take to answer, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number | undefined;
}

/** What `await` waits for, settled once. */
class Answer<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: Error) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => undefined); // whether it is awaited or not
  }
}

/** The conversation with the earlier process. */
class Conversation {
  readonly offered = new Answer<readonly InheritedSocket[] | undefined>();
  readonly released = new Answer<void>();
  readonly #lines = new Lines();
  readonly connection: Connection;
  #fds: number[] = [];
  #hasOffer = false;
  #isConfirmed = false;
  #isAwaited = true;

  constructor({ path, reactor = defaultReactor(), timeoutMs = TIMEOUT_MS }: TakeOverOptions) {
    this.connection = connect({
      path,
      reactor,
      receiveDescriptors: true,
      handlers: this.#handlers(),
      timeoutMs,
      idleTimeoutMs: timeoutMs,
    });
  }

  confirm(): void {
    if (this.connection.isClosed) return; // `released` says why
    this.#isConfirmed = true;
    this.#isAwaited = true;
    this.connection.write(`${CONFIRM}\n`);
  }

  #handlers(): ConnectionHandlers {
    const guard = (connection: Connection, step: () => void) => {
      try {
        step();
      } catch (error) {
        connection.destroy(error as Error);
      }
    };
    return {
      open: (connection) => guard(connection, () => void checkPeer(connection)),
      descriptors: (connection, fds) => guard(connection, () => this.#onDescriptors(fds)),
      data: (connection, bytes) => guard(connection, () => this.#read(bytes)),
      // Between the two answers this process takes its time.
      timeout: (connection) => {
        if (this.#isAwaited) connection.destroy(failed('the earlier process did not answer'));
      },
      close: (_, error) => this.#onClose(error),
    };
  }

  // Those of a conversation that ends are closed with it.
  #onDescriptors(fds: readonly number[]): void {
    this.#fds.push(...fds);
    if (this.#hasOffer || this.#fds.length > SOCKET_COUNT_MAX) throw failedByPeer();
  }

  #read(bytes: Buffer): void {
    for (const line of this.#lines.take(bytes)) {
      if (!this.#hasOffer) this.#onHead(line);
      else if (this.#isConfirmed && line === RELEASED) this.released.resolve();
      else throw failedByPeer();
    }
  }

  #onHead(line: string): void {
    const names = decodeHead(line);
    if (names.length !== this.#fds.length) {
      throw failed(`${names.length} sockets were announced, and ${this.#fds.length} came`);
    }
    this.#hasOffer = true;
    this.#isAwaited = false;
    const fds = this.#fds;
    this.#fds = []; // the caller's from here on
    this.offered.resolve(
      fds.map((fd, index) => ({ fd, name: names[index] as string, kind: kindOf(fd) })),
    );
  }

  // Settles what is not settled.
  #onClose(error: NodeJS.ErrnoException | undefined): void {
    closeAll(this.#fds);
    this.#fds = [];
    const { code } = (error ?? {}) as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') this.offered.resolve(undefined);
    const reason = error instanceof EdgewiseError ? error : undefined;
    const message = error?.message ?? 'the earlier process has closed the connection';
    this.offered.reject(reason ?? failed(message));
    this.released.reject(reason ?? failed(message));
  }
}

/**
 * What the earlier process has handed over, made by `takeOver`. It keeps the reactor alive until it is
 * confirmed and the earlier process has answered, or until it is closed.
 */
export class TakeOver {
  /** The sockets: the caller's, to be adopted or closed. */
  readonly sockets: readonly InheritedSocket[];
  readonly #conversation: Conversation;

  /** @internal use `takeOver` */
  constructor(conversation: Conversation, sockets: readonly InheritedSocket[]) {
    this.#conversation = conversation;
    this.sockets = sockets;
  }

  /** The socket of that name; undefined when there is none. */
  socket(name: string): InheritedSocket | undefined {
    return this.sockets.find((socket) => socket.name === name);
  }

  /**
   * Has the earlier process stop accepting. Listen on the sockets before. When this resolves, it has
   * stopped, and the path is free for an offer of this process.
   *
   * @throws (rejects) EdgewiseError - ERR_HANDOVER_FAILED: the earlier process has gone meanwhile,
   *   or did not want to wait any longer, and then goes on accepting as well.
   */
  confirm(): Promise<void> {
    this.#conversation.confirm();
    return this.#conversation.released.promise;
  }

  /** Whether the earlier process has answered the confirmation or has gone, or this was closed. */
  get isClosed(): boolean {
    return this.#conversation.connection.isClosed;
  }

  /**
   * Leaves everything to the earlier process, unless that was confirmed; the sockets are still the
   * caller's to close. Does nothing the second time.
   */
  close(): void {
    this.destroy();
  }

  /**
   * As `close`, since there is nothing to wait for.
   *
   * @param error - its message is that of the error with which a `confirm` that waits rejects.
   */
  destroy(error?: Error): void {
    this.#conversation.connection.destroy(error);
  }

  /** Keeps the reactor alive, which is so from the start. */
  ref(): this {
    this.#conversation.connection.ref();
    return this;
  }

  /** Lets the reactor end although the earlier process is connected. */
  unref(): this {
    this.#conversation.connection.unref();
    return this;
  }

  /** Whether it keeps the reactor alive until it is closed. */
  hasRef(): boolean {
    return this.#conversation.connection.hasRef();
  }

  /** Leaves everything to the earlier process: see `close`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Leaves everything to the earlier process: see `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/**
 * Asks the earlier process of this user for the sockets that it offers at `path`.
 *
 * @returns undefined when none are offered there: this is the first process.
 * @throws TypeError, RangeError - an option of the wrong kind.
 * @throws (rejects) EdgewiseError - ERR_HANDOVER_FAILED: it is another user's, it is handing over to
 *   another process, it did not answer in time.
 */
export async function takeOver(options: TakeOverOptions): Promise<TakeOver | undefined> {
  checkObject('options', options);
  const { path, timeoutMs = TIMEOUT_MS } = options;
  if (typeof path !== 'string') throw invalidType('path', 'a string', path);
  checkInteger('timeoutMs', timeoutMs, 1, 0x7fffffff);
  const conversation = new Conversation(options);
  const { reactor } = conversation.connection;
  reactor.lintNames('takeOver', options, ['path', 'reactor', 'timeoutMs']);
  const sockets = await conversation.offered.promise;
  return sockets === undefined ? undefined : new TakeOver(conversation, sockets);
}
