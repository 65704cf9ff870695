// What a block of a trace holds: the events, as columns of numbers, and what was open before them.

/** Events of one block. */
export const BLOCK_LENGTH = 4096;

/** A registration that was open when a block began. */
export interface OpenRegistration {
  /** The descriptor. */
  readonly fd: number;
  /** Its place in the table of the reactor. */
  readonly slot: number;
  /** How often the slot had been used before. */
  readonly generation: number;
  /** Interest bits. */
  readonly interest: number;
  /** By its number: level, edge, oneshot, edge-oneshot. */
  readonly trigger: number;
  /** A number of `Role`; 0: not known. */
  readonly role: number;
}

/** The columns of some events, in the order in which they happened. */
export interface Block {
  /** What was open before the first of them. */
  readonly open: readonly OpenRegistration[];
  /** How many events there are. */
  readonly length: number;
  /** Numbers of `Kind`. */
  readonly kind: Uint8Array;
  /** The descriptor; -1: it is of none. */
  readonly fd: Int32Array;
  /** With the generation it is what sets a registration apart. */
  readonly slot: Uint32Array;
  /** How often the slot had been used before. */
  readonly generation: Uint32Array;
  /** What it means depends on the kind. */
  readonly a: Int32Array;
  /** The same. */
  readonly b: Int32Array;
  /** Nanoseconds of the monotonic clock. */
  readonly time: Float64Array;
}
