// The level `counts`: how often what happened, in totals of each registration, in place of the events.
// A row of doubles for each slot, of its last registration; what registrations before it did is in one
// row for all. Rows are in chunks of memory that other threads can read.
import type { Counts, StreamCounts } from './data.ts';
import { KIND_NAMES, Kind } from './kinds.ts';
import type { StreamParts } from './parts.ts';
import type { EventRecorder, Recorded } from './recorder.ts';

/** The columns of a row: bytes that were charged, the kinds by number, and whose row it is. */
const BYTES = 0;
const FD_AND_ONE = 30; // 0: the row is of none
const GENERATION = 31;
const ROW_BITS = 5;
const ROW_LENGTH = 1 << ROW_BITS;
const CHUNK_BITS = 10;
const CHUNK_ROWS = 1 << CHUNK_BITS;
/** What is of no registration, what had ended before its slot was used again; then the slots. */
const REACTOR = 0;
const EARLIER = 1;
const SLOTS_AT = 2;
const COUNTED = KIND_NAMES.length;

/** Counts the events of one reactor. */
export class Counter implements EventRecorder {
  readonly #parts: StreamParts;
  readonly #chunks: Float64Array[] = [];

  /** @param parts - gets the memory of each chunk. */
  constructor(reactor: Recorded, parts: StreamParts) {
    this.#parts = parts;
    this.#chunkOf(EARLIER);
    reactor.eachOpen((fd, slot, generation) => this.#begin(slot + SLOTS_AT, fd, generation));
  }

  record(kind: number, fd: number, slot: number, generation: number, a: number, _b: number): void {
    // A mark may be of a descriptor that is not registered.
    const isOfSlot = fd >= 0 && kind !== Kind.Mark && kind !== Kind.Label;
    const row = isOfSlot ? slot + SLOTS_AT : REACTOR;
    if (kind === Kind.Register) this.#begin(row, fd, generation);
    const counts = this.#chunks[row >> CHUNK_BITS] as Float64Array;
    const at = offsetOf(row);
    counts[at + kind] = (counts[at + kind] as number) + 1;
    if (kind === Kind.HandlerEnd) counts[at] = (counts[at] as number) + a;
  }

  /** Does nothing: what is counted is seen at once. */
  publish(): void {
    return;
  }

  #begin(row: number, fd: number, generation: number): void {
    const counts = this.#chunkOf(row);
    const at = offsetOf(row);
    const earlier = this.#chunkOf(EARLIER);
    const earlierAt = offsetOf(EARLIER);
    for (let column = BYTES; column < COUNTED; column++) {
      const from = counts[at + column] as number;
      earlier[earlierAt + column] = (earlier[earlierAt + column] as number) + from;
      counts[at + column] = 0;
    }
    counts[at + FD_AND_ONE] = fd + 1;
    counts[at + GENERATION] = generation;
  }

  #chunkOf(row: number): Float64Array {
    const place = row >> CHUNK_BITS;
    for (let next = this.#chunks.length; next <= place; next++) {
      const bytes = CHUNK_ROWS * ROW_LENGTH * Float64Array.BYTES_PER_ELEMENT;
      const memory = new SharedArrayBuffer(bytes);
      this.#chunks.push(new Float64Array(memory));
      this.#parts.putMemory(next, memory);
    }
    return this.#chunks[place] as Float64Array;
  }
}

/** Where a row begins in its chunk. */
function offsetOf(row: number): number {
  return (row & (CHUNK_ROWS - 1)) << ROW_BITS;
}

/** Copies the counts, from whatever thread. */
export function readCounts(chunks: readonly SharedArrayBuffer[]): StreamCounts {
  const rows = chunks.flatMap((memory) => {
    const counts = new Float64Array(memory);
    return Array.from({ length: CHUNK_ROWS }, (_, row) =>
      counts.slice(row * ROW_LENGTH, (row + 1) * ROW_LENGTH),
    );
  });
  const registrations = rows.slice(SLOTS_AT).flatMap((row, slot) => {
    if (row[FD_AND_ONE] === 0) return [];
    const fd = (row[FD_AND_ONE] as number) - 1;
    return { fd, slot, generation: row[GENERATION] as number, ...countsOf(row) };
  });
  return {
    reactor: countsOf(rows[REACTOR]),
    registrations,
    earlier: countsOf(rows[EARLIER]),
  };
}

function countsOf(row: Float64Array = new Float64Array(ROW_LENGTH)): Counts {
  const events = KIND_NAMES.flatMap((name, kind) => {
    const count = row[kind] as number;
    return kind === BYTES || count === 0 ? [] : [[name, count] as const];
  });
  return { bytes: row[BYTES] as number, events: Object.fromEntries(events) };
}
