// A ring of records in shared memory with one writer and one reader: the lane of one producer of a
// mailbox. A record is published by one atomic store of the tail, after all of it is written, and
// its room is released by one of the head. So a writer that is terminated in the middle leaves no
// trace, and no lock behind.
//
// A record: length and kind (two u32), then the message, padded to 8 bytes. It never wraps around: a
// filler takes the rest of the ring. Head and tail count bytes and overflow as 32-bit integers.
import { type Draft, Kind, type Reader } from './message.ts';
import type { RingMemory } from './ring-memory.ts';

const HEADER_SIZE = 8;
/** Words of control before the data, in lines of their own, so that the two threads do not share one. */
export const RING_CONTROL_WORDS = 64;
const TAIL = 0;
const HEAD = 32;

/** Bytes of the record of a message of `length` bytes. */
export const recordSize = (length: number): number => HEADER_SIZE + ((length + 7) & ~7);

/** The longest message: its record fits into an empty ring, wherever the tail is. */
export const messageBytesMax = (ringBytes: number): number => ringBytes / 2 - HEADER_SIZE;

class Ring {
  protected readonly control: Int32Array;
  protected readonly words: Uint32Array;
  protected readonly memory: RingMemory;
  protected readonly size: number;

  /** @param size - bytes of data, a power of two; control words come before them. */
  constructor(shared: SharedArrayBuffer, start: number, size: number) {
    const dataStart = start + RING_CONTROL_WORDS * 4;
    this.size = size;
    this.control = new Int32Array(shared, start, RING_CONTROL_WORDS);
    this.words = new Uint32Array(shared, dataStart, size / 4);
    this.memory = {
      bytes: Buffer.from(shared, dataStart, size),
      doubles: new Float64Array(shared, dataStart, size / 8),
    };
  }
}

/** The side of the one writer. */
export class RingWriter extends Ring {
  #tail: number;
  #head: number; // as last seen

  constructor(shared: SharedArrayBuffer, start: number, size: number) {
    super(shared, start, size);
    this.#tail = Atomics.load(this.control, TAIL);
    this.#head = Atomics.load(this.control, HEAD);
  }

  /**
   * Publishes a message.
   *
   * @returns false: there is no room now.
   */
  write(draft: Draft): boolean {
    const need = recordSize(draft.length);
    const at = this.#tail & (this.size - 1);
    const atEnd = this.size - at;
    const filler = need > atEnd ? atEnd : 0;
    if (!this.#hasRoom(need + filler)) return false;
    if (filler > 0) this.#describe(at, filler - HEADER_SIZE, Kind.Filler);
    const start = (at + filler) & (this.size - 1);
    this.#describe(start, draft.length, draft.kind);
    draft.writeTo(this.memory, start + HEADER_SIZE);
    this.#tail = (this.#tail + filler + need) | 0;
    Atomics.store(this.control, TAIL, this.#tail);
    return true;
  }

  /** Whether the reader has read everything. */
  get isEmpty(): boolean {
    return Atomics.load(this.control, HEAD) === this.#tail;
  }

  /**
   * Blocks until the reader has read something since the last call, or for `timeoutMs`.
   *
   * @returns whether it has read something.
   */
  waitForReader(timeoutMs: number): boolean {
    const outcome = Atomics.wait(this.control, HEAD, this.#head, timeoutMs);
    this.#head = Atomics.load(this.control, HEAD);
    return outcome !== 'timed-out';
  }

  #hasRoom(size: number): boolean {
    if (this.size - ((this.#tail - this.#head) | 0) >= size) return true;
    this.#head = Atomics.load(this.control, HEAD);
    return this.size - ((this.#tail - this.#head) | 0) >= size;
  }

  #describe(at: number, length: number, kind: Kind): void {
    this.words[at >>> 2] = length;
    this.words[(at >>> 2) + 1] = kind;
  }
}

/** The side of the one reader. */
export class RingReader extends Ring {
  #head = 0;

  /** Whether everything that was published has been read. */
  get isEmpty(): boolean {
    return Atomics.load(this.control, TAIL) === this.#head;
  }

  /**
   * Delivers up to `countMax` messages, oldest first, until `deliver` returns false. Their room is
   * released when this returns, also when `deliver` throws.
   *
   * @returns count of delivered messages.
   */
  read(reader: Reader, countMax: number, deliver: (message: unknown) => boolean): number {
    let count = 0;
    let tail = Atomics.load(this.control, TAIL);
    try {
      // `deliver` may run a turn that reads on: so the position is a field.
      while (tail !== this.#head && count < countMax) {
        const at = this.#head & (this.size - 1);
        const length = this.words[at >>> 2] as number;
        const kind = this.words[(at >>> 2) + 1] as Kind;
        this.#head = (this.#head + recordSize(length)) | 0;
        if (kind === Kind.Filler) continue;
        count++;
        const message = reader.read(this.memory, kind, at + HEADER_SIZE, length);
        if (!deliver(message)) break;
        if (((tail - this.#head) | 0) <= 0) tail = Atomics.load(this.control, TAIL);
      }
    } finally {
      Atomics.store(this.control, HEAD, this.#head);
    }
    return count;
  }

  /** Nothing is read any more: the head moves, so a writer that waits for it continues. */
  end(): void {
    Atomics.store(this.control, HEAD, this.#head + 1);
  }

  /** Wakes a writer that is blocked in `waitForReader`. */
  notifyWriter(): void {
    Atomics.notify(this.control, HEAD);
  }
}
