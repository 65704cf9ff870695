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
import { type AddressInput, SocketAddress } from '../../address.ts';
import { type ErrorContext, errnoError } from '../../errors.ts';
import type { Timer } from '../../reactor/timers/timer.ts';
import type { MessageBatch } from '../../sys/batch.ts';
import * as sys from '../../sys/index.ts';
import { checkBytes } from '../../validate.ts';
import { closeAll, duplicateAll, sendWithDescriptors } from '../socket/descriptor-passing.ts';
import type { DatagramErrors } from './error-queue.ts';
import type { DatagramNews } from './news.ts';
import type { DatagramSettings, DatagramStats } from './options.ts';
import { SegmentSender, segmentCount } from './segments.ts';

const { EAGAIN, EINTR, ENOBUFS } = os.errno;
const RETRY_MS_MIN = 2;
const RETRY_MS_MAX = 1024;
const NONE: readonly number[] = [];

export function contextOf(to: AddressInput): ErrorContext {
  const { address, port, path } = new SocketAddress(to);
  return path === undefined ? { address, port } : { path };
}

export class DatagramSender<Data> {
  readonly #fd: number;
  readonly #settings: DatagramSettings<Data>;
  readonly #stats: DatagramStats;
  readonly #news: DatagramNews<Data>;
  readonly #errors: DatagramErrors<Data> | undefined;
  readonly #segments: SegmentSender;
  /** Called when `isWaiting` may have changed. */
  readonly #onChange: () => void;
  #isWaiting = false;
  #needsDrain = false;
  #timer: Timer | undefined = undefined;
  #retryMs = RETRY_MS_MIN;
  /** Descriptors that go with the datagram that is being sent. */
  #fds = NONE;
  /** Of the last transmission, the bytes that left before there was no room any more. */
  #progress = 0;

  constructor(
    fd: number,
    settings: DatagramSettings<Data>,
    stats: DatagramStats,
    news: DatagramNews<Data>,
    errors: DatagramErrors<Data> | undefined,
    onChange: () => void,
  ) {
    this.#fd = fd;
    this.#settings = settings;
    this.#stats = stats;
    this.#news = news;
    this.#errors = errors;
    this.#segments = new SegmentSender(fd, stats);
    this.#onChange = onChange;
  }

  /** Whether to watch for writability. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /**
   * @param fds - duplicated when it has to wait.
   * @returns whether it was taken.
   * @throws ErrnoError - EMFILE: there are none for the duplicates.
   */
  sendDescriptors(
    bytes: Uint8Array,
    to: AddressInput | undefined,
    fds: readonly number[],
  ): boolean {
    this.#fds = fds;
    try {
      return this.send(bytes, to, 0);
    } finally {
      this.#fds = NONE;
    }
  }

