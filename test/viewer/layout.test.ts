// What the picture of the lanes is made of: rectangles, marks and texts, of a trace that is written down.
import { describe, expect, it } from 'vitest';
import { Kind } from '../../src/trace/index.ts';
import { modelOf } from '../../src/view/index.ts';
import type { StreamModel } from '../../src/view/model.ts';
import { eventNear, layoutOf, type Scene } from '../../viewer/layout.ts';
import { barOf } from '../../viewer/marks.ts';
import { heightOf, rowsOf } from '../../viewer/rows.ts';
import { scaleOf } from '../../viewer/scale.ts';
import type { Shape } from '../../viewer/shapes.ts';
import { timelineOf } from '../../viewer/timeline.ts';
import { EDGE, LEVEL, type Place, READABLE, Story, WOULD_BLOCK } from '../view/story.ts';

const A: Place = [9, 1, 0];
const B: Place = [10, 2, 0];
const REACTOR: Place = [-1, 0, 0];

/** A scene of a whole story: 100 pixels for each event, all rows. */
function sceneOf(story: Story, change: Partial<Scene> & { unit?: number } = {}): Scene {
  const trace = story.trace();
  const model = modelOf(trace).streams[0] as StreamModel;
  const timeline = timelineOf(model.columns);
  const width = timeline.count * (change.unit ?? 100);
  const scale = scaleOf('events', { from: 0, to: timeline.count }, timeline, width);
  const rows = rowsOf(model.lanes, [], () => true);
  const { columns } = model;
  const whole = { top: 0, height: heightOf(rows), at: 0, matches: undefined };
  return { model, trace, columns, scale, rows, ...whole, ...change };
}

function rects(shapes: readonly Shape[], ink: string, fill: string) {
  return shapes.filter(
    (shape) => shape.type === 'rect' && shape.ink === ink && shape.fill === fill,
  );
}

function marks(shapes: readonly Shape[], form: string): number[] {
  return shapes.flatMap((shape) => (shape.type === 'mark' && shape.form === form ? [shape.x] : []));
}

/** An edge handler that reads once, and stops. */
const forgetful = () =>
  new Story()
    .register(A, READABLE, EDGE) // 0
    .register(B, READABLE, LEVEL)
    .wait(2) // 2
    .handle(A, READABLE, ['recv', 16, 16]) // 3: report, 4: begin, 5: recv, 6: end
    .handle(B, READABLE, ['recv', 16, 16], ['recv', WOULD_BLOCK, 16]) // 7 to 11
    .wait(1) // 12
    .handle(B, READABLE, ['recv', 16, 16], ['send', 16, 16]); // 13 to 17

describe('a lost edge', () => {
  it('is one red hatch, from where the handler returned to the end', () => {
    const shapes = layoutOf(sceneOf(forgetful()));
    const hatches = rects(shapes, 'undrained', 'stripes');
    expect(hatches).toHaveLength(1);
    expect(hatches[0]).toMatchObject({ x: 650 }); // the middle of event 6
    const [hatch] = hatches as [Extract<Shape, { type: 'rect' }>];
    expect(hatch.x + hatch.width).toBeGreaterThanOrEqual(1800);
    expect(shapes).toContainEqual(expect.objectContaining({ type: 'label', text: 'lost edge' }));
  });

  it('is none when the handler reads until would-block', () => {
    const story = new Story()
      .register(A, READABLE, EDGE)
      .wait()
      .handle(A, READABLE, ['recv', 16, 16], ['recv', WOULD_BLOCK, 16]);
    expect(rects(layoutOf(sceneOf(story)), 'undrained', 'stripes')).toEqual([]);
  });

  it('can be seen from afar', () => {
    const story = forgetful();
    for (let round = 0; round < 5000; round++) story.wait(1).handle(A, READABLE, ['recv', 0, 16]);
    const shapes = layoutOf(sceneOf(story, { unit: 0.01 }));
    const [hatch] = rects(shapes, 'undrained', 'stripes') as [Extract<Shape, { type: 'rect' }>];
    expect(hatch.width).toBeGreaterThanOrEqual(3);
  });
});

