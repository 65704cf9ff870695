// Lists of intervals, sorted by where they begin, and what holds at an event.
import type { Held, Interval } from './model.ts';

/** The value that holds just after an event. */
export function valueAt(list: readonly Held[], at: number): number | undefined {
  const held = list[lastFrom(list, at)];
  return held !== undefined && holdsAt(held, at) ? held.value : undefined;
}

/** Whether it holds just after an event. */
export function holdsAt({ from, to }: Interval, at: number): boolean {
  return from <= at && at < to;
}

/** The place of the last one that began at `at` or before it; -1: none. */
export function lastFrom(list: readonly Interval[], at: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as Interval).from <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
