// The sending half of a datagram socket: at once what the kernel takes, the rest in a queue with a
// bound. sendto(2), sendmmsg(2).
//
// An error of a send need not be about that datagram: ICMP errors of earlier ones are handed to
// the call that comes next, once, and that call has then done nothing. So a send that fails is made
// again, and only the second failure is its own. man udp(7), "ERRORS".
//
// Writability is no help where the network interface has no room (ENOBUFS, the BSDs and macOS) nor
// where the receiver's queue is full (Unix sockets without a peer): the socket says writable and the
// send fails again. Then the queue is tried again after a time that doubles.
import { constants as os } from 'node:os';
import { type AddressInput, SocketAddress } from '../../address.ts';
import { ClosedError, errnoError } from '../../errors.ts';
import { restOf } from '../../flow/index.ts';
import type { Timer } from '../../reactor/index.ts';
import * as sys from '../../sys/index.ts';
import { checkBytes } from '../../validate.ts';
import { errorContextOf } from '../socket/address.ts';
import { duplicateAll, sendWithDescriptors } from '../socket/descriptor-passing.ts';
import { takeQueuedErrors } from './error-queue.ts';
import { SegmentSender, segmentCount } from './segments.ts';
import { type SendOutcome, SendQueue } from './send-queue.ts';
import type { DatagramState } from './state.ts';

const { EAGAIN, ECANCELED, EINTR, ENOBUFS } = os.errno;
const RETRY_MS_MIN = 2;
const RETRY_MS_MAX = 1024;
const NONE: readonly number[] = [];

/** Sends for one socket. */
export class SendingHalf<Data> {
  readonly #state: DatagramState<Data>;
  readonly #queue: SendQueue;
  readonly #segments: SegmentSender;
  #needsDrain = false;
  #timer: Timer | undefined = undefined;
  #retryMs = RETRY_MS_MIN;
  #onFlushed: (() => void) | undefined = undefined;
  /** Descriptors that go with the datagram that is being sent. */
  #fds = NONE;
  /** The datagram that is being sent has an outcome to report. */
  #isTracked = false;
  /** Of the last transmission, the bytes that left before there was no room any more. */
  #progress = 0;

  constructor(state: DatagramState<Data>) {
    this.#state = state;
    this.#queue = new SendQueue(state.settings.queueBytesMax);
    this.#segments = new SegmentSender(state.fd, state.stats);
  }

  /** How many datagrams are queued. */
  get queuedCount(): number {
    return this.#queue.count;
  }

