// The tables of a run as text: what figures are, and what is said beside them.
import { expect, it } from 'vitest';
import type { Results, Round } from '../src/model.ts';
import { toHtml } from '../src/report/html.ts';
import { tcp } from '../src/scenarios/tcp.ts';
import { formatTables } from '../src/table.ts';
import { fixture } from './fixture.ts';

const setting = { connections: 64, size: 64, rate: 2000 };

/** A run of the open loop with one contender. */
function openLoop(rounds: readonly Round[]): Results {
  const scenarios = tcp.filter(({ name }) => name === 'tcp-open-loop');
  const measurements = [{ contender: 'c', rounds, once: {} }];
  const one = { scenario: 'tcp-open-loop', setting, measurements, failures: {} };
  return { ...fixture({ hasLatency: false }), scenarios, cases: [one] };
}

it('the open loop shows how late the load was, in its best and its worst round', () => {
  const late = [30, 50, 700].map((lateMaxUs) => ({
    values: { p99Us: 100, lateMaxUs, unfinished: 0 },
  }));
  const text = formatTables(openLoop(late));
  expect(text).toMatch(/load late/);
  expect(text).toContain('50 (30..700)');
  expect(text).toContain('unanswered');
});

it('names each that holds an io_uring', () => {
  const [one] = openLoop([{ values: { p99Us: 100 } }]).cases;
  const measurements = one?.measurements.map((each) => ({ ...each, ioUrings: 2 })) ?? [];
  const results = openLoop([]);
  const cases = results.cases.map((each) => ({ ...each, measurements }));
  expect(formatTables({ ...results, cases })).toContain('io_urings held: C epoll 2');
});

it('says that percentiles are medians of rounds', () => {
  const text = formatTables(openLoop([{ values: { p99Us: 100 } }]));
  expect(text).toMatch(/median of its rounds, a percentile of latencies as well\.$/);
});

/** One round for each ratio to C, which costs 10. */
function withRatios(ratios: readonly number[]): Results {
  const run = fixture({ hasLatency: false });
  const rounds = (of: readonly number[]) => of.map((cpuUs) => ({ values: { cpuUs } }));
  const measurements = [
    { contender: 'c', rounds: rounds(ratios.map(() => 10)), once: {} },
    { contender: 'edgewise', rounds: rounds(ratios.map((ratio) => 10 * ratio)), once: {} },
  ];
  const one = { scenario: 'tcp-echo', setting: { connections: 1 }, measurements, failures: {} };
  return { ...run, cases: [one] };
}

it('a ratio that is no different from 1.00 is marked, and a base has none to itself', () => {
  const equal = formatTables(withRatios([1.2, 1.1, 0.98, 1.2, 1.1]));
  expect(equal).toMatch(/^edgewise reactor .* = 1\.10$/m);
  expect(equal).toMatch(/^C epoll .* -$/m);
  expect(equal).toMatch(/^= is no difference: .* 1\.00 in it, or it is less than 3 % off\.$/m);
  const apart = formatTables(withRatios([1.2, 1.1, 1.05, 1.2, 1.1]));
  expect(apart).toMatch(/^edgewise reactor .*[^=] 1\.10$/m);
});

it('the report marks the same', () => {
  expect(toHtml(withRatios([1.2, 1.1, 0.98, 1.2, 1.1]))).toContain(
    '= 1.10 × <small>0.98..1.20</small>',
  );
  expect(toHtml(withRatios([1.2, 1.1, 1.05, 1.2, 1.1]))).toContain(
    '>1.10 × <small>1.05..1.20</small>',
  );
  expect(toHtml(withRatios([1.2, 1.1, 0.98, 1.2, 1.1]))).toContain('level with edgewise reactor');
});
