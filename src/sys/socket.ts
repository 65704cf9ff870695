// Making, naming, connecting and configuring sockets. All cold but accept.
import {
  type AddressInput,
  optionalSlotOf,
  type SocketAddress,
  slotOf,
  slotOfInput,
} from '../address.ts';
import { native } from '../native.ts';
import {
  checkFd,
  checkFlags,
  checkInt32s,
  checkOption,
  REFUSED,
  refuseUnnamed,
} from '../validate.ts';
import { constants } from './constants.ts';

/**
 * Makes a socket, close-on-exec. The descriptor is the caller's to close.
 *
 * @param domain - `AF_INET`, `AF_INET6`, `AF_UNIX`, …
 * @param type - `SOCK_STREAM`, `SOCK_DGRAM`, …, joined with `SOCK_NONBLOCK` to be non-blocking.
 * @param protocol - `IPPROTO_…`; 0, the default: the usual one of domain and type.
 * @returns the descriptor, or -errno: -EMFILE, -EAFNOSUPPORT, …
 * @see socket(2)
 */
export function socket(domain: number, type: number, protocol = 0): number {
  checkFlags('domain', domain);
  checkFlags('type', type);
  checkFlags('protocol', protocol);
  return native.socket(domain, type, protocol);
}

/**
 * Makes two sockets that are connected to each other, close-on-exec.
 *
 * @param domain - `AF_UNIX`.
 * @param type - as for {@link socket}.
 * @param protocol - 0.
 * @param fds - at least 2 numbers; the first two become the descriptors, which the caller closes.
 * @returns 0 or -errno; on an error `fds` stays as it was.
 * @see socketpair(2)
 */
export function socketpair(
  domain: number,
  type: number,
  protocol: number,
  fds: Int32Array,
): number {
  checkFlags('domain', domain);
  checkFlags('type', type);
  checkFlags('protocol', protocol);
  checkInt32s('fds', fds, 2);
  const result = native.socketpair(domain, type, protocol, fds);
  return result === REFUSED ? refuseUnnamed() : result;
}

/**
 * Gives a socket its own address.
 *
 * @param fd - a socket.
 * @param address - port 0: a free one, which {@link getsockname} reports. A path must not exist yet, and
 * stays behind as a file.
 * @returns 0 or -errno: -EADDRINUSE, -EACCES, -EADDRNOTAVAIL, …
 * @see bind(2), ip(7), unix(7)
 */
export function bind(fd: number, address: AddressInput): number {
  checkFd(fd);
  return native.bind(fd, slotOfInput(address));
}

/**
 * Makes a socket one that accepts connections.
 *
 * @param fd - a bound stream socket.
 * @param backlog - connections that may wait to be accepted; the kernel has a limit of its own.
 * @returns 0 or -errno.
 * @see listen(2)
 */
export function listen(fd: number, backlog: number = constants.SOMAXCONN): number {
  checkFd(fd);
  checkFlags('backlog', backlog);
  return native.listen(fd, backlog);
}

/**
 * Takes one connection, as a blocking, close-on-exec socket. The descriptor is the caller's.
 *
 * @param fd - a listening socket.
 * @param from - filled with the peer's address, if given.
 * @returns the descriptor, or -errno: {@link WOULD_BLOCK}, -ECONNABORTED, -EMFILE, …
 * @see accept(2)
 */
export function accept(fd: number, from?: SocketAddress): number {
  return accept4(fd, from, 0);
}

/**
 * {@link accept} with flags.
 *
 * @param flags - `SOCK_NONBLOCK`; `SOCK_CLOEXEC` is always added.
 * @see accept4(2)
 */
export function accept4(fd: number, from: SocketAddress | null | undefined, flags: number): number {
  const result = native.accept4(fd, optionalSlotOf(from, 'from'), flags);
  if (result !== REFUSED) return result;
  checkFd(fd);
  checkFlags('flags', flags);
  return refuseUnnamed();
}

/**
 * Connects a socket, or sets the peer of a datagram socket.
 *
 * @param fd - a socket.
 * @param address - `{ unspecified: true }` makes a datagram socket forget its peer.
 * @returns 0: connected; or -errno. -EINPROGRESS: non-blocking and under way; when the socket is
 * writable, `SO_ERROR` is how it ended. On a Unix socket {@link WOULD_BLOCK} is a full backlog.
 * @see connect(2)
 */
export function connect(fd: number, address: AddressInput): number {
  checkFd(fd);
  return native.connect(fd, slotOfInput(address));
}

/**
 * Ends one direction of a connection, or both.
 *
 * @param fd - a connected socket; it still has to be closed.
 * @param how - `SHUT_RD`, `SHUT_WR` or `SHUT_RDWR`.
 * @returns 0 or -errno: -ENOTCONN, …
 * @see shutdown(2)
 */
export function shutdown(fd: number, how: number): number {
  checkFd(fd);
  checkFlags('how', how);
  return native.shutdown(fd, how);
}

/**
 * Reports a socket's own address.
 *
 * @param into - filled with it.
 * @returns 0 or -errno.
 * @see getsockname(2)
 */
export function getsockname(fd: number, into: SocketAddress): number {
  checkFd(fd);
  return native.getsockname(fd, slotOf(into, 'into'));
}

/**
 * Reports the address of a socket's peer.
 *
 * @param into - filled with it.
 * @returns 0 or -errno: -ENOTCONN, …
 * @see getpeername(2)
 */
export function getpeername(fd: number, into: SocketAddress): number {
  checkFd(fd);
  return native.getpeername(fd, slotOf(into, 'into'));
}

/**
 * Reads an option of a socket.
 *
 * @param level - `SOL_SOCKET`, `IPPROTO_TCP`, …
 * @param option - `SO_ERROR`, `TCP_INFO`, …
 * @param into - filled with the value: an Int32Array for an int or several, a Uint8Array for a
 * structure. What does not fit is cut off.
 * @returns the length of the value in **bytes**, or -errno: -ENOPROTOOPT, …
 * @see getsockopt(2), socket(7), tcp(7)
 */
export function getsockopt(
  fd: number,
  level: number,
  option: number,
  into: Int32Array | Uint8Array,
): number {
  checkFd(fd);
  checkFlags('level', level);
  checkFlags('option', option);
  checkOption('into', into);
  const result = native.getsockopt(fd, level, option, into);
  return result === REFUSED ? refuseUnnamed() : result;
}

/**
 * Sets an option of a socket.
 *
 * @param level - `SOL_SOCKET`, `IPPROTO_TCP`, …
 * @param option - `SO_REUSEADDR`, `TCP_NODELAY`, …
 * @param value - a number goes in as an int (-2^31 to 2^31 - 1); an Int32Array or a Uint8Array as the
 * memory that it is: `new Int32Array([1, 5])` is the `struct linger` of `SO_LINGER`.
 * @returns 0 or -errno: -ENOPROTOOPT, -EINVAL, …
 * @see setsockopt(2), socket(7), tcp(7)
 */
export function setsockopt(
  fd: number,
  level: number,
  option: number,
  value: number | Int32Array | Uint8Array,
): number {
  checkFd(fd);
  checkFlags('level', level);
  checkFlags('option', option);
  checkOption('value', value, true);
  const result = native.setsockopt(fd, level, option, value);
  return result === REFUSED ? refuseUnnamed() : result;
}
