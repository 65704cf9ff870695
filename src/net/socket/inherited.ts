// Descriptors that another program has made: a supervisor, another process, a library. What they
// are, and how they become ours. Non-blocking is a flag of the open description, which all processes that
// share it see; close-on-exec is one of our own number. man 2 fcntl, 7 socket.
import { constants as os } from 'node:os';
import { SocketAddress } from '../../address.ts';
import { check } from '../../errors.ts';
import { native } from '../../native.ts';
import * as sys from '../../sys/index.ts';
import { checkFd } from '../../validate.ts';

const { EINVAL } = os.errno;
const { SOL_SOCKET, SO_TYPE, SO_ACCEPTCONN, SOCK_STREAM, SOCK_DGRAM } = sys.constants;
const { F_GETFL, F_SETFL, F_SETFD, FD_CLOEXEC, O_NONBLOCK } = sys.constants;

/**
 * What can be done with a descriptor: `adoptListener`, `adoptConnection`, `adoptDatagram`, or, with
 * `'other'` (a pipe, a file, a socket that is neither bound nor connected), none of these.
 */
export type DescriptorKind = 'listener' | 'connection' | 'datagram' | 'other';

function optionOf(fd: number, option: number): number | undefined {
  const value = new Int32Array(1);
  return sys.getsockopt(fd, SOL_SOCKET, option, value) < 0 ? undefined : value[0];
}

/** Looks at an open descriptor; changes nothing. */
export function kindOf(fd: number): DescriptorKind {
  const type = optionOf(fd, SO_TYPE);
  if (type === SOCK_DGRAM) return 'datagram';
  if (type !== SOCK_STREAM) return 'other';
  if (optionOf(fd, SO_ACCEPTCONN) === 1) return 'listener';
  return sys.getpeername(fd, new SocketAddress()) >= 0 ? 'connection' : 'other';
}

/** Whether a socket is a Unix one; an unnamed one has no family here. */
export function isUnixSocket(fd: number): boolean {
  const address = new SocketAddress();
  check(sys.getsockname(fd, address), 'getsockname', { fd });
  return address.family === 'Unix' || address.family === undefined;
}

/**
 * Checks that a descriptor is of the wanted kind, makes it non-blocking and close-on-exec, and takes it
 * over from another thread that may have made it.
 *
 * @throws TypeError, RangeError - no descriptor.
 * @throws ErrnoError - EBADF, ENOTSOCK; EINVAL: a socket of another kind.
 */
export function prepare(fd: number, wanted: DescriptorKind): void {
  checkFd(fd);
  const type = new Int32Array(1);
  check(sys.getsockopt(fd, SOL_SOCKET, SO_TYPE, type), 'getsockopt', { fd });
  if (kindOf(fd) !== wanted) check(-EINVAL, 'getsockopt', { fd });
  const flags = check(sys.fcntl(fd, F_GETFL), 'fcntl', { fd });
  check(sys.fcntl(fd, F_SETFL, flags | O_NONBLOCK), 'fcntl', { fd });
  check(sys.fcntl(fd, F_SETFD, FD_CLOEXEC), 'fcntl', { fd });
  native.ownDescriptor(fd);
}
