// The text of a failure: which run, what was unkind and when, the last calls, and how to run it again.
import { describe, expect, it } from 'vitest';
import { listen } from '../../src/index.ts';
import * as sys from '../../src/sys/index.ts';
import type { Simulation } from '../../src/testing/index.ts';
import { Tape } from '../../src/testing/kernel/tape.ts';
import { failureOf } from './failure.ts';

async function oneChunk(sim: Simulation): Promise<void> {
  const chunks: string[] = [];
  listen({ port: 7007, handlers: { data: (_, bytes) => void chunks.push(bytes.toString()) } });
  const client = await sim.connect(7007);
  client.write('0123456789');
  await sim.settle();
  expect(chunks).toEqual(['0123456789']);
}

describe('the story of a failure', () => {
  it('names the run, the seed, and how many unkind choices are left', async () => {
    const options = { runs: 1000, seed: 31, faults: { shortReads: 0.3, delayMs: 20 } };
    const { message, simulation } = await failureOf(oneChunk, options);
    const heading = /^seed (\d+), run (\d+) of 1,000; 1 unkind choice remains of \d+:$/m;
    const [, seed, run] = heading.exec(message) ?? [];
    expect(Number(seed)).toBe(31 + Number(run) - 2); // the first run has none
    expect(simulation).toMatchObject({ seed: Number(seed), run: Number(run), unkindCount: 1 });
    expect(message).toContain(`\nagain: EDGEWISE_SIM='${simulation.choices}'`);
  });

  it('says what was unkind, when, and of what: a short read', async () => {
    const { simulation } = await failureOf(oneChunk, { runs: 100, faults: { shortReads: 0.3 } });
    const read = 'recv on connection 127.0.0.1:7007 to 127.0.0.1:32768: 1 byte of 10 (short read)';
    expect(simulation.story).toContain(`       0.0 ms  ${read}`);
  });

  it('says what came late', async () => {
    const atOnce = async (sim: Simulation): Promise<void> => {
      listen({ port: 7007, handlers: { data: () => expect(sim.now).toBe(0) } });
      (await sim.connect(7007)).write('x');
      await sim.settle();
    };
    const { simulation } = await failureOf(atOnce, { runs: 200, faults: { delayMs: 20 } });
    expect(simulation.story).toMatch(/ to 127.0.0.1:7007: \d+ ms late$/m);
  });

  it('says what was cut, in order with the calls', async () => {
    const { simulation } = await failureOf(oneChunk, { runs: 200, faults: { cut: 0.3 } });
    const lines = simulation.story.split('\n');
    const at = (pattern: RegExp) => lines.findIndex((line) => pattern.test(line));
    const order = [
      at(/accept4 on listener :::7007: 1048577$/),
      at(/of 10 bytes from 127.0.0.1:32768 to 127.0.0.1:7007 the first \d go alone$/),
      at(/recv on .*: \d bytes?$/),
    ];
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
  });

  it('has 20 lines of calls at most, and shows where some are left out', async () => {
    const { simulation } = await failureOf((sim) => {
      sim.fail('eventfd', 'EMFILE');
      expect(sys.eventfd(0)).toBeLessThan(0);
      for (let count = 0; count < 100; count++) sys.close(sys.eventfd(0));
      throw new Error('it fails');
    });
    const lines = simulation.story.split('\n');
    expect(lines.filter((line) => line.includes(' ms  '))).toHaveLength(20);
    expect(lines[0]).toMatch(/ms {2}eventfd: EMFILE \(as asked for\)$/);
    expect(lines[1]?.trim()).toBe('…');
  });

  it('has three of the calls that tidy up at its end, by number where there is no address', async () => {
    const { simulation } = await failureOf(() => {
      const pairs = Array.from({ length: 10 }, () => {
        const fds = new Int32Array(2);
        sys.socketpair(sys.constants.AF_UNIX, sys.constants.SOCK_STREAM, 0, fds);
        return fds;
      });
      sys.write(pairs[0]?.[0] ?? -1, Buffer.from('x'));
      for (const fd of pairs.flatMap((pair) => [...pair])) sys.close(fd);
      throw new Error('it fails');
    });
    const lines = simulation.story.split('\n').map((line) => line.trim());
    expect(lines.slice(-5)).toEqual([
      '0.0 ms  write on connection 1048576: 1 byte',
      '0.0 ms  close on connection 1048576: 0',
      '0.0 ms  close on connection 1048577: 0',
      '0.0 ms  close on connection 1048578: 0',
      '… and 17 more calls of close',
    ]);
  });

  it('is added to errors of any kind, also where the message cannot be set', async () => {
    const error = await failureOf(() => {
      throw new DOMException('aborted', 'AbortError');
    });
    expect(error.message).toMatch(/^aborted\n\nrun 1 of 1; 0 unkind choices remain of 0:/);
  });
});

describe('cuts', () => {
  it('are of what is there: all, 1, a half, all but one, a quarter, …', () => {
    const cutsOf = (count: number) =>
      [0, 1, 2, 3, 4, 5, 6, 99].map((choice) => new Tape([choice]).cut(count, 1));
    expect(cutsOf(100)).toEqual([100, 1, 50, 99, 25, 12, 6, 3]);
    expect(cutsOf(3)).toEqual([3, 1, 2, 2, 2, 2, 2, 2]);
    expect(cutsOf(1)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect(cutsOf(0)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });
});
