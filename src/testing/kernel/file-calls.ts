// Calls that go between simulated descriptors and files of the real kernel, or say what a file is: sendfile and
// splice, and what node:fs does for us at descriptors and at paths of Unix sockets.
import { Stats } from 'node:fs';
import { constants } from 'node:os';
import type { Native } from '../../native.ts';
import { constants as names } from '../../sys/constants.ts';
import { TCP_STATES } from '../../sys/tcpinfo.ts';
import type { Machine } from './machine.ts';
import { Poll } from './open-file.ts';
import type { Socket } from './socket.ts';
import { FIRST_FD } from './table.ts';

const { EAGAIN, EBADF, EINVAL, ENOTCONN, EOPNOTSUPP, EPERM } = constants.errno;
const { F_GETFD } = names;
/** Of one call. */
const CHUNK = 65_536;
/** A device that no real file is on. */
const DEVICE = 0x51a0;
// The kinds of inode(7), which no header of ours has.
const KINDS = { socket: 0o140_000, pipe: 0o010_000, eventfd: 0, timerfd: 0 } as const;

/** Where bytes are taken from, or put to. */
interface End {
  readonly isPipe: boolean;
  /** How many it has room for. */
  readonly room: number;
  /** Looks at bytes without taking them; 0: the end; or -errno. */
  peek(into: Uint8Array): number;
  /** Takes what was looked at. */
  take(count: number): void;
  write(bytes: Uint8Array): number;
}

/** The calls. */
export class FileCalls {
  readonly #machine: Machine;
  readonly #below: Native;

  constructor(machine: Machine, below: Native) {
    this.#machine = machine;
    this.#below = below;
  }

  /** sendfile(2) of a real file. */
  sendfile(outFd: number, inFd: number, offset: number | null, count: number): number {
    if (inFd >= FIRST_FD) return -EINVAL;
    return this.#move(this.#real(inFd, offset), this.#target(outFd, 'sendfile'), count);
  }

  /** splice(2), one end of which is a simulated pipe. */
  splice(
    inFd: number,
    inOffset: number | null,
    outFd: number,
    outOffset: number | null,
    length: number,
  ): number {
    const from = inFd >= FIRST_FD ? this.#source(inFd) : this.#real(inFd, inOffset);
    const to = outFd >= FIRST_FD ? this.#target(outFd, 'splice') : this.#real(outFd, outOffset);
    if (typeof from !== 'number' && typeof to !== 'number' && !from.isPipe && !to.isPipe) {
      return -EINVAL;
    }
    return this.#move(from, to, length);
  }

  /** Whether a number is one of a file of the real kernel. */
  isReal(fd: number): boolean {
    return this.#below.fcntl(fd, F_GETFD, 0) >= 0;
  }

  /** What adding a file of the real kernel to a simulated poller returns: it cannot wait for one. */
  refusalOf(fd: number): number {
    if (!this.isReal(fd)) return -EBADF;
    const native = this.#below;
    const stats = native.fstatSync(fd);
    const isDevice = stats.isCharacterDevice() && native.isatty(fd) === 0;
    return stats.isFile() || stats.isDirectory() || isDevice ? -EPERM : -EBADF;
  }

