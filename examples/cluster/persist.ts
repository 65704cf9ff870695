// Calls that fail for a while, and are safe to be made again.
import { setTimeout as delay } from 'node:timers/promises';

const AGAIN_MS = 100;
/** Of a second each: an election of a leader takes a few of them. */
const ATTEMPTS = 15;

/** Calls until it succeeds, and throws what it throws at the last time. */
export async function persist<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (count === ATTEMPTS) throw error;
      await delay(AGAIN_MS);
    }
  }
}
