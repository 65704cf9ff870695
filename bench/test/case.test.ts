// One case from its start to its end, on programs of its own: what is measured, what a contender
// that fails leaves behind, and that no process outlives it.
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  type CaseOptions,
  measureCase,
  type PlannedCase,
  type Player,
} from '../src/measure/case.ts';
import { CPU, TIME_EACH } from '../src/metrics.ts';
import { inRoot } from '../src/root.ts';
import type { Load, Scenario } from '../src/scenarios/scenario.ts';

const SERVER = inRoot('bench/test/programs/server.mjs');
const TASK = inRoot('bench/test/programs/task.mjs');

const ROUND_SECONDS = 0.1;

const info = { title: '', operation: '', bases: [], variations: [] };

/** Three connections, one after the other, in a round of its length. */
const visits: Load = async ({ port, signal }) => {
  const endMs = performance.now() + ROUND_SECONDS * 1000;
  for (let i = 0; i < 3; i++) {
    const socket = connect({ host: '127.0.0.1', port, signal });
    const [bytes] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    socket.destroy();
    if (!Buffer.isBuffer(bytes)) throw new Error('the server hung up');
  }
  // A round that is shorter than the kernel's tick has no report of what disturbed it.
  await passed(Math.max(0, endMs - performance.now()));
  return { operations: 3, seconds: ROUND_SECONDS };
};

const server: Scenario = {
  ...info,
  name: 'visits',
  role: 'tcp-echo',
  load: visits,
  metrics: [CPU],
  merit: CPU.name,
};
const task: Scenario = {
  ...info,
  name: 'task',
  role: 'task:test',
  metrics: [TIME_EACH],
  merit: TIME_EACH.name,
};

function player(name: string, ...args: string[]): Player {
  return { name, command: () => ({ file: process.execPath, args }) };
}

function planned(scenario: Scenario, players: Player[], rounds = 2): PlannedCase {
  return {
    scenario,
    setting: {},
    players,
    rounds,
    seconds: ROUND_SECONDS,
    warmupSeconds: 0,
    isTraced: false,
    settleSeconds: 0.1,
    isQuick: false,
  };
}

function optionsOf(more: Partial<CaseOptions> = {}): CaseOptions {
  const { signal } = new AbortController();
  return { pinning: undefined, canTrace: false, signal, onProgress: () => undefined, ...more };
}

/** Processes of the two programs, by their command line. */
function survivors(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return ''; // it has ended meanwhile
      }
    })
    .filter((line) => line.includes(SERVER) || line.includes(TASK));
}

describe('measureCase', () => {
  it('measures servers in rounds, and their memory once', async () => {
    const players = [player('a', SERVER, 'good'), player('b', SERVER, 'good')];
    const { measurements, failures } = await measureCase(planned(server, players), optionsOf());
    expect(failures).toEqual({});
    expect(measurements.map(({ contender }) => contender)).toEqual(['a', 'b']);
    for (const { rounds, once, ioUrings } of measurements) {
      expect(rounds).toHaveLength(2);
      expect(rounds[0]?.values.operationsPerSecond).toBe(30);
      expect(rounds[0]?.values.cpuUs).toBeGreaterThan(0);
      expect(rounds[0]?.disturbance).toEqual({
        steal: expect.any(Number),
        otherLoad: expect.any(Number),
      });
      expect(once.rssBytes).toBeGreaterThan(1e6);
      expect(ioUrings).toBe(0);
    }
    expect(survivors()).toEqual([]);
  });

  it('records one that fails, with one line, and goes on with the others', async () => {
    const players = [
      player('gone', inRoot('no/such/program')),
      player('silent', SERVER, 'silent'),
      player('dies', SERVER, 'dies'),
      player('good', SERVER, 'good'),
      { name: 'absent', command: () => ({ file: inRoot('no/such/program'), args: [] }) },
    ];
    const { measurements, failures } = await measureCase(planned(server, players), optionsOf());
    expect(measurements.map(({ contender }) => contender)).toEqual(['good']);
    expect(measurements[0]?.rounds).toHaveLength(2);
    expect(Object.keys(failures).sort()).toEqual(['absent', 'dies', 'gone', 'silent']);
    expect(failures.silent).toBe('it ended: no port for me');
    expect(failures.absent).toMatch(/ENOENT/);
    expect(Object.values(failures).filter((line) => line.includes('\n'))).toEqual([]);
    expect(survivors()).toEqual([]);
  });

  it('asks programs that measure themselves; `operations` is no value of theirs', async () => {
    const players = [player('a', TASK, '7'), player('b', TASK, '0')];
    const { measurements, failures } = await measureCase(planned(task, players), optionsOf());
    expect(measurements).toMatchObject([
      {
        contender: 'a',
        rounds: [{ values: { nsPerOperation: 7 } }, { values: { nsPerOperation: 7 } }],
        once: {},
        ioUrings: 0,
      },
      { contender: 'b', rounds: [{ values: { nsPerOperation: 0 } }], once: {} },
    ]);
    expect(failures).toEqual({ b: 'round 2 of 2 failed twice: it ended: exit code 5' });
    expect(survivors()).toEqual([]);
  });

  it('one process serves all rounds of a case, and has been warmed up before the first', async () => {
    const turns: string[] = [];
    const pids = new Set<number>();
    const load: Load = async (context) => {
      turns.push(`${context.seconds} s`);
      pids.add(context.pid);
      return visits(context);
    };
    const players = [player('a', SERVER, 'good'), player('b', SERVER, 'good')];
    const case_ = planned({ ...server, load }, players, 3);
    const { measurements } = await measureCase({ ...case_, settleSeconds: 0.2 }, optionsOf());
    expect(measurements.map(({ rounds }) => rounds.length)).toEqual([3, 3]);
    expect(turns).toEqual(['0.2 s', '0.2 s', ...new Array<string>(6).fill('0.1 s')]);
    expect(pids.size).toBe(2);
  });

  it('a fresh process for each round where memory is looked at', async () => {
    const pids = new Set<number>();
    const load: Load = async (context) => {
      pids.add(context.pid);
      return visits(context);
    };
    const scenario = { ...server, isFresh: true, load };
    const players = [player('a', SERVER, 'good')];
    const { measurements } = await measureCase(planned(scenario, players, 3), optionsOf());
    expect(measurements[0]?.rounds).toHaveLength(3);
    expect(pids.size).toBe(3);
    expect(survivors()).toEqual([]);
  });

  it('an abort ends it, and every process with it', async () => {
    const abort = new AbortController();
    const load: Load = async () => {
      abort.abort(new Error('interrupted'));
      throw new Error('the load was ended');
    };
    const players = [player('a', SERVER, 'good'), player('b', SERVER, 'good')];
    const run = measureCase(
      planned({ ...server, load }, players),
      optionsOf({ signal: abort.signal }),
    );
    await expect(run).rejects.toThrow('interrupted');
    expect(survivors()).toEqual([]);
  });
});
