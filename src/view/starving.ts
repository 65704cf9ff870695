// STARVED: what the kernel had reported waited behind one handler that took many budgets in one call. And
// SLOW_HANDLER: one that took long, for whatever reason.
import { callOf, Kind } from '../trace/kinds.ts';
import type { HandlerSpan, Lane, TraceFinding } from './model.ts';
import { findingIn, nameOf, type Seen } from './seen.ts';

/** What a reactor allows one call of a handler, unless it was made with other options. */
const BUDGET_BYTES = 1024 * 1024;
const BUDGET_OPERATIONS = 64;
/** More than so many budgets in one call are no accident. */
const BUDGETS_MAX = 8;
/** A handler that takes longer is slow. */
const SLOW_NS = 10e6;
const NS_PER_MS = 1e6;

/** The handlers of a stream that kept others waiting, and those that took long. */
export function longHandlers(seen: Seen): TraceFinding[] {
  return seen.lanes.flatMap((lane) =>
    lane.spans.flatMap((span) => starvedBy(seen, lane, span) ?? slow(seen, lane, span) ?? []),
  );
}

function starvedBy(seen: Seen, lane: Lane, span: HandlerSpan): TraceFinding | undefined {
  if (span.bytes > 0) return undefined; // it charges, and its reactor may allow more
  const { operations, bytes } = usedIn(seen, lane, span);
  const budgets = Math.max(operations / BUDGET_OPERATIONS, bytes / BUDGET_BYTES);
  if (budgets < BUDGETS_MAX || hasWaited(seen, span)) return undefined;
  const waiting = waitingBehind(seen, lane, span);
  const [first] = waiting;
  if (first === undefined) return undefined;
  const others = waiting.length === 1 ? '' : `, and ${waiting.length - 1} more,`;
  const hog = nameOf(lane);
  return findingIn(first, 'STARVED', span, {
    what: `${nameOf(first)}${others} waited while one call of the handler of ${hog} made ${operations} calls and moved ${bytes} bytes: ${Math.floor(budgets)} times what a reactor allows by default.`,
    fix: `In the handler of ${hog}, charge() what each call has moved, and return when it answers false: it is called again after the others.`,
  });
}

function slow(seen: Seen, lane: Lane, span: HandlerSpan): TraceFinding | undefined {
  const { time } = seen.columns;
  const ns = (time[span.to] ?? Number.NaN) - (time[span.from] as number);
  if (!seen.isTimed || !(ns > SLOW_NS) || hasWaited(seen, span)) return undefined;
  const behind = waitingBehind(seen, lane, span).length;
  const waited =
    behind === 0 ? '' : ` ${behind === 1 ? '1 more was' : `${behind} more were`} ready and waited.`;
  const name = nameOf(lane);
  return findingIn(lane, 'SLOW_HANDLER', span, {
    what: `The handler of ${name} took ${(ns / NS_PER_MS).toFixed(1)} ms in one call.${waited}`,
    fix: 'Move the work to another thread (Offload), or do a part of it in each turn: everything else of this thread waits meanwhile.',
  });
}

// A turn inside a handler waits, and calls other handlers: its time and theirs are not its own.
function hasWaited({ batches: { batchOf } }: Seen, { from, to }: HandlerSpan): boolean {
  return batchOf[Math.min(to, batchOf.length) - 1] !== batchOf[from];
}

/** What one call of the handler has used up. */
function usedIn(
  { columns: { kind, a, b }, calls }: Seen,
  { events }: Lane,
  span: HandlerSpan,
): { operations: number; bytes: number } {
  let [operations, bytes] = [0, 0];
  for (let i = firstFrom(events, span.from); (events[i] ?? span.to) < span.to; i++) {
    const at = events[i] as number;
    if (kind[at] !== Kind.Call) continue;
    const { call } = callOf(b[at] as number);
    if (calls.directions[call] === undefined) continue;
    operations++;
    if (calls.hasBytes[call] === true) bytes += Math.max(a[at] as number, 0);
  }
  return { operations, bytes };
}

/** The lanes that were ready in the same batch, and whose handlers came later. */
function waitingBehind(
  { columns, batches, lanes, laneOf }: Seen,
  behind: Lane,
  { to }: HandlerSpan,
): Lane[] {
  const { kind } = columns;
  const { batchOf } = batches;
  const waiting = new Set<Lane>();
  for (let at = to; at < columns.count && batchOf[at] === batchOf[to]; at++) {
    const lane = kind[at] === Kind.HandlerBegin ? lanes[laneOf[at] as number] : undefined;
    if (lane !== undefined && lane !== behind) waiting.add(lane);
  }
  return [...waiting];
}

/** The place of the first event from `at` on. */
function firstFrom(events: Int32Array, at: number): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle] as number) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
