// The receiving half of a datagram socket: batches from the kernel to the user's handlers, into
// memory that is lent for the dispatch. recvmmsg(2), recvmsg(2).
import { constants as os } from 'node:os';
import { errnoError } from '../../errors.ts';
import { Readiness } from '../../poller/index.ts';
import type { Registration } from '../../reactor/index.ts';
import * as sys from '../../sys/index.ts';
import { closeAll, receiveDatagram, takeDescriptors } from '../socket/descriptor-passing.ts';
import { takeQueuedErrors } from './error-queue.ts';
import type { ReceiveBatch } from './receive-batch.ts';
import { segmentCount } from './segments.ts';
import type { DatagramState } from './state.ts';

const { EAGAIN, EINTR } = os.errno;
const { MSG_CTRUNC, MSG_TRUNC } = sys.constants;

/** Receives for one socket. */
export class ReceivingHalf<Data> {
  readonly #state: DatagramState<Data>;

  constructor(state: DatagramState<Data>) {
    this.#state = state;
  }

  /**
   * Receives until there is no more, or the budget of the dispatch is used up. What handlers throw
   * is reported to the reactor, and the other datagrams are delivered.
   *
   * @param readiness - what the registration was called with.
   */
  receive(readiness: Readiness, registration: Registration<undefined>): void {
    const { pool } = this.#state.settings;
    const received = pool.take();
    this.#receiveBatches(received, readiness, registration);
    pool.give(received);
  }

  // A batch that is not full means that there is no more: an error that has come between is kept by
  // the kernel, and reported as a new event.
  #receiveBatches(
    received: ReceiveBatch,
    readiness: Readiness,
    registration: Registration<undefined>,
  ): void {
    const { batch } = received;
    const state = this.#state;
    const isError = (readiness & Readiness.Error) !== 0;
    const countMax = state.settings.receivesDescriptors ? 1 : batch.messagesMax;
    if (isError) takeQueuedErrors(state);
    while (state.isReceiving) {
      const count = this.#receiveOnce(batch);
      if (count > 0) {
        const byteCount = this.#deliver(received, count);
        if (state.isClosing || (count < countMax && !isError)) return;
        if (!registration.charge(byteCount)) return;
        if (!received.isUsable) {
          registration.requeue(); // its memory was transferred away: the rest is for another one
          return;
        }
      } else if (count !== -EINTR) {
        // On select, an error shows only as readability without a datagram.
        const errorCount = takeQueuedErrors(state);
        if (count === -EAGAIN) return;
        const { fd } = state;
        if (errorCount === 0) state.reportError(() => errnoError(count, 'recvmmsg', { fd }));
        if (!registration.charge(0)) return;
      }
    }
  }

  // @returns how many datagrams there were, or -errno.
  #receiveOnce(batch: sys.MessageBatch): number {
    const { fd, settings } = this.#state;
    if (!settings.receivesDescriptors) return sys.recvmmsg(fd, batch);
    const result = receiveDatagram(fd, batch);
    if (result > 0) this.#deliverDescriptors();
    return result;
  }

  #deliverDescriptors(): void {
    const passed = takeDescriptors();
    if (passed === undefined) return;
    const { fds, isTruncated } = passed;
    const { handlers, socket, settings } = this.#state;
    if (handlers.descriptors === undefined) {
      closeAll(fds);
      return;
    }
    try {
      handlers.descriptors(socket, fds, isTruncated);
    } catch (error) {
      settings.reactor.report(error);
    }
  }

  // @returns the bytes of all.
  #deliver(received: ReceiveBatch, count: number): number {
    const { handlers, socket, settings, stats } = this.#state;
    const { lengths, segmentSizes } = received.batch;
    let byteCount = 0;
    let messageCount = 0;
    for (let i = 0; i < count; i++) {
      const length = lengths[i] as number;
      const segments = segmentCount(length, segmentSizes[i] as number);
      byteCount += length;
      messageCount += segments;
      if (segments > 1) stats.segmentsReceived += segments;
      if (this.#isTruncated(received.batch, i)) stats.truncated++;
    }
    stats.messagesReceived += messageCount;
    stats.bytesReceived += byteCount;
    // The `descriptors` handler may have closed it.
    if (handlers.messages === undefined || this.#state.isClosing) {
      stats.receiveDropped += messageCount - this.#deliverEach(received, count);
      return byteCount;
    }
    try {
      handlers.messages(socket, received.batch, count);
    } catch (error) {
      settings.reactor.report(error);
    }
    return byteCount;
  }

  // Where datagrams are joined, the control data that was lost may have held the size of the segments:
  // then it is not known where one datagram ends and the next begins.
  #isTruncated({ flags, segmentSizes }: sys.MessageBatch, index: number): boolean {
    const bits = flags[index] as number;
    if ((bits & (MSG_TRUNC | MSG_CTRUNC)) === 0) return false;
    return (bits & MSG_TRUNC) !== 0 || (this.#state.settings.gro && segmentSizes[index] === 0);
  }

  // @returns how many were delivered: fewer when a handler closed the socket or took the memory.
  #deliverEach(received: ReceiveBatch, count: number): number {
    const state = this.#state;
    if (state.handlers.message === undefined) return 0;
    const { batch, from } = received;
    let delivered = 0;
    for (let i = 0; i < count; i++) {
      const length = batch.lengths[i] as number;
      const size = batch.segmentSizes[i] as number;
      const segments = segmentCount(length, size);
      for (let k = 0; k < segments; k++) {
        if (state.isClosing || !received.isUsable) return delivered;
        batch.address(i, from);
        const start = k * size;
        const bytes =
          segments === 1
            ? received.view(i)
            : received.segment(i, k, start, Math.min(size, length - start));
        this.#deliverOne(bytes, from, this.#isTruncated(batch, i));
        delivered++;
      }
    }
    return delivered;
  }

  #deliverOne(bytes: Buffer, from: ReceiveBatch['from'], isTruncated: boolean): void {
    const { handlers, socket, settings } = this.#state;
    try {
      handlers.message?.(socket, bytes, from, isTruncated);
    } catch (error) {
      settings.reactor.report(error);
    }
  }
}