  /**
   * @param segmentSize - several datagrams of so many bytes; 0: one datagram.
   * @returns whether it was taken.
   */
  send(bytes: Uint8Array, to: AddressInput | undefined, segmentSize: number): boolean {
    const size = segmentSize !== 0 && segmentSize < bytes.length ? segmentSize : 0;
    if (!this.#settings.outbox.isEmpty) return this.#keep(bytes, to, size);
    return this.#settle(this.#transmit(bytes, to, size), bytes, to, size);
  }

  /** @returns how many messages were taken. */
  sendMany(batch: MessageBatch, count: number): number {
    const plainCount = this.#segments.countPlain(batch, count);
    const isTried = plainCount > 0 && this.#settings.outbox.isEmpty;
    const result = isTried ? sys.sendmmsg(this.#fd, batch, plainCount) : -EAGAIN;
    const sent = Math.max(result, 0);
    for (let i = 0; i < sent; i++) this.#countBatched(batch, i);
    if (sent === count) return count;
    const address = new SocketAddress();
    let taken = sent;
    for (let i = sent; i < count; i++) {
      batch.address(i, address);
      const to = address.family === undefined ? undefined : address;
      // sendmmsg's own error was about its first message, or about none.
      const first = i === 0 ? result : 0;
      if (this.#sendNext(first, batch.message(i), to, batch.segmentSizes[i] as number)) taken++;
    }
    return taken;
  }

  #countBatched({ lengths, segmentSizes }: MessageBatch, index: number): void {
    const length = lengths[index] as number;
    const segments = segmentCount(length, segmentSizes[index] as number);
    this.#stats.messagesSent += segments;
    this.#stats.bytesSent += length;
    if (segments > 1) this.#stats.segmentsSent += segments;
  }

  /** Sends what is queued: the socket is writable, or time has passed. */
  flush(): void {
    const { outbox } = this.#settings;
    const countBefore = outbox.count;
    for (let next = outbox.first; next !== undefined; next = outbox.first) {
      this.#fds = next.fileDescriptors;
      if (this.#transmit(next.bytes, next.to, next.segmentSize) === -EAGAIN) {
        outbox.advance(this.#progress);
        break;
      }
      outbox.shift();
    }
    this.#fds = NONE;
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

  #sendNext(
    first: number,
    bytes: Uint8Array,
    to: AddressInput | undefined,
    segmentSize: number,
  ): boolean {
    const isOwnError = first < 0 && ![-EAGAIN, -EINTR, -ENOBUFS].includes(first);
    const size = segmentSize !== 0 && segmentSize < bytes.length ? segmentSize : 0;
    if (!isOwnError || this.#segments.isRefused(first, size)) return this.send(bytes, to, size);
    const result = this.#transmitAgain(first, bytes, to, size, 0);
    return this.#settle(this.#goOn(result, bytes, to, size), bytes, to, size);
  }

  // What a transmission has left is kept.
  #settle(result: number, bytes: Uint8Array, to: AddressInput | undefined, size: number): boolean {
    if (result !== -EAGAIN) return result >= 0;
    const at = this.#progress;
    return this.#keep(at === 0 ? bytes : bytes.subarray(at), to, size);
  }

  // @returns >= 0; -EAGAIN: no room, behind `#progress`; another -errno: it cannot be sent, and was
  // told.
  #transmit(bytes: Uint8Array, to: AddressInput | undefined, size: number): number {
    return this.#goOn(this.#transmitAt(bytes, to, size, 0), bytes, to, size);
  }

  // One system call has sent all that is one datagram, but not always all segments.
  #goOn(first: number, bytes: Uint8Array, to: AddressInput | undefined, size: number): number {
    let result = first;
    this.#progress = 0;
    while (result >= 0) {
      this.#progress += result;
      if (size === 0 || this.#progress >= bytes.length) break;
      result = this.#transmitAt(bytes, to, size, this.#progress);
    }
    return result;
  }

  #transmitAt(bytes: Uint8Array, to: AddressInput | undefined, size: number, at: number): number {
    const result = this.#sendOnce(bytes, to, size, at);
    const isDone = result >= 0 || result === -EAGAIN;
    return isDone ? result : this.#transmitAgain(result, bytes, to, size, at);
  }

  // `first` may have been the error of an earlier datagram: see the head of the file.
  #transmitAgain(
    first: number,
    bytes: Uint8Array,
    to: AddressInput | undefined,
    size: number,
    at: number,
  ): number {
    const fd = this.#fd;
    const isQueued = this.#errors !== undefined && this.#errors.take() > 0;
    const result = this.#sendOnce(bytes, to, size, at);
    if (first !== result && !isQueued) this.#news.addError(() => errnoError(first, 'send', { fd }));
    if (result >= 0 || result === -EAGAIN) return result;
    this.#stats.sendFailed += segmentCount(bytes.length - at, size);
    this.#news.addError(() =>
      errnoError(result, 'send', to === undefined ? { fd } : contextOf(to)),
    );
    return result;
  }

  #sendOnce(bytes: Uint8Array, to: AddressInput | undefined, size: number, at: number): number {
    let result = -EINTR; // a signal came before anything was sent
    while (result === -EINTR) result = this.#call(bytes, to, size, at);
    if (result === -ENOBUFS) return -EAGAIN;
    if (result >= 0) {
      this.#stats.messagesSent += segmentCount(result, size);
      this.#stats.bytesSent += result;
    }
    return result;
  }

  #call(bytes: Uint8Array, to: AddressInput | undefined, size: number, at: number): number {
    if (this.#fds.length > 0) return sendWithDescriptors(this.#fd, bytes, this.#fds, to);
    if (size !== 0) return this.#segments.send(bytes, at, size, to);
    if (to === undefined) return sys.send(this.#fd, bytes);
    return sys.sendto(this.#fd, bytes, undefined, undefined, undefined, to);
  }

  #keep(bytes: Uint8Array, to: AddressInput | undefined, size: number): boolean {
    checkBytes('data', bytes);
    const { outbox } = this.#settings;
    const fds = duplicateAll(this.#fds);
    if (outbox.isEmpty) this.#setWaiting(true);
    if (outbox.append(bytes, to, size)) {
      outbox.attach(fds);
      return true;
    }
    closeAll(fds);
    this.#stats.sendDropped += segmentCount(bytes.length, size);
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
