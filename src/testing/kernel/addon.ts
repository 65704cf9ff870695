// The simulated machine with the face of the addon, for `installKernel`: calls on its descriptors and pollers
// go to it, all others to what is below, so that files and standard output go on working.
//
// The addon below is asked first: it refuses wrong arguments by the rules that it has, and of our numbers it
// knows none (-EBADF), which is where the simulation begins.
import { constants } from 'node:os';
import { invalidType } from '../../errors.ts';
import type { KernelBelow, KernelPart } from '../../kernel.ts';
import { kernelCalls } from '../../kernel-calls.ts';
import { type NativePoller, pinnedMemory } from '../../native.ts';
import { REFUSED } from '../../validate.ts';
import { sysNameOf } from './call-names.ts';
import { SimDriver } from './driver.ts';
import type { Machine } from './machine.ts';
import { SimPoller } from './poller.ts';
import { SimSignals } from './signals.ts';
import { Socket } from './socket.ts';
import { getOption, setOption } from './socket-options.ts';
import { FIRST_FD } from './table.ts';
import { waitCalls } from './wait-calls.ts';

const { EAGAIN, EBADF, EINVAL, ENOTSOCK, ENOTTY, ESPIPE } = constants.errno;
/** A descriptor that stands for Node's loop, which no simulated poller waits for. */
const HOST_LOOP_FD = 2 ** 30 + 1;
// Of what `capabilities` returns.
const FD_LIMIT_AT = 4;
const BUSY_POLL_AT = 5;

/** Which machine is the one now. */
type Now = () => Machine;
type Call = (...args: never[]) => number;
type Functions = Record<string, Call>;
type Transfer = [fd: number, bytes: Uint8Array, offset?: number, length?: number];

/** The functions that `installKernel` puts in place for one machine. */
export function kernelPartOf(machine: Machine, below: KernelBelow): KernelPart {
  return changingKernelPart(() => machine, below);
}

/** The same for whatever machine `now` gives at each call: many runs install it once. */
export function changingKernelPart(now: Now, below: KernelBelow): KernelPart {
  const own: Functions = {};
  const real = below as unknown as Functions;
  for (const functions of [socketCalls(now), transferCalls(now), datagramCalls(now)]) {
    Object.assign(own, routed(functions, real, now));
  }
  Object.assign(own, routed(fileCalls(now), real, now), routed(pinnedCalls(now), real, now));
  for (const [name, call] of Object.entries(makers(now))) own[name] = noted(name, call, now);
  Object.assign(own, waitCalls(now, below));
  const parts = [mixedCalls(now, below), hostCalls(now, below), others(now, below)];
  return Object.assign(own, ...parts) as KernelPart;
}

// Calls on descriptors that are not ours go to what is below.
function routed(functions: Functions, real: Functions, now: Now): Functions {
  const entries = Object.entries(functions).map(([name, simulated]) => {
    const lower = real[name] as Call;
    const call = noted(name, simulated, now);
    const { fdAt = 0 } = kernelCalls.find((each) => each.name === name) ?? {};
    const route: Call = (...args) => {
      const result = lower(...args);
      return isOurs(args[fdAt]) && result !== REFUSED ? call(...args) : result;
    };
    return [name, route];
  });
  return Object.fromEntries(entries) as Functions;
}

/** `call`, which the machine knows of, and which fails where a test has asked for that. */
function noted(name: string, call: Call, now: Now): Call {
  const known = kernelCalls.find((each) => each.name === name);
  if (known === undefined) return call; // it enters no kernel
  const { fdAt, askedOf } = known;
  const sysName = sysNameOf(name);
  return (...args) => {
    const [a, b, c, d, e] = args as readonly unknown[];
    const fd = fdAt < 0 ? -1 : (args[fdAt] as unknown as number);
    return now().perform(sysName, fd, askedOf(a, b, c, d, e), () => call(...args));
  };
}

function isOurs(fd: unknown): fd is number {
  return typeof fd === 'number' && fd >= FIRST_FD;
}

/** Where bytes are: `(fd, bytes, offset, length)`. */
function part(bytes: Uint8Array, offset = 0, length = bytes.length - offset): Uint8Array {
  return offset === 0 && length === bytes.length ? bytes : bytes.subarray(offset, offset + length);
}

