// Whether the machine did something else while cases were measured, in words. Rounds have it as they
// saw it (measure/disturbance.ts); that of a case is the mean of its rounds.
import { countOf } from '../../src/plural.ts';
import type { Case, Disturbance, MachineLoad, Results } from './model.ts';

type Share = keyof Disturbance;

/** A case is disturbed from one of these on; bench/README.md says what a quiet machine has. */
export const DISTURBED_FROM: Readonly<Record<Share, number>> = {
  steal: 0.01,
  runQueueDelay: 0.05,
  otherLoad: 0.1,
};
/** Beside the shares of a case: threads of others that ran or were ready to, before and behind the run. */
export const RUN_QUEUE_FROM = 0.5;
const LABELS: Readonly<Record<Share, string>> = {
  steal: 'steal',
  runQueueDelay: 'run-queue delay',
  otherLoad: 'other load',
};
const SHARES = Object.keys(LABELS) as Share[];

/** What the machine did before, during and after the measurements: a line each. */
export function loadLines({ load, cases }: Pick<Results, 'load' | 'cases'>): string[] {
  return [
    `before: ${loadText(load?.before)}`,
    `during: ${disturbanceText(cases)}`,
    `after: ${loadText(load?.after)}`,
  ];
}

/** Whether figures of a run may be wrong for what else the machine did. */
export function isRunDisturbed({ load, cases }: Pick<Results, 'load' | 'cases'>): boolean {
  return isDisturbed(cases) || [load?.before, load?.after].some(isLoaded);
}

/** What a banner says of a run that was disturbed. */
export const BANNER =
  'Something else ran on this machine: figures may be wrong, and ratios hold better than figures do. ' +
  `Disturbed is steal from ${percent(DISTURBED_FROM.steal)} on, other load from ` +
  `${percent(DISTURBED_FROM.otherLoad)}, run-queue delay from ${percent(DISTURBED_FROM.runQueueDelay)}, ` +
  `and before and after ${RUN_QUEUE_FROM} threads of others that run or are ready to.`;

function isLoaded(load: MachineLoad | undefined): boolean {
  if (load === undefined) return false;
  const { steal, otherLoad, runQueue } = load;
  return (
    steal >= DISTURBED_FROM.steal ||
    otherLoad >= DISTURBED_FROM.otherLoad ||
    runQueue >= RUN_QUEUE_FROM
  );
}

function loadText(load: MachineLoad | undefined): string {
  if (load === undefined) return 'unknown';
  const { steal, otherLoad, runQueue } = load;
  return (
    `${isLoaded(load) ? 'disturbed' : 'undisturbed'}: steal ${percent(steal)}, ` +
    `other load ${percent(otherLoad)}, run queue ${runQueue.toFixed(1)}`
  );
}

/** Whether one of the cases was disturbed. */
export function isDisturbed(cases: readonly Case[]): boolean {
  return countDisturbed(cases.map(meansOf)) > 0;
}

/**
 * `disturbed: steal 3.0 %, run-queue delay 8.1 %, other load 12.0 %`; of several cases how many, and
 * the most that one of them has; `unknown` when no round has said.
 */
export function disturbanceText(cases: readonly Case[]): string {
  const known = cases.map(meansOf).filter((means) => means.size > 0);
  if (known.length === 0) return 'unknown whether it was disturbed';
  const count = countDisturbed(known);
  const word = count > 0 ? 'disturbed' : 'undisturbed';
  const most = SHARES.flatMap((share) => {
    const values = known.flatMap((means) => means.get(share) ?? []);
    return values.length === 0 ? [] : `${LABELS[share]} ${percent(Math.max(...values))}`;
  });
  const part =
    cases.length === 1
      ? ''
      : `${count > 0 ? ` (${count} of ${countOf(cases.length, 'case')})` : ''}, at most`;
  return `${word}${part}: ${most.join(', ')}`;
}

function countDisturbed(all: readonly ReadonlyMap<Share, number>[]): number {
  return all.filter((means) => [...means].some(([share, mean]) => mean >= DISTURBED_FROM[share]))
    .length;
}

function meansOf({ measurements }: Case): ReadonlyMap<Share, number> {
  const rounds = measurements.flatMap((one) =>
    one.rounds.flatMap(({ disturbance }) => disturbance ?? []),
  );
  return new Map(
    SHARES.flatMap((share) => {
      const values = rounds.flatMap((round) => round[share] ?? []);
      const sum = values.reduce((all, value) => all + value, 0);
      return values.length === 0 ? [] : [[share, sum / values.length] as const];
    }),
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