  /** fstat(2) */
  fstat(fd: number): Stats {
    const file = this.#machine.table.fileOf(fd);
    if (file === undefined) throw failure('EBADF', 'fstat');
    return statsOf(this.#machine.table.inodeOf(file), KINDS[file.kind]);
  }

  /** What is at a path of a Unix socket; undefined: there is none. */
  pathStats(path: string): Stats | undefined {
    const file = this.#machine.network.names.files.get(path);
    return file === undefined ? undefined : statsOf(file.ino, KINDS.socket | file.mode);
  }

  /** @returns whether it was a path of a Unix socket. */
  unlink(path: string): boolean {
    return this.#machine.network.names.files.delete(path);
  }

  /** @returns the same. */
  chmod(path: string, mode: number): boolean {
    const file = this.#machine.network.names.files.get(path);
    if (file !== undefined) file.mode = mode & 0o7777;
    return file !== undefined;
  }

  /** SO_PEERCRED: all peers are of this process. */
  peerCredentials(socket: Socket, figures: Uint8Array): number {
    if (!socket.isUnix) return -EOPNOTSUPP;
    if (socket.stream === undefined && socket.peer === undefined) return -ENOTCONN;
    const { pid } = process;
    putNumbers(figures, [pid, process.getuid?.() ?? Number.NaN, process.getgid?.() ?? Number.NaN]);
    return 0;
  }

  /** TCP_INFO: its state, what it has not sent, and how long the way takes. */
  tcpInfo(socket: Socket, figures: Uint8Array): number {
    if (socket.isUnix || !socket.isStream) return -EOPNOTSUPP;
    const numbers = new Array<number>(figures.length / Float64Array.BYTES_PER_ELEMENT);
    numbers.fill(Number.NaN);
    numbers[0] = stateOf(socket);
    if (socket.stream !== undefined) {
      numbers[ROUND_TRIP_AT] = 2 * socket.stream.latencyMs;
      numbers[NOT_SENT_AT] = socket.stream.unsent;
    }
    putNumbers(figures, numbers);
    return 0;
  }

  #move(from: End | number, to: End | number, count: number): number {
    if (typeof from === 'number') return from;
    if (typeof to === 'number') return to;
    const { room } = to;
    if (room < 0) return room;
    if (count === 0) return 0;
    const bytes = new Uint8Array(Math.min(count, room, CHUNK));
    if (bytes.length === 0) return -EAGAIN;
    const found = from.peek(bytes);
    if (found <= 0) return found;
    const result = to.write(bytes.subarray(0, found));
    if (result > 0) from.take(result);
    return result;
  }

  #source(fd: number): End | number {
    const file = this.#machine.table.fileOf(fd);
    if (file === undefined) return -EBADF;
    this.#machine.block(file, () => (file.poll() & ~Poll.Out) !== 0);
    return {
      isPipe: file.kind === 'pipe',
      room: 0,
      peek: (into) => file.peek?.(into) ?? -EINVAL,
      take: (count) => {
        file.read?.(new Uint8Array(count));
      },
      write: () => -EINVAL,
    };
  }

  #target(fd: number, call: string): End | number {
    const file = this.#machine.table.fileOf(fd);
    if (file === undefined) return -EBADF;
    this.#machine.block(file, () => (file.poll() & ~Poll.In) !== 0);
    return {
      isPipe: file.kind === 'pipe',
      room: file.room?.() ?? -EINVAL,
      peek: () => -EINVAL,
      take: () => undefined,
      write: (bytes) => this.#machine.transfers.write(fd, bytes, call),
    };
  }

  // A read from a position of its own is one that nothing has to be taken of.
  #real(fd: number, offset: number | null): End {
    const { pread, read, write } = this.#below;
    return {
      isPipe: false,
      room: CHUNK,
      peek: (into) => (offset === null ? read(fd, into) : pread(fd, into, offset)),
      take: () => undefined,
      write: (bytes) => write(fd, bytes),
    };
  }
}

/** Of native/core/socket_facts.h. */
const ROUND_TRIP_AT = 1;
const NOT_SENT_AT = 20;

function stateOf({ listening, isConnecting, stream }: Socket): number {
  if (listening !== undefined) return TCP_STATES.indexOf('listen');
  if (isConnecting) return TCP_STATES.indexOf('syn-sent');
  return TCP_STATES.indexOf(stream?.state ?? 'closed');
}

function statsOf(ino: number, mode: number): Stats {
  const stats: object = Object.create(Stats.prototype);
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  return Object.assign(stats, { dev: DEVICE, ino, mode, nlink: 1, uid, gid, size: 0 }) as Stats;
}

function putNumbers(into: Uint8Array, numbers: readonly number[]): void {
  into.set(new Uint8Array(Float64Array.from(numbers).buffer).subarray(0, into.length));
}

function failure(code: 'EBADF', syscall: string): Error {
  const error = new Error(`${code}: ${syscall}`);
  return Object.assign(error, { code, errno: -constants.errno[code], syscall });
}
