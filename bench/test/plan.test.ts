// From the command line's wish to cases.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  checkWish,
  chooseScenarios,
  makePlan,
  UsageError,
  variationsOf,
  type Wish,
} from '../src/plan.ts';
import { inRoot } from '../src/root.ts';
import { scenarios } from '../src/scenarios/index.ts';

const wish: Wish = { scenarios: [], isQuick: false };
const pair = { contenders: ['edgewise', 'node'] };

function settingsOf(name: string, more: Partial<Wish> = {}) {
  const [scenario] = chooseScenarios([name]);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return variationsOf(scenario, { ...wish, ...more }).map(({ setting }) => setting);
}

describe('the plan', () => {
  it('names of scenarios are unique, and their merit is one of their metrics', () => {
    const names = scenarios.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, metrics, merit, variations } of scenarios) {
      expect([name, metrics.some((metric) => metric.name === merit)]).toEqual([name, true]);
      expect([name, variations.some(({ isQuick }) => isQuick)]).toEqual([name, true]);
    }
  });

  it('tcp-echo is every size on every count of connections', () => {
    expect(settingsOf('tcp-echo')).toHaveLength(15);
    expect(settingsOf('tcp-echo', { isQuick: true })).toEqual([
      { connections: 64, size: 64 },
      { connections: 1000, size: 64 },
    ]);
  });

  it('every JavaScript runtime is in tcp-echo where connections or size are 64', () => {
    const [scenario] = chooseScenarios(['tcp-echo']);
    if (scenario === undefined) throw new Error('no scenario');
    for (const { setting, field } of variationsOf(scenario, wish)) {
      const isOnCross = setting.connections === 64 || setting.size === 64;
      expect([setting, field === 'core']).toEqual([setting, !isOnCross]);
    }
  });

  it('a tail has rounds of a second, unless the run is quick or the wish says otherwise', async () => {
    const secondsOf = async (more: Partial<Wish>) => {
      const asked = { ...wish, ...pair, scenarios: ['tcp-echo', 'tcp-open-loop'], ...more };
      const { cases } = await makePlan(asked, () => undefined);
      const tail = cases.find(({ scenario }) => scenario.name === 'tcp-open-loop');
      return tail?.seconds ?? 0;
    };
    expect(await secondsOf({})).toBeGreaterThanOrEqual(1);
    expect(await secondsOf({ isQuick: true })).toBeLessThan(1);
    expect(await secondsOf({ seconds: 0.2 })).toBe(0.2);
  });

  it('the command line replaces connections and sizes', () => {
    expect(settingsOf('tcp-echo', { connections: [2], size: [7, 8] })).toEqual([
      { connections: 2, size: 7 },
      { connections: 2, size: 8 },
    ]);
    expect(settingsOf('connect', { connections: [2] })).toEqual([{ connections: 2, size: 64 }]);
    expect(settingsOf('timers', { connections: [2] })).toEqual(settingsOf('timers'));
  });

  it('unknown names are refused, with those that there are', () => {
    const check = (more: Partial<Wish>) => () => checkWish({ ...wish, ...more });
    expect(check({ scenarios: ['tcp-ecko'] })).toThrow(UsageError);
    expect(check({ scenarios: ['tcp-ecko'] })).toThrow(/'tcp-ecko'; there are tcp-echo, /);
    expect(check({ contenders: ['nodes'] })).toThrow(/'nodes'; there are edgewise, /);
    expect(check({ scenarios: ['timers'], contenders: ['node'] })).not.toThrow();
  });

  it('rounds and seconds are those of the wish, else all fit into the time', async () => {
    const asked = { ...wish, ...pair, scenarios: ['tcp-echo'], connections: [1], size: [64] };
    const given = await makePlan({ ...asked, rounds: 3, seconds: 0.06 }, () => undefined);
    expect(given.cases).toMatchObject([{ rounds: 3, seconds: 0.06, warmupSeconds: 0.06 }]);
    expect(given.cases[0]?.players.map(({ name }) => name)).toEqual(['edgewise', 'node']);
    expect(given.contenders.map(({ name }) => name)).toEqual(['edgewise', 'node']);
    const free = await makePlan(asked, () => undefined);
    expect(free.cases[0]?.rounds).toBeGreaterThanOrEqual(5);
    expect(free.expectedSeconds).toBeGreaterThan(given.expectedSeconds);
  });

  it('more rounds take more time, and are no shorter', async () => {
    const few = await makePlan({ ...wish, ...pair }, () => undefined);
    const many = await makePlan({ ...wish, ...pair, rounds: 15 }, () => undefined);
    expect(many.cases.every(({ rounds }) => rounds === 15)).toBe(true);
    const shorter = many.cases.filter(({ seconds }, at) => seconds < (few.cases[at]?.seconds ?? 0));
    expect(shorter).toEqual([]);
    expect(many.expectedSeconds).toBeGreaterThan(2 * few.expectedSeconds);
  });

  it('everything takes less than 25 minutes, the quick run less than two', async () => {
    const full = await makePlan({ ...wish, ...pair }, () => undefined);
    expect(full.expectedSeconds).toBeLessThan(25 * 60);
    const quick = await makePlan({ ...wish, ...pair, isQuick: true }, () => undefined);
    expect(quick.expectedSeconds).toBeLessThan(120);
    const { MINUTES } = await import(inRoot('bench/words.mjs'));
    const all = await makePlan({ scenarios: [], isQuick: true }, () => undefined);
    expect(all.expectedSeconds).toBeLessThan(60 * MINUTES.quick); // what --help says of it
    for (const { rounds, settleSeconds } of full.cases) {
      expect(rounds).toBeGreaterThanOrEqual(5);
      expect(settleSeconds).toBeGreaterThanOrEqual(1);
    }
  });

  it('an interrupt ends what is being compiled, and is no reason to be missing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'edgewise-plan-'));
    const { PATH } = process.env;
    const abort = new AbortController();
    try {
      writeFileSync(join(folder, 'cc'), '#!/bin/sh\nexec sleep 100\n', { mode: 0o755 });
      process.env.PATH = `${folder}:${PATH}`;
      const asked = { ...wish, contenders: ['c'], scenarios: ['tcp-echo'] };
      const planning = makePlan(asked, () => setTimeout(() => abort.abort(), 100), abort.signal);
      await expect(planning).rejects.toThrow(/aborted/);
    } finally {
      process.env.PATH = PATH;
      rmSync(folder, { recursive: true });
    }
  });

  it('a contender that cannot play the role takes no part', async () => {
    const plan = await makePlan({ ...wish, ...pair, scenarios: ['timers'] }, () => undefined);
    expect(plan.cases).toEqual([]);
  });
});
