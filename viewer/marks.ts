// The events of a lane as marks: ticks for what the kernel reports, bars and signs for calls. Marks that are
// closer than a pixel become one, which is as severe and as high as the worst of them.
import type { TraceData } from '../src/trace/data.ts';
import { callOf, Kind } from '../src/trace/kinds.ts';
import { LEVEL } from '../src/view/bits.ts';
import { callTableOf } from '../src/view/calls.ts';
import { valueAt } from '../src/view/intervals.ts';
import type { Columns, Lane } from '../src/view/model.ts';
import { bytes } from './format.ts';
import type { Scale } from './scale.ts';
import type { Form, Ink, Shape } from './shapes.ts';

/** Where the parts of a lane are, below its top edge. */
export const Y = {
  railRead: 6,
  railWrite: 10,
  tick: 21,
  bandRead: 15,
  bandWrite: 22,
  band: 7,
  handlerTop: 34,
  handlerBottom: 84,
  middle: 58,
} as const;

const BAR_MAX = 17;
const BAR_MIN = 4;
/** Bytes that make the longest bar: 2 to this. */
const BAR_BITS = 17;
/** A call has its name below it when an event has as much room. */
const NAMED_FROM = 46;
const NAME_LINE = 11;
/** Forms are as wide. */
const CROWDED = 8;
const EINPROGRESS = 'EINPROGRESS';

/** How bad a mark is; of marks in one place the highest is seen. */
const Severity = { Quiet: 0, Plain: 1, WouldBlock: 2, Odd: 3, Error: 4 } as const;

interface Mark {
  readonly x: number;
  readonly at: number;
  readonly place: 'tick' | 'up' | 'down' | 'middle';
  readonly form: Form | 'bar';
  readonly severity: number;
  readonly height: number;
  /** Another one of its place is so near that their forms would lie on each other. */
  isCrowded: boolean;
}

/** What the marks of a lane are made of. */
export interface MarkSource {
  readonly trace: TraceData;
  readonly columns: Columns;
  readonly scale: Scale;
  /** 1 for each event that passes the filter; undefined: all do. */
  readonly matches: Uint8Array | undefined;
}

const TRIGGER_FORMS: readonly Form[] = ['square', 'triangle', 'dot', 'dot'];

/** Where the mark of a call is: what it receives goes up, what it sends down. */
const PLACES = { read: 'up', write: 'down' } as const;

/** How long the bar of some bytes is. */
export function barOf(count: number): number {
  const share = Math.min(Math.log2(count + 1) / BAR_BITS, 1);
  return Math.round(BAR_MIN + share * (BAR_MAX - BAR_MIN));
}

/** The marks of a lane, in pixels, at the height of the lane. */
export function marksOf(lane: Lane, top: number, source: MarkSource): Shape[] {
  const shapes: Shape[] = [];
  for (const mark of binned(lane, source)) shapes.push(...shapesOf(mark, top, source));
  return shapes;
}

// Events are in order, so what shares a pixel with a mark of its place comes right behind it.
function binned(lane: Lane, source: MarkSource): Mark[] {
  const { scale, matches } = source;
  const last = new Map<Mark['place'], { mark: Mark; index: number }>();
  const marks: Mark[] = [];
  const { events } = lane;
  for (let index = lowerBound(events, scale.first); index < events.length; index++) {
    const at = events[index] as number;
    if (at >= scale.end) break;
    if (matches !== undefined && matches[at] === 0) continue;
    const mark = markOf(lane, at, source);
    if (mark === undefined) continue;
    const before = last.get(mark.place);
    if (before !== undefined && Math.floor(before.mark.x) === Math.floor(mark.x)) {
      before.mark = worst(before.mark, mark);
      marks[before.index] = before.mark;
    } else {
      if (before !== undefined && mark.x - before.mark.x < CROWDED) {
        before.mark.isCrowded = true;
        mark.isCrowded = true;
      }
      last.set(mark.place, { mark, index: marks.push(mark) - 1 });
    }
  }
  return marks;
}

function worst(one: Mark, other: Mark): Mark {
  const [low, high] = one.severity < other.severity ? [one, other] : [other, one];
  const height = Math.max(low.height, high.height);
  return { ...high, height, isCrowded: low.isCrowded || high.isCrowded };
}

