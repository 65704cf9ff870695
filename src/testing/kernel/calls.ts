// System calls on simulated descriptors: what each does to the machine, and what it returns, >= 0 or -errno.
// Those that move bytes are in src/testing/kernel/transfers.ts; addon.ts gives them the face of the addon.
import { constants } from 'node:os';
import { constants as names } from '../../sys/constants.ts';
import { Address } from './address.ts';
import { EventCounter, TimerFile } from './counters.ts';
import type { Machine } from './machine.ts';
import type { OpenFile } from './open-file.ts';
import { makePipe, PIPE_CAPACITY } from './pipe.ts';
import { Socket } from './socket.ts';

const { EAGAIN, EALREADY, EBADF, ECONNABORTED, EINPROGRESS, EINVAL, EISCONN, EMFILE } =
  constants.errno;
const { ENOTCONN, ENOTSOCK, EOPNOTSUPP } = constants.errno;
const { AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOCK_NONBLOCK, SOMAXCONN, SHUT_RD, SHUT_WR } = names;
const { F_GETFL, F_SETFL, F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, FD_CLOEXEC } = names;
const { F_GETPIPE_SZ, F_SETPIPE_SZ, EFD_SEMAPHORE, O_NONBLOCK } = names;
const { O_RDONLY, O_WRONLY, O_RDWR } = names;
const SOCKET_TYPES = 0xf;

/** The calls. */
export class Calls {
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  socket(domain: number, type: number): number {
    const socket = this.#newSocket(domain, type);
    return socket === undefined ? -EINVAL : this.#open('socket', socket);
  }

  socketpair(domain: number, type: number, fds: Int32Array): number {
    if (domain !== AF_UNIX) return -EOPNOTSUPP;
    const [first, second] = [this.#newSocket(domain, type), this.#newSocket(domain, type)];
    if (first === undefined || second === undefined) return -EINVAL;
    this.#machine.network.pair(first, second);
    return this.#openPair('socketpair', [first, second], fds);
  }

  pipe(fds: Int32Array, flags: number): number {
    return this.#openPair('pipe2', makePipe((flags & O_NONBLOCK) !== 0), fds);
  }

  eventfd(initial: number, flags: number): number {
    const isSemaphore = (flags & EFD_SEMAPHORE) !== 0;
    return this.#open(
      'eventfd',
      new EventCounter(initial, (flags & O_NONBLOCK) !== 0, isSemaphore),
    );
  }

