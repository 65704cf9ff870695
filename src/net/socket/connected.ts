// Whether a connect(2) that has finished has succeeded. Writability alone proves nothing: SO_ERROR is
// read first (error.ts), then the peer's name here, and a socket that has connected to itself counts
// as refused: on loopback a connect to a free port of the ephemeral range can meet itself, by
// simultaneous open (RFC 9293, section 3.5).
import { constants as os } from 'node:os';
import { SocketAddress } from '../../address.ts';
import * as sys from '../../sys/index.ts';

/**
 * Looks at a stream socket without a pending error, after connect(2).
 *
 * @returns 0: it is connected. -ENOTCONN: it is still connecting, so the report of readiness was
 *   spurious. -ECONNREFUSED: it has connected to itself. Another -errno of getpeername(2).
 */
export function connectResult(fd: number): number {
  const [peer, local] = [new SocketAddress(), new SocketAddress()];
  const result = sys.getpeername(fd, peer) || sys.getsockname(fd, local);
  if (result < 0 || peer.port === 0) return result; // 0: a Unix socket
  return local.port === peer.port && local.address === peer.address ? -os.errno.ECONNREFUSED : 0;
}
