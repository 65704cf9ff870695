// What disturbs a round: how it is worked out, that other processes are seen, and where a run says so.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Child, Children, separateCpus } from '../../src/cli/measure/index.ts';
import { compare, formatComparison } from '../src/compare.ts';
import {
  DISTURBED_FROM,
  disturbanceText,
  isDisturbed,
  isRunDisturbed,
} from '../src/disturbance.ts';
import { choosePinning } from '../src/machine.ts';
import {
  type CpuTimes,
  cpuTimesIn,
  disturbanceBetween,
  type Sample,
  watch,
} from '../src/measure/disturbance.ts';
import { loadBetween, machineLoad, othersRunning } from '../src/measure/machine-load.ts';
import { cpuUs } from '../src/measure/usage.ts';
import type { Case, Disturbance, Results } from '../src/model.ts';
import { toHtml } from '../src/report/html.ts';
import { toMarkdown } from '../src/report/markdown.ts';
import { plotsOf } from '../src/report/plots.ts';
import { formatTables } from '../src/table.ts';
import { fixture } from './fixture.ts';

// user nice system idle iowait irq softirq steal guest guest_nice
const STAT = `cpu  400 0 200 1000 20 0 60 30 0 0
cpu0 100 0 50 500 10 0 20 30 0 0
cpu1 300 0 150 500 10 0 40 0 0 0
intr 5
`;

describe('the text of /proc/stat', () => {
  it('is read for the CPUs in use, in seconds', () => {
    const one: CpuTimes = { count: 1, idle: 5.1, steal: 0.3, interrupts: 0, total: 7.1 };
    expect(cpuTimesIn(STAT, [0])).toEqual(one);
    expect(cpuTimesIn(STAT)).toMatchObject({ count: 2, steal: 0.3 });
    expect(cpuTimesIn(STAT)?.idle).toBeCloseTo(10.2, 9);
  });

  it('interrupts are apart where the kernel measures them, else in the time of processes', () => {
    expect(cpuTimesIn(STAT)?.interrupts).toBe(0);
    const measured = STAT.replace('cpu0 100 0 50 500 10 0 20', 'cpu0 100 0 50 500 10 5 20');
    expect(cpuTimesIn(measured)?.interrupts).toBeCloseTo(0.65, 9);
  });

  it('that knows no such CPU is no text to go by', () => {
    expect(cpuTimesIn('intr 5\n')).toBeUndefined();
    expect(cpuTimesIn(STAT, [7])).toBeUndefined();
  });
});

const START: CpuTimes = { count: 1, idle: 0, steal: 0, interrupts: 0, total: 0 };
const BEFORE: Sample = {
  at: 0,
  cpus: { ...START, count: 2 },
  serverCpu: START,
  server: 0,
  load: 0,
  delay: 0,
};

/** Ten seconds of two CPUs later. */
function after(more: Partial<Sample> = {}, used: Partial<CpuTimes> = {}): Sample {
  return {
    at: 10,
    cpus: { count: 2, idle: 6, steal: 0, interrupts: 0, total: 20, ...used },
    serverCpu: { count: 1, idle: 1, steal: 0, interrupts: 0, total: 10 },
    server: 8,
    load: 6,
    delay: 0,
    ...more,
  };
}

describe('shares of a round', () => {
  it('nothing but server and load: none', () => {
    const none = { steal: 0, otherLoad: 0, runQueueDelay: 0 };
    expect(disturbanceBetween(BEFORE, after())).toEqual(none);
    expect(disturbanceBetween(BEFORE, after({ load: 6.1 }))).toEqual(none);
  });

  it('steal and other load are of all CPUs in use, the delay of the server', () => {
    const found = disturbanceBetween(
      BEFORE,
      after({ server: 7, load: 4, delay: 1.5 }, { steal: 1, interrupts: 0.5 }),
    );
    expect(found?.steal).toBeCloseTo(0.05, 9);
    expect(found?.otherLoad).toBeCloseTo((20 - 6 - 1 - 0.5 - 7 - 4) / 20, 9);
    expect(found?.runQueueDelay).toBeCloseTo(0.15, 9);
  });

  it("threads that wait for the server's own are not delayed by others", () => {
    expect(disturbanceBetween(BEFORE, after({ delay: 9 }))?.runQueueDelay).toBeCloseTo(0.1, 9);
  });

  it('a server that is not pinned has no delay of its own', () => {
    const found = disturbanceBetween(
      { ...BEFORE, serverCpu: undefined },
      after({ serverCpu: undefined, delay: 5 }),
    );
    expect(found).toEqual({ steal: 0, otherLoad: 0 });
  });

  it('counts that stand still, or are none, say nothing', () => {
    expect(disturbanceBetween(BEFORE, after({}, { total: 0 }))).toBeUndefined();
    expect(disturbanceBetween(BEFORE, after({ cpus: undefined }))).toBeUndefined();
  });
});

