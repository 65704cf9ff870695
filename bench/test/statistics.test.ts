// Medians, spreads, and ratios that are taken round by round.
import { describe, expect, it } from 'vitest';
import { spreadOf } from '../../src/cli/measure/index.ts';
import { ratioOfMetric, spreadOfMetric } from '../src/measurements.ts';
import type { Measurement } from '../src/model.ts';

function measurement(contender: string, values: readonly number[], once = {}): Measurement {
  return { contender, rounds: values.map((cpuUs) => ({ values: { cpuUs } })), once };
}

describe('statistics', () => {
  it('a spread is the median and what lies outermost', () => {
    expect(spreadOf([3, 1, 10])).toEqual({ median: 3, min: 1, max: 10 });
    expect(spreadOf([1, 2])).toEqual({ median: 1.5, min: 1, max: 2 });
  });

  it('ratios are taken within a round: what slows both down is not in them', () => {
    const slow = measurement('a', [2, 20, 2]);
    const base = measurement('b', [1, 10, 1]);
    const ratio = ratioOfMetric(slow, base, 'cpuUs');
    expect(ratio).toMatchObject({ median: 2, isEqual: false });
    expect([ratio?.low, ratio?.high]).toEqual([2, 2]);
  });

  it('a metric that was not measured has neither', () => {
    const one = measurement('a', [1]);
    expect(spreadOfMetric(one, 'p99Us')).toBeUndefined();
    expect(ratioOfMetric(one, measurement('b', []), 'cpuUs')).toBeUndefined();
    expect(ratioOfMetric(one, measurement('b', [0]), 'cpuUs')).toBeUndefined();
  });

  it('what is measured once is its only value', () => {
    const one = measurement('a', [1, 2], { rssBytes: 7 });
    expect(spreadOfMetric(one, 'rssBytes')).toEqual({ median: 7, min: 7, max: 7 });
  });
});

describe('what is equal to its base', () => {
  const base = measurement('base', new Array<number>(15).fill(1));
  const ratioTo = (values: readonly number[]) =>
    ratioOfMetric(measurement('a', values), base, 'cpuUs');

  it('rounds on both sides of 1.00', () => {
    expect(ratioTo([1.3, 1.2, 1.1, 1.2, 0.98])?.isEqual).toBe(true);
    expect(ratioTo([1.3, 1.2, 1.1, 1.2, 1.08])?.isEqual).toBe(false);
    expect(ratioTo([0.5, 0.9, 0.8, 0.7, 0.9])?.isEqual).toBe(false);
  });

  it('less than 3 % off, however steady', () => {
    expect(ratioTo([1.02, 1.021, 1.022, 1.02, 1.02])?.isEqual).toBe(true);
    expect(ratioTo([0.98, 0.979, 0.981, 0.98, 0.98])?.isEqual).toBe(true);
    expect(ratioTo([1.04, 1.041, 1.042, 1.04, 1.04])?.isEqual).toBe(false);
  });

  it('of few rounds the interval is lowest to highest, of many one that leaves outliers out', () => {
    expect(ratioTo([1.3, 1.2, 1.1])).toMatchObject({ low: 1.1, high: 1.3 });
    const steady = [1.1, 1.11, 1.12, 1.13, 1.1, 1.11, 1.12, 1.13, 1.1, 1.11, 1.12, 1.13, 1.1];
    const many = ratioTo([...steady, 0.8, 1.9]);
    expect(many?.isEqual).toBe(false);
    expect(many?.low).toBeGreaterThan(1);
    expect(many?.high).toBeLessThan(1.5);
  });

  it('a value of 0 or below is in the range, and equal to nothing', () => {
    expect(ratioTo([0, 1.1, 1.2])?.low).toBe(0);
    expect(ratioTo([-1])).toMatchObject({ median: -1, low: -1, high: -1, isEqual: false });
  });
});
