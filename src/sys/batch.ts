// recvmmsg and sendmmsg: many datagrams in one call, in one block of memory that is laid out as
// BatchArena in native/core/datagram_ops.h: addresses, lengths, flags, sizes of segments, bytes.
import { type AddressInput, type SocketAddress, slotOf, slotOfInput } from '../address.ts';
import { invalidType, invalidValue, outOfRange } from '../errors.ts';
import { native } from '../native.ts';
import { checkFd, checkFlags, checkInteger, REFUSED, refuseUnnamed } from '../validate.ts';

const COUNT_MAX = 1024; // the kernel takes no more in one call
const ARENA_BYTES_MAX = 1 << 28;
const WORDS_PER_MESSAGE = 3;
const SEGMENT_SIZE_MAX = 0xffff;

/**
 * Room for many datagrams. `recvmmsg` fills messages 0 to n - 1, `sendmmsg` sends them; an echo
 * needs nothing in between.
 */
export class MessageBatch {
  /** How many datagrams there is room for. */
  readonly messagesMax: number;
  /** How long each may be, in bytes. */
  readonly bytesMax: number;
  /** The length of each datagram in bytes: `recvmmsg` writes it, `sendmmsg` reads it. */
  readonly lengths: Uint32Array;
  /**
   * `msg_flags` of each received datagram. `MSG_TRUNC`: it was longer than `bytesMax`. `MSG_CTRUNC`:
   * descriptors that came with it were closed, or what options of the socket report of it is
   * more than 512 bytes; then the size of its segments may be lost, and it be several that stay joined.
   */
  readonly flags: Uint32Array;
  /**
   * For a message of several datagrams the length of each but the last, which may be shorter; 0, or
   * no less than the message's length: it is one. `recvmmsg` writes it for a socket with `UDP_GRO`,
   * `sendmmsg` sends such a message by `UDP_SEGMENT`.
   */
  readonly segmentSizes: Uint32Array;
  readonly #memory: BatchMemory;

  /**
   * @param messagesMax - 1 to 1024.
   * @param bytesMax - bytes per datagram, 1 to 2^24, all together at most 2^28.
   */
  constructor(messagesMax: number, bytesMax: number) {
    checkInteger('messagesMax', messagesMax, 1, COUNT_MAX);
    checkInteger('bytesMax', bytesMax, 1, 1 << 24);
    if (messagesMax * bytesMax > ARENA_BYTES_MAX) {
      throw outOfRange(
        'messagesMax * bytesMax',
        `at most ${ARENA_BYTES_MAX}`,
        messagesMax * bytesMax,
      );
    }
    this.messagesMax = messagesMax;
    this.bytesMax = bytesMax;
    const memory = new ArrayBuffer(headerSize(messagesMax) + messagesMax * bytesMax);
    const words = (row: number) => {
      const start = messagesMax * (native.addressSlotSize + 4 * row);
      return new Uint32Array(memory, start, messagesMax);
    };
    this.lengths = words(0);
    this.flags = words(1);
    this.segmentSizes = words(2);
    const arena = new Uint8Array(memory);
    const { lengths, segmentSizes } = this;
    this.#memory = { arena, messagesMax, bytesMax, lengths, segmentSizes, slots: [] };
  }

  /** All the bytes of message `index`, filled or not: the place to write what is to be sent. */
  room(index: number): Uint8Array {
    const memory = memoryOf(this);
    return bytesOf(memory, index, memory.bytesMax);
  }

  /** The bytes of message `index`, as many as its length says: a view, not a copy. */
  message(index: number): Uint8Array {
    const memory = memoryOf(this);
    checkInteger('index', index, 0, memory.messagesMax - 1);
    return bytesOf(memory, index, Math.min(memory.lengths[index] ?? 0, memory.bytesMax));
  }

  /** Copies the address of message `index` into `into`, where it is decoded when asked. */
  address(index: number, into: SocketAddress): void {
    slotOf(into, 'into').set(slotIn(memoryOf(this), index));
  }

  /** Sets the receiver of message `index`; undefined: the peer of a connected socket. */
  setAddress(index: number, to: AddressInput | undefined): void {
    const slot = slotIn(memoryOf(this), index);
    if (to === undefined) slot.fill(0);
    else slot.set(slotOfInput(to, 'to'));
  }

