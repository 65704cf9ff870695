// A trace for chrome://tracing and what reads the same: the Trace Event Format, JSON. Slices of one thread
// have to lie within each other there, so each track is a thread of its own.
import type { TraceModel } from './model.ts';
import { type Step, type Timeline, type Track, timelineOf } from './timeline.ts';

const NS_PER_US = 1000;

/** One line of the file: the names are those of the format. */
interface ChromeEvent {
  readonly ph: 'M' | 'X' | 'i' | 'C';
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly args: Readonly<Record<string, string | number>>;
  readonly cat?: string;
  /** Microseconds, as all times are. */
  readonly ts?: number;
  readonly dur?: number;
  /** How far an instant reaches: `'t'`, its thread. */
  readonly s?: 't';
}

/** Makes the text of a file in the Trace Event Format. */
export function chromeOf(model: TraceModel): string {
  const { pid, node, system } = model.trace;
  const timeline = timelineOf(model);
  const lines = [...eventsOf(timeline, pid)].map((event) => JSON.stringify(event));
  const otherData = JSON.stringify({ node, system, made: 'edgewise' });
  return `{"displayTimeUnit":"ns","otherData":${otherData},"traceEvents":[\n${lines.join(',\n')}\n]}\n`;
}

function* eventsOf({ tracks, reactors }: Timeline, pid: number): Generator<ChromeEvent> {
  for (const track of tracks) yield* namesOf(track, pid);
  for (const steps of reactors) {
    const begun = new Map<Track, Step[]>();
    for (const step of steps) {
      const { type, track } = step;
      const open = begun.get(track) ?? [];
      begun.set(track, open);
      if (type === 'begin') open.push(step);
      else if (type === 'end') yield sliceOf(open.pop() ?? step, step, pid);
      else yield pointOf(step, pid);
    }
  }
}

function* namesOf({ id, name, type }: Track, pid: number): Generator<ChromeEvent> {
  const common = { ph: 'M', pid, tid: id } as const;
  if (type === 'process') yield { ...common, name: 'process_name', args: { name } };
  if (type !== 'reactor' && type !== 'lane') return;
  yield { ...common, name: 'thread_name', args: { name } };
  yield { ...common, name: 'thread_sort_index', args: { sort_index: id } };
}

function sliceOf(begin: Step, end: Step, pid: number): ChromeEvent {
  const ts = begin.timeNs / NS_PER_US;
  const dur = end.timeNs / NS_PER_US - ts;
  const args = { ...begin.details, ...end.details, what: `${begin.details.what ?? ''}` };
  return { ph: 'X', name: begin.name, cat: begin.track.type, ...placeOf(begin, pid), dur, args };
}

function pointOf(step: Step, pid: number): ChromeEvent {
  const { type, track, name, details, value } = step;
  const place = placeOf(step, pid);
  if (type === 'counter') return { ph: 'C', name: track.name, ...place, args: { bytes: value } };
  return { ph: 'i', name, cat: track.type, ...place, s: 't', args: details };
}

function placeOf({ track, timeNs }: Step, pid: number) {
  return { pid, tid: track.id, ts: timeNs / NS_PER_US };
}
