// The process at the other end of a Unix socket, as the kernel noted it when the connection was made:
// SO_PEERCRED, LOCAL_PEERCRED, LOCAL_PEEREID. The peer cannot choose what is reported of it.
import { invalidType } from '../errors.ts';
import { native } from '../native.ts';
import { checkFd, REFUSED, refuseUnnamed } from '../validate.ts';

/** What `getpeereid` fills in. Reuse it. */
export class PeerCredentials {
  /**
   * The process; undefined where the kernel does not report it, or cannot see it from here. It may have
   * ended since, and its number may stand for another.
   */
  pid: number | undefined = undefined;
  /** The effective user; -1 before it was filled. */
  uid = -1;
  /** The effective group; -1 before it was filled. */
  gid = -1;
}

// CredentialFigure in native/core/socket_facts.h.
const figures = new Float64Array(3);
const memory = new Uint8Array(figures.buffer);

/**
 * Reports the process and user of the peer of a Unix socket when it connected, listened, or made
 * the pair.
 *
 * @param fd - a connected Unix stream socket.
 * @param into - filled with it.
 * @returns 0 or -errno: -EOPNOTSUPP: not a Unix socket; -ENOTCONN: no peer.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see getpeereid(3), unix(7) "SO_PEERCRED"
 */
export function getpeereid(fd: number, into: PeerCredentials): number {
  checkFd(fd);
  if (!(into instanceof PeerCredentials)) throw invalidType('into', 'a PeerCredentials', into);
  const result = native.peerCredentials(fd, memory);
  if (result === REFUSED) return refuseUnnamed();
  if (result < 0) return result;
  const [pid, uid, gid] = figures as unknown as [number, number, number];
  into.pid = Number.isNaN(pid) ? undefined : pid;
  into.uid = uid;
  into.gid = gid;
  return result;
}
