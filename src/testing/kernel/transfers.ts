// Calls that move bytes between a program and simulated descriptors. A descriptor without O_NONBLOCK waits, and
// time passes; a transfer may be cut, or fail, as src/testing/kernel/faults.ts decides.
import { constants } from 'node:os';
import { constants as names } from '../../sys/constants.ts';
import { Address } from './address.ts';
import type { Machine } from './machine.ts';
import { type OpenFile, type PassedFile, Poll } from './open-file.ts';
import { PIPE_ATOMIC } from './pipe.ts';
import { type Datagram, Socket } from './socket.ts';

const { EAGAIN, EBADF, EDESTADDRREQ, EISCONN, ENOTCONN, ENOTSOCK, EOPNOTSUPP } = constants.errno;
const { MSG_CTRUNC, MSG_DONTWAIT, MSG_OOB, MSG_PEEK, MSG_TRUNC } = names;
/** Places of a header of recvmsg: msg_flags, count of descriptors, then these. */
const HEADER_FDS = 2;
/** A gathering write looks at so many bytes at least, whatever there is room for. */
const GATHERED_MIN = 64 * 1024;

/** What has come with the bytes. */
interface Received {
  flags: number;
  from: Address | undefined;
  files: readonly PassedFile[];
}

/** The transfers. */
export class Transfers {
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** recv(2), and recvfrom(2) with `slot`. */
  receive(call: string, fd: number, into: Uint8Array, flags: number, slot?: Uint8Array): number {
    return this.#onSocket(fd, (socket) => {
      const received: Received = { flags: 0, from: undefined, files: [] };
      const result = this.#receive(call, fd, socket, into, flags, received);
      if (result >= 0 && received.from !== undefined) slot?.set(received.from.slot);
      for (const file of received.files) file.drop();
      return result;
    });
  }

  /** recvmsg(2). @param header - msg_flags, count of descriptors, then the descriptors. */
  receiveMessage(
    fd: number,
    buffers: readonly Uint8Array[],
    flags: number,
    slot: Uint8Array | undefined,
    header: Int32Array,
  ): number {
    header.fill(0, 0, HEADER_FDS);
    return this.#onSocket(fd, (socket) => {
      const received: Received = { flags: 0, from: undefined, files: [] };
      const result = scatter(buffers, (into) =>
        this.#receive('recvmsg', fd, socket, into, flags, received),
      );
      if (result < 0) return result;
      if (received.from !== undefined) slot?.set(received.from.slot);
      header[0] = received.flags;
      this.#openPassed(received.files, header);
      return result;
    });
  }

  /** send(2), and sendto(2) with `slot`. */
  send(
    call: string,
    fd: number,
    bytes: Uint8Array,
    flags: number,
    slot?: Uint8Array,
    fds?: Int32Array,
  ): number {
    return this.#onSocket(fd, (socket) => {
      const errno = this.#machine.faults.errnoOf(call, fd);
      if (errno !== 0) return -errno;
      if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
      const files = this.#pass(socket, fds);
      if (typeof files === 'number') return files;
      const result = socket.isStream
        ? this.#sendBytes(call, fd, socket, bytes, flags, slot, files)
        : this.#sendDatagram(socket, bytes, flags, slot, files);
      if (result < 0) for (const file of files) file.drop();
      return result;
    });
  }

  /** sendmsg(2). */
  sendMessage(
    fd: number,
    buffers: readonly Uint8Array[],
    flags: number,
    slot?: Uint8Array,
    fds?: Int32Array,
  ): number {
    return this.send('sendmsg', fd, this.#gathered(fd, buffers), flags, slot, fds);
  }

  /** read(2), or another call, of whatever can be read. */
  read(fd: number, into: Uint8Array, call = 'read'): number {
    const file = this.#machine.table.fileOf(fd);
    if (file === undefined) return -EBADF;
    if (file instanceof Socket) return into.length === 0 ? 0 : this.receive(call, fd, into, 0);
    if (file.read === undefined) return -EBADF;
    const errno = this.#machine.faults.errnoOf(call, fd);
    if (errno !== 0) return -errno;
    this.#machine.block(file, () => (file.poll() & ~Poll.Out) !== 0);
    return file.read(this.#shortened(call, fd, file, into, true));
  }

  /** write(2), or another call, to whatever can be written. */
  write(fd: number, bytes: Uint8Array, call = 'write'): number {
    const file = this.#machine.table.fileOf(fd);
    if (file === undefined) return -EBADF;
    if (file instanceof Socket) return this.send(call, fd, bytes, 0);
    if (file.write === undefined) return -EBADF;
    const errno = this.#machine.faults.errnoOf(call, fd);
    if (errno !== 0) return -errno;
    this.#machine.block(file, () => (file.poll() & ~Poll.In) !== 0);
    // What is no longer than this goes into a pipe as a whole, or not at all.
    if (bytes.length <= PIPE_ATOMIC) return file.write(bytes);
    return file.write(this.#shortened(call, fd, file, bytes, false));
  }

  readv(fd: number, buffers: readonly Uint8Array[]): number {
    return scatter(buffers, (into) => this.read(fd, into, 'readv'));
  }

  writev(fd: number, buffers: readonly Uint8Array[]): number {
    return this.write(fd, this.#gathered(fd, buffers), 'writev');
  }

  // Not much more than there is room for: buffers of gigabytes are not copied at each call.
  #gathered(fd: number, buffers: readonly Uint8Array[]): Uint8Array {
    if (buffers.length === 1) return buffers[0] as Uint8Array;
    const room = this.#machine.table.fileOf(fd)?.room?.() ?? 0;
    const length = buffers.reduce((sum, { length }) => sum + length, 0);
    return Buffer.concat(buffers, Math.min(length, Math.max(room, GATHERED_MIN)));
  }

  #receive(
    call: string,
    fd: number,
    socket: Socket,
    into: Uint8Array,
    flags: number,
    received: Received,
  ): number {
    const errno = this.#machine.faults.errnoOf(call, fd);
    if (errno !== 0) return -errno;
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    const isPeek = (flags & MSG_PEEK) !== 0;
    if ((flags & MSG_DONTWAIT) === 0 && socket.listening === undefined) {
      this.#machine.block(socket, () => (socket.poll() & ~Poll.Out) !== 0);
    }
    if (socket.isStream) {
      const result = socket.receive(this.#shortened(call, fd, socket, into, true), isPeek);
      if (!isPeek && result > 0) received.files = socket.stream?.takePassed() ?? [];
      return result;
    }
    const datagram = socket.receiveDatagram(isPeek);
    if (typeof datagram === 'number') return datagram;
    return takeDatagram(datagram, into, flags, isPeek, received);
  }

  #sendBytes(
    call: string,
    fd: number,
    socket: Socket,
    bytes: Uint8Array,
    flags: number,
    slot: Uint8Array | undefined,
    files: readonly PassedFile[],
  ): number {
    const isNamed = slot !== undefined && this.#address(slot).isNamed;
    if (isNamed && socket.isUnix) return socket.stream === undefined ? -EOPNOTSUPP : -EISCONN;
    if ((flags & MSG_DONTWAIT) === 0 && socket.listening === undefined) {
      this.#machine.block(socket, () => (socket.poll() & ~Poll.In) !== 0);
    }
    const part = this.#shortened(call, fd, socket, bytes, false);
    return files.length > 0 && socket.stream !== undefined
      ? socket.stream.write(part, files)
      : socket.write(part);
  }

  #sendDatagram(
    socket: Socket,
    bytes: Uint8Array,
    flags: number,
    slot: Uint8Array | undefined,
    files: readonly PassedFile[],
  ): number {
    const { network } = this.#machine;
    network.nameSender(socket);
    if (socket.error !== 0) return -socket.takeError();
    const named = slot === undefined ? undefined : this.#address(slot);
    const to = named?.isNamed === true ? named : (socket.peer ?? socket.remote);
    if (to === undefined) return socket.isUnix ? -ENOTCONN : -EDESTADDRREQ;
    const result = network.deliver(socket, to, bytes, files);
    if (result !== -EAGAIN || socket.isNonBlocking || (flags & MSG_DONTWAIT) !== 0) return result;
    this.#machine.block(socket, () => (socket.poll() & Poll.Out) !== 0);
    return network.deliver(socket, to, bytes, files);
  }

  // The files behind descriptors, kept open while they are on their way.
  #pass(socket: Socket, fds: Int32Array | undefined): PassedFile[] | number {
    const { table } = this.#machine;
    const numbers = [...(fds ?? [])];
    if (numbers.length === 0) return [];
    if (!socket.isUnix) return [];
    const files = numbers.map((fd) => table.fileOf(fd));
    if (files.includes(undefined)) return -EBADF;
    return (files as OpenFile[]).map((file) => {
      table.keep(file);
      return { file, drop: () => table.drop(file) };
    });
  }

  #openPassed(files: readonly PassedFile[], header: Int32Array): void {
    let count = 0;
    for (const { file, drop } of files) {
      const hasRoom = HEADER_FDS + count < header.length;
      const fd = hasRoom ? this.#machine.table.open(file) : -1;
      if (fd >= 0) header[HEADER_FDS + count++] = fd;
      else header[0] = (header[0] ?? 0) | MSG_CTRUNC;
      drop();
    }
    header[1] = count;
  }

  // Fewer bytes than could be moved now, when it is to be a short transfer.
  #shortened(
    call: string,
    fd: number,
    file: OpenFile,
    bytes: Uint8Array,
    isRead: boolean,
  ): Uint8Array {
    const available = (isRead ? file.unread?.() : file.room?.()) ?? 0;
    const most = Math.min(bytes.length, available);
    if (most <= 1) return bytes;
    const count = this.#machine.faults.lengthOf(call, fd, most, isRead);
    return count === most ? bytes : bytes.subarray(0, count);
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

function takeDatagram(
  { bytes, from, files }: Datagram,
  into: Uint8Array,
  flags: number,
  isPeek: boolean,
  received: Received,
): number {
  const part = bytes.subarray(0, into.length);
  into.set(part);
  const isCut = part.length < bytes.length;
  received.from = from;
  if (isCut) received.flags |= MSG_TRUNC;
  if (!isPeek) received.files = files;
  return isCut && (flags & MSG_TRUNC) !== 0 ? bytes.length : part.length;
}

// One call into all of them.
function scatter(buffers: readonly Uint8Array[], receive: (into: Uint8Array) => number): number {
  const [first] = buffers;
  if (buffers.length === 1 && first !== undefined) return receive(first);
  const whole = new Uint8Array(buffers.reduce((sum, { length }) => sum + length, 0));
  const count = receive(whole);
  let at = 0;
  for (const buffer of buffers) {
    if (at >= count) break;
    buffer.set(whole.subarray(at, Math.min(at + buffer.length, count)));
    at += buffer.length;
  }
  return count;
}
