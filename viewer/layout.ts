// The picture of the lanes, as values: which rectangle, mark and text is where. Only what is seen is made:
// the rows between the edges of the view, and of these the part of the axis that is shown.
import { Kind } from '../src/trace/kinds.ts';
import type { Band, Interval, Lane, StreamModel } from '../src/view/model.ts';
import { bytes } from './format.ts';
import { lowerBound, type MarkSource, marksOf, Y } from './marks.ts';
import { REACTOR_KEY } from './names.ts';
import { type LaneRow, type Row, rowsBetween } from './rows.ts';
import type { Fill, Ink, Shape } from './shapes.ts';

/** What a picture is made of. */
export interface Scene extends MarkSource {
  readonly model: StreamModel;
  readonly rows: readonly Row[];
  /** The edges of the view, in pixels of the rows. */
  readonly top: number;
  readonly height: number;
  /** The event that is selected. */
  readonly at: number;
}

const READABLE = 1;
const WRITABLE = 2;
const RAIL = 2;
const HATCH_MIN = 3;
const QUEUE_BITS = 24;
const BATCH_MIN = 10;
const TEXT_ROOM = 60;
const HATCH_TEXT_ROOM = 150;
/** Beside the frame of the selected event. */
const LABEL_SHIFT = 18;
/** The lane of the reactor is lower: it has no bands above its middle. */
const REACTOR_SHIFT = -23;
const REACTOR_BAR = { y: 24, height: 22 };

/** The shapes of a picture; y is that of the view. */
export function layoutOf(scene: Scene): Shape[] {
  const rows = rowsBetween(scene.rows, scene.top, scene.top + scene.height);
  const lanes = rows.filter((row) => row.type === 'lane');
  return [
    ...batches(scene),
    ...rows.map((row) => lineBelow(scene, row)),
    ...lanes.flatMap((row) => laneShapes(scene, row)),
    ...cursor(scene, lanes),
  ];
}

function lineBelow({ scale, top }: Scene, { y, height }: Row): Shape {
  const at = y + height - top - 1;
  return { type: 'rect', x: 0, y: at, width: scale.width, height: 1, ink: 'line', fill: 'solid' };
}

// Every second batch is shaded, when batches are wide enough to be seen.
function batches({ model, scale, height }: Scene): Shape[] {
  const seen = visible(model.batches, scale);
  if (seen.length * BATCH_MIN > scale.width) return [];
  const isFirstOdd = visibleFrom(model.batches, scale) % 2;
  return seen
    .filter((_, index) => index % 2 === isFirstOdd)
    .map((batch) => {
      const { x, width } = placed(batch, scale);
      return { type: 'rect', x, y: 0, width, height, ink: 'batch', fill: 'solid' };
    });
}

function laneShapes(scene: Scene, row: LaneRow): Shape[] {
  const { lane } = row;
  const top = row.y - scene.top;
  if (lane.key === REACTOR_KEY)
    return [...waits(scene, top), ...marksOf(lane, top + REACTOR_SHIFT, scene)];
  return [
    ...life(scene, lane, top),
    ...rails(scene, lane, top),
    ...queues(scene, lane, top),
    ...bands(scene, lane, top),
    ...spans(scene, lane, top),
    ...hatches(scene, lane, top),
    ...marksOf(lane, top, scene),
  ];
}

/** Where an interval is, in pixels. */
function placed(
  { from, to }: Interval,
  { xOf, width }: Scene['scale'],
): { x: number; width: number } {
  const x = Math.max(xOf(from), -2);
  return { x, width: Math.min(xOf(to), width + 2) - x };
}

