// The functions of `native` that enter the kernel, one row each: which argument is the descriptor,
// and how to know how many bytes were asked for. Those of a poller are named `poller.…`.

/** How the arguments say how many bytes are asked for. */
type Asks = (args: readonly unknown[]) => number;

const none: Asks = () => -1;
const numberAt =
  (index: number): Asks =>
  (args) =>
    (args[index] as number | undefined) ?? -1;
/** A Uint8Array at 1; offset and length from `offsetAt` on. */
const bytesWith =
  (offsetAt: number): Asks =>
  (args) => {
    const [offset = 0, length] = args.slice(offsetAt, offsetAt + 2) as (number | undefined)[];
    return length ?? (args[1] as Uint8Array).length - offset;
  };
const bytes = bytesWith(2);
const buffers: Asks = (args) =>
  (args[1] as readonly Uint8Array[]).reduce((sum, { length }) => sum + length, 0);

/** Name, place of the descriptor (-1: there is none), bytes asked for. */
const ROWS = [
  ['socket', -1, none],
  ['socketpair', -1, none],
  ['bind', 0, none],
  ['listen', 0, none],
  ['accept4', 0, none],
  ['connect', 0, none],
  ['shutdown', 0, none],
  ['getsockname', 0, none],
  ['getpeername', 0, none],
  ['getsockopt', 0, none],
  ['setsockopt', 0, none],
  ['recv', 0, bytes],
  ['send', 0, bytes],
  ['recvfrom', 0, bytes],
  ['sendto', 0, bytes],
  ['recvmsg', 0, buffers],
  ['sendmsg', 0, buffers],
  ['recvEach', -1, none],
  ['sendEach', -1, none],
  ['recvmmsg', 0, none],
  ['sendmmsg', 0, none],
  ['sendSegments', 0, bytes],
  ['sendApart', 0, bytes],
  ['receiveError', 0, none],
  ['read', 0, bytes],
  ['pread', 0, bytesWith(3)],
  ['write', 0, bytes],
  ['readv', 0, buffers],
  ['writev', 0, buffers],
  ['pinnedRecv', 1, numberAt(3)],
  ['pinnedSend', 1, numberAt(3)],
  ['pinnedRead', 1, numberAt(3)],
  ['pinnedWrite', 1, numberAt(3)],
  ['sendfile', 0, numberAt(3)],
  ['splice', 0, numberAt(4)],
  ['close', 0, none],
  ['fcntl', 0, none],
  ['dup', 0, none],
  ['reopen', 0, none],
  ['pipe2', -1, none],
  ['eventfd', -1, none],
  ['timerfd_create', -1, none],
  ['timerfd_settime', 0, none],
  ['inotify_init1', -1, none],
  ['inotify_add_watch', 0, none],
  ['inotify_rm_watch', 0, none],
  ['pidfd_open', -1, none],
  ['pidfd_send_signal', 0, none],
  ['isatty', 0, none],
  ['tcgetattr', 0, none],
  ['tcsetattr', 0, none],
  ['fileSize', 0, none],
  ['lockFile', 0, none],
  ['tcpInfo', 0, none],
  ['peerCredentials', 0, none],
  ['openProcess', -1, none],
  ['statusOfProcess', 0, none],
  ['signalProcess', 0, none],
  ['epoll_create1', -1, none],
  ['epoll_ctl', 2, none],
  ['epoll_wait', 0, none],
  ['kqueue', -1, none],
  ['kevent', 0, none],
  ['steerByCpu', 0, none],
  ['poller.open', -1, none],
  ['poller.close', -1, none],
  ['poller.add', 0, none],
  ['poller.modify', 0, none],
  ['poller.remove', 0, none],
  ['poller.removeAndClose', 0, none],
  ['poller.wait', -1, none],
  ['poller.resume', -1, none],
  ['poller.rebuild', -1, none],
  ['poller.setBusyPoll', -1, none],
  ['fstatSync', 0, none],
  ['lstatSync', -1, none],
  ['statSync', -1, none],
  ['openSync', -1, none],
  ['closeSync', 0, none],
  ['readTextSync', -1, none],
  ['readlinkSync', -1, none],
  ['readdirSync', -1, none],
  ['unlinkSync', -1, none],
  ['chmodSync', -1, none],
  ['lookup', -1, none],
] as const satisfies readonly (readonly [string, number, Asks])[];

/** The name of a function that enters the kernel. */
export type KernelName = (typeof ROWS)[number][0];

/** A function that enters the kernel. */
export interface KernelCall {
  /** As in `edgewise/sys` or node:fs; methods of a poller begin with `poller.`. */
  readonly name: KernelName;
  /** Its place in the table, for traces. It may be another one in another version. */
  readonly index: number;
  /** The place of the descriptor among its arguments; -1: it has none. */
  readonly fdAt: number;
  /** Bytes that its arguments ask for; -1: none, or not known. */
  readonly askedOf: Asks;
}

/** All of them. */
export const kernelCalls: readonly KernelCall[] = ROWS.map(([name, fdAt, askedOf], index) => ({
  name,
  index,
  fdAt,
  askedOf,
}));
