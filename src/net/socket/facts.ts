// What can be asked of a connected stream socket: its addresses, what TCP measures, which process is
// at the other end, which processor handles its packets. Each function is one system call on a
// descriptor, and keeps nothing.
import { SocketAddress } from '../../address.ts';
import { check } from '../../errors.ts';
import * as sys from '../../sys/index.ts';

const { SOL_SOCKET, SO_INCOMING_CPU } = sys.constants;

/**
 * The address of the peer.
 *
 * @param fd - a socket, or -1.
 * @returns undefined: not connected, or the peer has reset the connection.
 * @see getpeername(2)
 */
export function remoteAddressOf(fd: number): SocketAddress | undefined {
  if (fd < 0) return undefined;
  const address = new SocketAddress();
  return sys.getpeername(fd, address) >= 0 ? address : undefined;
}

/**
 * The address of this end.
 *
 * @param fd - a socket, or -1.
 * @returns undefined: not a socket.
 * @see getsockname(2)
 */
export function localAddressOf(fd: number): SocketAddress | undefined {
  if (fd < 0) return undefined;
  const address = new SocketAddress();
  return sys.getsockname(fd, address) >= 0 ? address : undefined;
}

/**
 * What the kernel knows of a TCP connection: round-trip time, congestion window, losses, rates.
 *
 * @param fd - a connected TCP socket.
 * @returns a member is undefined where this kernel does not report it.
 * @throws ErrnoError - EOPNOTSUPP, ENOPROTOOPT or EINVAL: not TCP.
 * @see tcp(7) "TCP_INFO"
 */
export function tcpInfoOf(fd: number): sys.TcpInfo {
  const info = new sys.TcpInfo();
  check(sys.tcp_info(fd, info), 'getsockopt', { fd });
  return info;
}

/**
 * The process at the other end of a Unix socket, as it was when it connected (or listened). The
 * kernel vouches for it, not the peer.
 *
 * @param fd - a connected Unix stream socket.
 * @throws ErrnoError - EOPNOTSUPP: not a Unix socket.
 * @see unix(7) "SO_PEERCRED", getpeereid(3)
 */
export function peerCredentialsOf(fd: number): sys.PeerCredentials {
  const credentials = new sys.PeerCredentials();
  check(sys.getpeereid(fd, credentials), 'getpeereid', { fd });
  return credentials;
}

/**
 * The processor that handled the last packet of a socket.
 *
 * @param fd - a socket, or -1.
 * @returns undefined: no packet yet, or the kernel does not report it (all but Linux).
 * @see socket(7) "SO_INCOMING_CPU"
 */
export function incomingCpuOf(fd: number): number | undefined {
  if (fd < 0 || SO_INCOMING_CPU === undefined) return undefined;
  const value = new Int32Array(1);
  const result = sys.getsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, value);
  const cpu = value[0] as number;
  return result < 0 || cpu < 0 ? undefined : cpu;
}
