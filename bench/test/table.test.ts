// The tables of a run as text: what figures are, and what is said beside them.
import { expect, it } from 'vitest';
import type { Results, Round } from '../src/model.ts';
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
