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
    expect(ratioOfMetric(slow, base, 'cpuUs')).toEqual({ median: 2, min: 2, max: 2 });
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
