// What each descriptor and the whole reactor did, counted.
import { callOf, Kind } from '../trace/kinds.ts';
import type { Batches } from './batches.ts';
import type { CallTable } from './calls.ts';
import type { Columns, Lane, LaneTotals, StreamTotals } from './model.ts';

/** What is counted. */
export interface Counted {
  readonly columns: Columns;
  readonly lanes: readonly Lane[];
  readonly batches: Batches;
  readonly calls: CallTable;
  /** Whether handlers are timed. */
  readonly isTimed: boolean;
}

/** Work of a batch that is of no wait: without it, and without a report, a wait has brought nothing. */
const WORK: ReadonlySet<number> = new Set([
  Kind.HandlerBegin,
  Kind.Timers,
  Kind.Wakers,
  Kind.Deferred,
  Kind.Signal,
]);

/** Counts a stream. */
export function totalsOf(counted: Counted): StreamTotals {
  const { columns, lanes, batches } = counted;
  const { count, time } = columns;
  const wholeNs = count === 0 ? 0 : (time[count - 1] as number) - (time[0] as number);
  const share = (ns: number | undefined) =>
    ns === undefined || wholeNs <= 0 ? undefined : Math.min(ns / wholeNs, 1);
  return {
    batches: batches.batches.length,
    emptyWaits: emptyWaitsIn(counted),
    asleep: share(asleepNsIn(columns)),
    inHandlers: share(counted.isTimed ? handlerNsIn(columns, batches.runningOf) : undefined),
    lanes: lanes.map((lane) => laneTotals(counted, lane)),
  };
}

function emptyWaitsIn({ columns, batches }: Counted): number {
  const { kind, a, b, count } = columns;
  let empty = 0;
  let isEmpty = false;
  for (let at = 0; at < count; at++) {
    const what = kind[at] as number;
    if (what === Kind.WaitEnd) {
      if (isEmpty) empty++;
      isEmpty = a[at] === 0 && b[at] === 0;
    } else if (WORK.has(what)) isEmpty = false;
  }
  return empty + (isEmpty && batches.batches.length > 0 ? 1 : 0);
}

// Undefined where the beginnings of waits are not recorded.
function asleepNsIn({ kind, time, count }: Columns): number | undefined {
  let sum: number | undefined;
  let begun: number | undefined;
  for (let at = 0; at < count; at++) {
    if (kind[at] === Kind.WaitBegin) begun = time[at];
    else if (kind[at] === Kind.WaitEnd && begun !== undefined) {
      sum = (sum ?? 0) + (time[at] as number) - begun;
      begun = undefined;
    }
  }
  return sum;
}

// Of the outermost handlers: what one calls inside another is in it already.
function handlerNsIn({ time, count }: Columns, runningOf: Int32Array): number {
  let sum = 0;
  for (let at = 1; at < count; at++) {
    if (runningOf[at - 1] !== -1) sum += (time[at] as number) - (time[at - 1] as number);
  }
  return sum;
}

function laneTotals(counted: Counted, lane: Lane): LaneTotals {
  const { time } = counted.columns;
  let handlerNs = 0;
  let longestNs = 0;
  for (const { from, to } of counted.isTimed ? lane.spans : []) {
    const ns = (time[Math.min(to, time.length - 1)] as number) - (time[from] as number);
    handlerNs += ns;
    longestNs = Math.max(longestNs, ns);
  }
  return {
    lane: lane.key,
    handlers: lane.spans.length,
    handlerNs: counted.isTimed ? handlerNs : undefined,
    longestNs: counted.isTimed ? longestNs : undefined,
    undrained: lane.hatches.length,
    ...callsOf(counted, lane),
  };
}

type CallTotals = Pick<
  LaneTotals,
  'reports' | 'calls' | 'wouldBlocks' | 'bytesRead' | 'bytesWritten'
>;

function callsOf({ columns, calls: table }: Counted, { events }: Lane): CallTotals {
  const { kind, a, b } = columns;
  const bytes = { read: 0, write: 0 };
  let [reports, calls, wouldBlocks] = [0, 0, 0];
  for (const at of events) {
    if (kind[at] === Kind.Report) reports++;
    if (kind[at] !== Kind.Call) continue;
    calls++;
    const result = a[at] as number;
    const { call } = callOf(b[at] as number);
    const direction = table.directions[call];
    if (result === table.wouldBlock) wouldBlocks++;
    if (direction !== undefined && table.hasBytes[call] && result > 0) bytes[direction] += result;
  }
  return { reports, calls, wouldBlocks, bytesRead: bytes.read, bytesWritten: bytes.write };
}
