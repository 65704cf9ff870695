// Descriptors on their way over a Unix socket: in the write queue of a connection, and from a read
// to the handlers. How they are checked, sent and received is net/socket/descriptor-passing.ts.
import { constants as os } from 'node:os';
import { errnoError } from '../../errors.ts';
import { restOf, type WriteQueueEntry } from '../../flow/write-queue.ts';
import * as sys from '../../sys/index.ts';
import { checkInteger, keepableBytes } from '../../validate.ts';
import {
  closeAll,
  duplicateAll,
  isRefusal,
  type ReceivedDescriptors,
} from '../socket/descriptor-passing.ts';
import type { Connection } from './connection.ts';
import type { ConnectionHandlers } from './handlers.ts';

const { EINTR } = os.errno;

/** Bytes with descriptors that are still to be sent. */
export class PassedDescriptors implements WriteQueueEntry {
  #bytes: Uint8Array;
  #fds: readonly number[];
  #isOwner = false;

  /**
   * @param bytes - at least one.
   * @param fds - checked; the caller's until {@link PassedDescriptors.own}.
   * @throws TypeError, RangeError - no bytes, or none of them.
   */
  constructor(bytes: Uint8Array, fds: readonly number[]) {
    this.#bytes = keepableBytes('bytes', bytes);
    checkInteger('bytes.length', this.#bytes.length, 1, Number.MAX_SAFE_INTEGER);
    this.#fds = fds;
  }

  get byteLength(): number {
    return this.#bytes.length;
  }

  get isSent(): boolean {
    return this.#bytes.length === 0;
  }

  /**
   * Sends at once what the kernel takes.
   *
   * @returns bytes sent, 0 also for errors of the connection, which the queue will meet again.
   * @throws ErrnoError - ETOOMANYREFS, EBADF, …: the descriptors are refused; nothing was sent.
   */
  sendNow(fd: number): number {
    let result = this.sendTo(fd);
    while (result === -EINTR) result = this.sendTo(fd);
    if (isRefusal(result)) throw errnoError(result, 'sendmsg', { fd });
    return Math.max(result, 0);
  }

  /**
   * Makes it independent of the caller's descriptors and memory, before it waits in the queue.
   *
   * @throws ErrnoError - EMFILE: no numbers are left for the duplicates.
   */
  own(): void {
    this.#bytes = Buffer.from(this.#bytes);
    if (this.#fds.length === 0) return;
    this.#fds = duplicateAll(this.#fds);
    this.#isOwner = true;
  }

  /** The descriptors leave with the first byte; the rest goes without them. */
  sendTo(fd: number): number {
    const message = { buffers: [this.#bytes], descriptors: this.#fds };
    const result = sys.sendmsg(fd, message);
    if (result <= 0) return result;
    this.#bytes = restOf(this.#bytes, result);
    this.#letGo();
    return result;
  }

  settle(): void {
    this.#letGo();
  }

  #letGo(): void {
    if (this.#isOwner) closeAll(this.#fds);
    this.#fds = [];
    this.#isOwner = false;
  }
}

/**
 * Calls the handlers: `descriptors`, then `data` with the bytes that they came with, also when the
 * first one throws. From the call on the descriptors are the handler's, whatever it does.
 *
 * @param bytes - copied: a turn inside the first handler would overwrite them.
 */
export function deliverDescriptors<Data>(
  connection: Connection<Data>,
  handlers: ConnectionHandlers<Data>,
  { fds, isTruncated }: ReceivedDescriptors,
  bytes: Buffer,
): void {
  const copy = Buffer.from(bytes);
  try {
    if (handlers.descriptors === undefined) closeAll(fds);
    else handlers.descriptors(connection, fds, isTruncated);
  } finally {
    if (!connection.isClosed) handlers.data?.(connection, copy);
  }
}
