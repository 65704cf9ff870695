// A ring of records in shared memory with one writer and one reader: the lane of one producer of a
// mailbox. A record is published by one atomic store of the tail, after all of it is written, and
// its room is given back by one of the head. So a writer that is terminated in the middle leaves no
// trace, and no lock behind.
//
// A record: length and kind (two u32), then the message, padded to 8 bytes. It never wraps around: a
// filler takes the rest of the ring up. Head and tail count bytes and overflow as 32-bit integers.
import type { Draft, Kind, Memory, Reader } from './message.ts';
import { Kind as Kinds } from './message.ts';

const HEADER_SIZE = 8;
/** Words of control before the data, in lines of their own, so that the two threads do not share one. */
export const RING_CONTROL_WORDS = 64;
const TAIL = 0;
const HEAD = 32;

export const recordSize = (length: number): number => HEADER_SIZE + ((length + 7) & ~7);

/** The longest message: its record fits into an empty ring, wherever the tail is. */
export const messageSizeMax = (ringSize: number): number => ringSize / 2 - HEADER_SIZE;

class Ring {
  protected readonly control: Int32Array;
  protected readonly words: Uint32Array;
  protected readonly memory: Memory;
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

export class RingWriter extends Ring {
  #tail: number;
  #head: number; // as last seen

  constructor(shared: SharedArrayBuffer, start: number, size: number) {
    super(shared, start, size);
    this.#tail = Atomics.load(this.control, TAIL);
    this.#head = Atomics.load(this.control, HEAD);
  }

  /** @returns false: there is no room now. */
  write(draft: Draft): boolean {
    const need = recordSize(draft.length);
    const at = this.#tail & (this.size - 1);
    const atEnd = this.size - at;
    const filler = need > atEnd ? atEnd : 0;
    if (!this.#hasRoom(need + filler)) return false;
    if (filler > 0) this.#describe(at, filler - HEADER_SIZE, Kinds.Filler);
    const start = (at + filler) & (this.size - 1);
    this.#describe(start, draft.length, draft.kind);
    draft.writeTo(this.memory, start + HEADER_SIZE);
    this.#tail = (this.#tail + filler + need) | 0;
    Atomics.store(this.control, TAIL, this.#tail);
    return true;
  }

  /** Whether the reader has taken everything. */
  get isEmpty(): boolean {
    return Atomics.load(this.control, HEAD) === this.#tail;
  }

  /**
   * Blocks until the reader has taken something since the last look, which this is, or for so long.
   *
   * @returns whether it has.
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

export class RingReader extends Ring {
  #head = 0;

  get isEmpty(): boolean {
    return Atomics.load(this.control, TAIL) === this.#head;
  }

  /**
   * Hands up to `countMax` messages over, oldest first, until `deliver` answers false. Their room is
   * the writer's again when this returns, also when `deliver` throws.
   *
   * @returns how many were delivered.
   */
  read(reader: Reader, countMax: number, deliver: (message: unknown) => boolean): number {
    let count = 0;
    let tail = Atomics.load(this.control, TAIL);
    try {
      // `deliver` may read on by itself, in a turn inside of its own: the place is a field.
      while (tail !== this.#head && count < countMax) {
        const at = this.#head & (this.size - 1);
        const length = this.words[at >>> 2] as number;
        const kind = this.words[(at >>> 2) + 1] as Kind;
        this.#head = (this.#head + recordSize(length)) | 0;
        if (kind === Kinds.Filler) continue;
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

  /** Nothing is read any more: whoever waits for the head to move finds that it has. */
  end(): void {
    Atomics.store(this.control, HEAD, this.#head + 1);
  }

  /** Wakes a writer that is blocked in `waitForReader`. */
  notifyWriter(): void {
    Atomics.notify(this.control, HEAD);
  }
}
