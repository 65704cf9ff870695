// Where events are on the axis, and what zooming and moving do to what is seen.
import { describe, expect, it } from 'vitest';
import { roundStep, ticksOf } from '../../viewer/axis.ts';
import {
  around,
  eventBefore,
  move,
  reveal,
  scaleOf,
  shortestOf,
  wholeOf,
  zoom,
} from '../../viewer/scale.ts';
import { timelineOf } from '../../viewer/timeline.ts';

/** A hundred events, ten of each batch of a millisecond. */
const timeline = timelineOf({
  count: 100,
  time: Float64Array.from({ length: 100 }, (_, at) => 5e9 + Math.floor(at / 10) * 1e6),
});
const whole = { from: 0, to: 100 };

it('the whole axis has room for the marks at its ends', () => {
  for (const axis of ['events', 'time'] as const) {
    const scale = scaleOf(axis, wholeOf(axis, timeline), timeline, 800);
    expect(scale.xOf(0)).toBeGreaterThan(8);
    expect(scale.xOf(99)).toBeLessThan(792);
  }
});

it('times count from the first event, and never backwards', () => {
  const { time } = timelineOf({ count: 4, time: Float64Array.of(70, 100, 90, 120) });
  expect([...time]).toEqual([0, 30, 30, 50]);
});

describe('a scale', () => {
  it('has an event in the middle of its number', () => {
    const scale = scaleOf('events', { from: 10, to: 20 }, timeline, 100);
    expect(scale.xOf(10)).toBe(5);
    expect(scale.xOf(19)).toBe(95);
    expect(scale.xOf(100)).toBeGreaterThan(900); // the end
  });

  it('has events of one batch in one place, when it counts time', () => {
    const scale = scaleOf('time', { from: 0, to: 2e6 }, timeline, 100);
    expect([0, 9, 10, 19, 20].map((at) => scale.xOf(at))).toEqual([0, 0, 50, 50, 100]);
  });

  it.each(['events', 'time'] as const)(
    'by %s: all that is seen is between first and end',
    (axis) => {
      const span = axis === 'events' ? { from: 33.5, to: 41 } : { from: 3.5e6, to: 6e6 };
      const { first, end, xOf } = scaleOf(axis, span, timeline, 100);
      const isSeen = (at: number) => xOf(at) >= 0 && xOf(at) <= 100;
      const seen = Array.from({ length: 100 }, (_, at) => at).filter(isSeen);
      expect(seen.length).toBeGreaterThan(5);
      expect(first).toBeLessThanOrEqual(seen[0] as number);
      expect(end).toBeGreaterThan(seen.at(-1) as number);
    },
  );

  it('finds the last event at or before a time', () => {
    expect(eventBefore('time', timeline, 0)).toBe(9);
    expect(eventBefore('time', timeline, 1.5e6)).toBe(19);
    expect(eventBefore('time', timeline, -1)).toBe(-1);
    expect(eventBefore('time', timeline, 1e9)).toBe(99);
  });
});

describe('zooming', () => {
  it('leaves what is under the pointer where it is', () => {
    const zoomed = zoom({ from: 20, to: 60 }, 0.5, 0.25, whole, 6);
    expect(zoomed).toEqual({ from: 25, to: 45 }); // 30 is at a quarter of both
  });

  it('ends at the whole, and at what is too small to be read', () => {
    expect(zoom({ from: 20, to: 60 }, 100, 0.5, whole, 6)).toEqual(whole);
    const { from, to } = zoom({ from: 20, to: 60 }, 1e-9, 0.5, whole, shortestOf('events'));
    expect(to - from).toBe(shortestOf('events'));
  });

  it('does not leave the axis', () => {
    expect(zoom({ from: 90, to: 100 }, 4, 0.1, whole, 6)).toEqual({ from: 60, to: 100 });
  });
});

describe('moving', () => {
  it('ends at the ends', () => {
    expect(move({ from: 10, to: 30 }, -50, whole)).toEqual({ from: 0, to: 20 });
    expect(move({ from: 10, to: 30 }, 500, whole)).toEqual({ from: 80, to: 100 });
  });

  it('shows an event that is not seen, and leaves a view in which it is', () => {
    const span = { from: 10, to: 30 };
    expect(reveal(span, 20, whole)).toBe(span);
    expect(reveal(span, 70, whole)).toEqual({ from: 60, to: 80 });
  });

  it.each(['events', 'time'] as const)('shows what is around an event, by %s', (axis) => {
    const span = around(axis, timeline, 50, 600);
    const scale = scaleOf(axis, span, timeline, 600);
    expect(scale.xOf(50)).toBeGreaterThan(100);
    expect(scale.xOf(50)).toBeLessThan(540);
    expect(span.to - span.from).toBeLessThan(wholeOf(axis, timeline).to / 2);
  });
});

describe('the numbers of the axis', () => {
  it.each([
    [0.3, 0.5],
    [1, 1],
    [7, 10],
    [11, 20],
    [201, 500],
  ])('a step of at least %d is %d', (least, step) => {
    expect(roundStep(least)).toBeCloseTo(step);
  });

  it('count events from 1, at round numbers', () => {
    const ticks = ticksOf(scaleOf('events', { from: 0, to: 100 }, timeline, 600));
    expect(ticks.map(({ text }) => text)).toEqual(['20', '40', '60', '80', '100']);
    expect(ticks[0]?.x).toBe(19.5 * 6); // the twentieth event
  });

  it('are times with a unit', () => {
    const ticks = ticksOf(scaleOf('time', { from: 0, to: 5e6 }, timeline, 600));
    expect(ticks.map(({ text }) => text)).toEqual(['0', '1 ms', '2 ms', '3 ms', '4 ms', '5 ms']);
  });
});
