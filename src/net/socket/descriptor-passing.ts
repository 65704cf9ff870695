// Descriptors that travel over Unix sockets beside the bytes (SCM_RIGHTS): checked, duplicated while
// they wait in a queue, taken in without a leak. man 7 unix, cmsg(3), sendmsg(2).
//
// Linux ignores descriptors that are sent over TCP, without an error, so the kind of the socket is
// looked at here. On a stream they come with the first byte of what was sent with them; a read ends
// behind those bytes, but may begin with earlier ones.
import { constants as os } from 'node:os';
import type { AddressInput } from '../../address.ts';
import { check, EdgewiseError, errnoError, invalidType } from '../../errors.ts';
import type { Piece } from '../../flow/write-queue.ts';
import type { MessageBatch } from '../../sys/batch.ts';
import * as sys from '../../sys/index.ts';
import { checkBytes, checkFd, checkInteger } from '../../validate.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionHandlers } from '../connection/handlers.ts';

const { EBADF, EINTR, EINVAL, EMFILE } = os.errno;
const { ETOOMANYREFS } = sys.constants;
const { F_DUPFD_CLOEXEC, F_GETFD } = sys.constants;

/** SCM_MAX_FD of Linux: what one message carries. The BSDs take about as many. */
const DESCRIPTORS_MAX = 253;

/** Errors that are about the descriptors, and not about the socket. */
const REFUSALS: ReadonlySet<number> = new Set([EBADF, EINVAL, EMFILE, ETOOMANYREFS]);

/**
 * Checks what is to be passed, before anything is sent.
 *
 * @param isUnix - whether the socket can pass them.
 * @throws TypeError, RangeError - not an array of 1 to 253 descriptors.
 * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED: it cannot.
 * @throws ErrnoError - EBADF: one of them is closed.
 */
export function checkRights(fileDescriptors: readonly number[], isUnix: boolean): number[] {
  if (!Array.isArray(fileDescriptors)) {
    throw invalidType('fileDescriptors', 'an array of numbers', fileDescriptors);
  }
  const { length } = fileDescriptors as readonly number[];
  checkInteger('fileDescriptors.length', length, 1, DESCRIPTORS_MAX);
  const copy: number[] = [];
  for (let i = 0; i < length; i++) copy.push(checkFd(fileDescriptors[i], `fileDescriptors[${i}]`));
  if (!isUnix) {
    throw new EdgewiseError('ERR_OPTION_UNSUPPORTED', 'only Unix sockets pass descriptors');
  }
  for (const fd of copy) check(sys.fcntl(fd, F_GETFD), 'sendmsg', { fd });
  return copy;
}

/** Closes descriptors that nobody else will. */
export function closeAll(fileDescriptors: readonly number[]): void {
  for (const fd of fileDescriptors) sys.close(fd);
}

/**
 * Duplicates descriptors, close-on-exec.
 *
 * @throws ErrnoError - EMFILE, EBADF; none is left behind.
 */
export function duplicateAll(fileDescriptors: readonly number[]): number[] {
  const duplicates: number[] = [];
  for (const fd of fileDescriptors) {
    const duplicate = sys.fcntl(fd, F_DUPFD_CLOEXEC);
    if (duplicate < 0) {
      closeAll(duplicates);
      throw errnoError(duplicate, 'fcntl', { fd });
    }
    duplicates.push(duplicate);
  }
  return duplicates;
}

/** Bytes with descriptors that a connection owes its peer. */
export class RightsPiece implements Piece {
  #bytes: Uint8Array;
  #fds: readonly number[];
  #isOwner = false;

  /**
   * @param bytes - at least one.
   * @param fileDescriptors - checked; the caller's until {@link RightsPiece.own}.
   * @throws TypeError, RangeError - no bytes, or none of them.
   */
  constructor(bytes: Uint8Array, fileDescriptors: readonly number[]) {
    checkInteger('bytes.length', checkBytes('bytes', bytes), 1, Number.MAX_SAFE_INTEGER);
    this.#bytes = bytes;
    this.#fds = fileDescriptors;
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
    if (REFUSALS.has(-result)) throw errnoError(result, 'sendmsg', { fd });
    return Math.max(result, 0);
  }

  /**
   * Makes it independent of the caller's descriptors and memory, before it waits in the queue.
   *
   * @throws ErrnoError - EMFILE: there are none for the duplicates.
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
    this.#bytes = this.#bytes.subarray(result);
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

/** What came beside the bytes of one read. */
export interface Rights {
  readonly fileDescriptors: number[];
  readonly isTruncated: boolean;
}

// One for the thread: what it holds is taken out before any handler runs.
const received = new sys.ReceivedMessage(DESCRIPTORS_MAX);

/** recvmsg(2) with room for all descriptors that a message can carry. */
export function receiveWithRights(fd: number, memory: Uint8Array): number {
  const result = sys.recvmsg(fd, [memory], received);
  if (result !== 0 || received.descriptors.length === 0) return result;
  // Some kernels let descriptors travel without a byte. It is not the end of the stream.
  closeAll(received.descriptors);
  return -EINTR;
}

/** What came with the last {@link receiveWithRights}; undefined: nothing but bytes. */
export function takeRights(): Rights | undefined {
  const { isControlTruncated: isTruncated, descriptors: fileDescriptors } = received;
  if (fileDescriptors.length === 0 && !isTruncated) return undefined;
  return { fileDescriptors, isTruncated };
}

/**
 * Tells the user of descriptors, and then of the bytes that they came with, also when the first
 * handler throws. From the call on the descriptors are the handler's, whatever it does.
 *
 * @param bytes - copied: a turn inside the first handler would overwrite them.
 */
export function deliverRights<Data>(
  connection: Connection<Data>,
  handlers: ConnectionHandlers<Data>,
  { fileDescriptors, isTruncated }: Rights,
  bytes: Buffer,
): void {
  const copy = Buffer.from(bytes);
  try {
    if (handlers.descriptors === undefined) closeAll(fileDescriptors);
    else handlers.descriptors(connection, fileDescriptors, isTruncated);
  } finally {
    if (!connection.isClosed) handlers.data?.(connection, copy);
  }
}

/** Sends one datagram with descriptors, as sendto(2). */
export function sendWithRights(
  fd: number,
  bytes: Uint8Array,
  descriptors: readonly number[],
  to: AddressInput | undefined,
): number {
  const message = { buffers: [bytes], descriptors };
  return sys.sendmsg(fd, to === undefined ? message : { ...message, to });
}

/**
 * Receives one datagram into the first place of a batch.
 *
 * @returns 1, or -errno; {@link takeRights} has what came with it.
 */
export function receiveDatagram(fd: number, batch: MessageBatch): number {
  const result = sys.recvmsg(fd, [batch.room(0)], received);
  if (result < 0) return result;
  batch.lengths[0] = result;
  batch.flags[0] = received.flags;
  batch.segmentSizes[0] = 0;
  batch.setAddress(0, received.from);
  return 1;
}
