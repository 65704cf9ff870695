// What is of which wait, and whose handler runs: one pass over the events of a stream.
import { Kind } from '../trace/kinds.ts';
import type { Batch, BatchReport, Columns, Fate, StreamModel } from './model.ts';

/** The batches of a stream. */
export interface Batches {
  readonly batches: readonly Batch[];
  /** By the number of an event: the place of its batch, or -1. */
  readonly batchOf: Int32Array;
  /** By the number of an event: the lane whose handler runs just after it, or -1. */
  readonly runningOf: Int32Array;
}

interface Running {
  readonly lane: number;
  /** The batch that it was called in, which goes on when it has returned. */
  readonly batch: number;
}

/** Finds the batches; `laneOf` has the lane of each event. */
export function batchesOf({ count, kind, a }: Columns, laneOf: Int32Array): Batches {
  const batches: { from: number; to: number; count: number }[] = [];
  const batchOf = new Int32Array(count);
  const runningOf = new Int32Array(count);
  const stack: Running[] = [];
  const open: number[] = [];
  const closeAfter = (batch: number, to: number) => {
    while ((open.at(-1) ?? -1) > batch) {
      const ended = batches[open.pop() as number];
      if (ended !== undefined) ended.to = to;
    }
  };
  let batch = -1;
  for (let at = 0; at < count; at++) {
    switch (kind[at]) {
      case Kind.WaitEnd:
        // What is inside a running handler is inside its batch as well.
        closeAfter(stack.at(-1)?.batch ?? -1, at);
        batch = batches.push({ from: at, to: count, count: a[at] as number }) - 1;
        open.push(batch);
        break;
      case Kind.HandlerBegin:
        stack.push({ lane: laneOf[at] as number, batch });
        break;
      case Kind.HandlerEnd:
        batch = stack.pop()?.batch ?? batch; // its beginning may not be in the trace
        closeAfter(batch, at);
        break;
      default:
    }
    batchOf[at] = batch;
    runningOf[at] = stack.at(-1)?.lane ?? -1;
  }
  return { batches, batchOf, runningOf };
}

const FATES: Readonly<Record<number, Fate>> = { [Kind.Stale]: 'stale', [Kind.Ghost]: 'ghost' };

/** The reports of a batch, in order, and what became of each. */
export function reportsOf(stream: StreamModel, batch: number): BatchReport[] {
  const { columns, batches } = stream;
  const { kind, a } = columns;
  const { from, to } = batches[batch] ?? { from: 0, to: 0 };
  const reports: BatchReport[] = [];
  for (let at = from; at < to; at++) {
    const fate = kind[at] === Kind.Report ? fateOf(stream, at) : FATES[kind[at] as number];
    if (fate === undefined || stream.batchAt(at) !== batch) continue;
    reports.push({ at, lane: stream.laneAt(at), readiness: a[at] as number, fate });
  }
  return reports;
}

// A handler is called at once, unless nothing is left of what it was to be called for.
function fateOf({ columns, laneAt }: StreamModel, at: number): Fate {
  const next = at + 1;
  const isCalled = columns.kind[next] === Kind.HandlerBegin && laneAt(next) === laneAt(at);
  return isCalled || next === columns.count ? 'handled' : 'masked';
}
