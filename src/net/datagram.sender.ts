// The sending half of a datagram socket: at once what the kernel takes, the rest in a queue with a
// bound.
//
// An error of a send need not be about that datagram: ICMP errors of earlier ones are handed to
// whichever call comes next, once, and that call has then done nothing. So a send that fails is made
// again, and only the second failure is its own. man udp(7), "ERRORS".
//
// Writability is no help where the network interface has no room (ENOBUFS, the BSDs and macOS) nor
// where the receiver's queue is full (Unix sockets without a peer): the socket says writable and the
// send fails again. Then the queue is tried again after a time that doubles.
import { constants as os } from 'node:os';
import { type AddressInput, SocketAddress } from '../address.ts';
import { type ErrorContext, errnoError } from '../errors.ts';
import type { MessageBatch } from '../sys/batch.ts';
import * as sys from '../sys.ts';
import type { Timer } from '../timers/timer.ts';
import { checkBytes } from '../validate.ts';
import type { DatagramNews } from './datagram.news.ts';
import type { DatagramSettings, DatagramStats } from './datagram.options.ts';

const { EAGAIN, EINTR, ENOBUFS } = os.errno;
const RETRY_MS_MIN = 2;
const RETRY_MS_MAX = 1024;

export function contextOf(to: AddressInput): ErrorContext {
  const { address, port, path } = new SocketAddress(to);
  return path === undefined ? { address, port } : { path };
}

export class DatagramSender<Data> {
  readonly #fd: number;
  readonly #settings: DatagramSettings<Data>;
  readonly #stats: DatagramStats;
  readonly #news: DatagramNews<Data>;
  /** Called when `isWaiting` may have changed. */
  readonly #onChange: () => void;
  #isWaiting = false;
  #needsDrain = false;
  #timer: Timer | undefined = undefined;
  #retryMs = RETRY_MS_MIN;

  constructor(
    fd: number,
    settings: DatagramSettings<Data>,
    stats: DatagramStats,
    news: DatagramNews<Data>,
    onChange: () => void,
  ) {
    this.#fd = fd;
    this.#settings = settings;
    this.#stats = stats;
    this.#news = news;
    this.#onChange = onChange;
  }

  /** Whether to watch for writability. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** @returns whether it was taken. */
  send(bytes: Uint8Array, to: AddressInput | undefined): boolean {
    if (!this.#settings.outbox.isEmpty) return this.#keep(bytes, to);
    const result = this.#transmit(bytes, to);
    return result === -EAGAIN ? this.#keep(bytes, to) : result >= 0;
  }

  /** @returns how many were taken. */
  sendMany(batch: MessageBatch, count: number): number {
    const { outbox } = this.#settings;
    const result = outbox.isEmpty ? sys.sendmmsg(this.#fd, batch, count) : -EAGAIN;
    const sent = Math.max(result, 0);
    this.#stats.messagesSent += sent;
    for (let i = 0; i < sent; i++) this.#stats.bytesSent += batch.lengths[i] as number;
    if (sent === count) return count;
    const address = new SocketAddress();
    let taken = sent;
    for (let i = sent; i < count; i++) {
      batch.address(i, address);
      const to = address.family === undefined ? undefined : address;
      // sendmmsg's own error was about its first message, or about none.
      const first = i === 0 ? result : 0;
      if (this.#sendNext(first, batch.message(i), to)) taken++;
    }
    return taken;
  }

  /** Sends what is queued: the socket is writable, or time has passed. */
  flush(): void {
    const { outbox } = this.#settings;
    const countBefore = outbox.count;
    for (let next = outbox.first; next !== undefined; next = outbox.first) {
      if (this.#transmit(next.bytes, next.to) === -EAGAIN) break;
      outbox.shift();
    }
    if (!outbox.isEmpty) {
      this.#waitForRoom(outbox.count < countBefore);
      return;
    }
    this.#timer?.clear();
    this.#timer = undefined;
    this.#retryMs = RETRY_MS_MIN;
    this.#setWaiting(false);
    if (this.#needsDrain) this.#news.addDrain();
    this.#needsDrain = false;
  }

  /** The socket is closed: what is queued is dropped. */
  close(): void {
    this.#timer?.clear();
    this.#isWaiting = false;
    this.#stats.sendDropped += this.#settings.outbox.clear();
  }

  #sendNext(first: number, bytes: Uint8Array, to: AddressInput | undefined): boolean {
    const isOwnError = first < 0 && ![-EAGAIN, -EINTR, -ENOBUFS].includes(first);
    if (!isOwnError) return this.send(bytes, to);
    const result = this.#transmitAgain(first, bytes, to);
    return result === -EAGAIN ? this.#keep(bytes, to) : result >= 0;
  }

  // @returns bytes sent; -EAGAIN: no room; another -errno: it cannot be sent, and was told.
  #transmit(bytes: Uint8Array, to: AddressInput | undefined): number {
    const result = this.#sendOnce(bytes, to);
    return result >= 0 || result === -EAGAIN ? result : this.#transmitAgain(result, bytes, to);
  }

  // `first` may have been the error of an earlier datagram: see the head of the file.
  #transmitAgain(first: number, bytes: Uint8Array, to: AddressInput | undefined): number {
    const fd = this.#fd;
    const result = this.#sendOnce(bytes, to);
    if (first !== result) this.#news.addError(() => errnoError(first, 'send', { fd }));
    if (result >= 0 || result === -EAGAIN) return result;
    this.#stats.sendFailed++;
    this.#news.addError(() =>
      errnoError(result, 'send', to === undefined ? { fd } : contextOf(to)),
    );
    return result;
  }

  #sendOnce(bytes: Uint8Array, to: AddressInput | undefined): number {
    let result = -EINTR; // a signal came before anything was sent
    while (result === -EINTR) {
      result =
        to === undefined
          ? sys.send(this.#fd, bytes)
          : sys.sendto(this.#fd, bytes, undefined, undefined, undefined, to);
    }
    if (result === -ENOBUFS) return -EAGAIN;
    if (result >= 0) {
      this.#stats.messagesSent++;
      this.#stats.bytesSent += result;
    }
    return result;
  }

  #keep(bytes: Uint8Array, to: AddressInput | undefined): boolean {
    checkBytes('data', bytes);
    const { outbox } = this.#settings;
    if (outbox.isEmpty) this.#setWaiting(true);
    if (outbox.append(bytes, to)) return true;
    this.#stats.sendDropped++;
    this.#needsDrain = true;
    return false;
  }

  #waitForRoom(hasProgress: boolean): void {
    this.#setWaiting(hasProgress);
    if (hasProgress) {
      this.#retryMs = RETRY_MS_MIN;
      return;
    }
    this.#timer?.clear();
    this.#timer = this.#settings.reactor.setTimeout(() => this.flush(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
  }

  #setWaiting(isWaiting: boolean): void {
    if (isWaiting === this.#isWaiting) return;
    this.#isWaiting = isWaiting;
    this.#onChange();
  }
}
