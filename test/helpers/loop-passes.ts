// Waiting in Node's loop for what comes by itself.
import { setImmediate as nextLoopPass } from 'node:timers/promises';

/** A fast machine makes these in a few milliseconds, in which a simulated kernel has had no turn. */
const PASSES_MAX = 10_000;
const MS_MIN = 1000;

/**
 * Lets Node's loop go round until something is so, or until it will not be any more.
 *
 * @param isDone - asked before each pass.
 * @param before - called before each pass.
 */
export async function loopUntil(
  isDone: () => boolean,
  before: () => void = () => undefined,
): Promise<void> {
  const end = performance.now() + MS_MIN;
  for (let pass = 0; !isDone() && (pass < PASSES_MAX || performance.now() < end); pass++) {
    before();
    await nextLoopPass();
  }
}
