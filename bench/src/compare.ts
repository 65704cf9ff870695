// Two runs compared: which differences are larger than the noise. A shared machine is faster on one
// day than on the next, so what is compared are ratios to a base that was measured in the same
// rounds. Method, and how many rounds it takes: bench/README.md, "Comparing two runs".

import { formatTable } from '../../src/cli/measure/index.ts';
import { countOf } from '../../src/plural.ts';
import { type Pair, pairsOf, pairsWithin, warningsOf } from './compare/pairs.ts';
import {
  estimateOf,
  leastPairedPValue,
  leastPValue,
  pairedShiftOf,
  type Shift,
  type Stratum,
  shiftOf,
} from './compare/shift.ts';
import { type Change, changeOf, isApart } from './compare/verdict.ts';
import { disturbanceText, isDisturbed } from './disturbance.ts';
import type { Results } from './model.ts';

/** The chance, over all comparisons of two runs, that one is called different and is not. */
export const ALPHA = 0.05;

export type Verdict = 'better' | 'worse' | 'no difference';

/** `effect`: of the ratio to the base; more is more cost, whatever the metric's direction. */
export interface Difference extends Change {
  /** `overall`: all cases of the contender together. */
  readonly level: 'overall' | 'scenario' | 'case';
  /** `edgewise reactor`, and for cases and scenarios which. */
  readonly contender: string;
  readonly where: string;
  readonly base: string;
  readonly cases: number;
  /** Rounds per case; the least of both runs. */
  readonly rounds: number;
  /** After Holm's correction over all comparisons. */
  readonly pValue: number;
  readonly verdict: Verdict;
  /** Change of the raw median, machine and all. */
  readonly raw: number;
}

export interface Comparison {
  readonly differences: readonly Difference[];
  /** Different machines or versions, too few rounds. */
  readonly warnings: readonly string[];
  /** Cases and contenders that were not compared, and why. */
  readonly skipped: readonly string[];
}

/** @param before - both as `parseResults` lets them pass. */
export function compare(before: Results, after: Results): Comparison {
  const { pairs, skipped } = pairsOf(before, after);
  const judged = holm(groupsOf(pairs).map((group) => judge(group, shiftOf)));
  const warnings = [
    ...warningsOf(before, after),
    ...disturbanceOf('the first run was ', before),
    ...disturbanceOf('the second run was ', after),
    ...fewRounds(judged, leastPValue),
  ];
  return { differences: judged, warnings, skipped };
}

/**
 * The contenders of one run with their counterparts of `--baseline`, round by round: a round of both
 * was measured under the same conditions, so that nothing but the code differs.
 */
export function compareWithin(results: Results): Comparison {
  const { pairs, skipped } = pairsWithin(results);
  const judged = holm(groupsOf(pairs).map((group) => judge(group, pairedShiftOf)));
  const warnings = [...disturbanceOf('', results), ...fewRounds(judged, leastPairedPValue)];
  return { differences: judged, warnings, skipped };
}

function disturbanceOf(which: string, { cases }: Results): string[] {
  return isDisturbed(cases) ? [`${which}${disturbanceText(cases)}`] : [];
}

/** Whether a run has something that {@link compareWithin} can compare. */
export function hasBaseline({ contenders }: Results): boolean {
  return contenders.some(({ baselineOf }) => baselineOf !== undefined);
}

interface Group {
  readonly level: Difference['level'];
  readonly where: string;
  readonly pairs: readonly [Pair, ...Pair[]];
}

function groupBy(pairs: readonly Pair[], key: (pair: Pair) => string): [Pair, ...Pair[]][] {
  const groups = new Map<string, [Pair, ...Pair[]]>();
  for (const pair of pairs) {
    const group = groups.get(key(pair));
    if (group === undefined) groups.set(key(pair), [pair]);
    else group.push(pair);
  }
  return [...groups.values()];
}

/** Each contender overall and per scenario, where that is more than one case, and per case. */
function groupsOf(pairs: readonly Pair[]): Group[] {
  const overall = groupBy(pairs, ({ contender }) => contender);
  const scenarios = groupBy(pairs, (pair) => JSON.stringify([pair.contender, pair.scenario]));
  const isSum = (group: readonly Pair[]) => group.length > 1;
  const isPart = ([first, ...rest]: readonly [Pair, ...Pair[]]) =>
    rest.length > 0 &&
    pairs.some((p) => p.contender === first.contender && p.scenario !== first.scenario);
  return [
    ...overall.filter(isSum).map((all) => ({ level: 'overall' as const, where: '', pairs: all })),
    ...scenarios
      .filter(isPart)
      .map((all) => ({ level: 'scenario' as const, where: all[0].scenario, pairs: all })),
    ...pairs.map((pair) => ({
      level: 'case' as const,
      where: pair.title,
      pairs: [pair] as const,
    })),
  ];
}

