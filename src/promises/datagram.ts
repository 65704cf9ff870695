// A datagram socket for `await`: a bounded queue of what has come, and sends that wait for room.

import { constants as os } from 'node:os';
import { type AddressInput, SocketAddress } from '../address.ts';
import { ClosedError, errnoError } from '../errors.ts';
import { type CloseOptions, encodeShort } from '../flow/index.ts';
import { SHOWN } from '../inspect.ts';
import {
  bindDatagram,
  type DatagramSocket as HandlerSocket,
  type DatagramOptions as Options,
} from '../net/datagram/index.ts';
import { errorContextOf } from '../net/socket/index.ts';
import { checkError, checkObject, throwIfAborted } from '../validate.ts';
import { renewed } from './failure.ts';
import { RESOLVED, signalIn, Waiter, Waiters, type WaitOptions } from './waiter.ts';

const { EAGAIN, ECANCELED, ENOBUFS } = os.errno;
/** Errors kept until they are asked for; the handler socket counts all (`raw.stats`). */
const ERRORS_MAX = 64;
/** Datagrams kept until they are asked for; then receiving pauses, and the kernel drops. */
const KEPT_MAX = 256;

/** A datagram that was received, in memory of the receiver's own. */
export interface ReceivedDatagram {
  /** What was sent. */
  readonly bytes: Buffer;
  /** The address of the sender. */
  readonly from: SocketAddress;
  /** Something of it was lost: see `isTruncated` of the `message` handler of `edgewise`. */
  readonly isTruncated: boolean;
}

/** As those of `bindDatagram` in `edgewise`, without `handlers`. */
export type DatagramOptions = Omit<Options, 'handlers' | 'data'>;

