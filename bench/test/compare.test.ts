// What `compare` says of runs that are known: rates over many seeds, and what it names and warns of.
import { permutationTest, wilcoxonRankSum } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { pairedShiftOf, shiftOf } from '../src/compare/shift.ts';
import {
  compare,
  compareWithin,
  formatAll,
  formatComparison,
  hasBaseline,
} from '../src/compare.ts';
import { ratioOfMetric } from '../src/measurements.ts';
import type { Results } from '../src/model.ts';
import { fixture, randomFrom, type Shape } from './fixture.ts';

const SEEDS = 100;
const FAST: Shape = { hasLatency: false };

/** How often `isHit` holds for two runs of different seeds. */
function rate(before: Shape, after: Shape, isHit: (c: ReturnType<typeof compare>) => boolean) {
  let hits = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const first = fixture({ ...FAST, ...before, seed: 2 * seed + 1 });
    const second = fixture({ ...FAST, ...after, seed: 2 * seed + 2 });
    if (isHit(compare(first, second))) hits++;
  }
  return hits / SEEDS;
}

const differs = ({ differences }: ReturnType<typeof compare>) =>
  differences.some(({ verdict }) => verdict !== 'no difference');
const overallWorse = ({ differences }: ReturnType<typeof compare>) =>
  differences.some(
    ({ level, contender, verdict }) =>
      level === 'overall' && contender === 'edgewise reactor' && verdict === 'worse',
  );

describe('rates', () => {
  it.each([5, 10])(
    'two runs of the same build differ 5 times of 100 at most: %i rounds',
    (rounds) => {
      for (const noise of [0.01, 0.03]) {
        expect(rate({ rounds, noise }, { rounds, noise }, differs)).toBeLessThanOrEqual(0.05);
      }
    },
  );

  it.each([
    [5, 0.01],
    [7, 0.02],
    [10, 0.02],
    [20, 0.03],
  ])('a build that is slower by a twentieth is found: %i rounds, noise %f', (rounds, noise) => {
    const slower = { edgewise: 1.05 };
    expect(rate({ rounds, noise }, { rounds, noise, slower }, overallWorse)).toBeGreaterThan(0.9);
  });
});

describe('the test of two samples', () => {
  const random = randomFrom(7);
  const before = Array.from({ length: 8 }, () => random());
  const after = Array.from({ length: 7 }, () => random() + 0.4);

  it('agrees with the permutation test and the rank sum of a library', () => {
    const { pValue, estimate, low, high } = shiftOf([{ before, after }]);
    const rank = (values: readonly number[]) =>
      values.map((v) => [...before, ...after].filter((o) => o <= v).length);
    expect(wilcoxonRankSum(after, before)).toBe(rank(after).reduce((a, b) => a + b));
    const permuted = permutationTest(rank(after), rank(before), 'two_side', 20_000, randomFrom(3));
    expect(Math.abs(pValue - permuted)).toBeLessThan(0.01);
    expect(low).toBeLessThan(estimate);
    expect(high).toBeGreaterThan(estimate);
  });

  it('is exact at the ends: two of 252 ways for five against five', () => {
    const { pValue } = shiftOf([{ before: [1, 2, 3, 4, 5], after: [6, 7, 8, 9, 10] }]);
    expect(pValue).toBeCloseTo(2 / 252, 12);
    expect(shiftOf([{ before: [1], after: [1] }]).pValue).toBe(1);
  });
});

/** The same run with each contender of ours a second time, as that of another checkout. */
function withBaseline(run: Results, factor: number, noise: number, seed: number): Results {
  const random = randomFrom(seed);
  const ours = run.contenders.filter(({ family }) => family === 'edgewise');
  const slower = (value: number) => value * factor * (1 + noise * (2 * random() - 1));
  const cases = run.cases.map((one) => {
    const theirs = one.measurements
      .filter(({ contender }) => ours.some(({ name }) => name === contender))
      .map((measurement) => ({
        ...measurement,
        contender: `${measurement.contender}@baseline`,
        rounds: measurement.rounds.map(({ values }) => ({
          values: Object.fromEntries(
            Object.entries(values).map(([name, value]) => [name, slower(value)]),
          ),
        })),
      }));
    return { ...one, measurements: [...one.measurements, ...theirs] };
  });
  const infos = ours.map((info) => ({
    ...info,
    name: `${info.name}@baseline`,
    baselineOf: info.name,
  }));
  return { ...run, cases, contenders: [...run.contenders, ...infos] };
}

