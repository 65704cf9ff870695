// What two runs have in common: per case and contender the logarithms of cost, as ratios to a base
// round by round and raw. What only one of them has is named.

import { valuesOf } from '../measurements.ts';
import type { Case, ContenderInfo, Measurement, Metric, Results, ScenarioInfo } from '../model.ts';
import { settingText } from '../report/figures.ts';
import type { Stratum } from './shift.ts';

export interface Pair {
  readonly contender: string;
  readonly label: string;
  readonly scenario: string;
  readonly title: string;
  readonly base: string;
  /** ln(value / base); of metrics of which more is better, ln(base / value). */
  readonly cost: Stratum;
  readonly raw: Stratum;
}

export interface Pairs {
  readonly pairs: readonly Pair[];
  readonly skipped: readonly string[];
}

export function pairsOf(before: Results, after: Results): Pairs {
  const pairs: Pair[] = [];
  const skipped: string[] = [];
  const others = new Map(after.cases.map((one) => [keyOf(one), one]));
  const known = new Set(before.cases.map(keyOf));
  for (const one of before.cases) {
    const title = titleOf(one);
    const other = others.get(keyOf(one));
    const scenario = after.scenarios.find(({ name }) => name === one.scenario);
    if (other === undefined) skipped.push(`${title}: only in the first file`);
    else if (scenario === undefined) skipped.push(`${title}: the scenario is not described`);
    else collect({ before: one, after: other, scenario, infos: after.contenders }, pairs, skipped);
  }
  for (const one of after.cases) {
    if (!known.has(keyOf(one))) skipped.push(`${titleOf(one)}: only in the second file`);
  }
  return { pairs, skipped };
}

/** Each contender of one run that has a counterpart of `--baseline`, and that one as its base. */
export function pairsWithin({ cases, scenarios, contenders }: Results): Pairs {
  const pairs: Pair[] = [];
  const skipped: string[] = [];
  for (const one of cases) {
    const scenario = scenarios.find(({ name }) => name === one.scenario);
    const metric = scenario?.metrics.find(({ name }) => name === scenario.merit);
    if (metric === undefined) continue;
    for (const { name, baselineOf, label: base } of contenders) {
      const title = titleOf(one);
      const theirs = find(one, name);
      if (baselineOf === undefined || (theirs === undefined && !(name in one.failures))) continue;
      const label = contenders.find((info) => info.name === baselineOf)?.label ?? baselineOf;
      const ours = find(one, baselineOf);
      const cost = theirs && ours && roundsOfBoth(theirs, ours, metric);
      if (!cost?.before.length) {
        skipped.push(`${title}: ${label}: one of both has no ${metric.label}`);
      } else {
        const contender = baselineOf;
        pairs.push({ contender, label, scenario: one.scenario, title, base, cost, raw: cost });
      }
    }
  }
  return { pairs, skipped };
}

/** Sample i of both sides is of the same round; rounds that one of them lacks are left out. */
function roundsOfBoth(before: Measurement, after: Measurement, metric: Metric): Stratum {
  const sign = metric.better === 'lower' ? 1 : -1;
  const others = valuesOf(after, metric.name);
  const both = valuesOf(before, metric.name)
    .map((value, round) => [sign * Math.log(value), sign * Math.log(others[round] ?? 0)] as const)
    .filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b));
  return { before: both.map(([a]) => a), after: both.map(([, b]) => b) };
}

interface Two {
  readonly before: Case;
  readonly after: Case;
  readonly scenario: ScenarioInfo;
  readonly infos: readonly ContenderInfo[];
}

function collect({ before, after, scenario, infos }: Two, pairs: Pair[], skipped: string[]): void {
  const title = titleOf(before);
  const metric = scenario.metrics.find(({ name }) => name === scenario.merit);
  const base = scenario.bases.find((name) => find(before, name) && find(after, name));
  if (metric === undefined || base === undefined) {
    skipped.push(`${title}: ${metric === undefined ? 'no figure of merit' : 'no base in both'}`);
    return;
  }
  for (const contender of namesOf(before, after)) {
    if (contender === base) continue;
    const label = infos.find(({ name }) => name === contender)?.label ?? contender;
    const cost = stratum(before, after, metric, contender, base);
    const raw = stratum(before, after, metric, contender, undefined);
    if (cost === undefined || raw === undefined) {
      skipped.push(`${title}: ${label} or its ${metric.label} is not in both files`);
    } else {
      pairs.push({ contender, label, scenario: before.scenario, title, base, cost, raw });
    }
  }
}

function stratum(
  before: Case,
  after: Case,
  metric: Metric,
  contender: string,
  base: string | undefined,
): Stratum | undefined {
  const [a, b] = [before, after].map((one) => {
    const measurement = find(one, contender);
    return measurement && logsOf(measurement, base === undefined ? base : find(one, base), metric);
  });
  return a?.length && b?.length ? { before: a, after: b } : undefined;
}

function logsOf(measurement: Measurement, base: Measurement | undefined, metric: Metric): number[] {
  const sign = metric.better === 'lower' ? 1 : -1;
  const bases = base && valuesOf(base, metric.name);
  return valuesOf(measurement, metric.name).flatMap((value, round) => {
    const log = Math.log(value / (bases === undefined ? 1 : (bases[round] ?? 0)));
    return Number.isFinite(log) ? [sign * log] : [];
  });
}

function find({ measurements }: Case, name: string): Measurement | undefined {
  return measurements.find(({ contender }) => contender === name);
}

function namesOf(...cases: readonly Case[]): string[] {
  return [...new Set(cases.flatMap((one) => one.measurements.map(({ contender }) => contender)))];
}

function keyOf({ scenario, setting }: Case): string {
  return JSON.stringify([scenario, Object.entries(setting).sort()]);
}

function titleOf({ scenario, setting }: Case): string {
  return `${scenario} ${settingText(setting)}`.trimEnd();
}

const LENGTHS = {
  seconds: 'the length of a round',
  warmupSeconds: 'the warm-up before a round',
  settleSeconds: 'the warm-up before the first round',
} as const;

/** What differs between the machines and the programs, beside what one wants to compare. */
export function warningsOf(before: Results, after: Results): string[] {
  const facts = ['cpu', 'cpus', 'kernel', 'pinning', 'node', 'libuv', 'ioUring'] as const;
  const machines = facts.flatMap((name) =>
    changed(name, before.machine[name], after.machine[name]),
  );
  const versions = before.contenders.flatMap(({ name, family, version }) => {
    const other = after.contenders.find((info) => info.name === name);
    return other === undefined || family === 'edgewise'
      ? []
      : changed(name, version, other.version);
  });
  return [...machines, ...versions, ...lengthsOf(before, after)];
}

/** Lengths of rounds and of warm-ups that differ, each said once for a scenario. */
function lengthsOf(before: Results, after: Results): string[] {
  const others = new Map(after.cases.map((one) => [keyOf(one), one.plan]));
  const texts = before.cases.flatMap((one) => {
    const other = others.get(keyOf(one));
    if (one.plan === undefined || other === undefined) return [];
    return Object.entries(LENGTHS).flatMap(([name, label]) => {
      const key = name as keyof typeof LENGTHS;
      const [a, b] = [one.plan?.[key], other[key]].map((seconds) => `${seconds ?? 'unknown'} s`);
      return a === b ? [] : changed(`${one.scenario}: ${label}`, a ?? '', b ?? '');
    });
  });
  return [...new Set(texts)];
}

function changed(name: string, before: string | number, after: string | number): string[] {
  return before === after ? [] : [`${name} was ${before}, is ${after}`];
}
