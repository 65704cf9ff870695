// What a simulation fails with, for tests of it.
import { expect } from 'vitest';
import {
  type FailedRun,
  type SimulateOptions,
  type Simulation,
  simulate,
} from '../../src/testing/index.ts';

export type Failure = NodeJS.ErrnoException & { readonly simulation: FailedRun };

/** What it rejects with. */
export function failureOf(
  body: (sim: Simulation) => Promise<void> | void,
  options: SimulateOptions = {},
): Promise<Failure> {
  return simulate(options && { trace: false, ...options }, body).then(
    () => expect.unreachable('it has not failed'),
    (error: Failure) => error,
  );
}
