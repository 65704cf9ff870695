// What a simulation fails with, for tests of it.
import { expect } from 'vitest';
import { type SimulateOptions, type Simulation, simulate } from '../../src/testing/index.ts';

/** What it rejects with. */
export function failureOf(
  body: (sim: Simulation) => Promise<void> | void,
  options: SimulateOptions = {},
): Promise<NodeJS.ErrnoException> {
  return simulate(options, body).then(
    () => expect.unreachable('it has not failed'),
    (error: NodeJS.ErrnoException) => error,
  );
}