  /** @internal its memory, or undefined when `value` is none of ours. */
  static memoryIn(value: unknown): BatchMemory | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    return #memory in value ? value.#memory : undefined;
  }
}

// What calls go by: nothing outside can change it.
interface BatchMemory {
  readonly arena: Uint8Array;
  readonly messagesMax: number;
  readonly bytesMax: number;
  readonly lengths: Uint32Array;
  readonly segmentSizes: Uint32Array;
  /** Views of the addresses, made when first asked for: a stream of datagrams makes none. */
  readonly slots: (Uint8Array | undefined)[];
}

// Behind it are the bytes.
function headerSize(messagesMax: number): number {
  return messagesMax * (native.addressSlotSize + 4 * WORDS_PER_MESSAGE);
}

function memoryOf(batch: MessageBatch, name = 'this'): BatchMemory {
  const memory = MessageBatch.memoryIn(batch);
  if (memory === undefined) throw invalidType(name, 'a MessageBatch', batch);
  if (memory.arena.length === 0) {
    throw invalidValue(name, 'a MessageBatch with memory that is not detached', batch);
  }
  return memory;
}

function bytesOf({ arena, messagesMax, bytesMax }: BatchMemory, index: number, length: number) {
  checkInteger('index', index, 0, messagesMax - 1);
  const start = headerSize(messagesMax) + index * bytesMax;
  return arena.subarray(start, start + length);
}

function slotIn({ arena, messagesMax, slots }: BatchMemory, index: number): Uint8Array {
  checkInteger('index', index, 0, messagesMax - 1);
  let slot = slots[index];
  if (slot === undefined) {
    const start = index * native.addressSlotSize;
    slot = arena.subarray(start, start + native.addressSlotSize);
    slots[index] = slot;
  }
  return slot;
}

/**
 * Receives up to `count` datagrams in one call.
 *
 * On a blocking socket it waits for all of them, or with `MSG_WAITFORONE` for one.
 *
 * @param fd - a datagram socket.
 * @param batch - its `lengths`, `flags`, addresses and bytes are filled.
 * @param count - 1 to `batch.messagesMax`, which it is when absent.
 * @param flags - as for `recv`; 0 when absent.
 * @returns how many there were, or -errno: {@link WOULD_BLOCK}, …
 * @see recvmmsg(2)
 */
export function recvmmsg(fd: number, batch: MessageBatch, count?: number, flags?: number): number {
  const memory = memoryOf(batch, 'batch');
  const { arena, messagesMax, bytesMax } = memory;
  const wanted = count === undefined ? messagesMax : count;
  const result = native.recvmmsg(fd, arena, messagesMax, bytesMax, wanted, flags);
  return result === REFUSED ? refuseBatch(fd, memory, wanted, flags) : result;
}

/**
 * Sends messages 0 to `count - 1` of a batch in one call.
 *
 * @param fd - a datagram socket.
 * @param batch - its bytes, as many of each as `lengths` says, go to their addresses.
 * @param count - 1 to `batch.messagesMax`.
 * @param flags - as for `send`; 0 when absent. `MSG_NOSIGNAL` is always added.
 * @returns how many were sent, which may be fewer; or -errno if the first could not be. With
 * `segmentSizes`: as {@link sendSegments}.
 * @see sendmmsg(2)
 */
export function sendmmsg(fd: number, batch: MessageBatch, count: number, flags?: number): number {
  const memory = memoryOf(batch, 'batch');
  const { arena, messagesMax, bytesMax } = memory;
  const result = native.sendmmsg(fd, arena, messagesMax, bytesMax, count, flags);
  return result === REFUSED ? refuseBatch(fd, memory, count, flags) : result;
}

function refuseBatch(fd: unknown, memory: BatchMemory, count: unknown, flags: unknown): never {
  checkFd(fd);
  const { messagesMax, bytesMax, lengths, segmentSizes } = memory;
  const wanted = checkInteger('count', count, 0, messagesMax);
  if (flags !== undefined) checkFlags('flags', flags);
  for (let i = 0; i < wanted; i++) {
    checkInteger(`batch.lengths[${i}]`, lengths[i] ?? 0, 0, bytesMax);
    checkInteger(`batch.segmentSizes[${i}]`, segmentSizes[i] ?? 0, 0, SEGMENT_SIZE_MAX);
  }
  refuseUnnamed();
}
