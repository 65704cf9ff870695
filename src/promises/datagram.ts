// A datagram socket for `await`: a bounded queue of what has come, and sends that wait for room.

import { constants as os } from 'node:os';
import { type AddressInput, SocketAddress } from '../address.ts';
import { ClosedError, errnoError } from '../errors.ts';
import { bindDatagram } from '../net/datagram/index.ts';
import type { DatagramOptions as Options } from '../net/datagram/options.ts';
import type { DatagramSocket as HandlerSocket } from '../net/datagram/socket.ts';
import { checkObject } from '../validate.ts';
import { renewed } from './failure.ts';
import { RESOLVED, signalIn, throwIfAborted, Waiter, Waiters, type WaitOptions } from './waiter.ts';

const { ENOBUFS } = os.errno;
/** Errors kept for those who ask later; the handler socket counts all (`raw.stats`). */
const ERRORS_MAX = 64;
/** Datagrams kept for those who ask later; then receiving pauses, and the kernel drops. */
const KEPT_MAX = 256;

/** A datagram that was received, in memory of the receiver's own. */
export interface ReceivedDatagram {
  readonly bytes: Buffer;
  readonly from: SocketAddress;
  /** It was longer than `batch.bytes`; the rest is lost. */
  readonly isTruncated: boolean;
}

/** As those of `bindDatagram` in `edgewise`, without `handlers`. */
export type DatagramOptions = Omit<Options, 'handlers' | 'data'>;

/** A datagram socket whose operations are awaited, made by `bind`. It owns its descriptor. */
export class DatagramSocket implements AsyncIterable<ReceivedDatagram>, AsyncDisposable {
  /** The socket of handlers beneath: multicast, statistics and all that is not here. */
  readonly raw: HandlerSocket;
  readonly #kept: ReceivedDatagram[] = [];
  readonly #errors: Error[] = [];
  readonly #waiting: Waiter<void>[] = [];
  readonly #drained = new Waiters();

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

  /** Where it is bound, with the port that it got. */
  get address(): SocketAddress {
    return this.raw.address;
  }

  /** The port, 0 for Unix sockets. */
  get port(): number {
    return this.raw.port;
  }

  get isClosed(): boolean {
    return this.raw.isClosed;
  }

  /** As `connect` of the handler socket. */
  connect(to: AddressInput): void {
    this.raw.connect(to);
  }

  /**
   * Waits for a datagram. Several may wait; each gets one.
   *
   * @throws ErrnoError - what the network says of a datagram that was sent earlier, once:
   *   ECONNREFUSED on a connected socket. The socket goes on.
   * @throws EdgewiseError - ERR_CLOSED.
   */
  async receive(options: WaitOptions = {}): Promise<ReceivedDatagram> {
    const signal = signalIn(options);
    for (;;) {
      throwIfAborted(signal);
      const error = this.#errors.shift();
      if (error !== undefined) throw renewed(error, 'the DatagramSocket');
      const datagram = this.#takeKept();
      if (datagram !== undefined) return datagram;
      if (this.isClosed) throw new ClosedError('the DatagramSocket');
      const waiter = new Waiter(signal, () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      });
      this.#waiting.push(waiter);
      await waiter.promise;
      if (signal?.aborted) this.#wakeNext(); // after the wake-up: what came is for somebody else
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
   * Sends one datagram. Waits when neither the kernel nor the queue has room.
   *
   * @param to - the receiver; absent: the peer that `connect` has set.
   * @throws ErrnoError - EMSGSIZE, ENETUNREACH, …: it was not sent. EdgewiseError - ERR_CLOSED.
   */
  send(data: string | Uint8Array, to?: AddressInput, options: WaitOptions = {}): Promise<void> {
    try {
      const signal = signalIn(options);
      if (signal?.aborted) return Promise.reject(signal.reason);
      return this.raw.send(data, to) ? RESOLVED : this.#sendLater(data, to, signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Closes at once; what is queued to be sent is dropped. */
  close(): void {
    this.raw.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** Keeps the process alive, which is so from the start. */
  ref(): this {
    this.raw.ref();
    return this;
  }

  unref(): this {
    this.raw.unref();
    return this;
  }

  async #sendLater(
    data: string | Uint8Array,
    to: AddressInput | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    // Something is queued: there was no room. Otherwise the kernel has refused this one.
    while (this.raw.queuedCount > 0) {
      await this.#drained.wait(signal);
      if (this.raw.send(data, to)) return;
    }
    throw renewed(await this.#errorOfThisTurn(), 'the DatagramSocket');
  }

  // The handler socket tells what went wrong at the end of the turn, before this is called.
  #errorOfThisTurn(): Promise<Error> {
    const waiter = new Waiter<Error>();
    this.raw.reactor.defer(() => {
      waiter.resolve(this.#errors.pop() ?? errnoError(-ENOBUFS, 'send'));
    });
    return waiter.promise;
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
    for (const waiter of this.#waiting.splice(0)) waiter.resolve();
    this.#drained.wakeAll();
  }
}

/**
 * Opens a datagram socket, UDP or Unix.
 *
 * @throws as `bindDatagram` of `edgewise`.
 */
export function bind(options: DatagramOptions = {}): DatagramSocket {
  checkObject('options', options);
  return new DatagramSocket(options);
}
