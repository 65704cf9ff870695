// SPINNING: the kernel reports a level-triggered descriptor wait after wait, and nothing is done with it.
import { callOf, Kind, Outcome } from '../trace/kinds.ts';
import { LEVEL, READ_BITS } from './bits.ts';
import { valueAt } from './intervals.ts';
import type { Lane, TraceFinding } from './model.ts';
import { type Advice, findingIn, nameOf, type Seen } from './seen.ts';

/** Fewer reports in a row are no evidence. */
const REPORTS_MIN = 10;

interface Run {
  /** The first of its reports, and where the last one is. */
  readonly from: number;
  to: number;
  count: number;
  bits: number;
  batch: number;
}

/** The spins of a stream: one for each lane that has any. */
export function spinning(seen: Seen): TraceFinding[] {
  if (!seen.hasCalls) return []; // a handler may read without charging
  const moved = movedBefore(seen);
  return seen.lanes.slice(1).flatMap((lane) => {
    const runs = runsIn(seen, moved, lane).filter(({ count }) => count >= REPORTS_MIN);
    const [first, last] = [runs[0], runs.at(-1)];
    if (first === undefined || last === undefined) return [];
    const count = runs.reduce((sum, run) => sum + run.count, 0);
    const bits = runs.reduce((all, run) => all | run.bits, 0);
    const { from } = first;
    return [findingIn(lane, 'SPINNING', { from, to: last.to }, adviceOn(lane, count, bits))];
  });
}

function adviceOn(lane: Lane, count: number, bits: number): Advice {
  const name = nameOf(lane);
  const isWrite = (bits & READ_BITS) === 0;
  return {
    what: `${name} was reported ${isWrite ? 'Writable' : 'Readable'} ${count} times in a row, and no call was made for it: each of these waits was for nothing.`,
    fix: isWrite
      ? `Have Interest.Writable only while bytes wait to be written to ${name}: setInterest() when the last of them have left.`
      : `Read in the handler of ${name}, or take Interest.Readable out until you want to read.`,
  };
}

/** How many calls that move bytes were made before each event, whatever they were for. */
function movedBefore({ columns: { count, kind, b }, calls }: Seen): Int32Array {
  const moved = new Int32Array(count + 1);
  for (let at = 0; at < count; at++) {
    const call = kind[at] === Kind.Call ? callOf(b[at] as number).call : -1;
    const isMove = calls.directions[call] !== undefined || calls.isShared[call] === true;
    moved[at + 1] = (moved[at] as number) + (isMove ? 1 : 0);
  }
  return moved;
}

// A handler that moves bytes of another descriptor may do it for this one, as a relay by splice does.
function runsIn({ columns, batches }: Seen, moved: Int32Array, lane: Lane): Run[] {
  const { kind, a, b } = columns;
  const runs: Run[] = [];
  let run: Run | undefined;
  let begun = 0;
  for (const at of lane.events) {
    const batch = batches.batchOf[at] as number;
    switch (kind[at]) {
      case Kind.Report:
        if (run === undefined || batch !== run.batch + 1) {
          run = valueAt(lane.triggers, at) === LEVEL ? beginRun(runs, at, batch) : undefined;
        }
        if (run !== undefined) extend(run, at, batch, a[at] as number);
        break;
      case Kind.HandlerBegin:
        begun = at;
        break;
      case Kind.HandlerEnd: {
        const hasMoved = moved[at] !== moved[begun];
        const hasCharged = a[at] !== 0 || ((b[at] as number) & Outcome.Requeued) !== 0;
        if (hasMoved || hasCharged) run = endRun(run);
        break;
      }
      case Kind.Call:
      case Kind.Modify:
      case Kind.Requeue:
      case Kind.Release:
        run = endRun(run);
        break;
      default:
    }
  }
  return runs;
}

function beginRun(runs: Run[], from: number, batch: number): Run {
  const run = { from, to: from, count: 0, bits: 0, batch };
  runs.push(run);
  return run;
}

// The last report of it was for something.
function endRun(run: Run | undefined): undefined {
  if (run !== undefined) run.count--;
}

function extend(run: Run, at: number, batch: number, bits: number): void {
  run.to = at + 1;
  run.count++;
  run.bits |= bits;
  run.batch = batch;
}