describe('a run with a baseline', () => {
  const run = fixture({ ...FAST, rounds: 15, noise: 0.1 });

  it('pairs rounds: what slows a whole round down hides no difference', () => {
    const { differences, warnings } = compareWithin(withBaseline(run, 1 / 1.05, 0.02, 5));
    const echo = differences.filter(({ where }) => where.startsWith('tcp-echo'));
    expect(echo.length).toBeGreaterThan(0);
    expect(echo.every(({ verdict }) => verdict === 'worse')).toBe(true);
    for (const { effect, rounds } of echo) {
      expect(effect).toBeCloseTo(0.05, 1);
      expect(rounds).toBe(15);
    }
    expect(warnings).toEqual([]);
  });

  it('the same build: no difference, and every contender has its line', () => {
    for (let seed = 0; seed < 20; seed++) {
      const comparison = compareWithin(withBaseline(run, 1, 0.02, seed));
      expect(differs(comparison)).toBe(false);
      const text = formatAll(comparison);
      expect(text).toContain('edgewise reactor, tcp-echo 64 connections, 64 B');
      expect(text).toMatch(/\d+ comparisons: 0 worse, 0 better/);
    }
  });

  it('what the tables call equal, it does not call different', () => {
    for (let seed = 0; seed < 20; seed++) {
      const both = withBaseline(run, 1 / 1.03, 0.04, seed);
      const { differences } = compareWithin(both);
      const verdicts = differences
        .filter(({ level, contender }) => level === 'case' && contender === 'edgewise reactor')
        .map(({ verdict }) => verdict);
      const marks = both.cases.flatMap(({ measurements }) => {
        const [ours, theirs] = ['edgewise', 'edgewise@baseline'].map((name) =>
          measurements.find(({ contender }) => contender === name),
        );
        const [metric = ''] = Object.keys(ours?.rounds[0]?.values ?? {});
        return ours && theirs ? [ratioOfMetric(ours, theirs, metric)?.isEqual] : [];
      });
      expect(verdicts).toHaveLength(marks.length);
      const wrong = verdicts.filter((verdict, at) => marks[at] && verdict !== 'no difference');
      expect(wrong).toEqual([]);
    }
  });

  it('a round that one of both lacks is left out, and a run without a baseline is known', () => {
    const both = withBaseline(run, 1, 0.02, 1);
    const cases = both.cases.map((one) => ({
      ...one,
      measurements: one.measurements.map((measurement) =>
        measurement.contender === 'edgewise@baseline'
          ? { ...measurement, rounds: measurement.rounds.slice(0, 9) }
          : measurement,
      ),
    }));
    const { differences } = compareWithin({ ...both, cases });
    const ours = differences.filter(({ contender }) => contender === 'edgewise reactor');
    expect(new Set(ours.map(({ rounds }) => rounds))).toEqual(new Set([9]));
    expect([hasBaseline(both), hasBaseline(run)]).toEqual([true, false]);
  });

  it('the signed ranks are exact at the ends, and symmetric', () => {
    const before = [1, 2, 3, 4, 5];
    const after = [1.1, 2.2, 3.3, 4.4, 5.5];
    expect(pairedShiftOf([{ before, after }]).pValue).toBeCloseTo(2 / 32, 12);
    expect(pairedShiftOf([{ before, after }]).estimate).toBeCloseTo(0.3, 12);
    expect(pairedShiftOf([{ before: after, after: before }]).estimate).toBeCloseTo(-0.3, 12);
    expect(pairedShiftOf([{ before, after: before }]).pValue).toBe(1);
  });
});

describe('what it names', () => {
  it('the same file: no difference, and too few rounds for single cases', () => {
    const comparison = compare(fixture(FAST), fixture(FAST));
    expect(differs(comparison)).toBe(false);
    expect(formatComparison(comparison)).toMatch(/5 rounds: among \d+ comparisons/);
    expect(formatComparison(comparison)).toContain('no difference');
  });

  it('cases in one file only, other machines and versions', () => {
    const before = fixture(FAST);
    const after = fixture({ ...FAST, echoes: 3 });
    const other = { ...after, machine: { ...after.machine, node: 'v26.0.0' } };
    const { skipped, warnings } = compare(before, other);
    expect(skipped).toContain('tcp-echo 1000 connections, 64 B: only in the first file');
    expect(warnings).toContain('node was v20.20.2, is v26.0.0');
    expect(compare(after, before).skipped[0]).toContain('only in the second file');
  });

  it('rounds and warm-ups of other lengths, once for a scenario', () => {
    const of = (seconds: number, settleSeconds: number) => {
      const plan = { contenders: ['c'], rounds: 5, isQuick: false, seconds, settleSeconds };
      const run = fixture(FAST);
      return { ...run, cases: run.cases.map((one) => ({ ...one, plan })) };
    };
    const { warnings } = compare(of(0.25, 0.5), of(1, 1));
    const echo = warnings.filter((text) => text.startsWith('tcp-echo: '));
    expect(echo).toEqual([
      'tcp-echo: the length of a round was 0.25 s, is 1 s',
      'tcp-echo: the warm-up before the first round was 0.5 s, is 1 s',
    ]);
    expect(compare(of(1, 1), of(1, 1)).warnings.join()).not.toContain('the length');
  });

  it('cases without a base, and nothing at all', () => {
    const before = fixture(FAST);
    const scenarios = before.scenarios.map((one) => ({ ...one, bases: ['none'] }));
    const { differences, skipped } = compare(before, { ...before, scenarios });
    expect(differences).toEqual([]);
    expect(skipped.every((text) => text.endsWith('no base in both'))).toBe(true);
    const empty = { ...before, cases: [] };
    expect(formatComparison(compare(empty, empty))).toBe('nothing could be compared\n');
  });
});