describe('marks', () => {
  it('have the form of the trigger', () => {
    const shapes = layoutOf(sceneOf(forgetful()));
    expect(marks(shapes, 'triangle')).toEqual([350]);
    expect(marks(shapes, 'square')).toEqual([750, 1350]);
  });

  it('of would-block are hollow; received is above the line, sent below', () => {
    const shapes = layoutOf(sceneOf(forgetful()));
    expect(marks(shapes, 'ring')).toEqual([1050]);
    const bars = rects(shapes, 'call', 'solid') as Extract<Shape, { type: 'rect' }>[];
    expect(bars).toHaveLength(4);
    const [sent, ...received] = bars.toReversed();
    expect(received.map(({ y }) => y % 1)).toEqual([0, 0, 0]);
    expect(sent?.y).toBe((received[0]?.y ?? 0) + (received[0]?.height ?? 0));
  });

  it('are longer for more bytes, up to an end', () => {
    const lengths = [0, 1, 100, 10_000, 1e9].map(barOf);
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
    expect(new Set(lengths).size).toBeGreaterThan(3);
    expect(barOf(1e9)).toBe(barOf(1e12));
  });

  it('that are closer than a pixel are one, as severe as the worst', () => {
    const story = new Story().register(A, READABLE, LEVEL).wait().report(A, READABLE);
    for (let at = 0; at < 1000; at++) story.call('recv', A, 16, 16);
    story.call('recv', A, -104, 16);
    for (let at = 0; at < 1000; at++) story.call('recv', A, 16, 16);
    const shapes = layoutOf(sceneOf(story, { unit: 0.01 }));
    const calls = shapes.filter(({ type, ink }) => type === 'rect' && ink === 'muted');
    expect(calls.length).toBeLessThan(25);
    expect(marks(shapes, 'cross')).toHaveLength(1);
  });

  it('that do not pass the filter are left out', () => {
    const scene = sceneOf(forgetful());
    const matches = new Uint8Array(scene.model.count);
    matches[13] = 1;
    const shapes = layoutOf({ ...scene, matches });
    expect(marks(shapes, 'square')).toEqual([1350]);
    expect(marks(shapes, 'triangle')).toEqual([]);
  });
});

describe('what is not seen is not made', () => {
  const long = () => {
    const story = new Story().register(A, READABLE, LEVEL);
    for (let round = 0; round < 2000; round++) story.wait(1).handle(A, READABLE, ['recv', 16, 16]);
    return story;
  };

  it('to the left and the right', () => {
    const scene = sceneOf(long());
    const timeline = timelineOf(scene.columns);
    const scale = scaleOf('events', { from: 5000, to: 5020 }, timeline, 800);
    const shapes = layoutOf({ ...scene, scale });
    expect(shapes.length).toBeLessThan(80);
    const outside = shapes.filter((shape) => 'x' in shape && (shape.x < -100 || shape.x > 900));
    expect(outside).toEqual([]);
  });

  it('above and below', () => {
    const story = new Story();
    for (let slot = 1; slot <= 500; slot++) story.register([slot, slot, 0], READABLE, LEVEL);
    const scene = sceneOf(story);
    const shapes = layoutOf({ ...scene, top: 10_000, height: 500 });
    expect(shapes.length).toBeLessThan(80);
  });
});

describe('rows', () => {
  it('have the lanes in groups, and pinned ones first', () => {
    const { model } = sceneOf(forgetful().event(Kind.Role, A, 1, -1).event(Kind.Role, B, 2, 9));
    const names = (pinned: string[]) =>
      rowsOf(model.lanes, pinned, () => true).map((row) =>
        row.type === 'title' ? row.text : row.lane.key,
      );
    const [listener, connection] = [
      ['Listeners (1)', '1.0'],
      ['Connections (1)', '2.0'],
    ];
    expect(names([])).toEqual(['Reactor (1)', 'reactor', ...listener, ...connection]);
    expect(names(['2.0'])).toEqual(['Pinned (1)', '2.0', 'Reactor (1)', 'reactor', ...listener]);
  });

  it('of a number that is used again are two', () => {
    const story = new Story().register(A, READABLE, LEVEL).event(Kind.Release, A);
    const { rows } = sceneOf(story.register([9, 1, 1], READABLE, LEVEL));
    const keys = rows.flatMap((row) => (row.type === 'lane' ? [row.lane.key] : []));
    expect(keys).toEqual(['reactor', '1.0', '1.1']);
  });
});

describe('a click', () => {
  it('selects the nearest event of the lane', () => {
    const scene = sceneOf(forgetful());
    const row = scene.rows.find((one) => one.type === 'lane' && one.lane.key === '1.0');
    const y = (row?.y ?? 0) + 20;
    expect(eventNear(scene, 360, y)).toBe(3);
    expect(eventNear(scene, 1700, y)).toBe(6);
  });

  it('on a title selects nothing', () => {
    expect(eventNear(sceneOf(forgetful()), 360, 5)).toBeUndefined();
  });
});

it('the wait before a batch is drawn in the lane of the reactor', () => {
  const story = new Story()
    .register(A, READABLE, LEVEL)
    .wait()
    .handle(A, READABLE, ['recv', 16, 16])
    .event(Kind.WaitBegin, REACTOR, -1, 0) // 6
    .wait(); // 7
  const waits = rects(layoutOf(sceneOf(story)), 'wait', 'soft');
  expect(waits).toEqual([expect.objectContaining({ x: 650, width: 100 })]);
});