  /** Bytes that wait for room in the kernel, or 1 for empty ones; undefined: for something else. */
  get queuedBytes(): number | undefined {
    const triesLater = this.#timer?.isPending === true;
    if (triesLater || (this.#queue.isEmpty && this.#needsDrain)) return undefined;
    return this.#queue.isEmpty ? 0 : Math.max(this.#queue.byteLength, 1);
  }

  /**
   * Sends one datagram with descriptors.
   *
   * @param fds - duplicated when it has to wait.
   * @returns whether it was taken.
   * @throws ErrnoError - EMFILE: no numbers are left for the duplicates.
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
   * Sends one buffer, behind all that is queued.
   *
   * @param segmentSize - several datagrams of so many bytes; 0: one datagram.
   * @returns whether it was taken.
   */
  send(bytes: Uint8Array, to: AddressInput | undefined, segmentSize: number): boolean {
    const size = segmentSize !== 0 && segmentSize < bytes.length ? segmentSize : 0;
    if (!this.#queue.isEmpty) return this.#keep(bytes, to, size);
    return this.#settle(this.#transmit(bytes, to, size), bytes, to, size);
  }

  /**
   * Sends one datagram, behind all that is queued; no error is reported for it.
   *
   * @param outcome - called at the end of a turn when -EAGAIN was returned.
   * @returns bytes sent; -EAGAIN: it is queued; -ENOBUFS: the queue is full; -errno.
   */
  sendTracked(bytes: Uint8Array, to: AddressInput | undefined, outcome: SendOutcome): number {
    if (this.#queue.isEmpty) {
      const result = this.#transmitTracked(bytes, to);
      if (result !== -EAGAIN) return result;
    }
    return this.#keep(bytes, to, 0, outcome) ? -EAGAIN : -ENOBUFS;
  }

  /** Sends the first `count` messages of a batch. @returns how many were taken. */
  sendMany(batch: sys.MessageBatch, count: number): number {
    const plainCount = this.#segments.countPlain(batch, count);
    const isTried = plainCount > 0 && this.#queue.isEmpty;
    const result = isTried ? sys.sendmmsg(this.#state.fd, batch, plainCount) : -EAGAIN;
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

  #countBatched({ lengths, segmentSizes }: sys.MessageBatch, index: number): void {
    const { stats } = this.#state;
    const length = lengths[index] as number;
    const segments = segmentCount(length, segmentSizes[index] as number);
    stats.messagesSent += segments;
    stats.bytesSent += length;
    if (segments > 1) stats.segmentsSent += segments;
  }

  /** Sends what is queued: the socket is writable, time has passed, or it is being closed. */
  flush(): void {
    const queue = this.#queue;
    const countBefore = queue.count;
    for (let next = queue.first; next !== undefined; next = queue.first) {
      const { outcome } = next;
      this.#fds = next.fds;
      this.#isTracked = outcome !== undefined;
      const result = this.#transmit(next.bytes, next.to, next.segmentSize);
      if (result === -EAGAIN) {
        queue.advance(this.#progress);
        break;
      }
      queue.shift();
      if (outcome !== undefined) this.#state.calls.add(() => outcome(result));
    }
    this.#fds = NONE;
    this.#isTracked = false;
    if (!queue.isEmpty) {
      this.#waitForRoom(queue.count < countBefore);
      return;
    }
    this.#timer?.clear();
    this.#timer = undefined;
    this.#retryMs = RETRY_MS_MIN;
    this.#state.waitForRoom(false);
    this.#state.isSending = false;
    if (this.#needsDrain) this.#state.reportDrain();
    this.#needsDrain = false;
    this.#onFlushed?.();
  }

  /** Sends what is queued, and calls `onFlushed` when nothing is left: at once, or later. */
  end(onFlushed: () => void): void {
    this.#onFlushed = onFlushed;
    this.flush();
  }

  /** Drops what is queued: the socket is closed. */
  close(): void {
    this.#timer?.clear();
    this.#onFlushed = undefined;
    const { calls, stats } = this.#state;
    stats.sendDropped += this.#queue.clear((outcome) => calls.add(() => outcome(-ECANCELED)));
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
    return this.#settle(this.#transmitRest(result, bytes, to, size), bytes, to, size);
  }

  #transmitTracked(bytes: Uint8Array, to: AddressInput | undefined): number {
    this.#isTracked = true;
    try {
      return this.#transmit(bytes, to, 0);
    } finally {
      this.#isTracked = false;
    }
  }

  // What a transmission has left is kept.
  #settle(result: number, bytes: Uint8Array, to: AddressInput | undefined, size: number): boolean {
    if (result !== -EAGAIN) return result >= 0;
    const at = this.#progress;
    return this.#keep(at === 0 ? bytes : restOf(bytes, at), to, size);
  }

  // @returns >= 0; -EAGAIN: no room, behind `#progress`; another -errno: it cannot be sent, which was
  // reported.
  #transmit(bytes: Uint8Array, to: AddressInput | undefined, size: number): number {
    return this.#transmitRest(this.#transmitAt(bytes, to, size, 0), bytes, to, size);
  }

  // One system call has sent all that is one datagram, but not always all segments.
  #transmitRest(
    first: number,
    bytes: Uint8Array,
    to: AddressInput | undefined,
    size: number,
  ): number {
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
    const state = this.#state;
    const { fd } = state;
    const isQueued = takeQueuedErrors(state) > 0;
    const result = this.#sendOnce(bytes, to, size, at);
    if (first !== result && !isQueued) state.reportError(() => errnoError(first, 'send', { fd }));
    if (result >= 0 || result === -EAGAIN) return result;
    state.stats.sendFailed += segmentCount(bytes.length - at, size);
    if (this.#isTracked) return result;
    state.reportError(() =>
      errnoError(result, 'send', to === undefined ? { fd } : errorContextOf(to)),
    );
    return result;
  }

  #sendOnce(bytes: Uint8Array, to: AddressInput | undefined, size: number, at: number): number {
    let result = -EINTR; // a signal came before anything was sent
    while (result === -EINTR) result = this.#call(bytes, to, size, at);
    if (result === -ENOBUFS) return -EAGAIN;
    if (result >= 0) {
      const { stats } = this.#state;
      stats.messagesSent += segmentCount(result, size);
      stats.bytesSent += result;
    }
    return result;
  }

  #call(bytes: Uint8Array, to: AddressInput | undefined, size: number, at: number): number {
    const { fd } = this.#state;
    if (this.#fds.length > 0) return sendWithDescriptors(fd, bytes, this.#fds, to);
    if (size !== 0) return this.#segments.send(bytes, at, size, to);
    if (to === undefined) return sys.send(fd, bytes);
    return sys.sendto(fd, bytes, undefined, undefined, undefined, to);
  }

  #keep(
    bytes: Uint8Array,
    to: AddressInput | undefined,
    size: number,
    outcome?: SendOutcome,
  ): boolean {
    const state = this.#state;
    const queue = this.#queue;
    const length = checkBytes('data', bytes);
    if (!queue.hasRoomFor(length)) {
      state.stats.sendDropped += segmentCount(length, size);
      this.#needsDrain = true;
      if (queue.isEmpty) this.#waitForRoom(false); // longer than all that may be queued
      return false;
    }
    const copy = new Uint8Array(bytes);
    const address = to === undefined ? undefined : new SocketAddress(to);
    if (state.isClosed) throw new ClosedError('the DatagramSocket'); // by a getter of `to`
    const fds = duplicateAll(this.#fds);
    const isFirst = queue.isEmpty;
    queue.append({ bytes: copy, segmentSize: size, to: address, fds, outcome });
    if (isFirst) state.waitForRoom(true);
    state.isSending = true;
    return true;
  }

  #waitForRoom(hasProgress: boolean): void {
    const state = this.#state;
    state.waitForRoom(hasProgress);
    if (hasProgress) {
      this.#retryMs = RETRY_MS_MIN;
      return;
    }
    this.#timer?.clear();
    const { reactor } = state.settings;
    if (reactor.isClosed) return; // there is no later try
    // The registration keeps the reactor alive while something is queued.
    this.#timer = reactor.setTimeout(() => this.flush(), this.#retryMs).unref();
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
  }
}
