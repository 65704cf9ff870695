// The addon that src/addon.ts finds, and the types of all that it holds. Arguments go to it
// unchecked: native code takes only what is exactly right and answers REFUSED (src/validate.ts).
import dns from 'node:dns';
import fs, { type Stats } from 'node:fs';
import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { type AddonOrigin, loadAddon } from './addon.ts';

export interface Native
  extends SyscallBindings,
    PinnedBindings,
    PollerBindings,
    ProcessBindings,
    HostBindings {}

/** What Node does for us at the kernel, as in node:fs and node:dns: files, and names of hosts. */
export interface HostBindings {
  readonly fstatSync: (fd: number) => Stats;
  readonly lstatSync: (path: string) => Stats | undefined;
  readonly statSync: (path: string) => Stats;
  readonly openSync: (path: string, flags: number) => number;
  /** What `openSync` has opened: Node closes it once more at the end of a thread otherwise. */
  readonly closeSync: (fd: number) => void;
  readonly readTextSync: (path: string) => string;
  readonly readlinkSync: (path: string) => string;
  readonly readdirSync: (path: string) => string[];
  readonly unlinkSync: (path: string) => void;
  readonly chmodSync: (path: string, mode: number) => void;
  readonly lookup: typeof dns.lookup;
}

type Syscall<Arguments extends readonly unknown[]> = (...args: Arguments) => number;

// The functions behind `edgewise/sys` (native/addon/*_wrap.cc): >= 0, -errno, or REFUSED. A `slot`
// is the memory of a SocketAddress (native/core/socket_address.h).
export interface SyscallBindings {
  /** The numbers of the system's headers by name; src/sys/constants.ts types the names. */
  readonly constants: Readonly<Record<string, number>>;

  readonly socket: Syscall<[domain: number, type: number, protocol: number]>;
  readonly socketpair: Syscall<[domain: number, type: number, protocol: number, fds: Int32Array]>;
  readonly bind: Syscall<[fd: number, slot: Uint8Array]>;
  readonly listen: Syscall<[fd: number, backlog: number]>;
  readonly accept4: Syscall<[fd: number, slot?: Uint8Array, flags?: number]>;
  readonly connect: Syscall<[fd: number, slot: Uint8Array]>;
  readonly shutdown: Syscall<[fd: number, how: number]>;
  readonly getsockname: Syscall<[fd: number, slot: Uint8Array]>;
  readonly getpeername: Syscall<[fd: number, slot: Uint8Array]>;
  readonly getsockopt: Syscall<
    [fd: number, level: number, option: number, into: Uint8Array | Int32Array]
  >;
  readonly setsockopt: Syscall<
    [fd: number, level: number, option: number, value: Uint8Array | Int32Array | number]
  >;
  readonly recv: Syscall<
    [fd: number, bytes: Uint8Array, offset?: number, length?: number, flags?: number]
  >;
  readonly send: Syscall<
    [fd: number, bytes: Uint8Array, offset?: number, length?: number, flags?: number]
  >;
  readonly recvfrom: Syscall<
    [
      fd: number,
      bytes: Uint8Array,
      offset?: number,
      length?: number,
      flags?: number,
      slot?: Uint8Array,
    ]
  >;
  readonly sendto: Syscall<
    [
      fd: number,
      bytes: Uint8Array,
      offset?: number,
      length?: number,
      flags?: number,
      slot?: Uint8Array,
    ]
  >;

  readonly read: Syscall<[fd: number, bytes: Uint8Array, offset?: number, length?: number]>;
  readonly pread: Syscall<
    [fd: number, bytes: Uint8Array, position: number, offset?: number, length?: number]
  >;
  readonly write: Syscall<[fd: number, bytes: Uint8Array, offset?: number, length?: number]>;
  readonly readv: Syscall<[fd: number, buffers: readonly Uint8Array[]]>;
  readonly writev: Syscall<[fd: number, buffers: readonly Uint8Array[]]>;
  readonly close: Syscall<[fd: number]>;
  readonly fcntl: Syscall<[fd: number, command: number, argument: number]>;
  readonly dup: Syscall<[fd: number]>;
  readonly pipe2: Syscall<[fds: Int32Array, flags: number]>;
  readonly sendfile: Syscall<[outFd: number, inFd: number, offset: number | null, count: number]>;
  readonly splice: Syscall<
    [
      inFd: number,
      inOffset: number | null,
      outFd: number,
      outOffset: number | null,
      length: number,
      flags: number,
    ]
  >;
  readonly eventfd: Syscall<[initial: number, flags: number]>;