function onSocket(now: Now, fd: number, call: (socket: Socket) => number): number {
  const file = now().table.fileOf(fd);
  if (file === undefined) return -EBADF;
  return file instanceof Socket ? call(file) : -ENOTSOCK;
}

function socketCalls(now: Now): Functions {
  return {
    bind: (fd: number, slot: Uint8Array) => now().calls.bind(fd, slot),
    listen: (fd: number, backlog: number) => now().calls.listen(fd, backlog),
    accept4: (fd: number, slot?: Uint8Array, flags = 0) => now().calls.accept(fd, slot, flags),
    connect: (fd: number, slot: Uint8Array) => now().calls.connect(fd, slot),
    shutdown: (fd: number, how: number) => now().calls.shutdown(fd, how),
    getsockname: (fd: number, slot: Uint8Array) => now().calls.getsockname(fd, slot),
    getpeername: (fd: number, slot: Uint8Array) => now().calls.getpeername(fd, slot),
    getsockopt: (fd: number, level: number, option: number, into: Int32Array | Uint8Array) =>
      onSocket(now, fd, (socket) => getOption(socket, level, option, into, now().settings.buffers)),
    setsockopt: (fd: number, level: number, option: number, value: Int32Array | number) =>
      onSocket(now, fd, (socket) => setOption(socket, level, option, value)),
    tcpInfo: (fd: number, figures: Uint8Array) =>
      onSocket(now, fd, (socket) => now().files.tcpInfo(socket, figures)),
    peerCredentials: (fd: number, figures: Uint8Array) =>
      onSocket(now, fd, (socket) => now().files.peerCredentials(socket, figures)),
    // What the network says of a datagram is an error of its socket.
    receiveError: (fd: number) => onSocket(now, fd, () => -EAGAIN),
  };
}

function transferCalls(now: Now): Functions {
  type Addressed = [...Transfer, flags?: number, slot?: Uint8Array];
  return {
    recv: (...[fd, bytes, offset, length, flags = 0]: [...Transfer, flags?: number]) =>
      now().transfers.receive('recv', fd, part(bytes, offset, length), flags),
    send: (...[fd, bytes, offset, length, flags = 0]: [...Transfer, flags?: number]) =>
      now().transfers.send('send', fd, part(bytes, offset, length), flags),
    recvfrom: (...[fd, bytes, offset, length, flags = 0, slot]: Addressed) =>
      now().transfers.receive('recvfrom', fd, part(bytes, offset, length), flags, slot),
    sendto: (...[fd, bytes, offset, length, flags = 0, slot]: Addressed) =>
      now().transfers.send('sendto', fd, part(bytes, offset, length), flags, slot),
    recvmsg: (
      fd: number,
      buffers: Uint8Array[],
      flags: number | undefined,
      slot: Uint8Array | undefined,
      header: Int32Array,
    ) => now().transfers.receiveMessage(fd, buffers, flags ?? 0, slot, header),
    sendmsg: (
      fd: number,
      buffers: Uint8Array[],
      flags: number | undefined,
      slot?: Uint8Array,
      fds?: Int32Array,
    ) => now().transfers.sendMessage(fd, buffers, flags ?? 0, slot, fds),
    read: (...[fd, bytes, offset, length]: Transfer) =>
      now().transfers.read(fd, part(bytes, offset, length)),
    write: (...[fd, bytes, offset, length]: Transfer) =>
      now().transfers.write(fd, part(bytes, offset, length)),
    readv: (fd: number, buffers: Uint8Array[]) => now().transfers.readv(fd, buffers),
    writev: (fd: number, buffers: Uint8Array[]) => now().transfers.writev(fd, buffers),
  };
}

