// A ring of records in shared memory with one writer and one reader: the lane of one producer of a
// mailbox. A record is published by one atomic store of the tail, after all of it is written, and
// its room is released by one of the head. So a writer that is terminated in the middle leaves no
// trace, and no lock behind.
//
// A record: length and kind (two u32), then the message, padded to 8 bytes. It never wraps around: a
// filler takes the rest of the ring. Head and tail count bytes and overflow as 32-bit integers.
//
// The memory is in the hands of other threads. The reader takes each word once, believes none that a
// writer does not write, and gives the ring up at the first.
import { EdgewiseError } from '../errors.ts';
import { type Draft, INVALID, Kind, type Reader } from './message.ts';
import type { RingMemory } from './ring-memory.ts';

const HEADER_SIZE = 8;
/** Words of control before the data, in lines of their own, so that the two threads do not share one. */
export const RING_CONTROL_WORDS = 64;
const TAIL = 0;
const HEAD = 32;

/** Bytes of the record of a message of `length` bytes. */
export const recordSize = (length: number): number => HEADER_SIZE + ((length + 7) & ~7);

/** @internal the error of shared memory that holds what no sender writes: ERR_MAILBOX_INVALID */
export function invalidMemory(what: string, cause?: unknown): EdgewiseError {
  const text = `the memory of a mailbox holds what no sender writes: ${what}`;
  return new EdgewiseError('ERR_MAILBOX_INVALID', text, cause === undefined ? {} : { cause });
}

/** The longest message: its record fits into an empty ring, wherever the tail is. */
export const messageBytesMax = (ringBytes: number): number => ringBytes / 2 - HEADER_SIZE;

class Ring {
  protected readonly control: Int32Array;
  protected readonly memory: RingMemory;
  protected readonly size: number;

  /** Whether `size` bytes can be between a head and a tail: whole records that the ring has room for. */
  protected isUsable(size: number): boolean {
    return size >= 0 && size <= this.size && (size & 7) === 0;
  }

  /** @param size - bytes of data, a power of two; control words come before them. */
  constructor(shared: SharedArrayBuffer, start: number, size: number) {
    const dataStart = start + RING_CONTROL_WORDS * 4;
    this.size = size;
    this.control = new Int32Array(shared, start, RING_CONTROL_WORDS);
    this.memory = {
      bytes: Buffer.from(shared, dataStart, size),
      words: new Int32Array(shared, dataStart, size / 4),
      doubles: new Float64Array(shared, dataStart, size / 8),
    };
  }
}

/** The side of the one writer. */
export class RingWriter extends Ring {
  #tail: number;
  #head: number; // as last seen

  /** @throws EdgewiseError - ERR_MAILBOX_INVALID: what earlier writers have left is no ring. */
  constructor(shared: SharedArrayBuffer, start: number, size: number) {
    super(shared, start, size);
    this.#head = Atomics.load(this.control, HEAD); // first: the reader may be moving it
    this.#tail = Atomics.load(this.control, TAIL);
    if ((this.#tail & 7) !== 0) throw invalidMemory(`tail ${this.#tail}`);
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
    const { words } = this.memory;
    words[at >>> 2] = length;
    words[(at >>> 2) + 1] = kind;
  }
}

/** The side of the one reader. */
export class RingReader extends Ring {
  #head = 0;
  #isInvalid = false;

  /** Whether everything that was published has been read, or nothing more can be. */
  get isEmpty(): boolean {
    return this.#isInvalid || Atomics.load(this.control, TAIL) === this.#head;
  }

  /** Whether it held what no writer writes: nothing is read any more. */
  get isInvalid(): boolean {
    return this.#isInvalid;
  }

  /**
   * Delivers messages, oldest first, until `deliver` returns false; looks at `countMax` records at most.
   * Their room is released when this returns, also when `deliver` throws.
   *
   * @throws EdgewiseError - ERR_MAILBOX_INVALID, once: see `isInvalid`. What `deliver` throws.
   */
  read(reader: Reader, countMax: number, deliver: (message: unknown) => boolean): void {
    const { words } = this.memory;
    let tail = this.#head; // nothing is known yet
    try {
      // `deliver` may run a turn that reads on: so the position is a field.
      for (let count = 0; count < countMax && !this.#isInvalid; count++) {
        if (((tail - this.#head) | 0) <= 0) tail = Atomics.load(this.control, TAIL);
        if (tail === this.#head) return;
        const used = (tail - this.#head) | 0;
        if (!this.isUsable(used)) throw this.#fail(`a tail ${used} bytes behind the head`);
        const at = this.#head & (this.size - 1);
        const room = Math.min(used, this.size - at) - HEADER_SIZE; // a multiple of 8
        const length = (words[at >>> 2] as number) >>> 0;
        const kind = words[(at >>> 2) + 1] as Kind;
        if (length > room) throw this.#fail(`a record of ${length} bytes where ${room} are`);
        this.#head = (this.#head + recordSize(length)) | 0;
        if (kind === Kind.Filler && length === this.size - at - HEADER_SIZE) continue;
        const message = reader.read(this.memory, kind, at + HEADER_SIZE, length);
        if (message === INVALID) {
          throw this.#fail(`a record of kind ${kind} and ${length} bytes`, reader.cause);
        }
        if (!deliver(message)) return;
      }
    } finally {
      Atomics.store(this.control, HEAD, this.#head);
    }
  }

  #fail(what: string, cause?: unknown): EdgewiseError {
    this.#isInvalid = true;
    return invalidMemory(what, cause);
  }

  /** Nothing is read any more: the head moves, so a writer that waits for it continues. */
  end(): void {
    this.#isInvalid = true;
    Atomics.store(this.control, HEAD, (this.#head + 1) | 0);
  }

  /** Wakes a writer that is blocked in `waitForReader`. */
  notifyWriter(): void {
    Atomics.notify(this.control, HEAD);
  }
}
