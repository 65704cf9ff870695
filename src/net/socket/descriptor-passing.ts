// Descriptors that are passed over Unix sockets beside the bytes (SCM_RIGHTS): checked, duplicated
// for the time that they wait in a queue, received without a leak. man 7 unix, 3 cmsg, 2 sendmsg.
//
// Linux ignores descriptors that are sent over TCP, without an error, so the kind of the socket is
// looked at here. On a stream they come with the first byte of what was sent with them; a read ends
// behind those bytes, but may begin with earlier ones.
import { constants as os } from 'node:os';
import type { AddressInput } from '../../address.ts';
import { check, EdgewiseError, errnoError, invalidType, invalidValue } from '../../errors.ts';
import type { MessageBatch } from '../../sys/batch.ts';
import * as sys from '../../sys/index.ts';
import { checkFd, checkFunction, checkInteger } from '../../validate.ts';

const { EBADF, EINTR, EINVAL, EMFILE } = os.errno;
const { ETOOMANYREFS } = sys.constants;
const { F_DUPFD_CLOEXEC, F_GETFD } = sys.constants;

/** SCM_MAX_FD of Linux: what one message carries. The BSDs take about as many. */
const DESCRIPTORS_MAX = 253;

const REFUSALS: ReadonlySet<number> = new Set([EBADF, EINVAL, EMFILE, ETOOMANYREFS]);

/** Whether the result of sendmsg(2) is about the descriptors, and not about the socket. */
export function isRefusal(result: number): boolean {
  return REFUSALS.has(-result);
}

/**
 * Checks what is to be passed, before anything is sent.
 *
 * @param isUnix - whether the socket can pass them.
 * @throws TypeError, RangeError - not an array of 1 to 253 descriptors.
 * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED: it cannot.
 * @throws ErrnoError - EBADF: one of them is closed.
 */
export function checkDescriptors(fds: readonly number[], isUnix: boolean): number[] {
  if (!Array.isArray(fds)) {
    throw invalidType('fds', 'an array of numbers', fds);
  }
  const { length } = fds as readonly number[];
  checkInteger('fds.length', length, 1, DESCRIPTORS_MAX);
  const copy: number[] = [];
  for (let i = 0; i < length; i++) copy.push(checkFd(fds[i], `fds[${i}]`));
  if (!isUnix) {
    throw new EdgewiseError('ERR_OPTION_UNSUPPORTED', 'only Unix sockets pass descriptors');
  }
  for (const fd of copy) check(sys.fcntl(fd, F_GETFD), 'sendmsg', { fd });
  return copy;
}

/** Closes descriptors that have no other owner. */
export function closeAll(fds: readonly number[]): void {
  for (const fd of fds) sys.close(fd);
}

/**
 * Duplicates descriptors, close-on-exec.
 *
 * @throws ErrnoError - EMFILE, EBADF; none is left behind.
 */
export function duplicateAll(fds: readonly number[]): number[] {
  const duplicates: number[] = [];
  for (const fd of fds) {
    const duplicate = sys.fcntl(fd, F_DUPFD_CLOEXEC);
    if (duplicate < 0) {
      closeAll(duplicates);
      throw errnoError(duplicate, 'fcntl', { fd });
    }
    duplicates.push(duplicate);
  }
  return duplicates;
}

/** What came beside the bytes of one read. */
export interface ReceivedDescriptors {
  readonly fds: number[];
  readonly isTruncated: boolean;
}

// One for the thread: what it holds is taken out before any handler runs.
const received = new sys.ReceivedMessage(DESCRIPTORS_MAX);

/** recvmsg(2) with room for all descriptors that a message can carry. */
export function receiveWithDescriptors(fd: number, memory: Uint8Array): number {
  const result = sys.recvmsg(fd, [memory], received);
  if (result !== 0 || received.descriptors.length === 0) return result;
  // Some kernels pass descriptors without a byte. It is not the end of the stream.
  closeAll(received.descriptors);
  return -EINTR;
}

/** What came with the last {@link receiveWithDescriptors}; undefined: nothing but bytes. */
export function takeDescriptors(): ReceivedDescriptors | undefined {
  const { isControlTruncated: isTruncated, descriptors: fds } = received;
  if (fds.length === 0 && !isTruncated) return undefined;
  return { fds, isTruncated };
}

/** Sends one datagram with descriptors, as sendto(2). */
export function sendWithDescriptors(
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
 * @returns 1, or -errno; {@link takeDescriptors} has what came with it.
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

/**
 * Checks the option `receiveDescriptors`.
 *
 * @param other - what the socket is, if it is not a Unix socket.
 * @returns whether descriptors are to be received.
 * @throws TypeError - they cannot be, or there is no handler for them.
 */
export function receivesDescriptors(
  options: { receiveDescriptors?: boolean | undefined; handlers: { descriptors?: unknown } },
  isUnix: boolean,
  other: 'TCP' | 'UDP',
): boolean {
  const { receiveDescriptors, handlers } = options;
  if (receiveDescriptors !== true) return false;
  if (!isUnix) throw invalidValue('receiveDescriptors', `absent for ${other}`, true);
  checkFunction('handlers.descriptors', handlers.descriptors);
  return true;
}
