// The memory of a ring (ring.ts), as those see it that encode messages into it, and the copy of
// short bytes by words: `set` and `subarray` of typed arrays cost more than the copy itself.

/** The data of one ring, under three views. */
export interface RingMemory {
  readonly bytes: Buffer;
  /** The same memory, for headers, and bytes that are copied by words: at multiples of 4. */
  readonly words: Int32Array;
  /** The same memory, for numbers: at multiples of 8. */
  readonly doubles: Float64Array;
}

/** The longest bytes that are read by words. */
export const READ_BY_WORDS_MAX = 256;

/** Reads `length` bytes at `offset`, a multiple of 4, and those up to the next multiple. */
export function readByWords(
  words: Int32Array,
  offset: number,
  length: number,
  to: Int32Array,
): void {
  const start = offset >>> 2;
  const count = (length + 3) >>> 2;
  for (let at = 0; at < count; at++) to[at] = words[start + at] as number;
}