  readonly timerfd_create: Syscall<[clock: number, flags: number]>;
  readonly timerfd_settime: Syscall<
    [fd: number, flags: number, firstMs: number, intervalMs: number]
  >;
  readonly inotify_init1: Syscall<[flags: number]>;
  readonly inotify_add_watch: Syscall<[fd: number, path: Uint8Array, mask: number]>;
  readonly inotify_rm_watch: Syscall<[fd: number, watch: number]>;
  readonly pidfd_open: Syscall<[pid: number, flags: number]>;
  readonly pidfd_send_signal: Syscall<[pidfd: number, signum: number, flags: number]>;
  readonly reopen: Syscall<[fd: number, flags: number]>;
  readonly isatty: Syscall<[fd: number]>;
  readonly termiosSize: number;
  readonly tcgetattr: Syscall<[fd: number, termios: Uint8Array]>;
  readonly tcsetattr: Syscall<[fd: number, action: number, termios: Uint8Array]>;
  readonly cfmakeraw: Syscall<[termios: Uint8Array]>;
  /** The length of a regular file; -EISDIR, -ESPIPE: it is none. */
  readonly fileSize: Syscall<[fd: number]>;
  readonly lockFile: Syscall<[fd: number]>;

  /** `figures`: the memory of doubles in the order of native/core/socket_facts.h. */
  readonly tcpInfo: Syscall<[fd: number, figures: Uint8Array]>;
  readonly peerCredentials: Syscall<[fd: number, figures: Uint8Array]>;

  /** `header`: msg_flags, count of descriptors, then the descriptors. */
  readonly recvmsg: Syscall<
    [
      fd: number,
      buffers: readonly Uint8Array[],
      flags: number | undefined,
      slot: Uint8Array | undefined,
      header: Int32Array,
    ]
  >;
  readonly sendmsg: Syscall<
    [
      fd: number,
      buffers: readonly Uint8Array[],
      flags: number | undefined,
      slot: Uint8Array | undefined,
      fds: Int32Array | undefined,
    ]
  >;
  /** The layout of `arena` is BatchArena's in native/core/datagram_ops.h. */
  readonly recvEach: Syscall<
    [memory: Uint8Array, entries: number, bytesCount: number, count: number, sizeMax: number]
  >;
  readonly sendEach: Syscall<
    [memory: Uint8Array, entries: number, bytesCount: number, count: number]
  >;
  readonly recvmmsg: BatchSyscall;
  readonly sendmmsg: BatchSyscall;
  readonly sendSegments: SegmentsSyscall;
  readonly sendApart: SegmentsSyscall;
  /** `record`: an ExtendedError of native/core/error_queue.h. */
  readonly receiveError: Syscall<
    [
      fd: number,
      record: Uint8Array,
      payload: Uint8Array | undefined,
      toSlot: Uint8Array,
      reporterSlot: Uint8Array,
    ]
  >;

  readonly epoll_create1: Syscall<[flags: number]>;
  readonly epoll_ctl: Syscall<[epfd: number, op: number, fd: number, events: number, data: number]>;
  /** 16 bytes per record: events (u32), 0, data (f64). */
  readonly epoll_wait: Syscall<
    [epfd: number, records: Uint8Array, maxevents: number, timeoutMs: number]
  >;
  /** 8 bytes per entry: fd (i32), events, revents (u16). */
  readonly poll: Syscall<[entries: Uint8Array, nfds: number, timeoutMs: number]>;
  readonly ppoll: Syscall<
    [entries: Uint8Array, nfds: number, timeoutMs: number, signals: Int32Array | undefined]
  >;
  /** A set: bit `fd % 8` of byte `fd / 8`. */
  readonly select: Syscall<
    [
      nfds: number,
      readable: Uint8Array | undefined,
      writable: Uint8Array | undefined,
      exceptional: Uint8Array | undefined,
      timeoutMs: number,
    ]
  >;
  readonly pselect: Syscall<
    [
      nfds: number,
      readable: Uint8Array | undefined,
      writable: Uint8Array | undefined,
      exceptional: Uint8Array | undefined,
      timeoutMs: number,
      signals: Int32Array | undefined,
    ]
  >;
  readonly kqueue: Syscall<[]>;
  /** 40 bytes per record: ident, data, udata (f64), filter (i32), flags, fflags (u32), 0. */
  readonly kevent: Syscall<
    [
      kq: number,
      changes: Uint8Array,
      nchanges: number,
      events: Uint8Array,
      nevents: number,
      timeoutMs: number,
    ]
  >;