  timerfd(flags: number): number {
    const file = new TimerFile(this.#machine.clock, (flags & O_NONBLOCK) !== 0);
    return this.#open('timerfd_create', file);
  }

  setTimer(fd: number, firstMs: number, intervalMs: number): number {
    const file = this.#machine.table.fileOf(fd);
    if (file === undefined) return -EBADF;
    if (!(file instanceof TimerFile)) return -EINVAL;
    file.set(firstMs, intervalMs);
    return 0;
  }

  bind(fd: number, slot: Uint8Array): number {
    return this.#onSocket(fd, (socket) => this.#machine.network.bind(socket, this.#address(slot)));
  }

  listen(fd: number, backlog: number): number {
    return this.#onSocket(fd, (socket) => {
      if (!socket.isStream) return -EOPNOTSUPP;
      if (socket.stream !== undefined || socket.isConnecting || socket.isRefused) return -EINVAL;
      const result = this.#machine.network.nameListener(socket);
      if (result < 0) return result;
      const queue = socket.listening?.queue ?? [];
      socket.listening = { backlog: Math.min(backlog, SOMAXCONN), queue };
      return 0;
    });
  }

  accept(fd: number, slot: Uint8Array | undefined, flags: number): number {
    return this.#onSocket(fd, (socket) => {
      if (socket.listening === undefined) return socket.isStream ? -EINVAL : -EOPNOTSUPP;
      const { queue } = socket.listening;
      this.#machine.block(socket, () => queue.length > 0);
      const [accepted] = queue;
      if (accepted === undefined) return -EAGAIN;
      const errno = this.#machine.faults.errnoOf('accept4', fd);
      if (errno !== 0) {
        // What has gone is taken out of the queue; for what has no room it waits.
        if (errno === ECONNABORTED) queue.shift()?.stream?.reset();
        return -errno;
      }
      const number = this.#machine.table.open(accepted);
      if (number < 0) return number;
      queue.shift();
      accepted.isNonBlocking = (flags & SOCK_NONBLOCK) !== 0;
      slot?.set(accepted.remote?.slot ?? []);
      return number;
    });
  }

  connect(fd: number, slot: Uint8Array): number {
    return this.#onSocket(fd, (socket) => {
      const { network } = this.#machine;
      if (socket.isUnix) return network.connect(socket, this.#address(slot));
      if (socket.isSpoilt) return -EINVAL;
      if (socket.listening !== undefined) return -EISCONN;
      if (socket.isConnecting) return -EALREADY;
      if (socket.isRefused) return this.#endConnect(socket);
      if (socket.stream !== undefined) {
        return socket.isUnconfirmed ? this.#endConnect(socket) : -EISCONN;
      }
      const result = network.connect(socket, this.#address(slot));
      if (result !== -EINPROGRESS || socket.isNonBlocking) return result;
      this.#machine.block(socket, () => !socket.isConnecting);
      return this.#endConnect(socket);
    });
  }

  shutdown(fd: number, how: number): number {
    return this.#onSocket(fd, (socket) => {
      if (how !== SHUT_RD && how !== SHUT_WR && how !== names.SHUT_RDWR) return -EINVAL;
      if (socket.stream === undefined) return socket.isUnix ? 0 : -ENOTCONN;
      const result = socket.stream.shutdown(how !== SHUT_WR, how !== SHUT_RD);
      // One that was reset before its connect was confirmed is of no use any more.
      if (result < 0 && socket.isUnconfirmed) socket.isSpoilt = true;
      socket.isUnconfirmed = false;
      return result;
    });
  }

  getsockname(fd: number, slot: Uint8Array): number {
    return this.#onSocket(fd, ({ local }) => {
      slot.set(local.slot);
      return 0;
    });
  }

  getpeername(fd: number, slot: Uint8Array): number {
    return this.#onSocket(fd, ({ remote, stream, isStream, isUnix }) => {
      const isGone = isStream && (stream === undefined || (!isUnix && stream.isOver));
      if (remote === undefined || isGone) return -ENOTCONN;
      slot.set(remote.slot);
      return 0;
    });
  }

  // Linux closes it whatever it returns.
  close(fd: number): number {
    const result = this.#machine.table.close(fd);
    const errno = result < 0 ? 0 : this.#machine.faults.errnoOf('close', fd);
    return errno === 0 ? result : -errno;
  }

  dup(fd: number): number {
    const { table } = this.#machine;
    const file = table.fileOf(fd);
    return file === undefined ? -EBADF : table.open(file);
  }

  fcntl(fd: number, command: number, argument: number): number {
    const { table } = this.#machine;
    const file = table.fileOf(fd);
    if (file === undefined) return -EBADF;
    switch (command) {
      case F_GETFL:
        return accessOf(file) | (file.isNonBlocking ? O_NONBLOCK : 0);
      case F_SETFL:
        file.isNonBlocking = (argument & O_NONBLOCK) !== 0;
        return 0;
      case F_DUPFD:
      case F_DUPFD_CLOEXEC:
        return table.open(file, argument);
      case F_GETFD:
        return table.isInherited(fd) ? 0 : FD_CLOEXEC;
      case F_SETFD:
        table.setInherited(fd, (argument & FD_CLOEXEC) === 0);
        return 0;
      case F_GETPIPE_SZ:
      case F_SETPIPE_SZ:
        return file.kind === 'pipe' ? PIPE_CAPACITY : -EBADF;
      default:
        return -EINVAL;
    }
  }

  // What a connect that has returned EINPROGRESS has come to.
  #endConnect(socket: Socket): number {
    socket.isUnconfirmed = false;
    if (socket.stream?.isOver === false) return 0;
    const errno = socket.takeError() || ECONNABORTED;
    socket.isRefused = false;
    socket.stream = undefined;
    this.#machine.network.freePort(socket);
    socket.watchers.notify('state', 0); // Linux wakes those that wait
    return -errno;
  }

  #newSocket(domain: number, type: number): Socket | undefined {
    const kind = type & SOCKET_TYPES;
    if (kind !== SOCK_STREAM && kind !== SOCK_DGRAM) return undefined;
    const local = Address.none(this.#machine.native, domain);
    return new Socket(domain, kind === SOCK_STREAM, (type & SOCK_NONBLOCK) !== 0, local);
  }

  #open(call: string, file: OpenFile): number {
    const errno = this.#machine.faults.errnoOf(call, -1);
    return errno === 0 ? this.#machine.table.open(file) : -errno;
  }

  #openPair(call: string, files: readonly [OpenFile, OpenFile], fds: Int32Array): number {
    const first = this.#open(call, files[0]);
    if (first < 0) return first;
    const second = this.#machine.table.open(files[1]);
    if (second < 0) {
      this.#machine.table.close(first);
      return -EMFILE;
    }
    fds[0] = first;
    fds[1] = second;
    return 0;
  }

  #onSocket(fd: number, call: (socket: Socket) => number): number {
    const file = this.#machine.table.fileOf(fd);
    if (file === undefined) return -EBADF;
    return file instanceof Socket ? call(file) : -ENOTSOCK;
  }

  #address(slot: Uint8Array): Address {
    return new Address(this.#machine.native, slot);
  }
}

function accessOf(file: OpenFile): number {
  if (file.read !== undefined && file.write !== undefined) return O_RDWR;
  return file.write === undefined ? O_RDONLY : O_WRONLY;
}
