// A trace event by event.

import type { Block } from './block.ts';
import type { TraceStream } from './data.ts';

/** One event of a trace. */
export interface TraceEvent {
  /** Nanoseconds of the monotonic clock; of events without a clock of their own: of their batch. */
  readonly timeNs: number;
  /** A number of {@link Kind}. */
  readonly kind: number;
  /** The descriptor; -1: it is of none. */
  readonly fd: number;
  /** With `generation` it is what sets a registration apart from others of its number. */
  readonly slot: number;
  /** How often the slot had been used before. */
  readonly generation: number;
  /** What it means depends on the kind: docs/trace.md. */
  readonly a: number;
  /** The second value. */
  readonly b: number;
}

/** The events of one reactor, oldest first. */
export function* eventsOf({ blocks }: TraceStream): Generator<TraceEvent> {
  for (const block of blocks) {
    for (let at = 0; at < block.length; at++) yield eventAt(block, at);
  }
}

/** The columns that have the events of a block, or of several. */
type EventColumns = Pick<Block, 'kind' | 'fd' | 'slot' | 'generation' | 'a' | 'b' | 'time'>;

/** @internal one event of columns */
export function eventAt(
  { kind, fd, slot, generation, a, b, time }: EventColumns,
  at: number,
): TraceEvent {
  return {
    timeNs: time[at] as number,
    kind: kind[at] as number,
    fd: fd[at] as number,
    slot: slot[at] as number,
    generation: generation[at] as number,
    a: a[at] as number,
    b: b[at] as number,
  };
}