  readonly addressSlotSize: number;
  readonly unixPathMax: number;
  readonly addressSetInet: Syscall<[slot: Uint8Array, text: string, port: number]>;
  readonly addressSetPath: Syscall<[slot: Uint8Array, path: Uint8Array]>;
  readonly addressSetAbstract: Syscall<[slot: Uint8Array, name: Uint8Array]>;
  readonly addressSetUnspecified: Syscall<[slot: Uint8Array]>;
  readonly addressKind: Syscall<[slot: Uint8Array]>;
  readonly addressPort: Syscall<[slot: Uint8Array]>;
  readonly addressText: (slot: Uint8Array) => string;
  readonly addressName: Syscall<[slot: Uint8Array, into: Uint8Array]>;
}

type BatchSyscall = Syscall<
  [
    fd: number,
    arena: Uint8Array,
    messagesMax: number,
    bytesMax: number,
    count: number,
    flags: number | undefined,
  ]
>;

type SegmentsSyscall = Syscall<
  [
    fd: number,
    bytes: Uint8Array,
    offset: number | undefined,
    length: number | undefined,
    segmentSize: number,
    slot: Uint8Array | undefined,
  ]
>;

/** Memory at a known address (native/addon/pinned_wrap.cc), by number: >= 0, -errno, or REFUSED. */
export interface PinnedBindings {
  /** The number of a new block and the memory over it. */
  pin(length: number): [number, ArrayBuffer] | number;
  unpin(block: number): number;
  pinnedRecv(block: number, fd: number, offset?: number, length?: number): number;
  pinnedSend(block: number, fd: number, offset?: number, length?: number): number;
  pinnedRead(block: number, fd: number, offset?: number, length?: number): number;
  pinnedWrite(block: number, fd: number, offset?: number, length?: number): number;
}

/** The exit of a process as a descriptor (native/core/process_watch.h): >= 0, -errno, or REFUSED. */
export interface ProcessBindings {
  openProcess(pid: number): number;
  /** 0: it runs. 1: `status[0]` says how it ended, as waitpid(2) does. 2: it ended, how is unknown. */
  statusOfProcess(fd: number, status: Int32Array): number;
  signalProcess(fd: number, pid: number, signum: number): number;
}

/** A poller (native/addon/poller_wrap.h). Every function: >= 0, -errno, or REFUSED. */
export interface NativePoller {
  open(backend: number, block: number): number; // block: the number of pinned memory
  close(): void;
  add(
    fd: number,
    slot: number,
    generation: number,
    interest: number,
    trigger: number,
    exclusive: number,
  ): number;
  modify(fd: number, slot: number, generation: number, interest: number, trigger: number): number;
  remove(fd: number): number;
  removeAndClose(fd: number): number;
  wait(timeoutMs: number): number; // -EINTR: go on by `resume`, where V8 may end this thread
  resume(): number;
  notify(): number;
  descriptor(): number;
  stamp(): number; // writes the time to the head of its memory
  rebuild(): number;
  setBusyPoll(microseconds: number, budget: number, prefers: number): number;
}

/** Turns a reactor inside Node's loop (native/addon/loop_driver.cc). Under Node only. */
export interface NativeLoopDriver {
  /** mode 0: inverted (-EBUSY: the loop has one), 1: nested (-ENOTSUP: no descriptor). */
  attach(mode: number, dispatch: (count: number) => void): number;
  detach(): void;
  setReferenced(isReferenced: number): number;
  rewatch(): number;
  plan(): void; // the deadline in the poller's memory has changed
}

/** Turns a reactor inside any host's loop, by a thread that waits (native/addon/thread_driver.cc). */
export interface NativeThreadDriver {
  /** -ENOTSUP: no descriptor; -EAGAIN: no thread; -EMFILE, -ENFILE. */
  attach(dispatch: (count: number) => void): number;
  detach(): void;
  setReferenced(isReferenced: number): number;
  rewatch(): number;
  plan(): void; // the deadline in the poller's memory has changed
}

/** Signals behind a descriptor (native/addon/signal_wrap.cc). Every function: >= 0, -errno, or REFUSED. */
export interface NativeSignals {
  open(): number;
  close(): void;
  descriptor(): number;
  add(signum: number): number;
  remove(signum: number): number;
  /** Into eight bytes: the pending set, little-endian. */
  take(into: Uint8Array): number;
}