function visibleFrom(all: readonly Interval[], { first }: Scene['scale']): number {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((all[middle] as Interval).to < first) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Those of sorted intervals that may be seen. */
function visible<Of extends Interval>(all: readonly Of[], scale: Scene['scale']): Of[] {
  const found: Of[] = [];
  for (let index = visibleFrom(all, scale); index < all.length; index++) {
    const one = all[index] as Of;
    if (one.from >= scale.end) break;
    found.push(one);
  }
  return found;
}

type Rect = Extract<Shape, { type: 'rect' }>;

interface Strip {
  readonly y: number;
  readonly height: number;
  readonly ink: Ink;
  readonly fill: Fill;
}

/** Intervals as rectangles; those that end in the pixel in which the next one begins are one. */
export function strips(
  all: readonly Interval[],
  scale: Scene['scale'],
  strip: Strip,
  least = 1,
): Shape[] {
  const shapes: Rect[] = [];
  let last: { x: number; width: number } | undefined;
  for (const one of visible(all, scale)) {
    const { x, width } = placed(one, scale);
    if (last !== undefined && scale.unit < 1 && x - (last.x + last.width) < 1) {
      last.width = Math.max(x + width - last.x, last.width);
    } else {
      last = { x, width: Math.max(width, least) };
      shapes.push(Object.assign(last, { type: 'rect' as const }, strip));
    }
  }
  return shapes;
}

function life({ scale }: Scene, lane: Lane, top: number): Shape[] {
  const strip = { y: top + Y.middle, height: 1, ink: 'line', fill: 'solid' } as const;
  return strips([lane.life], scale, strip);
}

function rails({ scale }: Scene, { interests }: Lane, top: number): Shape[] {
  const seen = visible(interests, scale);
  const rail = (bit: number, y: number, ink: Ink) => {
    const strip = { y: top + y, height: RAIL, ink, fill: 'solid' } as const;
    const own = seen.filter(({ value }) => (value & bit) !== 0);
    return strips(own, scale, strip);
  };
  return [...rail(READABLE, Y.railRead, 'read'), ...rail(WRITABLE, Y.railWrite, 'write')];
}

function bands({ scale }: Scene, lane: Lane, top: number): Shape[] {
  return bandsOf(lane).flatMap(({ direction, isCertain, bands: own }) => {
    const y = top + (direction === 'read' ? Y.bandRead : Y.bandWrite);
    const fill = isCertain ? 'soft' : 'stripes';
    return strips(own, scale, { y, height: Y.band, ink: direction, fill });
  });
}

interface BandList extends Pick<Band, 'direction' | 'isCertain'> {
  readonly bands: readonly Band[];
}

const bandLists = new WeakMap<Lane, readonly BandList[]>();

// Of one kind no two overlap, so what is seen of them is found by halving.
function bandsOf(lane: Lane): readonly BandList[] {
  const made = bandLists.get(lane);
  if (made !== undefined) return made;
  const lists = (['read', 'write'] as const).flatMap((direction) =>
    [true, false].map((isCertain) => ({
      direction,
      isCertain,
      bands: lane.bands.filter(
        (band) => band.direction === direction && band.isCertain === isCertain,
      ),
    })),
  );
  bandLists.set(lane, lists);
  return lists;
}

function spans({ scale }: Scene, { spans: all }: Lane, top: number): Shape[] {
  const y = top + Y.handlerTop;
  const height = Y.handlerBottom - Y.handlerTop;
  return strips(all, scale, { y, height, ink: 'handler', fill: 'frame' });
}

function queues({ scale }: Scene, { queues: all }: Lane, top: number): Shape[] {
  return visible(all, scale).flatMap((queue) => {
    if (queue.value === 0) return [];
    const room = Y.handlerBottom - Y.handlerTop;
    const height = Math.min(1, Math.log2(queue.value + 1) / QUEUE_BITS) * room;
    const strip = {
      y: top + Y.handlerBottom - height,
      height,
      ink: 'queue',
      fill: 'soft',
    } as const;
    return strips([queue], scale, strip);
  });
}

function hatches({ scale }: Scene, { hatches: all }: Lane, top: number): Shape[] {
  const y = top + Y.handlerTop - 3;
  const strip = {
    y,
    height: Y.handlerBottom - y + top,
    ink: 'undrained',
    fill: 'stripes',
  } as const;
  const names = all.flatMap((hatch): Shape[] => {
    const { x, width } = placed(hatch, scale);
    if (width < HATCH_TEXT_ROOM) return [];
    const left = hatch.bytesLeft === undefined ? '' : `, ${bytes(hatch.bytesLeft)} left`;
    const text = `lost edge${left}`;
    return [
      { type: 'label', x: Math.max(x, 0) + LABEL_SHIFT, y: top + Y.middle, text, ink: 'undrained' },
    ];
  });
  return [...strips(all, scale, strip, HATCH_MIN), ...names];
}

// What the reactor does outside of its batches: it waits, or has nothing to wait for.
function waits({ scale, columns, model }: Scene, top: number): Shape[] {
  const asleep = visible(model.batches, scale).flatMap((batch) => {
    const begin = batch.from - 1;
    return columns.kind[begin] === Kind.WaitBegin ? [{ from: begin, to: batch.from }] : [];
  });
  const strip = {
    y: top + REACTOR_BAR.y,
    height: REACTOR_BAR.height,
    ink: 'wait',
    fill: 'soft',
  } as const;
  const shapes = strips(asleep, scale, strip);
  const counts = visible(model.batches, scale).flatMap((batch): Shape[] => {
    const { x, width } = placed(batch, scale);
    if (width < TEXT_ROOM) return [];
    const text = batch.count === 1 ? '1 event' : `${batch.count} events`;
    return [
      { type: 'text', x: x + 6, y: top + 57, text, ink: 'muted', align: 'left', width: width - 12 },
    ];
  });
  return [...shapes, ...counts];
}

function cursor({ scale, at, height, model, top }: Scene, lanes: readonly LaneRow[]): Shape[] {
  const x = scale.xOf(at);
  if (x < -1 || x > scale.width + 1) return [];
  const shapes: Shape[] = [
    { type: 'rect', x: x - 0.5, y: 0, width: 1, height, ink: 'cursor', fill: 'solid' },
  ];
  const row = lanes.find(({ index }) => index === model.laneAt(at));
  if (row !== undefined) {
    const width = Math.min(Math.max(scale.unit, 8), 28);
    const y = row.y - top + 1;
    shapes.push({
      type: 'rect',
      x: x - width / 2,
      y,
      width,
      height: row.height - 3,
      ink: 'cursor',
      fill: 'frame',
    });
  }
  return shapes;
}

/** The event that is nearest to a place, of the lane that is there; undefined: there is none. */
export function eventNear(scene: Scene, x: number, y: number): number | undefined {
  const rows = rowsBetween(scene.rows, scene.top + y, scene.top + y + 1);
  const row = rows.find((one) => one.type === 'lane');
  if (row?.type !== 'lane') return undefined;
  const { scale, matches } = scene;
  let nearest: number | undefined;
  let distance = Number.POSITIVE_INFINITY;
  const { events } = row.lane;
  for (let index = lowerBound(events, scale.first); index < events.length; index++) {
    const at = events[index] as number;
    if (at >= scale.end) break;
    if (matches !== undefined && matches[at] === 0) continue;
    const own = Math.abs(scale.xOf(at) - x);
    if (own < distance) [nearest, distance] = [at, own];
  }
  return nearest;
}
