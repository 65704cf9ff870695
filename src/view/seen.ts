// What the rules of findings look at, and how they say what they found.
import type { Batches } from './batches.ts';
import type { CallTable } from './calls.ts';
import type { Columns, FindingCode, Interval, Lane, TraceFinding } from './model.ts';

/** A stream as the rules see it. */
export interface Seen {
  readonly columns: Columns;
  readonly lanes: readonly Lane[];
  /** By the number of an event: the place of its lane. */
  readonly laneOf: Int32Array;
  readonly batches: Batches;
  readonly calls: CallTable;
  /** Whether calls are recorded. */
  readonly hasCalls: boolean;
  /** Whether handlers are timed. */
  readonly isTimed: boolean;
  readonly texts: readonly string[];
}

/** What is wrong, and what to do: a sentence each. */
export interface Advice {
  readonly what: string;
  readonly fix: string;
}

/** Something was found in a lane. */
export function findingIn(
  { key, fd }: Lane,
  code: FindingCode,
  { from, to }: Interval,
  advice: Advice,
): TraceFinding {
  return { code, lane: key, fd, from, to, ...advice };
}

/** `fd 9`, with its name when it has one. */
export function nameOf({ fd, label }: Lane): string {
  if (fd < 0) return 'a descriptor';
  return label === '' ? `fd ${fd}` : `fd ${fd} ${JSON.stringify(label)}`;
}
