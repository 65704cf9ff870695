// The functions of `native` that enter the kernel, one row each: how many arguments it takes, which of
// them is the descriptor, and how to know how many bytes were asked for. Those of a poller are named
// `poller.…`.
import type { Native, NativePoller } from './native.ts';

/** How the first five arguments say how many bytes are asked for. */
type Asks = (a: unknown, b: unknown, c: unknown, d: unknown, e: unknown) => number;

const none: Asks = () => -1;
const fourth: Asks = (_a, _b, _c, length) => (length as number | undefined) ?? -1;
const fifth: Asks = (_a, _b, _c, _d, length) => (length as number | undefined) ?? -1;
/** A Uint8Array at 1; offset and length behind it. */
const bytes: Asks = (_, bytes, offset, length) =>
  (length as number | undefined) ?? lengthOf(bytes) - ((offset as number | undefined) ?? 0);
/** The same, with a position between them. */
const bytesAt: Asks = (_, bytes, _position, offset, length) =>
  (length as number | undefined) ?? lengthOf(bytes) - ((offset as number | undefined) ?? 0);
const buffers: Asks = (_, buffers) =>
  (buffers as readonly Uint8Array[]).reduce((sum, each) => sum + each.length, 0);

function lengthOf(bytes: unknown): number {
  return (bytes as Uint8Array).length;
}

type Methods<Object, Prefix extends string> = {
  [Name in keyof Object & string as `${Prefix}${Name}`]: Object[Name];
};
/** Of the overloads of `lookup`, the longest. */
type Longest = { lookup: (host: never, options: never, callback: never) => void };
type Functions = Methods<Omit<Native, 'lookup'> & Longest, ''> & Methods<NativePoller, 'poller.'>;
type ArityOf<Name extends keyof Functions> = Functions[Name] extends (...args: infer A) => unknown
  ? Required<A>['length']
  : never;
type Row<Name extends keyof Functions> = Name extends unknown
  ? readonly [name: Name, arity: ArityOf<Name>, fdAt: number, asks: Asks]
  : never;

/** Name, count of arguments, place of the descriptor (-1: there is none), bytes asked for. */
const ROWS = [
  ['socket', 3, -1, none],
  ['socketpair', 4, -1, none],
  ['bind', 2, 0, none],
  ['listen', 2, 0, none],
  ['accept4', 3, 0, none],
  ['connect', 2, 0, none],
  ['shutdown', 2, 0, none],
  ['getsockname', 2, 0, none],
  ['getpeername', 2, 0, none],
  ['getsockopt', 4, 0, none],
  ['setsockopt', 4, 0, none],
  ['recv', 5, 0, bytes],
  ['send', 5, 0, bytes],
  ['recvfrom', 6, 0, bytes],
  ['sendto', 6, 0, bytes],
  ['recvmsg', 5, 0, buffers],
  ['sendmsg', 5, 0, buffers],
  ['recvEach', 5, -1, none],
  ['sendEach', 4, -1, none],
  ['recvmmsg', 6, 0, none],
  ['sendmmsg', 6, 0, none],
  ['sendSegments', 6, 0, bytes],
  ['sendApart', 6, 0, bytes],
  ['receiveError', 5, 0, none],
  ['read', 4, 0, bytes],
  ['pread', 5, 0, bytesAt],
  ['write', 4, 0, bytes],
  ['readv', 2, 0, buffers],
  ['writev', 2, 0, buffers],
  ['pinnedRecv', 4, 1, fourth],
  ['pinnedSend', 4, 1, fourth],
  ['pinnedRead', 4, 1, fourth],
  ['pinnedWrite', 4, 1, fourth],
  ['sendfile', 4, 0, fourth],
  ['splice', 6, 0, fifth],
  ['close', 1, 0, none],
  ['fcntl', 3, 0, none],
  ['dup', 1, 0, none],
  ['reopen', 2, 0, none],
  ['pipe2', 2, -1, none],
  ['eventfd', 2, -1, none],
  ['timerfd_create', 2, -1, none],
  ['timerfd_settime', 4, 0, none],
  ['inotify_init1', 1, -1, none],
  ['inotify_add_watch', 3, 0, none],
  ['inotify_rm_watch', 2, 0, none],
  ['pidfd_open', 2, -1, none],
  ['pidfd_send_signal', 3, 0, none],
  ['isatty', 1, 0, none],
  ['tcgetattr', 2, 0, none],
  ['tcsetattr', 3, 0, none],
  ['fileSize', 1, 0, none],
  ['lockFile', 1, 0, none],
  ['tcpInfo', 2, 0, none],
  ['peerCredentials', 2, 0, none],
  ['openProcess', 1, -1, none],
  ['statusOfProcess', 2, 0, none],
  ['signalProcess', 3, 0, none],
  ['epoll_create1', 1, -1, none],
  ['epoll_ctl', 5, 2, none],
  ['epoll_wait', 4, 0, none],
  ['kqueue', 0, -1, none],
  ['kevent', 6, 0, none],
  ['poll', 3, -1, none],
  ['ppoll', 4, -1, none],
  ['select', 5, -1, none],
  ['pselect', 6, -1, none],
  ['steerByCpu', 2, 0, none],
  ['poller.open', 2, -1, none],
  ['poller.close', 0, -1, none],
  ['poller.add', 6, 0, none],
  ['poller.modify', 5, 0, none],
  ['poller.remove', 1, 0, none],
  ['poller.removeAndClose', 1, 0, none],
  ['poller.wait', 1, -1, none],
  ['poller.resume', 0, -1, none],
  ['poller.rebuild', 0, -1, none],
  ['poller.setBusyPoll', 3, -1, none],
  ['fstatSync', 1, 0, none],
  ['lstatSync', 1, -1, none],
  ['statSync', 1, -1, none],
  ['openSync', 2, -1, none],
  ['closeSync', 1, 0, none],
  ['readTextSync', 1, -1, none],
  ['readlinkSync', 1, -1, none],
  ['readdirSync', 1, -1, none],
  ['unlinkSync', 1, -1, none],
  ['chmodSync', 2, -1, none],
  ['lookup', 3, -1, none],
] as const satisfies readonly Row<keyof Functions>[];

/** The name of a function that enters the kernel. */
export type KernelName = (typeof ROWS)[number][0];

/** A function that enters the kernel. */
export interface KernelCall {
  /** As in `edgewise/sys` or node:fs; methods of a poller begin with `poller.`. */
  readonly name: KernelName;
  /** Its place in the table, for traces. It may be another one in another version. */
  readonly index: number;
  /** How many arguments it takes, those included that may be left out. */
  readonly arity: number;
  /** The place of the descriptor among its arguments; -1: it has none. */
  readonly fdAt: number;
  /** Bytes that its arguments ask for; -1: none, or not known. */
  askedOf(a: unknown, b: unknown, c: unknown, d: unknown, e: unknown): number;
}

/** All of them. */
export const kernelCalls: readonly KernelCall[] = ROWS.map(
  ([name, arity, fdAt, askedOf], index) => ({
    name,
    index,
    arity,
    fdAt,
    askedOf,
  }),
);
