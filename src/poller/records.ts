// The memory that native code fills and TypeScript reads: a head of doubles and signal bits, then
// records of four u32 each (native/addon/poller_wrap.h, native/core/poller.h).
import { EdgewiseError, invalidType, outOfRange } from '../errors.ts';
import { native } from '../native.ts';
import type { Readiness } from './interest.ts';

/**
 * What the caller gets back with each event: a whole number from 0 to 2^53 - 1 that it chose.
 * The Reactor keeps its slot in the upper 21 bits and its generation in the lower 32.
 */
export type Token = number;

const HEAD_BYTES = 48;
const RECORD_BYTES = 16;
/** Words of one record. */
export const WORDS_PER_RECORD = 4;
/** @internal a token is slot * GENERATION_SPAN + generation */
export const GENERATION_SPAN = 0x1_0000_0000;

/** The index of the first record in `PollerMemory.words` */
export const RECORDS_AT = HEAD_BYTES / 4;
/** The doubles of `PollerMemory.head` (native/addon/poller_wrap.h, SharedHead) */
export const Head = { NowNs: 0, DeadlineNs: 1, WaitCount: 2, EmptyCount: 3, StampNs: 5 } as const;
/** The index of the signal bits in `PollerMemory.words`. */
export const SIGNALS_AT = 8;
/** The bit of a wake-up. */
export const SIGNAL_NOTIFIED = 1;

/** @internal the memory that native code fills: a head of doubles, then records of four u32 */
export class PollerMemory {
  /** The number by which native code knows the memory. */
  readonly block: number;
  /** The doubles at the beginning, by `Head`. */
  readonly head: Float64Array;
  /** All of the memory in words: records from `RECORDS_AT` on. */
  readonly words: Uint32Array;

  /** @param capacity - records, from 1. @throws EdgewiseError - ERR_MEMORY_UNAVAILABLE */
  constructor(capacity: number) {
    const pinned = native.pin(HEAD_BYTES + capacity * RECORD_BYTES);
    if (typeof pinned === 'number') {
      throw new EdgewiseError('ERR_MEMORY_UNAVAILABLE', 'cannot share memory with native code');
    }
    const [block, buffer] = pinned;
    this.block = block;
    this.head = new Float64Array(buffer, 0, HEAD_BYTES / Float64Array.BYTES_PER_ELEMENT);
    this.words = new Uint32Array(buffer);
    this.head[Head.DeadlineNs] = Number.POSITIVE_INFINITY;
  }
}

/** The events of the last wait, by index. Valid until the next wait. */
export class ReadyEvents {
  readonly #words: Uint32Array;

  /** @internal */
  constructor(words: Uint32Array) {
    this.#words = words;
  }

  /** The token that the descriptor was added with. */
  token(index: number): Token {
    const at = this.#at(index);
    return (this.#words[at] as number) * GENERATION_SPAN + (this.#words[at + 1] as number);
  }

  /** What the kernel reported: {@link Readiness} bits. */
  readiness(index: number): Readiness {
    return this.#words[this.#at(index) + 2] as number;
  }

  /** The back-end's own word: epoll's `events`, poll's `revents`, kqueue's `fflags`. */
  detail(index: number): number {
    return this.#words[this.#at(index) + 3] as number;
  }

  #at(index: number): number {
    if (Number.isInteger(index)) {
      const at = RECORDS_AT + index * WORDS_PER_RECORD;
      if (index >= 0 && at < this.#words.length) return at;
    }
    if (typeof index !== 'number') throw invalidType('index', 'a number', index);
    throw outOfRange('index', 'the index of an event', index);
  }
}
