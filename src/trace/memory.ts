// The memory of a block, shared by threads: its own thread writes, any other one reads, also when the
// writer blocks, or was ended in the middle. Rows count once they are published, and a block
// once it has its number; a reader that finds another number afterwards has read what was
// being written over, and drops it.
import { BLOCK_LENGTH, type Block, type OpenRegistration } from './block.ts';

/** The words of the head. */
const NUMBER = 0;
const LENGTH = 1;
const OPEN_COUNT = 2;
const REFUSED = 3;
const HEAD_WORDS = 8;
/** Kind, descriptor, slot, generation, a, b; and the time, a double. */
const ROW_WORDS = 8;
const TIME_AT = 6;
const WORDS_PER_DOUBLE = 2;
const OPEN_AT = HEAD_WORDS + BLOCK_LENGTH * ROW_WORDS;
const OPEN_WORDS = 6;
const OPEN_MIN = 64;
/** The number of a block that is being begun. */
const NONE = -1;

/** The memory of one block, to its writer. */
export class BlockMemory {
  /** What is shared. */
  readonly memory: SharedArrayBuffer;
  /** There is room for so many open registrations. */
  readonly openMax: number;
  readonly #words: Int32Array;
  readonly #times: Float64Array;
  #length = 0;
  #openCount = 0;

  /** @param openCount - so many registrations are open, or a few less. */
  constructor(openCount: number) {
    // Twice as many, so that it is not outgrown by each that is opened.
    this.openMax = Math.max(2 * openCount, OPEN_MIN);
    const words = OPEN_AT + this.openMax * OPEN_WORDS;
    this.memory = new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT);
    this.#words = new Int32Array(this.memory);
    this.#times = new Float64Array(this.memory);
    this.#words[NUMBER] = NONE;
  }

  /** Whether there is room for no event more. */
  get isFull(): boolean {
    return this.#length === BLOCK_LENGTH;
  }

  /** Before it is used again. */
  invalidate(): void {
    Atomics.store(this.#words, NUMBER, NONE);
    this.#length = 0;
    this.#openCount = 0;
  }

  /** Adds what is open, before `begin`. */
  putOpen(
    fd: number,
    slot: number,
    generation: number,
    interest: number,
    trigger: number,
    role: number,
  ): void {
    const words = this.#words;
    const at = OPEN_AT + this.#openCount++ * OPEN_WORDS;
    words[at] = fd;
    words[at + 1] = slot;
    words[at + 2] = generation;
    words[at + 3] = interest;
    words[at + 4] = trigger;
    words[at + 5] = role;
  }

  /** Begins it. @param number - how many blocks there were before. */
  begin(number: number): void {
    const words = this.#words;
    words[LENGTH] = 0;
    words[OPEN_COUNT] = this.#openCount;
    words[REFUSED] = 0;
    Atomics.store(words, NUMBER, number);
  }

  /** Adds an event. @param clock - its time, in the first place. */
  put(
    kind: number,
    fd: number,
    slot: number,
    generation: number,
    a: number,
    b: number,
    clock: Float64Array,
  ): void {
    const words = this.#words;
    const at = HEAD_WORDS + this.#length * ROW_WORDS;
    words[at] = kind;
    words[at + 1] = fd;
    words[at + 2] = slot;
    words[at + 3] = generation;
    words[at + 4] = a;
    words[at + 5] = b;
    this.#times[(at + TIME_AT) / WORDS_PER_DOUBLE] = clock[0] as number;
    this.#length++;
  }

  /** Has readers see what was added. */
  publish(): void {
    Atomics.store(this.#words, LENGTH, this.#length);
  }

  /** Counts an event for which there was no room. */
  refuse(): void {
    Atomics.add(this.#words, REFUSED, 1);
  }
}

/** What is known of a block without a copy of it. */
export interface BlockHead {
  /** How many blocks there were before; -1: it is being begun. */
  readonly number: number;
  /** Its events. */
  readonly length: number;
  /** Events behind it for which there was no room. */
  readonly refused: number;
  /** The time of the last event; 0: it has none. */
  readonly lastNs: number;
}

/** A block with its number. */
export interface NumberedBlock {
  readonly number: number;
  readonly block: Block;
}

/** Reads the head of a block, from whatever thread. */
export function readHead(memory: SharedArrayBuffer): BlockHead {
  const words = new Int32Array(memory);
  const [number, length, refused] = [NUMBER, LENGTH, REFUSED].map((at) =>
    Atomics.load(words, at),
  ) as [number, number, number];
  const lastAt = HEAD_WORDS + (length - 1) * ROW_WORDS + TIME_AT;
  const lastNs = length === 0 ? 0 : new Float64Array(memory)[lastAt / WORDS_PER_DOUBLE];
  return { number, length, refused, lastNs: lastNs as number };
}

/** Copies a block, from whatever thread. @returns undefined: it was written over meanwhile. */
export function readBlock(memory: SharedArrayBuffer): NumberedBlock | undefined {
  const words = new Int32Array(memory);
  const { number, length } = readHead(memory);
  const open = readOpen(words);
  const column = <T extends Int32Array | Uint32Array | Uint8Array>(at: number, into: T): T => {
    for (let row = 0; row < length; row++) {
      into[row] = words[HEAD_WORDS + row * ROW_WORDS + at] as number;
    }
    return into;
  };
  const times = new Float64Array(memory);
  const block = {
    open,
    length,
    kind: column(0, new Uint8Array(length)),
    fd: column(1, new Int32Array(length)),
    slot: column(2, new Uint32Array(length)),
    generation: column(3, new Uint32Array(length)),
    a: column(4, new Int32Array(length)),
    b: column(5, new Int32Array(length)),
    time: Float64Array.from({ length }, (_, row) => {
      const at = HEAD_WORDS + row * ROW_WORDS + TIME_AT;
      return times[at / WORDS_PER_DOUBLE] as number;
    }),
  };
  const isWhole = number !== NONE && Atomics.load(words, NUMBER) === number;
  return isWhole ? { number, block } : undefined;
}

function readOpen(words: Int32Array): OpenRegistration[] {
  return Array.from({ length: words[OPEN_COUNT] as number }, (_, row) => {
    const at = OPEN_AT + row * OPEN_WORDS;
    const [fd = 0, slot = 0, generation = 0, interest = 0, trigger = 0, role = 0] = words.subarray(
      at,
      at + OPEN_WORDS,
    );
    return { fd, slot, generation: generation >>> 0, interest, trigger, role };
  });
}
