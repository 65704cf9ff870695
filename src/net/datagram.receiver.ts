// The receiving half of a datagram socket: batches from the kernel to the user's handlers, into
// memory that is lent for the dispatch.
import { constants as os } from 'node:os';
import { errnoError } from '../errors.ts';
import { Failures } from '../failures.ts';
import { Readiness } from '../interest.ts';
import type { Registration } from '../registration.ts';
import type { MessageBatch } from '../sys/batch.ts';
import * as sys from '../sys.ts';
import type { DatagramNews } from './datagram.news.ts';
import type { DatagramSettings, DatagramStats } from './datagram.options.ts';
import type { DatagramSocket } from './datagram.ts';
import type { Inbox } from './inbox.ts';
import { closeAll, type Rights, receiveDatagram, takeRights } from './rights.ts';

const { EAGAIN, EINTR } = os.errno;
const { MSG_TRUNC } = sys.constants;

export class DatagramReceiver<Data> {
  readonly #socket: DatagramSocket<Data>;
  readonly #settings: DatagramSettings<Data>;
  readonly #stats: DatagramStats;
  readonly #news: DatagramNews<Data>;

  constructor(
    socket: DatagramSocket<Data>,
    settings: DatagramSettings<Data>,
    stats: DatagramStats,
    news: DatagramNews<Data>,
  ) {
    this.#socket = socket;
    this.#settings = settings;
    this.#stats = stats;
    this.#news = news;
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
        if (count === -EAGAIN) return;
        const { fd } = socket;
        this.#news.addError(() => errnoError(count, 'recvmmsg', { fd }));
        if (!registration.charge(0)) return;
      }
    }
  }

  // @returns how many datagrams there were, or -errno.
  #receive(batch: MessageBatch, failures: Failures): number {
    const { fd } = this.#socket;
    if (!this.#settings.receivesDescriptors) return sys.recvmmsg(fd, batch);
    const result = receiveDatagram(fd, batch);
    const rights = result > 0 ? takeRights() : undefined;
    if (rights !== undefined) failures.guard(() => this.#tellRights(rights));
    return result;
  }

  #tellRights({ fileDescriptors, isTruncated }: Rights): void {
    const { handlers } = this.#settings;
    if (handlers.descriptors === undefined) closeAll(fileDescriptors);
    else handlers.descriptors(this.#socket, fileDescriptors, isTruncated);
  }

  // @returns the bytes of all.
  #deliver(inbox: Inbox, count: number, failures: Failures): number {
    const { lengths, flags } = inbox.batch;
    const stats = this.#stats;
    let byteCount = 0;
    for (let i = 0; i < count; i++) {
      byteCount += lengths[i] as number;
      if (((flags[i] as number) & MSG_TRUNC) !== 0) stats.truncated++;
    }
    stats.messagesReceived += count;
    stats.bytesReceived += byteCount;
    const { handlers } = this.#settings;
    // A handler told of descriptors may have closed it.
    if (handlers.messages === undefined || this.#socket.isClosed) {
      stats.receiveDropped += count - this.#deliverApart(inbox, count, failures);
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
    const socket = this.#socket;
    const { handlers } = this.#settings;
    if (handlers.message === undefined) return 0;
    const { batch, from } = inbox;
    for (let i = 0; i < count; i++) {
      if (socket.isClosed || !inbox.isUsable) return i;
      batch.address(i, from);
      const isTruncated = ((batch.flags[i] as number) & MSG_TRUNC) !== 0;
      try {
        handlers.message(socket, inbox.view(i), from, isTruncated);
      } catch (error) {
        failures.collect(error);
      }
    }
    return count;
  }
}
