// The values of one metric in the rounds of one contender: their median and spread, and ratios to
// another contender, round by round, since rounds of the same index were measured next to each other.
import { type Spread, spreadOf } from '../../src/cli/measure/index.ts';
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

/** How many times the base's value it is, round by round; undefined: one of them was not measured. */
export function ratioOfMetric(
  measurement: Measurement,
  base: Measurement,
  metric: string,
): Spread | undefined {
  const bases = valuesOf(base, metric);
  const ratios = valuesOf(measurement, metric).flatMap((value, round) => {
    const other = bases[round];
    return other === undefined || other === 0 ? [] : value / other;
  });
  return ratios.length === 0 ? undefined : spreadOf(ratios);
}
