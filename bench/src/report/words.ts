// What tables and plots of one report share: labels, looks, and the cases of a scenario in order.

import { spreadOfMetric } from '../measurements.ts';
import type { Case, Measurement, Metric, Results, ScenarioInfo } from '../model.ts';
import { settingText, slug } from './figures.ts';
import { type Look, looksOf } from './palette.ts';

export interface Words {
  readonly results: Results;
  label(contender: string): string;
  isOurs(contender: string): boolean;
}

export function wordsOf(results: Results): Words {
  const infos = new Map(results.contenders.map((info) => [info.name, info]));
  return {
    results,
    label: (name) => infos.get(name)?.label ?? name,
    isOurs: (name) => infos.get(name)?.family === 'edgewise',
  };
}

export function casesOf({ results }: Words, { name }: ScenarioInfo): readonly Case[] {
  return results.cases.filter(({ scenario }) => scenario === name);
}

/** The looks of those that take part in a scenario: as far apart as can be among them. */
export function looksIn(words: Words, scenario: ScenarioInfo): (name: string) => Look {
  const names = new Set(
    casesOf(words, scenario).flatMap((one) => one.measurements.map(({ contender }) => contender)),
  );
  return looksOf(words.results.contenders.filter(({ name }) => names.has(name)));
}

const CURVES_MAX = 10;

/**
 * The contenders that get a curve: more than ten cannot be distinguished. Those that take part in the most cases
 * of the run stand for the others, which the table has.
 */
export function curvesOf({ results }: Words, { measurements }: Case): readonly Measurement[] {
  const timed = measurements.filter(({ rounds }) => rounds.some(({ latency }) => latency));
  const casesWith = (name: string) =>
    results.cases.filter((one) => one.measurements.some(({ contender }) => contender === name))
      .length;
  const chosen = timed
    .map(({ contender }) => ({ contender, cases: casesWith(contender) }))
    .sort((a, b) => b.cases - a.cases)
    .slice(0, CURVES_MAX)
    .map(({ contender }) => contender);
  return timed.filter(({ contender }) => chosen.includes(contender));
}

/** The figure of merit; undefined: the scenario does not describe it. */
export function meritOf({ metrics, merit }: ScenarioInfo): Metric | undefined {
  return metrics.find(({ name }) => name === merit);
}

/** Those that have the metric, the best first. */
export function ranked(one: Case, metric: Metric): readonly Measurement[] {
  const sign = metric.better === 'lower' ? 1 : -1;
  const known = one.measurements.flatMap((measurement) => {
    const spread = spreadOfMetric(measurement, metric.name);
    return spread === undefined ? [] : [{ measurement, value: spread.median * sign }];
  });
  return known.sort((a, b) => a.value - b.value).map(({ measurement }) => measurement);
}

/** `TCP echo: 64 connections, 64 size`. */
export function titleOf({ title }: ScenarioInfo, { setting }: Case): string {
  const text = settingText(setting);
  return text === '' ? title : `${title}: ${text}`;
}

/** The id of a case, unique among the cases of a run. */
export function idOf({ scenario, setting }: Case): string {
  return slug([scenario, ...Object.entries(setting).flat()].join('-'));
}

/** Only these settings can be chosen on the command line; all cases of the others run anyway. */
const FLAGS = ['connections', 'size'] as const;

/** The command that measures cases of one scenario again, in the way in which they were. */
export function commandFor(scenario: string, cases: readonly Case[]): string {
  const flags = FLAGS.flatMap((flag) => {
    const values = [...new Set(cases.map(({ setting }) => setting[flag]))];
    return values.length === 0 || values.includes(undefined) ? [] : [`--${flag} ${values.join()}`];
  });
  const plans = cases.flatMap(({ plan }) => plan ?? []);
  const contenders = [...new Set(plans.flatMap((plan) => plan.contenders))];
  const most = (name: 'rounds' | 'seconds') => {
    const values = plans.flatMap((plan) => plan[name] ?? []);
    return values.length === 0 ? [] : [`--${name} ${Math.max(...values)}`];
  };
  return [
    'npm run bench --',
    scenario,
    ...(plans.some(({ isQuick }) => isQuick) ? ['--quick'] : []),
    ...flags,
    ...(contenders.length === 0 ? [] : [`--contenders ${contenders.join()}`]),
    ...most('rounds'),
    ...most('seconds'),
  ].join(' ');
}
