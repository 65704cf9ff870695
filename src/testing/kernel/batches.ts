// Many messages in one call, in memory that native code lays out: recvmmsg and sendmmsg over BatchArena
// (native/core/datagram_ops.h), recvEach and sendEach over SocketBatch (native/core/socket_batch.h), and one
// buffer that leaves as several datagrams.
import { constants } from 'node:os';
import { constants as names } from '../../sys/constants.ts';
import type { Machine } from './machine.ts';

const { EMSGSIZE } = constants.errno;
const { MSG_DONTWAIT } = names;
/** Datagrams that one call of sendSegments or sendApart sends. */
const SEGMENTS_MAX = 64;
const MESSAGE_WORDS = 3;
const ENTRY_WORDS = 4;

/** Memory with many messages: addresses, lengths, flags, sizes of segments, bytes. */
interface Arena {
  readonly memory: Uint8Array;
  readonly messagesMax: number;
  readonly bytesMax: number;
}

/** The calls for many. */
export class Batches {
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** recvmmsg(2) */
  receiveMany(fd: number, arena: Arena, count: number, flags: number): number {
    const header = new Int32Array(2);
    const { lengths, flags: gotten, segmentSizes } = this.#words(arena);
    for (let index = 0; index < count; index++) {
      // As with MSG_WAITFORONE: once there is one, it does not wait.
      const wait = index === 0 ? flags : flags | MSG_DONTWAIT;
      const [slot, bytes] = this.#message(arena, index, arena.bytesMax);
      slot.fill(0);
      const result = this.#machine.transfers.receiveMessage(fd, [bytes], wait, slot, header);
      if (result < 0) return index === 0 ? result : index;
      lengths[index] = Math.min(result, arena.bytesMax);
      gotten[index] = header[0] ?? 0;
      segmentSizes[index] = 0;
    }
    return count;
  }

  /** sendmmsg(2) */
  sendMany(fd: number, arena: Arena, count: number, flags: number): number {
    const { lengths, segmentSizes } = this.#words(arena);
    for (let index = 0; index < count; index++) {
      const [slot, bytes] = this.#message(arena, index, lengths[index] ?? 0);
      const size = segmentSizes[index] || Math.max(bytes.length, 1);
      const result = this.#sendApart(fd, bytes, size, flags, slot);
      if (result < 0) return index === 0 ? result : index;
    }
    return count;
  }

  /** @returns bytes sent, of whole datagrams, or -errno. */
  sendSegments(fd: number, bytes: Uint8Array, size: number, slot?: Uint8Array): number {
    if (Math.ceil(bytes.length / size) > SEGMENTS_MAX) return -EMSGSIZE;
    return this.#sendApart(fd, bytes, size, 0, slot);
  }

  /** The same of the first 64 datagrams. */
  sendApart(fd: number, bytes: Uint8Array, size: number, slot?: Uint8Array): number {
    return this.#sendApart(fd, bytes.subarray(0, size * SEGMENTS_MAX), size, 0, slot);
  }

  /** @returns how many were read. */
  receiveEach(memory: Uint8Array, entries: number, count: number, sizeMax: number): number {
    const { fds, offsets, lengths, results, bytes } = batchOf(memory, entries);
    let at = 0;
    for (let index = 0; index < count; index++) {
      if (bytes.length - at < sizeMax) return index;
      const into = bytes.subarray(at, at + sizeMax);
      const fd = fds[index] ?? -1;
      const result = this.#machine.transfers.receive('recv', fd, into, MSG_DONTWAIT);
      offsets[index] = at;
      lengths[index] = Math.max(result, 0);
      results[index] = result;
      at += Math.max(result, 0);
    }
    return count;
  }

  /** @returns how many were not sent whole. */
  sendEach(memory: Uint8Array, entries: number, count: number): number {
    const { fds, offsets, lengths, results, bytes } = batchOf(memory, entries);
    let unsentCount = 0;
    for (let index = 0; index < count; index++) {
      const [at = 0, length = 0] = [offsets[index], lengths[index]];
      const part = bytes.subarray(at, at + length);
      const fd = fds[index] ?? -1;
      const result =
        length === 0 ? 0 : this.#machine.transfers.send('send', fd, part, MSG_DONTWAIT);
      results[index] = result;
      if (result !== length) unsentCount++;
    }
    return unsentCount;
  }

  #sendApart(
    fd: number,
    bytes: Uint8Array,
    size: number,
    flags: number,
    slot: Uint8Array | undefined,
  ): number {
    let sent = 0;
    do {
      const part = bytes.subarray(sent, sent + size);
      const result = this.#machine.transfers.send('sendmsg', fd, part, flags, slot);
      if (result < 0) return sent === 0 ? result : sent;
      sent += part.length;
    } while (sent < bytes.length);
    return sent;
  }

  #words({ memory, messagesMax }: Arena) {
    const row = (index: number): Uint32Array => {
      const at = messagesMax * (this.#machine.native.addressSlotSize + 4 * index);
      return new Uint32Array(memory.buffer, memory.byteOffset + at, messagesMax);
    };
    return { lengths: row(0), flags: row(1), segmentSizes: row(2) };
  }

  #message(arena: Arena, index: number, length: number): [slot: Uint8Array, bytes: Uint8Array] {
    const { memory, messagesMax, bytesMax } = arena;
    const slotSize = this.#machine.native.addressSlotSize;
    const at = messagesMax * (slotSize + 4 * MESSAGE_WORDS) + index * bytesMax;
    const slot = memory.subarray(index * slotSize, (index + 1) * slotSize);
    return [slot, memory.subarray(at, at + length)];
  }
}

function batchOf(memory: Uint8Array, entries: number) {
  const { buffer, byteOffset } = memory;
  const at = (row: number): number => byteOffset + 4 * row * entries;
  return {
    fds: new Int32Array(buffer, at(0), entries),
    offsets: new Uint32Array(buffer, at(1), entries),
    lengths: new Uint32Array(buffer, at(2), entries),
    results: new Int32Array(buffer, at(3), entries),
    bytes: memory.subarray(4 * ENTRY_WORDS * entries),
  };
}