/** A datagram socket with operations that are awaited, made by `bind`. It owns its descriptor. */
export class DatagramSocket
  implements AsyncIterable<ReceivedDatagram>, AsyncDisposable, Disposable
{
  /** The socket of handlers beneath: multicast, statistics and all that is not here. */
  readonly raw: HandlerSocket;
  readonly #kept: ReceivedDatagram[] = [];
  readonly #errors: Error[] = [];
  readonly #waiting: Waiter<void>[] = [];
  readonly #drained = new Waiters();
  readonly #closed = new Waiters();
  /** Sends that are queued, in order, which is that of their outcomes. */
  readonly #queued: Waiter<number>[] = [];
  readonly #onOutcome = (result: number): void => this.#queued.shift()?.resolve(result);
  #isEnding = false;

  /** @internal use `bind` */
  constructor(options: DatagramOptions) {
    this.raw = bindDatagram({
      ...options,
      handlers: {
        message: (_socket, bytes, from, isTruncated) =>
          this.#onMessage({
            bytes: Buffer.from(bytes),
            from: new SocketAddress(from),
            isTruncated,
          }),
        error: (_socket, error) => this.#onError(error),
        drain: () => this.#drained.wakeAll(),
        close: () => this.#onClose(),
      },
    });
  }

  /** The descriptor; -1 after it is closed. */
  get fd(): number {
    return this.raw.fd;
  }

  /** Where it is bound, with the port that it got. */
  get address(): SocketAddress {
    return this.raw.address;
  }

  /** The port, 0 for Unix sockets. */
  get port(): number {
    return this.raw.port;
  }

  /** Whether the descriptor is closed. */
  get isClosed(): boolean {
    return this.raw.isClosed;
  }

  /**
   * Sets the peer, as `connect` of the handler socket: `send` needs no address then.
   *
   * @throws ErrnoError - ENETUNREACH, EAFNOSUPPORT, EACCES, …, at once. EdgewiseError - ERR_CLOSED.
   */
  connect(to: AddressInput): void {
    this.raw.connect(to);
  }

  /**
   * Waits for a datagram. Several may wait; each gets one.
   *
   * @param options - `signal` ends the waiting.
   * @throws ErrnoError - what the network reports of a datagram that was sent earlier, once:
   *   ECONNREFUSED on a connected socket. The socket goes on.
   * @throws EdgewiseError - ERR_CLOSED. TypeError - an option of the wrong kind. The reason of the
   *   signal.
   */
  async receive(options: WaitOptions = {}): Promise<ReceivedDatagram> {
    const signal = signalIn(options);
    for (;;) {
      throwIfAborted(signal);
      const error = this.#errors.shift();
      if (error !== undefined) throw renewed(error, 'the DatagramSocket');
      const datagram = this.#takeKept();
      if (datagram !== undefined) return datagram;
      if (this.#isEnding || this.isClosed) throw new ClosedError('the DatagramSocket');
      const waiter = new Waiter(signal, () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      });
      this.#waiting.push(waiter);
      await waiter.promise;
      if (signal?.aborted) this.#wakeNext(); // after the wake-up: what came is for another caller
    }
  }

  /** What comes, until the socket is closed. Leaving the loop leaves it open. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedDatagram, void, undefined> {
    for (;;) {
      try {
        yield await this.receive();
      } catch (error) {
        if (error instanceof ClosedError) return;
        throw error;
      }
    }
  }

  /**
   * Sends one datagram, behind those before it, and resolves when the kernel has taken it. Each call
   * rejects with what became of its own datagram.
   *
   * @param data - text goes as UTF-8. Of no length: an empty datagram.
   * @param to - the receiver; absent: the peer that `connect` has set.
   * @param options - `signal` ends the waiting; what is queued is sent nevertheless.
   * @throws TypeError, RangeError - wrong arguments. The reason of the signal.
   * @throws ErrnoError - EMSGSIZE, ENETUNREACH, …: it was not sent. EdgewiseError - ERR_CLOSED.
   */
  send(data: string | Uint8Array, to?: AddressInput, options: WaitOptions = {}): Promise<void> {
    try {
      const signal = signalIn(options);
      if (signal?.aborted) return Promise.reject(signal.reason);
      const result = this.#attempt(data, to);
      return result >= 0 ? RESOLVED : this.#sendLater(result, data, to, signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Closes in order: receives nothing from now on, sends what is queued, and resolves when it is
   * closed, after the time limit at the latest. What waits to receive, or for room in the queue,
   * rejects with ERR_CLOSED at once; what was received before can still be taken.
   *
   * @param options - `timeoutMs`: milliseconds from 0; default 30,000. 0: at once, after what the
   *   kernel takes now.
   * @throws TypeError, RangeError - no such time.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    this.raw.close(options);
    this.#isEnding = true;
    this.#wakeAll();
    if (!this.isClosed) await this.#closed.wait(undefined);
  }

  /**
   * Closes at once; what is queued to be sent is dropped.
   *
   * @param error - why. Operations that wait reject with ERR_CLOSED.
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

  /** As `destroy()`: `using socket = bind(…)`. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** As `close()`: `await using socket = bind(…)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Keeps the process alive, which is so from the start. */
  ref(): this {
    this.raw.ref();
    return this;
  }

  /** Lets the process end although the socket is open, when all that was queued has left. */
  unref(): this {
    this.raw.unref();
    return this;
  }

  /** Whether it keeps the process alive while it is open. */
  hasRef(): boolean {
    return this.raw.hasRef();
  }

  // As `sendTracked`: bytes sent; -EAGAIN: its outcome is the next in `#queued`; -errno.
  #attempt(data: string | Uint8Array, to: AddressInput | undefined): number {
    const bytes = typeof data === 'string' ? (encodeShort(data) ?? Buffer.from(data)) : data;
    return this.raw.sendTracked(bytes, to, this.#onOutcome);
  }

  async #sendLater(
    first: number,
    data: string | Uint8Array,
    to: AddressInput | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    let result = first;
    while (result === -ENOBUFS) {
      await this.#drained.wait(signal);
      result = this.#attempt(data, to);
    }
    if (result === -EAGAIN) {
      const waiter = new Waiter<number>(signal);
      this.#queued.push(waiter);
      result = await waiter.promise;
    }
    if (result === -ECANCELED) throw new ClosedError('the DatagramSocket');
    if (result < 0)
      throw errnoError(result, 'send', to === undefined ? { fd: this.fd } : errorContextOf(to));
  }

  #takeKept(): ReceivedDatagram | undefined {
    const datagram = this.#kept.shift();
    if (datagram !== undefined && this.#kept.length === KEPT_MAX - 1) this.raw.resume();
    return datagram;
  }

  #onMessage(datagram: ReceivedDatagram): void {
    this.#kept.push(datagram);
    if (this.#kept.length >= KEPT_MAX) this.raw.pause();
    this.#wakeNext();
  }

  #onError(error: Error): void {
    this.#errors.push(error);
    if (this.#errors.length > ERRORS_MAX) this.#errors.shift();
    this.#wakeNext();
  }

  #wakeNext(): void {
    this.#waiting.shift()?.resolve();
  }

  #onClose(): void {
    this.#closed.wakeAll();
    this.#wakeAll();
  }

  // Nothing more comes or goes: those that wait find it out.
  #wakeAll(): void {
    for (const waiter of this.#waiting.splice(0)) waiter.resolve();
    this.#drained.wakeAll();
  }
}

/**
 * Opens a datagram socket, UDP or Unix.
 *
 * @param options - as of `bindDatagram` in `edgewise`, without `handlers`.
 * @throws as `bindDatagram` of `edgewise`, at once.
 */
export function bind(options: DatagramOptions = {}): DatagramSocket {
  checkObject('options', options);
  return new DatagramSocket(options);
}
