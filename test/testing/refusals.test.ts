// What a simulation refuses: wrong options, and what is none of its machine.
import { createServer as createNodeServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { type Simulation, simulate } from '../../src/testing/index.ts';
import { failureOf } from './failure.ts';

describe('wrong use', () => {
  it('a simulation inside of a simulation', async () => {
    const { code } = await failureOf(async () => {
      await simulate({}, () => undefined);
    });
    expect(code).toBe('ERR_SIM_NESTED');
  });

  it('a real socket, and a thread, that is waited for', async () => {
    const real = await failureOf(
      () =>
        new Promise<void>((resolve) => {
          const server = createNodeServer(() => resolve());
          server.listen(0);
          afterwards.push(() => server.close());
        }),
    );
    expect([real.code, real.message]).toEqual(['ERR_SIM_ESCAPED', expect.stringContaining('net')]);
    const thread = await failureOf(
      () =>
        new Promise<void>((resolve) => {
          const worker = new Worker('setInterval(() => undefined, 1000)', { eval: true });
          worker.on('message', () => resolve());
          afterwards.push(() => worker.terminate());
        }),
    );
    expect([thread.code, thread.message]).toEqual([
      'ERR_SIM_ESCAPED',
      expect.stringContaining('worker_threads'),
    ]);
  });
  const afterwards: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of afterwards.splice(0)) await end();
  });

  it('timers of Node are waited for, in real time', async () => {
    let isOver = false;
    await simulate({}, async () => {
      await setTimeout(5);
      isOver = true;
    });
    expect(isOver).toBe(true);
  });

  it('a recorded run that is none', async () => {
    process.env.EDGEWISE_SIM = '1..x';
    const { code } = await failureOf(() => undefined);
    delete process.env.EDGEWISE_SIM;
    expect(code).toBe('ERR_SIM_TAPE');
  });

  it.each([
    [{ runs: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ seed: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ edges: 'round' as never }, 'ERR_INVALID_ARG_VALUE'],
    [{ faults: { cut: 2 } }, 'ERR_INVALID_ARG_VALUE'],
    [{ budgetMs: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ settleRounds: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ faults: { loss: 1.5 } }, 'ERR_INVALID_ARG_VALUE'],
    [{ faults: { reorder: -1 } }, 'ERR_INVALID_ARG_VALUE'],
    [{ faults: { duplicate: '1' as never } }, 'ERR_INVALID_ARG_VALUE'],
    [{ faults: { resets: 2 } }, 'ERR_INVALID_ARG_VALUE'],
    [{ trace: true as never }, 'ERR_INVALID_ARG_VALUE'],
    [{ trace: '' }, 'ERR_INVALID_ARG_VALUE'],
    [{ faults: null as never }, 'ERR_INVALID_ARG_TYPE'],
    [null as never, 'ERR_INVALID_ARG_TYPE'],
  ])('options %o', async (options, code) => {
    expect((await failureOf(() => undefined, options)).code).toBe(code);
  });

  const wrong: readonly [string, (sim: Simulation) => unknown, string][] = [
    ['a call that is none', (sim) => sim.fail('accept', 'EMFILE'), 'ERR_INVALID_ARG_VALUE'],
    ['an error that is none', (sim) => sim.fail('recv', 'ENONE'), 'ERR_INVALID_ARG_VALUE'],
    ['no times', (sim) => sim.fail('recv', 'EIO', { times: 0 }), 'ERR_OUT_OF_RANGE'],
    [
      'options that are none',
      (sim) => sim.fail('recv', 'EIO', null as never),
      'ERR_INVALID_ARG_TYPE',
    ],
    ['a descriptor below 0', (sim) => sim.fail('recv', 'EIO', { fd: -1 }), 'ERR_OUT_OF_RANGE'],
    ['a cut of a call without bytes', (sim) => sim.cut('accept4', 1), 'ERR_INVALID_ARG_VALUE'],
    ['a cut to nothing', (sim) => sim.cut('recv', 0), 'ERR_OUT_OF_RANGE'],
    ['a reset of a path', (sim) => sim.reset('/run/x'), 'ERR_INVALID_ARG_VALUE'],
    ['a reset before 0', (sim) => sim.reset(1, { afterBytes: -1 }), 'ERR_OUT_OF_RANGE'],
    ['a reset of none', (sim) => sim.reset(1, { times: 0 }), 'ERR_OUT_OF_RANGE'],
    ['a rule that is no function', (sim) => sim.rules('drop' as never), 'ERR_INVALID_ARG_TYPE'],
    ['a report of what is not watched', (sim) => sim.spurious(1), 'ERR_INVALID_ARG_VALUE'],
    ['a sleep for ever', (sim) => sim.suspend('ever' as never), 'ERR_INVALID_ARG_VALUE'],
    ['a port beyond 65535', (sim) => sim.connect(70_000), 'ERR_OUT_OF_RANGE'],
    ['no callback', (sim) => sim.at(1, undefined as never), 'ERR_INVALID_ARG_TYPE'],
    ['no peer handler', (sim) => sim.listen(1, undefined as never), 'ERR_INVALID_ARG_TYPE'],
  ];
  it.each(wrong)('%s', async (_, use, code) => {
    expect((await failureOf(async (sim) => void (await use(sim)))).code).toBe(code);
  });

  it.each([['soon'], [-1], [Number.NaN], ['1 day'], [undefined]])('a time of %o', async (time) => {
    const { code } = await failureOf((sim) => sim.elapse(time as never));
    expect(code).toBe('ERR_INVALID_ARG_VALUE');
  });
});
