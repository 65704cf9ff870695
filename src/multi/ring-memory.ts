// The memory of a ring (ring.ts), as those see it that encode messages into it.

/** The data of one ring, under two views. */
export interface RingMemory {
  readonly bytes: Buffer;
  /** The same memory, for numbers: at multiples of 8. */
  readonly doubles: Float64Array;
}
