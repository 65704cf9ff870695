// A listening socket for `for await` and `accept`. Connections that were not asked for yet are kept,
// up to a bound; then accepting pauses, and clients wait in the kernel's queue.

import { constants as os } from 'node:os';
import type { SocketAddress } from '../address.ts';
import { errnoError } from '../errors.ts';
import { SHOWN } from '../inspect.ts';
import type { Connection as HandlerConnection } from '../net/connection/index.ts';
import {
  type Listener as HandlerListener,
  listen as listenWithHandlers,
  ON_CLOSED,
  type ListenOptions as Options,
} from '../net/listen/index.ts';
import { checkError, checkObject, throwIfAborted } from '../validate.ts';
import { Connection } from './connection.ts';
import { renewed } from './failure.ts';
import { RESOLVED, signalIn, Waiter, type WaitOptions } from './waiter.ts';

const { ETIMEDOUT } = os.errno;
/** Connections that are kept until they are asked for. */
const KEPT_MAX = 64;

/** As those of `listen` in `edgewise`, without `handlers` and what belongs to them. */
export type ListenOptions = Omit<
  Options<Connection>,
  'handlers' | 'createData' | 'allowHalfOpen' | 'receiveDescriptors' | 'onError'
>;

/** A listener with connections that are awaited. It owns its descriptor. */
export class Listener implements AsyncIterable<Connection>, AsyncDisposable, Disposable {
  /** The listener of handlers beneath: statistics and all that is not here. */
  readonly raw: HandlerListener<Connection>;
  readonly #kept: Connection[] = [];
  readonly #waiting: Waiter<Connection | undefined>[] = [];

  /** @internal use `listen` */
  constructor(options: ListenOptions) {
    this.raw = listenWithHandlers<Connection>({
      ...options,
      createData: (connection) => new Connection(connection),
      handlers: {
        open: ({ data }) => this.#onAccepted(data),
        timeout: (connection) => destroyIdle(connection),
      },
      onError: () => undefined, // what waits rejects with it: see `#onClosed`
    });
    this.raw[ON_CLOSED] = () => this.#onClosed();
  }

  /** The descriptor; -1 after it is closed. */
  get fd(): number {
    return this.raw.fd;
  }

  /** Where it listens, with the port that it got. */
  get address(): SocketAddress {
    return this.raw.address;
  }

  /** The port, 0 for Unix sockets. */
  get port(): number {
    return this.raw.port;
  }

  /** Whether it is closed. */
  get isClosed(): boolean {
    return this.raw.isClosed;
  }

  /**
   * Waits for the next connection.
   *
   * @param options - `signal` ends the waiting.
   * @throws TypeError - an option of the wrong kind. The reason of the signal.
   * @throws EdgewiseError - ERR_CLOSED: the listener is closed.
   * @throws ErrnoError - why it has failed.
   */
  async accept(options: WaitOptions = {}): Promise<Connection> {
    const connection = await this.#next(signalIn(options));
    if (connection === undefined) throw renewed(this.raw.error, 'the Listener');
    return connection;
  }

  /** Its connections, until it is closed. Leaving the loop closes the listener. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Connection, void, undefined> {
    try {
      for (;;) {
        const connection = await this.#next(undefined);
        if (connection === undefined && this.raw.error !== undefined) {
          throw renewed(this.raw.error, 'the Listener');
        }
        if (connection === undefined) return;
        yield connection;
      }
    } finally {
      this.close();
    }
  }

  /**
   * Stops accepting. Connections that were given out go on; those that were not asked for are
   * destroyed. Nothing of it can hang: it has no time limit.
   *
   * @returns resolves when it is closed, which is at once.
   */
  close(): Promise<void> {
    this.raw.close();
    return RESOLVED;
  }

  /**
   * Closes, and destroys its connections.
   *
   * @param error - of the operations that wait on them.
   * @throws TypeError - no Error.
   */
  destroy(error?: Error): void {
    checkError(error);
    this.raw.destroy(error);
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    return this.raw[SHOWN]();
  }

  /** As `destroy()`: `using listener = listen(…)`. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** As `close()`: `await using listener = listen(…)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Keeps the process alive, which is so from the start. */
  ref(): this {
    this.raw.ref();
    return this;
  }

  /** Lets the process end although it listens. */
  unref(): this {
    this.raw.unref();
    return this;
  }

  /** Whether it keeps the process alive while it listens. */
  hasRef(): boolean {
    return this.raw.hasRef();
  }

  #onClosed(): void {
    for (const connection of this.#kept.splice(0)) connection.destroy();
    for (const waiter of this.#waiting.splice(0)) waiter.resolve(undefined);
  }

  async #next(signal: AbortSignal | undefined): Promise<Connection | undefined> {
    throwIfAborted(signal);
    if (this.isClosed) return undefined;
    const connection = this.#takeKept();
    if (connection !== undefined) return connection;
    const waiter = new Waiter<Connection | undefined>(signal, () => {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
    });
    this.#waiting.push(waiter);
    return waiter.promise;
  }

  // One that has failed while it was waiting is given too: its first operation rejects with why.
  #takeKept(): Connection | undefined {
    const connection = this.#kept.shift();
    if (connection !== undefined && this.#kept.length === KEPT_MAX - 1) this.raw.resume();
    return connection;
  }

  #onAccepted(connection: Connection): void {
    const waiter = this.#waiting.shift();
    if (waiter !== undefined) {
      waiter.resolve(connection);
      return;
    }
    this.#kept.push(connection);
    if (this.#kept.length >= KEPT_MAX) this.raw.pause();
  }
}

/** @internal `idleTimeoutMs` has passed: what waits fails with ETIMEDOUT */
export function destroyIdle(connection: HandlerConnection<Connection>): void {
  connection.destroy(errnoError(-ETIMEDOUT, 'read', { fd: connection.fd }));
}

/**
 * Listens for stream connections.
 *
 * @param options - as of `listen` in `edgewise`.
 * @throws as `listen` of `edgewise`, at once.
 */
export function listen(options: ListenOptions = {}): Listener {
  checkObject('options', options);
  return new Listener(options);
}
