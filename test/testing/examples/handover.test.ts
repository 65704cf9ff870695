// The example of a hand-over, two of it in one simulated machine: while the second takes the listener over from the
// first, no client is refused, and none loses a byte.
import { describe, expect, it } from 'vitest';
import {
  type Peer,
  type SimulateOptions,
  type Simulation,
  simulate,
} from '../../../src/testing/index.ts';
import { type Program, start } from './program.ts';
import { FAULTS, numbered, PORT, RUNS } from './running.ts';

const PATH = '/run/handover.sock';
const LISTENING = `listening on 127.0.0.1:${PORT}`;
const startNext = (): Program => start('handover', String(PORT), PATH);

/** Runs a test with one that listens; at the end of it the last one does, and no other. */
function handingOver(
  body: (sim: Simulation, first: Program) => Promise<void>,
  options: SimulateOptions = {},
): Promise<void> {
  const all: SimulateOptions = {
    runs: Math.ceil(RUNS / 2),
    edges: 'strict',
    timers: 'simulated',
    ...options,
  };
  return simulate({ ...all, faults: { ...FAULTS, ...options.faults } }, async (sim) => {
    const first = startNext();
    await sim.settle();
    expect(first.lines).toEqual([LISTENING]);
    await body(sim, first);
    await sim.calm();
    const open = sim.descriptors.open.filter((what) => /^(listener|connection)/.test(what));
    expect(open.sort()).toEqual([`listener ${PATH}`, `listener 127.0.0.1:${PORT}`]);
    expect(sim.signal('SIGTERM')).toBe(true);
    await sim.settle();
    expect(sim.descriptors.open).toEqual([]);
  });
}

async function expectEcho(client: Peer, bytes = numbered(8000)): Promise<void> {
  expect((await client.write(bytes).read(bytes.length)).equals(bytes)).toBe(true);
  expect(client.error).toBe(undefined);
}

describe('handover', () => {
  it('clients that come meanwhile are served, by the one or the other', () =>
    handingOver(async (sim, first) => {
      const early = await sim.connect(PORT);
      await expectEcho(early);
      const coming = Array.from({ length: 4 }, () => sim.connect(PORT));
      const next = startNext();
      const clients = await Promise.all(coming);
      await sim.settle();
      expect(first.lines).toHaveLength(2);
      clients.push(early, await sim.connect(PORT));
      for (const client of clients) await expectEcho(client);
      for (const client of clients) {
        client.end();
        expect([await client.text(), client.error]).toEqual(['', undefined]);
      }
      expect(next.lines).toEqual([LISTENING]);
      expect(first.lines[1]).toMatch(/^handed over to \d+, \d+ to finish$/);
    }));

  it('a client that stays is closed by the one that was first, five seconds later, in order', () =>
    handingOver(async (sim, first) => {
      const early = await sim.connect(PORT);
      await expectEcho(early);
      startNext();
      await sim.settle();
      expect(first.lines).toHaveLength(2);
      const sinceMs = sim.now;
      await sim.elapse('4900ms');
      await expectEcho(early);
      expect(await early.text()).toBe('');
      early.end();
      expect(sim.now - sinceMs).toBeGreaterThan(4990);
      await sim.settle();
      expect(early.error).toBe(undefined);
      const late = await sim.connect(PORT);
      await expectEcho(late);
      late.end();
    }));
});