describe.runIf(choosePinning() !== undefined)('another process', () => {
  const children = new Children({ exitsOnSignal: false });
  const cpu = separateCpus()?.server ?? 0;
  let server: Child;
  beforeAll(async () => {
    server = await children.start({ file: 'cat', args: [] }, { cpu });
  });
  afterAll(() => children[Symbol.asyncDispose]());

  /** Says when it has used so much CPU, and goes on. */
  async function busy(): Promise<Child> {
    const loop =
      'for (let said = false; ; ) if (!said && process.cpuUsage().user > 4e5)' +
      " said = require('node:fs').writeSync(1, 'used\\n') > 0";
    return children.start({ file: process.execPath, args: ['-e', loop] }, { cpu });
  }

  it('is other load, and delays a server on its CPU; what belongs to the load is none', async () => {
    const rival = await busy();
    const other = await busy();
    const [beside, serverCpu] = [[rival.pid], cpu];
    const asOther = watch({ server: server.pid, beside: [], serverCpu });
    const asLoad = watch({ server: server.pid, beside, serverCpu });
    const asServer = watch({ server: rival.pid, beside: [], serverCpu });
    await Promise.all([rival.match(/^used$/m), other.match(/^used$/m)]);
    const [stranger, load, delayed] = [asOther(), asLoad(), asServer()];
    rival.kill('SIGKILL');
    other.kill('SIGKILL');
    const known = stranger.disturbance?.otherLoad ?? 0;
    expect(known).toBeGreaterThan(0.5);
    expect(known - (load.disturbance?.otherLoad ?? 0)).toBeGreaterThan(0.1);
    expect(delayed.cpuUs).toBeGreaterThan(100_000);
    expect(delayed.disturbance?.runQueueDelay).toBeGreaterThan(0.1);
    expect(stranger.disturbance?.runQueueDelay).toBeLessThan(0.1);
  });

  it('is not seen where there is no /proc', () => {
    const { platform } = process;
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    try {
      expect(watch({ server: server.pid, beside: [] })()).toEqual({});
      expect(cpuUs(server.pid)).toBeUndefined();
    } finally {
      Object.defineProperty(process, 'platform', { value: platform });
    }
  });
});

const QUIET: Disturbance = { steal: 0, otherLoad: 0.02, runQueueDelay: 0.01 };
const LOUD: Disturbance = { steal: 0.03, otherLoad: 0.12, runQueueDelay: 0.08 };

/** A run in which each case was so; undefined: nothing was known. */
function run(...all: readonly (Disturbance | undefined)[]): Results {
  const results = fixture();
  const cases = results.cases.slice(0, all.length).map((one, at): Case => {
    const seen = all[at];
    const measurements = one.measurements.map((measurement) => ({
      ...measurement,
      rounds: measurement.rounds.map((round) => ({
        ...round,
        ...(seen !== undefined && { disturbance: seen }),
      })),
    }));
    return { ...one, measurements };
  });
  return { ...results, cases };
}

describe('around the measurements', () => {
  const cpus = { count: 2, idle: 10, steal: 1, interrupts: 0, total: 30 };

  it('is what others have used of all CPUs, and how many of their threads were ready', () => {
    const before = { at: 100, cpus, own: 5 };
    const after = { at: 102, cpus: { ...cpus, idle: 12, steal: 1.4, total: 34 }, own: 5.1 };
    const load = loadBetween(before, after, [0, 1, 2, 1]);
    expect(load?.steal).toBeCloseTo(0.1);
    expect(load?.otherLoad).toBeCloseTo((4 - 0.4 - 2 - 0.1) / 4);
    expect(load?.runQueue).toBe(1);
  });

  it('is unknown where the counts stand still', () => {
    const sample = { at: 100, cpus, own: 5 };
    expect(loadBetween(sample, { ...sample, at: 102 }, [])).toBeUndefined();
  });

  it('does not count the one that looks', () => {
    expect(othersRunning('ctxt 1\nprocs_running 3\n')).toBe(2);
    expect(othersRunning('ctxt 1\nprocs_running 1\n')).toBe(0);
    expect(othersRunning('ctxt 1\n')).toBe(0);
  });

  it.runIf(process.platform === 'linux')('sees a process that is busy', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdout.write("x"); for (;;);']);
    await once(child.stdout, 'data');
    const load = await machineLoad(new AbortController().signal);
    child.kill('SIGKILL');
    expect(load?.runQueue).toBeGreaterThanOrEqual(0.5);
    expect(load?.otherLoad).toBeGreaterThan(0.05);
  });
});

