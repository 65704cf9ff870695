// recv, send and their like: the I/O path. Arguments go to native code unchecked; only what it
// refuses is looked at again (docs/adr/0002). recv and send pass on no more arguments than they were
// given, because Node-API is asked about each: about 25 ns for three that are undefined.
import { type AddressInput, optionalSlotOf, type SocketAddress, slotOfInput } from '../address.ts';
import { native } from '../native.ts';
import { REFUSED, refuseTransfer } from '../validate.ts';

/**
 * Receives from a socket.
 *
 * @param fd - a socket.
 * @param bytes - where to.
 * @param offset - first byte of `bytes` to fill; 0 when absent.
 * @param length - most bytes to take; what is left behind `offset` when absent.
 * @param flags - `MSG_PEEK`, `MSG_DONTWAIT`, …; 0 when absent.
 * @returns bytes received; 0: the peer has sent its last (a stream), an empty datagram, or no length;
 * or -errno: {@link WOULD_BLOCK}, -ECONNRESET, …
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see recv(2)
 */
export function recv(
  fd: number,
  bytes: Uint8Array,
  offset?: number,
  length?: number,
  flags?: number,
): number {
  const result =
    flags !== undefined
      ? native.recv(fd, bytes, offset, length, flags)
      : length !== undefined
        ? native.recv(fd, bytes, offset, length)
        : native.recv(fd, bytes, offset);
  return result === REFUSED ? refuseTransfer(fd, bytes, offset, length, flags) : result;
}

/**
 * Sends on a connected socket. `MSG_NOSIGNAL` is always added: without a reader it is -EPIPE.
 *
 * @param fd - a socket.
 * @param bytes - what to send.
 * @param offset - first byte of `bytes` to send; 0 when absent.
 * @param length - bytes to send; what is left behind `offset` when absent.
 * @param flags - `MSG_MORE`, `MSG_DONTWAIT`, …; 0 when absent.
 * @returns bytes that the kernel took, which may be fewer than there were; or -errno:
 * {@link WOULD_BLOCK}, -EPIPE, -ECONNRESET, …
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see send(2)
 */
export function send(
  fd: number,
  bytes: Uint8Array,
  offset?: number,
  length?: number,
  flags?: number,
): number {
  const result =
    flags !== undefined
      ? native.send(fd, bytes, offset, length, flags)
      : length !== undefined
        ? native.send(fd, bytes, offset, length)
        : native.send(fd, bytes, offset);
  return result === REFUSED ? refuseTransfer(fd, bytes, offset, length, flags) : result;
}

/**
 * Receives a datagram and the address it came from.
 *
 * @param fd - a socket.
 * @param bytes - where to; what does not fit is lost (with `MSG_TRUNC` the result is the true length).
 * @param offset - first byte of `bytes` to fill; 0 when undefined.
 * @param length - most bytes to take; what is left behind `offset` when undefined.
 * @param flags - as for {@link recv}.
 * @param from - filled with the sender's address, if given.
 * @returns bytes received, 0 for an empty datagram; or -errno.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see recvfrom(2)
 */
export function recvfrom(
  fd: number,
  bytes: Uint8Array,
  offset?: number,
  length?: number,
  flags?: number,
  from?: SocketAddress,
): number {
  const slot = optionalSlotOf(from, 'from');
  const result = native.recvfrom(fd, bytes, offset, length, flags, slot);
  return result === REFUSED ? refuseTransfer(fd, bytes, offset, length, flags) : result;
}

/**
 * Sends a datagram to an address. Reply with the {@link SocketAddress} of `recvfrom`: it costs no
 * conversion; a plain object is encoded on every call.
 *
 * @param fd - a socket.
 * @param bytes - what to send.
 * @param offset - first byte of `bytes` to send; 0 when undefined.
 * @param length - bytes to send; what is left behind `offset` when undefined.
 * @param flags - as for {@link send}.
 * @param to - the receiver; undefined: the peer of a connected socket.
 * @returns bytes sent, or -errno: {@link WOULD_BLOCK}, -EMSGSIZE, -ENOBUFS (macOS, the BSDs), …
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see sendto(2)
 */
export function sendto(
  fd: number,
  bytes: Uint8Array,
  offset?: number,
  length?: number,
  flags?: number,
  to?: AddressInput,
): number {
  const slot = to === undefined ? undefined : slotOfInput(to, 'to');
  const result = native.sendto(fd, bytes, offset, length, flags, slot);
  return result === REFUSED ? refuseTransfer(fd, bytes, offset, length, flags) : result;
}
