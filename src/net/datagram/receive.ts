// The receiving half of a datagram socket: batches from the kernel to the user's handlers, into
// memory that is lent for the dispatch.
import { constants as os } from 'node:os';
import { errnoError } from '../../errors.ts';
import { Readiness } from '../../poller/interest.ts';
import { Failures } from '../../reactor/failures.ts';
import type { Registration } from '../../reactor/registration.ts';
import type { MessageBatch } from '../../sys/batch.ts';
import * as sys from '../../sys/index.ts';
import {
  closeAll,
  type ReceivedDescriptors,
  receiveDatagram,
  takeDescriptors,
} from '../socket/descriptor-passing.ts';
import type { DatagramErrors } from './error-queue.ts';
import type { DatagramNews } from './news.ts';
import type { DatagramSettings, DatagramStats } from './options.ts';
import type { Inbox } from './receive-batch.ts';
import { segmentCount } from './segments.ts';
import type { DatagramSocket } from './socket.ts';

const { EAGAIN, EINTR } = os.errno;
const { MSG_TRUNC } = sys.constants;

export class DatagramReceiver<Data> {
  readonly #socket: DatagramSocket<Data>;
  readonly #settings: DatagramSettings<Data>;
  readonly #stats: DatagramStats;
  readonly #news: DatagramNews<Data>;
  readonly #errors: DatagramErrors<Data> | undefined;

  constructor(
    socket: DatagramSocket<Data>,
    settings: DatagramSettings<Data>,
    stats: DatagramStats,
    news: DatagramNews<Data>,
    errors: DatagramErrors<Data> | undefined,
  ) {
    this.#socket = socket;
    this.#settings = settings;
    this.#stats = stats;
    this.#news = news;
    this.#errors = errors;
  }

  /**
   * Receives until there is no more, or the budget of the dispatch is used up.
   *
   * @throws what the handlers threw, when all datagrams are delivered.
   */
  receive(readiness: Readiness, registration: Registration<undefined>): void {
    const { pool } = this.#settings;
    const inbox = pool.take();
    const failures = new Failures();
    this.#receiveBatches(inbox, readiness, registration, failures);
    pool.give(inbox);
    const errors = failures.take();
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, 'several handlers of one turn threw');
  }

  // A batch that is not full means that there is no more: an error that has come between is kept by
  // the kernel, and reported as a new event.
  #receiveBatches(
    inbox: Inbox,
    readiness: Readiness,
    registration: Registration<undefined>,
    failures: Failures,
  ): void {
    const { batch } = inbox;
    const socket = this.#socket;
    const isError = (readiness & Readiness.Error) !== 0;
    const countMax = this.#settings.receivesDescriptors ? 1 : batch.messagesMax;
    if (isError) this.#errors?.take();
    while (!socket.isPaused && !socket.isClosed) {
      const count = this.#receive(batch, failures);
      if (count > 0) {
        const byteCount = this.#deliver(inbox, count, failures);
        if (socket.isClosed || (count < countMax && !isError)) return;
        if (!registration.charge(byteCount)) return;
        if (!inbox.isUsable) {
          registration.requeue(); // its memory was transferred away: the rest is for another one
          return;
        }
      } else if (count !== -EINTR) {
        // Of select, readable without a datagram is all that there is to see of an error.
        const errorCount = this.#errors?.take() ?? 0;
        if (count === -EAGAIN) return;
        const { fd } = socket;
        if (errorCount === 0) this.#news.addError(() => errnoError(count, 'recvmmsg', { fd }));
        if (!registration.charge(0)) return;
      }
    }
  }

  // @returns how many datagrams there were, or -errno.
  #receive(batch: MessageBatch, failures: Failures): number {
    const { fd } = this.#socket;
    if (!this.#settings.receivesDescriptors) return sys.recvmmsg(fd, batch);
    const result = receiveDatagram(fd, batch);
    const rights = result > 0 ? takeDescriptors() : undefined;
    if (rights !== undefined) failures.guard(() => this.#tellRights(rights));
    return result;
  }

  #tellRights({ fds, isTruncated }: ReceivedDescriptors): void {
    const { handlers } = this.#settings;
    if (handlers.descriptors === undefined) closeAll(fds);
    else handlers.descriptors(this.#socket, fds, isTruncated);
  }

  // @returns the bytes of all.
  #deliver(inbox: Inbox, count: number, failures: Failures): number {
    const { lengths, flags, segmentSizes } = inbox.batch;
    const stats = this.#stats;
    let byteCount = 0;
    let messageCount = 0;
    for (let i = 0; i < count; i++) {
      const length = lengths[i] as number;
      const segments = segmentCount(length, segmentSizes[i] as number);
      byteCount += length;
      messageCount += segments;
      if (segments > 1) stats.segmentsReceived += segments;
      if (((flags[i] as number) & MSG_TRUNC) !== 0) stats.truncated++;
    }
    stats.messagesReceived += messageCount;
    stats.bytesReceived += byteCount;
    const { handlers } = this.#settings;
    // A handler told of descriptors may have closed it.
    if (handlers.messages === undefined || this.#socket.isClosed) {
      stats.receiveDropped += messageCount - this.#deliverApart(inbox, count, failures);
      return byteCount;
    }
    try {
      handlers.messages(this.#socket, inbox.batch, count);
    } catch (error) {
      failures.collect(error);
    }
    return byteCount;
  }

  // @returns how many were delivered: fewer when a handler closed the socket or took the memory.
  #deliverApart(inbox: Inbox, count: number, failures: Failures): number {
    if (this.#settings.handlers.message === undefined) return 0;
    const { batch, from } = inbox;
    let delivered = 0;
    for (let i = 0; i < count; i++) {
      const length = batch.lengths[i] as number;
      const size = batch.segmentSizes[i] as number;
      const segments = segmentCount(length, size);
      for (let k = 0; k < segments; k++) {
        if (this.#socket.isClosed || !inbox.isUsable) return delivered;
        batch.address(i, from);
        const start = k * size;
        const bytes =
          segments === 1
            ? inbox.view(i)
            : inbox.segment(i, k, start, Math.min(size, length - start));
        this.#tell(bytes, inbox, i, failures);
        delivered++;
      }
    }
    return delivered;
  }

  #tell(bytes: Buffer, { batch, from }: Inbox, index: number, failures: Failures): void {
    const isTruncated = ((batch.flags[index] as number) & MSG_TRUNC) !== 0;
    try {
      this.#settings.handlers.message?.(this.#socket, bytes, from, isTruncated);
    } catch (error) {
      failures.collect(error);
    }
  }
}
