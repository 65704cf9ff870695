// The values of one metric in the rounds of one contender: their median and spread, and ratios to
// another contender, round by round, since rounds of the same index were measured next to each other.
import { type Spread, spreadOf } from '../../src/cli/measure/index.ts';
import { pairedShiftOf } from './compare/shift.ts';
import { changeOf, isApart } from './compare/verdict.ts';
import type { Measurement } from './model.ts';

/** The values of one metric in the order of the rounds; a value measured once is the only one. */
export function valuesOf(measurement: Measurement, metric: string): number[] {
  const once = measurement.once[metric];
  if (once !== undefined) return [once];
  return measurement.rounds.flatMap(({ values }) => values[metric] ?? []);
}

/** One line for each round that was measured a second time. */
export function retriesOf({ rounds }: Measurement): string[] {
  return rounds.flatMap(({ retried }, at) =>
    retried === undefined ? [] : [`round ${at + 1} was measured again: ${retried}`],
  );
}

/** The spread of one metric; undefined: it was not measured. */
export function spreadOfMetric(measurement: Measurement, metric: string): Spread | undefined {
  const values = valuesOf(measurement, metric);
  return values.length === 0 ? undefined : spreadOf(values);
}

/** How many times the value of another contender it is, by the ratios of their rounds. */
export interface Ratio {
  readonly median: number;
  /** Its interval of 95 %, as `compare` has it; of fewer than 6 rounds the lowest and highest. */
  readonly low: number;
  readonly high: number;
  /** It is no different from 1. */
  readonly isEqual: boolean;
}

/** Undefined: one of both was not measured. */
export function ratioOfMetric(
  measurement: Measurement,
  base: Measurement,
  metric: string,
): Ratio | undefined {
  const bases = valuesOf(base, metric);
  const ratios = valuesOf(measurement, metric).flatMap((value, round) => {
    const other = bases[round];
    return other === undefined || other === 0 ? [] : value / other;
  });
  if (ratios.length === 0) return undefined;
  const { median, min, max } = spreadOf(ratios);
  const after = ratios.filter((ratio) => ratio > 0).map(Math.log); // memory may shrink
  const shift = pairedShiftOf([{ before: after.map(() => 0), after }]);
  const { effect, ...interval } = changeOf(shift);
  const hasInterval = Number.isFinite(shift.low);
  const { low, high } = hasInterval ? interval : { low: min - 1, high: max - 1 };
  const isEqual = after.length > 0 && !isApart({ effect, low, high });
  return { median, low: 1 + low, high: 1 + high, isEqual };
}
