// `edgewise/sys`: the system calls, one function each, by their C names. A table of contents.

/**
 * The system calls as they are, to be seen and used one by one.
 *
 * - **Results.** Every function returns a number: >= 0 as the call does, or -errno. None throws for
 *   what the kernel says: would-block is {@link WOULD_BLOCK}, and {@link errnoName} names any other.
 *   Where C has an out-parameter there is one: `pipe(fds)`, `getsockname(fd, into)`.
 * - **Wrong arguments** throw a TypeError or a RangeError with `code` ERR_INVALID_ARG_TYPE,
 *   ERR_INVALID_ARG_VALUE or ERR_OUT_OF_RANGE that names the argument. A negative descriptor is one
 *   (RangeError); a closed one is not (the kernel's -EBADF). An exception of your own, from a getter
 *   of an address object or an array, comes through as it is.
 * - **Signals.** -EINTR comes through as well; nothing is retried. After `close` it means: closed.
 * - **Two deviations from C.** Descriptors are always made close-on-exec, also where C would want a
 *   flag for it. A write to a socket without a reader is -EPIPE and never a signal.
 * - **Buffers** are Uint8Arrays (Buffers are some) and may not lie over shared memory. One of no
 *   length, or one with a resizable buffer that shrank away under it, moves nothing: 0 is then no end.
 * - **Blocking** calls on blocking descriptors block this thread, and with it Node's event loop.
 *
 * What a platform lacks is there all the same and returns -ENOSYS:
 *
 * | | Linux | macOS | FreeBSD | OpenBSD, NetBSD |
 * |---|---|---|---|---|
 * | epoll_create1, epoll_ctl, epoll_wait | yes | -ENOSYS | -ENOSYS | -ENOSYS |
 * | kqueue, kevent | -ENOSYS | yes | yes | yes |
 * | poll, select, pselect | yes | yes | yes | yes |
 * | ppoll | yes | -ENOSYS | yes | yes |
 * | eventfd, splice, timerfd, inotify, pidfd | yes | -ENOSYS | -ENOSYS | -ENOSYS |
 * | reopen | yes | terminals | terminals | terminals |
 * | sendfile | yes | yes, offset required | yes, offset required | -ENOSYS |
 * | tcp_info | yes | TCP_CONNECTION_INFO | yes | yes |
 * | getpeereid | SO_PEERCRED | yes | yes | yes |
 * | receiveError | yes | -ENOSYS | -ENOSYS | -ENOSYS |
 * | sendSegments, `segmentSizes` | yes | -ENOPROTOOPT | -ENOPROTOOPT | -ENOPROTOOPT |
 * | recvEach, sendEach | yes | yes | yes | yes |
 * | recvmmsg, sendmmsg, sendApart | yes | one call per datagram | yes | yes |
 * | accept4, pipe2, SOCK_NONBLOCK | yes | by fcntl, after the call | yes | yes |
 *
 * @packageDocumentation
 */

export {
  type AbstractAddress,
  type AddressFamily,
  type AddressInput,
  type InetAddress,
  SocketAddress,
  type UnixAddress,
  type UnspecifiedAddress,
} from '../address.ts';
export { MessageBatch, recvmmsg, sendmmsg } from './batch.ts';
export {
  type ConstantName,
  constants,
  type ErrorConstant,
  type EventConstant,
  type FileConstant,
  type ProtocolConstant,
  type SocketConstant,
  type SourceConstant,
} from './constants.ts';
export { getpeereid, PeerCredentials } from './credentials.ts';
export { EpollEvents, epoll_create1, epoll_ctl, epoll_wait } from './epoll.ts';
export { ExtendedError, receiveError } from './error-queue.ts';
export {
  type InotifyEvent,
  inotify_add_watch,
  inotify_init1,
  inotify_rm_watch,
  inotifyEvents,
} from './inotify.ts';
export {
  close,
  disown,
  dup,
  eventfd,
  fcntl,
  pipe,
  pipe2,
  pread,
  read,
  readv,
  sendfile,
  splice,
  write,
  writev,
} from './io.ts';
export { type Kevent, KeventList, kevent, kqueue } from './kqueue.ts';
export {
  type OutgoingMessage,
  ReceivedMessage,
  recvmsg,
  sendmsg,
} from './message.ts';
export { pidfd_open, pidfd_send_signal } from './pidfd.ts';
export { PinnedBuffer } from './pinned.ts';
export { PollDescriptors, poll, ppoll } from './poll.ts';
export { errnoName, WOULD_BLOCK } from './result.ts';
export { sendApart, sendSegments } from './segments.ts';
export { FdSet, pselect, select } from './select.ts';
export {
  accept,
  accept4,
  bind,
  connect,
  getpeername,
  getsockname,
  getsockopt,
  listen,
  setsockopt,
  shutdown,
  socket,
  socketpair,
} from './socket.ts';
export { recvEach, SocketBatch, sendEach } from './socket-batch.ts';
export { TcpInfo, type TcpState, tcp_info } from './tcpinfo.ts';
export {
  cfmakeraw,
  isatty,
  reopen,
  setNonBlocking,
  Termios,
  tcgetattr,
  tcsetattr,
} from './terminal.ts';
export {
  eventfd_read,
  eventfd_write,
  timerfd_create,
  timerfd_settime,
} from './timerfd.ts';
export { recv, recvfrom, send, sendto } from './transfer.ts';
export type { SignalMask } from './waiting.ts';
