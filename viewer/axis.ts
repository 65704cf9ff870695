// The numbers along the horizontal axis: round ones, as many as there is room for.
import { eventCount, time } from './format.ts';
import type { Scale } from './scale.ts';

/** A number on the axis. */
export interface Tick {
  readonly x: number;
  readonly text: string;
}

const PIXELS_PER_TICK = 110;
const ROUND = [1, 2, 5, 10];

/** The smallest round number that is not below `least`: 1, 2 or 5 times a power of ten. */
export function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = ROUND.find((round) => round * power >= least * 0.999_999) ?? 10;
  return factor * power;
}

/** What the axis says below its line. */
export function ticksOf({ axis, span, unit }: Scale): Tick[] {
  // Events are numbered from 1 for people, and are in the middle of their place.
  const isEvents = axis === 'events';
  const shift = isEvents ? 0.5 : 0;
  const step = Math.max(roundStep(PIXELS_PER_TICK / unit), isEvents ? 1 : 0);
  const ticks: Tick[] = [];
  for (let value = Math.ceil(span.from / step) * step; value <= span.to + shift; value += step) {
    if (value < 0 || (isEvents && value === 0)) continue;
    ticks.push({
      x: (value - shift - span.from) * unit,
      text: isEvents ? eventCount(value) : time(value, step),
    });
  }
  return ticks;
}
