// The names of options: one that is none is refused, since a fault that is misspelt would never happen, and the
// test would say nothing.
import { invalidValue } from '../errors.ts';
import { nearestOf } from '../nearest.ts';
import type { FaultOptions } from './kernel/options.ts';
import type { SimulateOptions } from './simulate.ts';

type NamesOf<Options> = Readonly<Record<keyof Options, true>>;

/** Of `simulate`. */
export const OPTIONS: NamesOf<SimulateOptions> = {
  runs: true,
  seed: true,
  choices: true,
  shrinkMs: true,
  allow: true,
  timers: true,
  leaks: true,
  repeatEvery: true,
  budgetMs: true,
  settleRounds: true,
  trace: true,
  faults: true,
  edges: true,
  descriptorsMax: true,
  buffers: true,
};

/** Of its option `faults`. */
export const FAULTS: NamesOf<FaultOptions> = {
  delayMs: true,
  delay: true,
  cut: true,
  resets: true,
  loss: true,
  reorder: true,
  duplicate: true,
  spurious: true,
  order: true,
  shortReads: true,
  shortWrites: true,
  emfile: true,
  aborted: true,
  interrupted: true,
};

/** @throws TypeError - ERR_INVALID_ARG_VALUE: one of the names is none of `known`. */
export function checkNames(
  name: string,
  options: object,
  known: Readonly<Record<string, true>>,
): void {
  const names = Object.keys(known);
  for (const [each, value] of Object.entries(options)) {
    if (names.includes(each)) continue;
    const nearest = nearestOf(each, names);
    const expected = nearest === undefined ? `one of ${names.join(', ')}` : `spelt '${nearest}'`;
    throw invalidValue(`${name}.${each}`, expected, value);
  }
}