function judge(
  { level, where, pairs }: Group,
  test: (strata: readonly Stratum[]) => Shift,
): Difference {
  const strata = pairs.map(({ cost }): Stratum => cost);
  const shift = test(strata);
  const bases = [...new Set(pairs.map(({ base }) => base))];
  return {
    level,
    where,
    contender: pairs[0].label,
    base: bases.join(', '),
    cases: pairs.length,
    rounds: Math.min(...strata.flatMap((one) => [one.before.length, one.after.length])),
    ...changeOf(shift),
    pValue: shift.pValue,
    verdict: 'no difference',
    raw: Math.expm1(estimateOf(pairs.map(({ raw }) => raw))),
  };
}

/** Holm's correction: the least p times the count of all, the next times one less, never falling. */
function holm(differences: readonly Difference[]): Difference[] {
  const order = [...differences.keys()].sort(
    (a, b) => (differences[a]?.pValue ?? 1) - (differences[b]?.pValue ?? 1),
  );
  const corrected = [...differences];
  let least = 0;
  for (const [rank, at] of order.entries()) {
    const difference = differences[at];
    if (difference === undefined) continue;
    least = Math.max(least, Math.min(1, difference.pValue * (differences.length - rank)));
    corrected[at] = { ...difference, pValue: least, verdict: verdictOf(difference, least) };
  }
  return corrected;
}

/** Among many comparisons chance has more to say: to the rule of the tables comes a corrected p. */
function verdictOf(change: Change, pValue: number): Verdict {
  if (pValue > ALPHA || !isApart(change)) return 'no difference';
  return change.effect > 0 ? 'worse' : 'better';
}

/** Says how many rounds a single case would need, where it has too few to be called different. */
function fewRounds(
  differences: readonly Difference[],
  leastP: (rounds: number) => number,
): string[] {
  const least = Math.min(...differences.map(({ rounds }) => rounds));
  const count = differences.length;
  if (count === 0 || leastP(least) * count <= ALPHA) return [];
  let needed = least;
  while (leastP(needed) * count > ALPHA) needed++;
  return [
    `${countOf(least, 'round')}: among ${countOf(count, 'comparison')} a single case cannot be distinguished from noise; ` +
      `that takes ${needed} rounds (--rounds ${needed}), or fewer cases and contenders`,
  ];
}

/** For a terminal: what differs, then what was not compared and why. */
export function formatComparison({ differences, warnings, skipped }: Comparison): string {
  const found = differences.filter(({ verdict }) => verdict !== 'no difference');
  const lines = found.map(
    (one) =>
      `${one.verdict.padEnd(6)} ${percent(one.effect)} cost ` +
      `(${percent(one.low)} .. ${percent(one.high)}, p ${one.pValue.toPrecision(2)}, ` +
      `raw ${percent(one.raw)})  ${one.contender} / ${one.base}, ${placeOf(one)}`,
  );
  const rest = countOf(differences.length, 'comparison');
  return [
    ...warnings.map((text) => `warning: ${text}`),
    ...(differences.length === 0 ? ['nothing could be compared'] : []),
    ...(differences.length > 0 && found.length === 0 ? [`no difference (${rest})`] : []),
    ...(found.length > 0 ? [...lines, `${found.length} of ${rest}`] : []),
    ...skipped.map((text) => `not compared: ${text}`),
    '',
  ].join('\n');
}

/** For a terminal: every comparison, whether something differs or not. */
export function formatAll(comparison: Comparison): string {
  const { differences, warnings, skipped } = comparison;
  const rows = differences.map(changeCells);
  return [
    ...(differences.length === 0
      ? ['nothing could be compared']
      : [formatTable([CHANGE_HEAD, ...rows]), '', tallyOf(comparison)]),
    ...warnings.map((text) => `warning: ${text}`),
    ...skipped.map((text) => `not compared: ${text}`),
    '',
  ].join('\n');
}

/** The heads of {@link changeCells}. */
export const CHANGE_HEAD = ['cost', 'shift', '95 %', 'p', 'rounds', 'verdict'];

/** A comparison as the cells of a table. */
export function changeCells(one: Difference): string[] {
  return [
    `${one.contender}, ${placeOf(one)}`,
    percent(one.effect),
    intervalOf(one),
    one.pValue.toPrecision(2),
    String(one.rounds),
    one.verdict === 'no difference' ? 'within the noise' : one.verdict,
  ];
}

/** `12 comparisons: 1 worse, 0 better, 11 within the noise`. */
export function tallyOf({ differences }: Comparison): string {
  const count = (word: Verdict) => differences.filter(({ verdict }) => verdict === word).length;
  return (
    `${countOf(differences.length, 'comparison')}: ${count('worse')} worse, ` +
    `${count('better')} better, ${count('no difference')} within the noise`
  );
}

function intervalOf({ low, high }: Difference): string {
  const isKnown = low > -1 && Number.isFinite(high); // else there are too few rounds for one
  return isKnown ? `${percent(low)} .. ${percent(high)}` : '-';
}

function placeOf({ level, where, cases }: Difference): string {
  if (level === 'overall') return `all ${cases} cases`;
  return level === 'scenario' ? `${where}, all ${cases} cases` : where;
}

function percent(change: number): string {
  if (!Number.isFinite(change)) return change > 0 ? 'any' : '-any';
  return `${change < 0 ? '' : '+'}${(change * 100).toFixed(1)} %`;
}