describe('in words', () => {
  it('a case is disturbed by one share that is too large, of the mean of its rounds', () => {
    expect(isDisturbed(run(QUIET).cases)).toBe(false);
    for (const share of ['steal', 'otherLoad', 'runQueueDelay'] as const) {
      const { cases } = run({ ...QUIET, [share]: 1.01 * DISTURBED_FROM[share] });
      expect([share, isDisturbed(cases)]).toEqual([share, true]);
    }
    const [one] = run(QUIET).cases;
    const rounds = [LOUD, QUIET, QUIET, QUIET, QUIET].map((disturbance) => {
      return { values: {}, disturbance: { ...disturbance, steal: 0 } };
    });
    const measurements = [{ contender: 'c', rounds, once: {} }];
    expect(isDisturbed([{ ...one, measurements } as Case])).toBe(false);
  });

  it('says how much, and of several cases how many and the most', () => {
    expect(disturbanceText(run(LOUD).cases)).toBe(
      'disturbed: steal 3.0 %, run-queue delay 8.0 %, other load 12.0 %',
    );
    expect(disturbanceText(run(QUIET, LOUD, QUIET).cases)).toBe(
      'disturbed (1 of 3 cases), at most: steal 3.0 %, run-queue delay 8.0 %, other load 12.0 %',
    );
    expect(disturbanceText(run(QUIET, QUIET).cases)).toBe(
      'undisturbed, at most: steal 0.0 %, run-queue delay 1.0 %, other load 2.0 %',
    );
    expect(disturbanceText(run({ steal: 0, otherLoad: 0 }).cases)).not.toContain('delay');
  });

  it('a run of which nothing is known does not call itself undisturbed', () => {
    expect(disturbanceText(run(undefined, undefined).cases)).toMatch(/^unknown/);
    expect(formatTables(run(undefined))).toContain('unknown whether it was disturbed');
    expect(toHtml(run(undefined))).toContain('unknown whether it was disturbed');
  });
});

describe('a disturbed run says so', () => {
  const disturbed = run(LOUD, QUIET);
  const quiet = run(QUIET, QUIET);
  const text = 'disturbed: steal 3.0 %, run-queue delay 8.0 %, other load 12.0 %';

  it('in its tables: below the case, and at the end', () => {
    expect(formatTables(disturbed).split(`\n${text}\n`)).toHaveLength(2);
    expect(formatTables(disturbed)).toContain('  during: disturbed (1 of 2 cases), at most');
    expect(formatTables(quiet)).toContain('  during: undisturbed, at most: steal 0.0 %');
    expect(formatTables(quiet)).not.toContain('\ndisturbed');
  });

  it('in its report: with the machine, and in the case', () => {
    expect(toHtml(disturbed)).toContain('; during: disturbed (1 of 2 cases), at most');
    expect(toHtml(disturbed).split(`<strong>${text}</strong>`)).toHaveLength(2);
    expect(toHtml(quiet)).toContain('; during: undisturbed, at most');
  });

  it('by a banner in report, tables and Markdown, with the limits', () => {
    for (const text of [toHtml(disturbed), formatTables(disturbed), toMarkdown(disturbed)]) {
      expect(text).toMatch(/disturbed\.(<\/strong>|\*\*)? Something else ran on this machine/i);
      expect(text).toMatch(
        /steal from 1\.0 % on, other load from 10\.0 %, run-queue delay from 5\.0 %/,
      );
    }
    for (const text of [toHtml(quiet), formatTables(quiet), toMarkdown(quiet)]) {
      expect(text).not.toContain('Something else ran');
    }
  });

  it.each([
    [{ steal: 0.01, otherLoad: 0, runQueue: 0 }, true],
    [{ steal: 0, otherLoad: 0.1, runQueue: 0 }, true],
    [{ steal: 0, otherLoad: 0, runQueue: 0.5 }, true],
    [{ steal: 0.009, otherLoad: 0.09, runQueue: 0.4 }, false],
  ])('before and after as well: %j is %s', (load, isLoud) => {
    expect(isRunDisturbed({ ...quiet, load: { before: load } })).toBe(isLoud);
    expect(isRunDisturbed({ ...quiet, load: { after: load } })).toBe(isLoud);
    const text = toMarkdown({ ...quiet, load: { before: load } });
    expect(text).toContain(`- before: ${isLoud ? 'disturbed' : 'undisturbed'}: steal `);
    expect(text).toContain('- after: unknown');
  });

  it('in its plots, which are shown alone', () => {
    const [bars, other] = [
      'bars-tcp-echo-connections-1-size-64',
      'bars-tcp-echo-connections-8-size-64',
    ];
    const named = new Map(plotsOf(disturbed).map(({ name, svg }) => [name, svg]));
    expect(named.get(bars)).toContain(`>${text}<`);
    expect(named.get(bars)).toContain(`The machine was ${text}.`);
    expect(named.get(other)).not.toContain('disturbed');
    expect(named.get('scaling-tcp-echo-size-64')).toContain('>disturbed (1 of 2 cases), at most');
  });

  it('and when it is compared', () => {
    const { warnings } = compare(quiet, disturbed);
    expect(warnings).toContainEqual(
      expect.stringMatching(/^the second run was disturbed \(1 of 2/),
    );
    expect(formatComparison(compare(quiet, quiet))).not.toContain('disturbed');
  });
});