/** The first place in sorted numbers that has `least` or more. */
export function lowerBound(sorted: Int32Array, least: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

function markOf(lane: Lane, at: number, source: MarkSource): Mark | undefined {
  const { columns, scale } = source;
  const kind = columns.kind[at];
  const mark = { x: scale.xOf(at), at, height: 0, isCrowded: false };
  const odd = (form: Form) => ({ ...mark, place: 'tick', form, severity: Severity.Odd }) as const;
  switch (kind) {
    case Kind.Report:
      return {
        ...mark,
        place: 'tick',
        form: TRIGGER_FORMS[valueAt(lane.triggers, at) ?? LEVEL] ?? 'square',
        severity: Severity.Plain,
      };
    case Kind.Stale:
    case Kind.Ghost:
      return odd('cross');
    case Kind.Mark:
    case Kind.Lint:
      return odd('flag');
    case Kind.Requeue:
    case Kind.Timers:
    case Kind.Wakers:
    case Kind.Deferred:
    case Kind.Signal:
      return { ...mark, place: 'middle', form: 'diamond', severity: Severity.Plain };
    case Kind.Call:
      return callMark(mark, source);
    default:
      return undefined;
  }
}

function callMark(
  mark: Pick<Mark, 'x' | 'at' | 'height' | 'isCrowded'>,
  { trace, columns }: MarkSource,
): Mark {
  const result = columns.a[mark.at] as number;
  const { call } = callOf(columns.b[mark.at] as number);
  const { directions, wouldBlock } = callTableOf(trace);
  const direction = directions[call];
  const place = direction === undefined ? 'middle' : PLACES[direction];
  if (result < 0) {
    const isWait = result === wouldBlock || trace.errors[String(-result)] === EINPROGRESS;
    const severity = isWait ? Severity.WouldBlock : Severity.Error;
    return { ...mark, place, form: isWait ? 'ring' : 'cross', severity };
  }
  if (place === 'middle') return { ...mark, place, form: 'diamond', severity: Severity.Quiet };
  return { ...mark, place, form: 'bar', severity: Severity.Plain, height: barOf(result) };
}

function inkOf({ place, severity, form }: Mark): Ink {
  if (form === 'flag') return severity === Severity.Odd ? 'text' : 'muted';
  if (severity === Severity.Error) return 'error';
  if (place === 'tick') return severity === Severity.Odd ? 'error' : 'text';
  if (place === 'middle') return 'muted';
  return 'call';
}

function shapesOf(mark: Mark, top: number, source: MarkSource): Shape[] {
  const { x, place, form, height } = mark;
  const ink = inkOf(mark);
  const middle = top + Y.middle;
  const sign = place === 'up' ? -1 : 1;
  if (mark.isCrowded && mark.severity < Severity.Odd) return [lineOf(mark, top)];
  if (form === 'bar') {
    const width = Math.min(Math.max(2, source.scale.unit * 0.3), 7);
    const y = place === 'up' ? middle - height : middle;
    const bar: Shape = { type: 'rect', x: x - width / 2, y, width, height, ink, fill: 'solid' };
    return [bar, ...nameOfCall(mark, top, source)];
  }
  if (place === 'tick') return [{ type: 'mark', x, y: top + Y.tick, form, ink }];
  const y = place === 'middle' ? middle : middle + sign * 7;
  return [{ type: 'mark', x, y, form, ink }, ...nameOfCall(mark, top, source)];
}

// Of many in one place what counts is how many there are: lines, which become a surface.
function lineOf({ x, place, height }: Mark, top: number): Shape {
  const line = { type: 'rect', x: x - 0.5, width: 1, ink: 'muted', fill: 'solid' } as const;
  if (place === 'tick') return { ...line, y: top + Y.tick - 5, height: 9 };
  const length = Math.max(height, BAR_MIN);
  return { ...line, y: top + Y.middle - (place === 'up' ? length : 0), height: length };
}

// `recv 5 B` in two lines, where there is room for it, on the side of the line on which there is no bar.
function nameOfCall({ x, at, place }: Mark, top: number, source: MarkSource): Shape[] {
  const { columns, scale, trace } = source;
  if (scale.axis !== 'events' || scale.unit < NAMED_FROM || place === 'middle') return [];
  const result = columns.a[at] as number;
  const { call } = callOf(columns.b[at] as number);
  const name = trace.calls[call] ?? '';
  const count = callTableOf(trace).hasBytes[call] ? bytes(result) : String(result);
  const lines = [name, result < 0 ? (trace.errors[String(-result)] ?? String(result)) : count];
  const first = top + Y.middle + (place === 'down' ? -NAME_LINE - 4 : NAME_LINE + 1);
  return lines.map((text, line) => ({
    type: 'text',
    x,
    y: first + line * NAME_LINE,
    text,
    ink: 'text',
    align: 'center',
    width: scale.unit - 2,
  }));
}
