// The one rule for what differs and what does not: the tables of a run mark with it which ratios are
// no different from 1, and `compare` calls what differs better or worse.
import type { Shift } from './shift.ts';

/** Differences below it are none, whatever the test says: two processes of one build differ so much. */
export const EFFECT_MIN = 0.03;

/** How far something lies from another: changes, 0.05 is 5 % more, with their interval. */
export interface Change {
  readonly effect: number;
  readonly low: number;
  readonly high: number;
}

/** The change that a shift of logarithms is. */
export function changeOf({ estimate, low, high }: Omit<Shift, 'pValue'>): Change {
  return { effect: Math.expm1(estimate), low: Math.expm1(low), high: Math.expm1(high) };
}

/** Whether it is a difference: 0 is outside its interval, and it is no smaller than the least. */
export function isApart({ effect, low, high }: Change): boolean {
  return (low > 0 || high < 0) && Math.abs(effect) >= EFFECT_MIN;
}
