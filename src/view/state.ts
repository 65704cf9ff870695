// What a reactor knew just after an event. It looks at the lanes, by halving, and at the batch of the
// event and the one before it: not at all that came before.
import { Kind } from '../trace/kinds.ts';
import { reportsOf } from './batches.ts';
import { READ_CLOSED, READABLE, REQUEUED, WRITABLE, WRITE_CLOSED } from './bits.ts';
import { holdsAt, lastFrom, valueAt } from './intervals.ts';
import type { Lane, ReactorState, StreamModel } from './model.ts';

/** They are seen in a report, and hold from there on. */
const ENDINGS = READ_CLOSED | WRITE_CLOSED;

/** What the reactor of a stream knew just after event `at`. */
export function stateAt(stream: StreamModel, at: number): ReactorState {
  const open = stream.lanes.slice(1).filter(({ life }) => holdsAt(life, at));
  const running = stream.runningAt(at);
  return {
    registrations: open.map((lane) => registrationAt(lane, at)),
    ...batchStateAt(stream, at),
    requeued: requeuedAt(stream, at).map((lane) => stream.lanes[lane]?.key ?? ''),
    running: running < 0 ? undefined : stream.lanes[running]?.key,
  };
}

function registrationAt(lane: Lane, at: number): ReactorState['registrations'][number] {
  return {
    lane: lane.key,
    fd: lane.fd,
    interest: valueAt(lane.interests, at) ?? 0,
    trigger: valueAt(lane.triggers, at) ?? 0,
    ready: readyAt(lane, at),
    queuedBytes: valueAt(lane.queues, at),
  };
}

function readyAt({ bands, spans }: Lane, at: number): number {
  let ready = (spans[lastFrom(spans, at)]?.readiness ?? 0) & ENDINGS;
  const bits = { read: READABLE, write: WRITABLE };
  // Those of one direction do not overlap: the last one that began is the one that counts.
  const unseen = new Set(['read', 'write']);
  for (let i = lastFrom(bands, at); i >= 0 && unseen.size > 0; i--) {
    const band = bands[i];
    if (band !== undefined && unseen.delete(band.direction) && holdsAt(band, at)) {
      ready |= bits[band.direction];
    }
  }
  return ready;
}

function batchStateAt(stream: StreamModel, at: number): Pick<ReactorState, 'batch' | 'delivered'> {
  const batch = stream.batchAt(at);
  const from = stream.batches[batch]?.from ?? at;
  const hasEnded = stream.columns.kind.subarray(from, at + 1).includes(Kind.WaitBegin);
  if (batch < 0 || hasEnded) return { batch: [], delivered: 0 };
  const reports = reportsOf(stream, batch);
  return {
    batch: reports.map((report) => ({ ...report, fd: stream.lanes[report.lane]?.fd ?? -1 })),
    delivered: reports.filter((report) => report.at <= at).length,
  };
}

// A registration that was queued in a turn is called in the next one: no older turn counts.
function requeuedAt({ columns, batches, batchAt, laneAt }: StreamModel, at: number): number[] {
  const { kind, b } = columns;
  const from = batches[batchAt(at) - 1]?.from ?? 0;
  const queued = new Set<number>();
  for (let each = from; each <= at; each++) {
    const what = kind[each];
    const isCalled = what === Kind.HandlerBegin && ((b[each] as number) & REQUEUED) !== 0;
    if (what === Kind.Requeue) queued.add(laneAt(each));
    else if (isCalled || what === Kind.Release) queued.delete(laneAt(each));
  }
  return [...queued];
}
