// What the tests of servers share: they run under all faults, and end with nothing open.
import { expect } from 'vitest';
import {
  type Peer,
  type SimulateOptions,
  type Simulation,
  simulate,
} from '../../../src/testing/index.ts';
import { FAULTS, RUNS } from '../examples/running.ts';

/**
 * Runs a test over and over. A descriptor that is left at its end, beside what the thread's own reactor closes, is an
 * error.
 */
export async function simulating(
  body: (sim: Simulation) => Promise<void>,
  options: SimulateOptions = {},
): Promise<void> {
  const all: SimulateOptions = { runs: Math.ceil(RUNS / 2), edges: 'strict', ...options };
  await simulate({ ...all, faults: { ...FAULTS, ...options.faults } }, body);
}

/** After this no connection is open, though the reactor still is. */
export async function expectNoConnection(sim: Simulation): Promise<void> {
  await sim.calm();
  const isConnection = (what: string): boolean => !/^(listener|eventfd)/.test(what);
  expect(sim.descriptors.open.filter(isConnection)).toEqual([]);
}

/** Of a peer that got all and the end, or a beginning and a reset. */
export function expectAllOrReset({ received, error }: Peer, all: Buffer): void {
  expect(received.equals(all.subarray(0, received.length))).toBe(true);
  if (error === undefined) expect(received.length).toBe(all.length);
  else expect(error).toBe('ECONNRESET');
}
