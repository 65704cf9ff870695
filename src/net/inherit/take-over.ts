// The next process's side of a hand-over: it asks at the path, gets the sockets, listens on them, and
// confirms. handover.ts has the protocol.
import { EdgewiseError, invalidType } from '../../errors.ts';
import type { Reactor } from '../../reactor/reactor.ts';
import { checkInteger, checkObject } from '../../validate.ts';
import { connect } from '../connect/connect.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionHandlers } from '../connection/handlers.ts';
import { closeAll } from '../socket/descriptor-passing.ts';
import { kindOf } from '../socket/inherited.ts';
import type { InheritedSocket } from './activation.ts';
import { CONFIRM, checkPeer, failed, type Head, Lines, RELEASED } from './hand-over.ts';

const TIMEOUT_MS = 10_000;

export interface TakeOverOptions {
  /** Where the earlier process offers: `path` of its `offerHandOver`. */
  readonly path: string;
  /** Default: the reactor of this thread, attached to Node's loop. */
  readonly reactor?: Reactor;
  /** How long the earlier process may take to answer, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
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
    this.promise.catch(() => undefined); // whether anybody waits or not
  }
}

/** The talk with the earlier process. */
class Taker {
  readonly offered = new Answer<readonly InheritedSocket[] | undefined>();
  readonly released = new Answer<void>();
  readonly #lines = new Lines();
  readonly #connection: Connection;
  #fds: number[] = [];
  #hasOffer = false;
  #isAwaited = true;

  constructor({ path, reactor, timeoutMs = TIMEOUT_MS }: TakeOverOptions) {
    this.#connection = connect({
      path,
      ...(reactor === undefined ? {} : { reactor }),
      receiveDescriptors: true,
      handlers: this.#handlers(),
      timeoutMs,
      idleTimeoutMs: timeoutMs,
    });
  }

  confirm(): void {
    if (this.#connection.isClosed) return; // `released` says why
    this.#isAwaited = true;
    this.#connection.write(`${CONFIRM}\n`);
  }

  close(): void {
    this.#connection.destroy();
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
      descriptors: (_, fds) => void this.#fds.push(...fds),
      data: (connection, bytes) => guard(connection, () => this.#read(bytes)),
      // Between the two answers it is the user who takes the time.
      timeout: (connection) => {
        if (this.#isAwaited) connection.destroy(failed('the earlier process did not answer'));
      },
      close: (_, error) => this.#onClose(error),
    };
  }

  #read(bytes: Buffer): void {
    for (const line of this.#lines.take(bytes)) {
      if (!this.#hasOffer) this.#onHead(line);
      else if (line === RELEASED) this.released.resolve();
      else throw failed('the peer does not speak the protocol');
    }
  }

  #onHead(line: string): void {
    const { version, names } = JSON.parse(line) as Head;
    if (version !== 1 || !Array.isArray(names)) throw failed(`version ${version} of the protocol`);
    if (names.length !== this.#fds.length) {
      throw failed(`${names.length} sockets were announced, and ${this.#fds.length} came`);
    }
    this.#hasOffer = true;
    this.#isAwaited = false;
    const fds = this.#fds;
    this.#fds = []; // the caller's from here on
    this.offered.resolve(
      fds.map((fd, index) => ({ fd, name: String(names[index]), kind: kindOf(fd) })),
    );
  }

  // Settles what is not settled.
  #onClose(error: Error | undefined): void {
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

/** What the earlier process has handed over, by `takeOver`. */
export class TakeOver {
  /** The sockets: the caller's, to be adopted or closed. */
  readonly sockets: readonly InheritedSocket[];
  readonly #taker: Taker;

  /** @internal use `takeOver` */
  constructor(taker: Taker, sockets: readonly InheritedSocket[]) {
    this.#taker = taker;
    this.sockets = sockets;
  }

  /** The socket of that name; undefined when there is none. */
  socket(name: string): InheritedSocket | undefined {
    return this.sockets.find((socket) => socket.name === name);
  }

  /**
   * Tells the earlier process to stop accepting. Listen on the sockets before. When this resolves,
   * it has, and the path is free for an offer of this process.
   *
   * @throws (rejects) EdgewiseError - ERR_HANDOVER_FAILED: the earlier process has gone meanwhile,
   *   or did not want to wait any longer, and then goes on accepting as well.
   */
  confirm(): Promise<void> {
    this.#taker.confirm();
    return this.#taker.released.promise;
  }

  /** Leaves everything to the earlier process; the sockets are still the caller's to close. */
  abandon(): void {
    this.#taker.close();
  }
}

/**
 * Asks the earlier process of this user for the sockets that it offers at `path`.
 *
 * @returns undefined when nobody offers any there: this is the first process.
 * @throws TypeError, RangeError - an option of the wrong kind.
 * @throws (rejects) EdgewiseError - ERR_HANDOVER_FAILED: it is another user's, it is handing over to
 *   another process, it did not answer in time.
 */
export async function takeOver(options: TakeOverOptions): Promise<TakeOver | undefined> {
  checkObject('options', options);
  const { path, timeoutMs = TIMEOUT_MS } = options;
  if (typeof path !== 'string') throw invalidType('path', 'a string', path);
  checkInteger('timeoutMs', timeoutMs, 1, 0x7fffffff);
  const taker = new Taker(options);
  const sockets = await taker.offered.promise;
  return sockets === undefined ? undefined : new TakeOver(taker, sockets);
}