function datagramCalls(now: Now): Functions {
  type Batch = [
    fd: number,
    memory: Uint8Array,
    messagesMax: number,
    bytesMax: number,
    count: number,
    flags?: number,
  ];
  type Segments = [
    fd: number,
    bytes: Uint8Array,
    offset: number | undefined,
    length: number | undefined,
    size: number,
    slot?: Uint8Array,
  ];
  return {
    recvmmsg: (...[fd, memory, messagesMax, bytesMax, count, flags = 0]: Batch) =>
      now().batches.receiveMany(fd, { memory, messagesMax, bytesMax }, count, flags),
    sendmmsg: (...[fd, memory, messagesMax, bytesMax, count, flags = 0]: Batch) =>
      now().batches.sendMany(fd, { memory, messagesMax, bytesMax }, count, flags),
    sendSegments: (...[fd, bytes, offset, length, size, slot]: Segments) =>
      now().batches.sendSegments(fd, part(bytes, offset, length), size, slot),
    sendApart: (...[fd, bytes, offset, length, size, slot]: Segments) =>
      now().batches.sendApart(fd, part(bytes, offset, length), size, slot),
  };
}

function fileCalls(now: Now): Functions {
  const isOpen = (fd: number): boolean => now().table.fileOf(fd) !== undefined;
  const not =
    (errno: number): Call =>
    (fd: number) =>
      isOpen(fd) ? -errno : -EBADF;
  return {
    close: (fd: number) => now().calls.close(fd),
    dup: (fd: number) => now().calls.dup(fd),
    fcntl: (fd: number, command: number, argument: number) =>
      now().calls.fcntl(fd, command, argument),
    timerfd_settime: (fd: number, _flags: number, firstMs: number, intervalMs: number) =>
      now().calls.setTimer(fd, firstMs, intervalMs),
    isatty: () => 0,
    tcgetattr: not(ENOTTY),
    tcsetattr: not(ENOTTY),
    pread: not(ESPIPE),
    fileSize: not(ESPIPE),
    reopen: not(EINVAL),
    lockFile: not(EINVAL),
    inotify_add_watch: not(EINVAL),
    inotify_rm_watch: not(EINVAL),
    sendfile: (outFd: number, inFd: number, offset: number | null, count: number) =>
      now().files.sendfile(outFd, inFd, offset, count),
    ownDescriptor: () => 0,
    disown: () => 0,
  };
}

/** What takes the number of pinned memory first, and then a descriptor. */
function pinnedCalls(now: Now): Functions {
  type Pinned = [block: number, fd: number, offset?: number, length?: number];
  const bytesOf = (block: number, offset?: number, length?: number): Uint8Array =>
    part(new Uint8Array(pinnedMemory(block) ?? new ArrayBuffer(0)), offset, length);
  return {
    pinnedRecv: (...[block, fd, offset, length]: Pinned) =>
      now().transfers.receive('recv', fd, bytesOf(block, offset, length), 0),
    pinnedSend: (...[block, fd, offset, length]: Pinned) =>
      now().transfers.send('send', fd, bytesOf(block, offset, length), 0),
    pinnedRead: (...[block, fd, offset, length]: Pinned) =>
      now().transfers.read(fd, bytesOf(block, offset, length)),
    pinnedWrite: (...[block, fd, offset, length]: Pinned) =>
      now().transfers.write(fd, bytesOf(block, offset, length)),
  };
}

/** What makes descriptors. */
function makers(now: Now): Functions {
  return {
    socket: (domain: number, type: number) => now().calls.socket(domain, type),
    socketpair: (domain: number, type: number, _protocol: number, fds: Int32Array) =>
      now().calls.socketpair(domain, type, fds),
    pipe2: (fds: Int32Array, flags: number) => now().calls.pipe(fds, flags),
    eventfd: (initial: number, flags: number) => now().calls.eventfd(initial, flags),
    timerfd_create: (_clock: number, flags: number) => now().calls.timerfd(flags),
  };
}

/** Calls on several descriptors: of a batch all are simulated, or none. */
function mixedCalls(now: Now, below: KernelBelow): Functions {
  type Splice = [number, number | null, number, number | null, number, number];
  type Each = [memory: Uint8Array, entries: number, bytesCount: number, count: number, n: number];
  const hasOurs = (memory: Uint8Array, count: number): boolean =>
    new Int32Array(memory.buffer, memory.byteOffset, count).some((fd) => isOurs(fd));
  return {
    splice: (...args: Splice) => {
      const [inFd, inOffset, outFd, outOffset, length] = args;
      const result = below.splice(...args);
      if (result === REFUSED || (!isOurs(inFd) && !isOurs(outFd))) return result;
      return now().perform('splice', isOurs(inFd) ? inFd : outFd, length, () =>
        now().files.splice(inFd, inOffset, outFd, outOffset, length),
      );
    },
    recvEach: (...args: Each) => {
      const [memory, entries, , count, sizeMax] = args;
      const result = below.recvEach(...args);
      if (result === REFUSED || !hasOurs(memory, count)) return result;
      return now().perform('recvEach', -1, -1, () =>
        now().batches.receiveEach(memory, entries, count, sizeMax),
      );
    },
    sendEach: (...[memory, entries, bytesCount, count]: Each) => {
      const result = below.sendEach(memory, entries, bytesCount, count);
      if (result === REFUSED || !hasOurs(memory, count)) return result;
      return now().perform('sendEach', -1, -1, () =>
        now().batches.sendEach(memory, entries, count),
      );
    },
  };
}

