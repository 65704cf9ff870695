// Makes the model of a trace: the passes over its events, in the order in which they need each other.
import type { TraceData, TraceStream } from '../trace/data.ts';
import { eventAt } from '../trace/events.ts';
import { batchesOf } from './batches.ts';
import { callTableOf } from './calls.ts';
import { columnsOf } from './columns.ts';
import { findingsOf } from './findings.ts';
import { eventsByLane, type LaneDraft, lanesOf, REACTOR_KEY } from './lanes.ts';
import type { Lane, StreamModel, TraceModel } from './model.ts';
import { type LaneReadiness, type LaneSource, readinessIn } from './readiness.ts';
import { totalsOf } from './totals.ts';

/** Levels that record calls, and those that record times of handlers. */
const WITH_CALLS = ['calls', 'probe'];
const WITH_TIMES = ['timed', ...WITH_CALLS];
const NOTHING: LaneReadiness = { bands: [], hatches: [], spans: [] };

/** What a trace shows. */
export function modelOf(trace: TraceData): TraceModel {
  return { trace, streams: trace.streams.map((stream) => streamModel(trace, stream)) };
}

function streamModel(trace: TraceData, stream: TraceStream): StreamModel {
  const columns = columnsOf(stream);
  const calls = callTableOf(trace);
  const sorted = lanesOf(columns, stream.blocks, stream.texts, calls);
  const batches = batchesOf(columns, sorted.laneOf);
  const hasCalls = WITH_CALLS.includes(stream.level);
  const source = { columns, batches, calls, hasCalls, isProbed: stream.level === 'probe' };
  const events = eventsByLane(sorted);
  const lanes = sorted.drafts.map((draft, at) => laneOf(source, draft, events[at] as Int32Array));
  const isTimed = WITH_TIMES.includes(stream.level);
  const facts = { ...source, lanes, isTimed, laneOf: sorted.laneOf, texts: stream.texts };
  return {
    stream,
    count: columns.count,
    columns,
    eventAt: (at) => eventAt(columns, at),
    timeAt: (at) => columns.time[at] as number,
    laneAt: (at) => sorted.laneOf[at] as number,
    batchAt: (at) => batches.batchOf[at] as number,
    runningAt: (at) => batches.runningOf[at] as number,
    lanes,
    batches: batches.batches,
    findings: findingsOf(facts),
    totals: totalsOf(facts),
  };
}

function laneOf(source: LaneSource, draft: LaneDraft, events: Int32Array): Lane {
  const { key, slot, generation, fd, label, role, life, interests, triggers, queues } = draft;
  // The reactor has none of them: its events have descriptors of their own, or none.
  const isReactor = key === REACTOR_KEY;
  const readiness = isReactor ? NOTHING : readinessIn(source, draft, events);
  const held = { interests, triggers, queues };
  return { key, slot, generation, fd, label, role, life, ...held, events, ...readiness };
}