/** The functions behind Poller, Waker, signals and the drivers. */
export interface PollerBindings {
  readonly NativePoller: new () => NativePoller;
  readonly NativeLoopDriver: new (poller: NativePoller) => NativeLoopDriver;
  readonly NativeThreadDriver: new (poller: NativePoller) => NativeThreadDriver;
  readonly NativeSignals: new () => NativeSignals;
  /** CLOCK_MONOTONIC in nanoseconds. */
  now(): number;
  /** Available back-ends (1 << number), the preferred one, nanosecond waits (0 or 1). */
  platformFacts(): [number, number, number];
  /** Triggers (1 << number), interests, exclusive, has a descriptor, limit of numbers, busy polling; or -errno. */
  capabilities(backend: number): [number, number, number, number, number, number] | number;
  /** Lets the host end a thread that blocks here; mayBeEnded: also without a sign. A descriptor. */
  watchHostLoop(poller: NativePoller, mayBeEnded: number): number;
  createWaker(poller: NativePoller): number;
  takeWaker(id: number): number;
  wake(id: number): number;
  closeWaker(id: number): number;
  /** This thread as an owner, whose descriptors and socket files go with it (native/core/descriptor_owners.h). */
  openOwner(): number;
  ownDescriptor(fd: number): number;
  disown(fd: number): number;
  ownFile(path: Uint8Array): number;
  disownFile(path: Uint8Array): number;
  /** Hands a descriptor of this thread to another owner. -ESRCH: that has ended. */
  giveDescriptor(fd: number, owner: number): number;
  /** Takes back what was given. -ESRCH: it is not that owner's any more. */
  takeDescriptor(fd: number, owner: number): number;
  /** Linux: the sockets of a port take connections by CPU. -EOPNOTSUPP elsewhere. */
  steerByCpu(fd: number, count: number): number;
}

// Deno knows only the descriptors that it has opened itself: any other is EBADF to its fstatSync.
function statDescriptor(fd: number): Stats {
  const folder = process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd';
  const stats = fs.statSync(`${folder}/${fd}`, { throwIfNoEntry: false });
  if (stats !== undefined) return stats;
  const errno = -constants.errno.EBADF;
  throw Object.assign(new Error('EBADF: bad file descriptor, fstat'), {
    code: 'EBADF',
    errno,
    syscall: 'fstat',
  });
}

// Looked up at each call: tests of Node replace them.
function hostBindings(): HostBindings {
  return {
    fstatSync: process.versions.deno === undefined ? (fd) => fs.fstatSync(fd) : statDescriptor,
    lstatSync: (path) => fs.lstatSync(path, { throwIfNoEntry: false }),
    statSync: (path) => fs.statSync(path),
    openSync: (path, flags) => fs.openSync(path, flags),
    closeSync: (fd) => fs.closeSync(fd),
    readTextSync: (path) => fs.readFileSync(path, 'latin1'),
    readlinkSync: (path) => fs.readlinkSync(path),
    readdirSync: (path) => fs.readdirSync(path),
    unlinkSync: (path) => fs.unlinkSync(path),
    chmodSync: (path, mode) => fs.chmodSync(path, mode),
    lookup: ((...args: Parameters<typeof dns.lookup>) => dns.lookup(...args)) as typeof dns.lookup,
  };
}

/** The memory of `native.pin` by its number, until `native.unpin`: see {@link pinnedMemory}. */
const pinnedBlocks = new Map<number, ArrayBuffer>();

function pinBindings({ pin, unpin }: Native): Pick<Native, 'pin' | 'unpin'> {
  return {
    pin(length) {
      const pinned = pin(length);
      if (typeof pinned !== 'number') pinnedBlocks.set(...pinned);
      return pinned;
    },
    unpin(block) {
      pinnedBlocks.delete(block);
      return unpin(block);
    },
  };
}

const loaded = loadAddon();
const addon = loaded.exports as Native;
// To V8 the addon's exports are a dictionary, searched at every call; as a prototype they are not:
// 10 to 30 ns of a recv and a send, though under load no difference was seen beside the noise.
export const native: Native = Object.assign(
  Object.create(addon),
  hostBindings(),
  pinBindings(addon),
);

/** What native code writes to under a number of `native.pin`, for what takes its place. */
export function pinnedMemory(block: number): ArrayBuffer | undefined {
  return pinnedBlocks.get(block);
}

// The main thread ends with the process.
if (!isMainThread) native.openOwner();
export const addonOrigin: AddonOrigin = loaded.origin;
export const addonPath: string = loaded.path;
