// A trace as other viewers have it: tracks, and on them slices that begin and end, instants and counters.
// Each end has its beginning, and the times of a reactor never go back.
import { namesOfBits } from '../readiness-names.ts';
import type { TraceEvent } from '../trace/events.ts';
import { callOf, KIND_NAMES, Kind } from '../trace/kinds.ts';
import type { Lane, StreamModel, TraceModel } from './model.ts';
import { sentenceAt } from './sentences.ts';

/** One row of a viewer. */
export interface Track {
  /** Above 0, and another one for each track of the trace. */
  readonly id: number;
  readonly name: string;
  readonly parent: Track | undefined;
  readonly type: 'process' | 'thread' | 'reactor' | 'lane' | 'counter';
  /** The thread of Node: 0 is the main one. */
  readonly thread: number;
}

/** What happens on a track. */
export interface Step {
  readonly type: 'begin' | 'end' | 'instant' | 'counter';
  readonly track: Track;
  /** Nanoseconds of the monotonic clock. */
  readonly timeNs: number;
  readonly name: string;
  /** Of an end: what is known only then. */
  readonly details: Readonly<Record<string, string | number>>;
  /** Of a counter. */
  readonly value: number;
}

/** The tracks of a trace, parents first, and the steps of each reactor in their order. */
export interface Timeline {
  readonly tracks: readonly Track[];
  readonly reactors: readonly Iterable<Step>[];
}

/** Makes the tracks and steps of a trace. */
export function timelineOf(model: TraceModel): Timeline {
  const tracks: Track[] = [];
  const add = (track: Omit<Track, 'id'>): Track => {
    tracks.push({ id: tracks.length + 1, ...track });
    return tracks.at(-1) as Track;
  };
  const name = `node ${model.trace.pid}`;
  const process = add({ name, parent: undefined, type: 'process', thread: 0 });
  const threads = new Map<number, Track>();
  const reactors = model.streams.map((stream, index) => {
    const { thread } = stream.stream;
    const parent =
      threads.get(thread) ??
      add({ name: nameOfThread(thread), parent: process, type: 'thread', thread });
    threads.set(thread, parent);
    const own = tracksOf(stream, parent, index, add);
    return { [Symbol.iterator]: () => stepsOf(model, stream, own) };
  });
  return { tracks, reactors };
}

function nameOfThread(thread: number): string {
  return thread === 0 ? 'main thread' : `thread ${thread}`;
}

interface LaneTracks {
  readonly track: Track;
  /** Of the bytes that wait to be written, where they are known. */
  readonly queue: Track | undefined;
}

// By the place of a lane.
function tracksOf(
  { lanes, stream: { thread, backend } }: StreamModel,
  parent: Track,
  index: number,
  add: (track: Omit<Track, 'id'>) => Track,
): LaneTracks[] {
  const name = `reactor ${index + 1}, ${backend}`;
  const reactor = add({ name, parent, type: 'reactor', thread });
  return lanes.map((lane, place) => {
    if (place === 0) return { track: reactor, queue: undefined };
    const name = nameOfLane(lane);
    const track = add({ name, parent: reactor, type: 'lane', thread });
    if (lane.queues.length === 0) return { track, queue: undefined };
    const queued = `${name}, bytes to write`;
    return { track, queue: add({ name: queued, parent: reactor, type: 'counter', thread }) };
  });
}

function nameOfLane({ fd, key, label }: Lane): string {
  const number = fd < 0 ? '' : `fd ${fd} `;
  return `${number}[${key}]${label === '' ? '' : ` ${label}`}`;
}

function* stepsOf(
  model: TraceModel,
  stream: StreamModel,
  tracks: readonly LaneTracks[],
): Generator<Step> {
  /** What has begun on each track: it ends in this order, from the last one on. */
  const open = new Map<Track, number>();
  let timeNs = 0;
  for (let at = 0; at < stream.count; at++) {
    const event = stream.eventAt(at);
    timeNs = Math.max(timeNs, event.timeNs);
    const { track, queue } = tracks[stream.laneAt(at)] as LaneTracks;
    const depth = open.get(track) ?? 0;
    const what = sentenceAt(model, stream, at);
    const step = { track, timeNs, name: nameOf(event, model.trace.calls), value: 0 };
    const details = { what, event: at, ...detailsOf(event) };
    if (event.kind === Kind.Queue && queue !== undefined) {
      yield { ...step, type: 'counter', track: queue, details: {}, value: event.a };
    } else if (BEGINNING.has(event.kind)) {
      // A turn may end without a word of it.
      if (event.kind === Kind.WaitEnd && depth > 0) yield { ...step, type: 'end', details: {} };
      open.set(track, event.kind === Kind.WaitEnd ? 1 : depth + 1);
      yield { ...step, type: 'begin', details };
    } else if (ENDING.has(event.kind)) {
      if (depth === 0) continue;
      open.set(track, depth - 1);
      yield { ...step, type: 'end', details };
    } else {
      yield { ...step, type: 'instant', details };
    }
  }
  for (const [track, depth] of open) {
    const end = { type: 'end', track, timeNs, name: '', details: {}, value: 0 } as const;
    for (let left = depth; left > 0; left--) yield end;
  }
}

const BEGINNING: ReadonlySet<number> = new Set([Kind.WaitEnd, Kind.HandlerBegin]);
const ENDING: ReadonlySet<number> = new Set([Kind.WaitBegin, Kind.HandlerEnd]);

function nameOf({ kind, a, b }: TraceEvent, calls: readonly string[]): string {
  if (kind === Kind.WaitEnd) return 'turn';
  if (kind === Kind.HandlerBegin) return `handler ${namesOfBits(a)}`;
  if (kind === Kind.Report) return `report ${namesOfBits(a)}`;
  if (kind === Kind.Call) return calls[callOf(b).call] ?? 'call';
  return KIND_NAMES[kind] ?? `kind ${kind}`;
}

function detailsOf({ kind, a, b }: TraceEvent): Record<string, number> {
  if (kind === Kind.HandlerEnd) return { charged: a };
  if (kind !== Kind.Call) return {};
  const { asked } = callOf(b);
  return asked < 0 ? { result: a } : { result: a, asked };
}
