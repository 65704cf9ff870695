// Where an event is on the horizontal axis, which has numbers of events or nanoseconds; and what zooming
// and moving do to the part that is seen. All of it is pure: a view is a value.
import type { Timeline } from './timeline.ts';

/** What the horizontal axis counts. */
export type Axis = 'events' | 'time';

/** The part of the axis that is seen, in events or nanoseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** From places on the axis to pixels. */
export interface Scale {
  readonly axis: Axis;
  readonly span: Span;
  readonly width: number;
  /** Pixels of one event or one nanosecond. */
  readonly unit: number;
  /** The first event that may be seen, and the one behind the last. */
  readonly first: number;
  readonly end: number;
  /** Where an event is, in pixels; that behind the last one is the end of the axis. */
  xOf(at: number): number;
}

const EVENTS_MIN = 6;
const NS_MIN = 1000;
/** A share of the whole. */
const MARGIN = 0.015;
/** Of a span of time: events of one batch are all at its edge. */
const ROOM = 0.2;
/** Pixels of an event in a view that one can read. */
const READABLE = 48;

/** The whole axis, with a margin at both ends for the marks that are there. */
export function wholeOf(axis: Axis, { count, time }: Timeline): Span {
  const length =
    axis === 'events' ? Math.max(count, EVENTS_MIN) : Math.max(time[count - 1] ?? 0, NS_MIN);
  return { from: -length * MARGIN, to: length * (1 + MARGIN) };
}

/** Where an event is on the axis: in the middle of its number, or at its time. */
export function placeOf(axis: Axis, timeline: Timeline, at: number): number {
  const { count, time } = timeline;
  if (at >= count) return wholeOf(axis, timeline).to;
  return axis === 'events' ? at + 0.5 : (time[at] ?? 0);
}

/** How a span is drawn on `width` pixels. */
export function scaleOf(axis: Axis, span: Span, timeline: Timeline, width: number): Scale {
  const unit = width / (span.to - span.from);
  return {
    axis,
    span,
    width,
    unit,
    first: Math.max(0, eventBefore(axis, timeline, span.from)),
    end: Math.min(timeline.count, eventBefore(axis, timeline, span.to) + 2),
    xOf: (at) => (placeOf(axis, timeline, at) - span.from) * unit,
  };
}

/** The last event at or before a place; -1: there is none. */
export function eventBefore(axis: Axis, { count, time }: Timeline, place: number): number {
  if (axis === 'events') return Math.min(Math.floor(place), count - 1);
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((time[middle] as number) <= place) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The span `factor` times as long, with the place at `share` of it (0 to 1) where it was. */
export function zoom(span: Span, factor: number, share: number, whole: Span, min: number): Span {
  const length = Math.min(Math.max((span.to - span.from) * factor, min), whole.to - whole.from);
  const from = span.from + (span.to - span.from - length) * share;
  return within({ from, to: from + length }, whole);
}

/** The span, moved by `by`. */
export function move(span: Span, by: number, whole: Span): Span {
  return within({ from: span.from + by, to: span.to + by }, whole);
}

/** The shortest span of an axis. */
export function shortestOf(axis: Axis): number {
  return axis === 'events' ? EVENTS_MIN : NS_MIN;
}

function within({ from, to }: Span, whole: Span): Span {
  const length = Math.min(to - from, whole.to - whole.from);
  const start = Math.min(Math.max(from, whole.from), whole.to - length);
  return { from: start, to: start + length };
}

/** The span that shows an event: the same one when it is well inside, else moved. */
export function reveal(span: Span, place: number, whole: Span): Span {
  const margin = (span.to - span.from) * 0.08;
  if (place >= span.from + margin && place <= span.to - margin) return span;
  return move(span, place - (span.from + span.to) / 2, whole);
}

/** A span around an event in which its neighbours can be read. */
export function around(axis: Axis, timeline: Timeline, at: number, width: number): Span {
  const whole = wholeOf(axis, timeline);
  const seen = Math.max(EVENTS_MIN, Math.floor(width / READABLE));
  if (axis === 'events') {
    return within({ from: at - seen * 0.45, to: at + seen * 0.55 }, whole);
  }
  const place = (event: number) =>
    placeOf(axis, timeline, Math.min(Math.max(0, event), timeline.count - 1));
  const from = place(at - Math.floor(seen * 0.45));
  const to = Math.max(place(at + Math.ceil(seen * 0.55)), from + NS_MIN);
  const room = (to - from) * ROOM;
  return within({ from: from - room, to: to + room }, whole);
}
