// recvmsg and sendmsg: one message in several buffers, with an address and with descriptors.
import { type AddressInput, optionalSlotOf, SocketAddress, slotOfInput } from '../address.ts';
import { invalidType } from '../errors.ts';
import { native } from '../native.ts';
import { checkFd, checkInteger, REFUSED, refuseBuffers } from '../validate.ts';
import { constants } from './constants.ts';

// Most descriptors in one message: kMessageFdsMax of native/core/datagram_ops.h.
const DESCRIPTORS_MAX = 253;
// Where they begin in the header that native code fills: behind msg_flags and their count.
const DESCRIPTORS_AT = 2;

/**
 * What `recvmsg` fills in beside the bytes: the sender, flags, descriptors. Reuse it.
 *
 * Descriptors that have arrived are the caller's to close, before the next `recvmsg` into the
 * same object forgets their numbers.
 */
export class ReceivedMessage {
  /** The sender's address; none on a connected stream. */
  readonly from = new SocketAddress();
  readonly #header: Int32Array;

  /**
   * @param descriptorsMax - how many descriptors to take from one message, 0 to 253; 0 when absent.
   * Those beyond are closed at once and {@link ReceivedMessage.isControlTruncated} is set.
   */
  constructor(descriptorsMax = 0) {
    checkInteger('descriptorsMax', descriptorsMax, 0, DESCRIPTORS_MAX);
    this.#header = new Int32Array(DESCRIPTORS_AT + descriptorsMax);
  }

  /** `msg_flags` of the last message: `MSG_TRUNC`, `MSG_CTRUNC`, `MSG_OOB`, … */
  get flags(): number {
    return headerOf(this)[0] ?? 0;
  }

  /** The datagram was longer than the buffers; its rest is lost. */
  get isTruncated(): boolean {
    return (this.flags & constants.MSG_TRUNC) !== 0;
  }

  /** Descriptors were lost: there was no room for them here, or in this process's table. */
  get isControlTruncated(): boolean {
    return (this.flags & constants.MSG_CTRUNC) !== 0;
  }

  /** The descriptors that came with the last message, close-on-exec. */
  get descriptors(): number[] {
    const header = headerOf(this);
    return Array.from(header.subarray(DESCRIPTORS_AT, DESCRIPTORS_AT + (header[1] ?? 0)));
  }

  /** @internal what native code fills, or undefined when `value` is none of ours. */
  static headerIn(value: unknown): Int32Array | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    return #header in value ? value.#header : undefined;
  }
}

function headerOf(message: ReceivedMessage, name = 'this'): Int32Array {
  const header = ReceivedMessage.headerIn(message);
  if (header === undefined) throw invalidType(name, 'a ReceivedMessage', message);
  return header;
}

/**
 * Receives one message into several buffers.
 *
 * On a stream, descriptors come with the first byte of what was sent with them, and a read that has
 * taken them stops before the next ones.
 *
 * @param fd - a socket.
 * @param buffers - an array (not a proxy of one) of at most 1024, filled one after the other.
 * @param into - filled with sender, flags and descriptors.
 * @param flags - `MSG_PEEK` (which duplicates descriptors as well), `MSG_DONTWAIT`, …; 0 when absent.
 * @returns bytes received, 0: the end of a stream; or -errno.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see recvmsg(2), unix(7) "SCM_RIGHTS"
 */
export function recvmsg(
  fd: number,
  buffers: readonly Uint8Array[],
  into: ReceivedMessage,
  flags?: number,
): number {
  const header = headerOf(into, 'into');
  const slot = optionalSlotOf(into.from, 'into.from');
  const result = native.recvmsg(fd, buffers, flags, slot, header);
  return result === REFUSED ? refuseBuffers(fd, buffers, flags) : result;
}

/** What `sendmsg` sends. */
export interface OutgoingMessage {
  /** An array (not a proxy of one) of at most 1024, sent one after the other. */
  readonly buffers: readonly Uint8Array[];
  /** The receiver; absent: the peer of a connected socket. */
  readonly to?: AddressInput | undefined;
  /**
   * Descriptors to send along over a Unix socket, at most 253. The peer gets duplicates; these stay
   * the caller's to close. A stream needs at least one byte to carry them.
   */
  readonly descriptors?: readonly number[] | undefined;
}

/**
 * Sends one message from several buffers.
 *
 * @param fd - a socket.
 * @param message - buffers, receiver, descriptors. Exceptions of its getters come through.
 * @param flags - as for `send`; `MSG_NOSIGNAL` is always added.
 * @returns bytes that the kernel took, or -errno. A stream may take fewer than there were: the
 * descriptors are with them, so send the rest without.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see sendmsg(2), unix(7) "SCM_RIGHTS"
 */
export function sendmsg(fd: number, message: OutgoingMessage, flags?: number): number {
  if (typeof message !== 'object' || message === null) {
    throw invalidType('message', 'an object', message);
  }
  const { buffers, to, descriptors } = message;
  const fds = descriptors === undefined ? undefined : descriptorsOf(descriptors);
  const slot = to === undefined ? undefined : slotOfInput(to, 'message.to');
  const result = native.sendmsg(fd, buffers, flags, slot, fds);
  return result === REFUSED ? refuseBuffers(fd, buffers, flags) : result;
}

function descriptorsOf(descriptors: readonly number[]): Int32Array {
  if (!Array.isArray(descriptors)) {
    throw invalidType('message.descriptors', 'an array of numbers', descriptors);
  }
  const count = checkInteger('message.descriptors.length', descriptors.length, 0, DESCRIPTORS_MAX);
  const fds = new Int32Array(count);
  for (let i = 0; i < count; i++) fds[i] = checkFd(descriptors[i], `message.descriptors[${i}]`);
  return fds;
}