/** What Node does for us: names of hosts, and files of sockets. */
function hostCalls(now: Now, native: KernelBelow): object {
  return {
    fstatSync: (fd: number) => (isOurs(fd) ? now().files.fstat(fd) : native.fstatSync(fd)),
    lstatSync: (path: string) => now().files.pathStats(path) ?? native.lstatSync(path),
    statSync: (path: string) => now().files.pathStats(path) ?? native.statSync(path),
    unlinkSync: (path: string) => {
      if (!now().files.unlink(path)) native.unlinkSync(path);
    },
    chmodSync: (path: string, mode: number) => {
      if (!now().files.chmod(path, mode)) native.chmodSync(path, mode);
    },
    lookup: lookupIn(now),
  };
}

// Clocks, pollers, wakers and signals.
function others(now: Now, below: KernelBelow): object {
  const driverOr = (Real: new (poller: NativePoller) => object) =>
    class {
      constructor(poller: NativePoller) {
        // biome-ignore lint/correctness/noConstructorReturn: one of a real poller is a real one
        return SimPoller.isOne(poller) ? new SimDriver(now(), poller) : new Real(poller);
      }
    };
  return {
    now: () => now().clock.nowNs,
    NativePoller: class extends SimPoller {
      constructor() {
        super(now());
      }
    },
    // No number of ours is below the limit of select, and nothing is polled while it waits.
    capabilities: (backend: number) => {
      const facts = below.capabilities(backend);
      return typeof facts === 'number' ? facts : facts.with(FD_LIMIT_AT, 0).with(BUSY_POLL_AT, 0);
    },
    createWaker: (poller: NativePoller) =>
      SimPoller.isOne(poller) ? now().wakers.create(poller) : below.createWaker(poller),
    takeWaker: (id: number) => (now().wakers.has(id) ? now().wakers.take(id) : below.takeWaker(id)),
    wake: (id: number) => (now().wakers.has(id) ? now().wakers.wake(id) : below.wake(id)),
    closeWaker: (id: number) =>
      now().wakers.has(id) ? now().wakers.close(id) : below.closeWaker(id),
    NativeLoopDriver: driverOr(below.NativeLoopDriver),
    NativeThreadDriver: driverOr(below.NativeThreadDriver),
    NativeSignals: class extends SimSignals {
      constructor() {
        super(now());
      }
    },
    watchHostLoop: (poller: NativePoller, mayBeEnded: number) =>
      SimPoller.isOne(poller) ? HOST_LOOP_FD : below.watchHostLoop(poller, mayBeEnded),
    // A path that does not exist is unlinked by no one.
    ownFile: () => 0,
    disownFile: () => 0,
  };
}

// As dns.lookup, with one address for each name.
function lookupIn(now: Now): unknown {
  type Answer = (error: Error | null, address?: unknown, family?: number) => void;
  return (host: string, options: { all?: boolean } | Answer, callback?: Answer) => {
    if (typeof host !== 'string') throw invalidType('hostname', 'a string', host);
    const { clock, hosts } = now();
    const answer = (callback ?? options) as Answer;
    const address = hosts.find(host);
    clock.after(0, () => {
      if (address === undefined) answer(notFound(host));
      else if ((options as { all?: boolean }).all === true) answer(null, [{ address, family: 4 }]);
      else answer(null, address, 4);
    });
  };
}

function notFound(hostname: string): Error {
  const error = new Error(`getaddrinfo ENOTFOUND ${hostname}`);
  return Object.assign(error, { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname });
}
