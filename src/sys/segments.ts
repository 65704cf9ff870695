// One buffer that leaves as several datagrams: cut by the kernel or the device (UDP_SEGMENT), or
// here, with one header each in one sendmmsg.
import { type AddressInput, slotOfInput } from '../address.ts';
import { native } from '../native.ts';
import { checkInteger, REFUSED, refuseTransfer } from '../validate.ts';

const SEGMENT_SIZE_MAX = 0xffff;

/**
 * Sends bytes as datagrams of `segmentSize` bytes, the last one shorter, by one sendmsg with
 * `UDP_SEGMENT`: at most 64 of them, and at most 65,507 bytes in all.
 *
 * Linux. A kernel older than 4.18, and a Unix socket, pass over `UDP_SEGMENT` and send one datagram:
 * where `getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, …)` fails, do not use it.
 *
 * @param fd - a UDP socket.
 * @param bytes - what to send.
 * @param offset - first byte of `bytes` to send; 0 when undefined.
 * @param length - bytes to send; what is left behind `offset` when undefined.
 * @param segmentSize - bytes of one datagram, 1 to 65535.
 * @param to - the receiver; absent: the peer of a connected socket.
 * @returns bytes sent, or -errno: -EINVAL or -EMSGSIZE, a segment is longer than the path takes, or
 * there are too many; -EIO, the device cannot do it; -ENOPROTOOPT, not Linux; {@link WOULD_BLOCK}.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see udp(7) "UDP_SEGMENT"
 */
export function sendSegments(
  fd: number,
  bytes: Uint8Array,
  offset: number | undefined,
  length: number | undefined,
  segmentSize: number,
  to?: AddressInput,
): number {
  const slot = to === undefined ? undefined : slotOfInput(to, 'to');
  const result = native.sendSegments(fd, bytes, offset, length, segmentSize, slot);
  return result === REFUSED ? refuse(fd, bytes, offset, length, segmentSize) : result;
}

/**
 * The same without the kernel's help: one sendmmsg, with a header for each datagram (macOS: one
 * sendto each). Takes more bytes than {@link sendSegments}, and sends the first 64 datagrams.
 *
 * @returns bytes sent, of whole datagrams, which may be fewer; or -errno if the first datagram
 * could not be sent: {@link WOULD_BLOCK}, -EMSGSIZE, …
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see sendmmsg(2)
 */
export function sendApart(
  fd: number,
  bytes: Uint8Array,
  offset: number | undefined,
  length: number | undefined,
  segmentSize: number,
  to?: AddressInput,
): number {
  const slot = to === undefined ? undefined : slotOfInput(to, 'to');
  const result = native.sendApart(fd, bytes, offset, length, segmentSize, slot);
  return result === REFUSED ? refuse(fd, bytes, offset, length, segmentSize) : result;
}

function refuse(
  fd: unknown,
  bytes: unknown,
  offset: unknown,
  length: unknown,
  segmentSize: unknown,
): never {
  checkInteger('segmentSize', segmentSize, 1, SEGMENT_SIZE_MAX);
  refuseTransfer(fd, bytes, offset, length);
}
