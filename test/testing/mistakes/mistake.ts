// Mistakes that servers have, each beside the same without it. A simulation has to find the one, and to find
// nothing in the other.
import type { SimulateOptions, Simulation } from '../../../src/testing/index.ts';

export interface Mistake {
  /** What is wrong with it. */
  readonly name: string;
  readonly options?: SimulateOptions;
  /** Runs the server, wrong or right, and its clients. */
  run(sim: Simulation, isRight: boolean): Promise<void>;
}

export const PORT = 7007;

/** Fails with what was expected. */
export function expectEqual(actual: unknown, expected: unknown): void {
  if (Object.is(actual, expected)) return;
  throw new Error(`${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}
