// What has nothing to do rests, on a worker thread as on the main one: a oneshot with a hang-up that nothing
// takes, and a ghost while no descriptor is free.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Poller } from '../../src/poller/poller.ts';
import { eachTrigger, isOneshot, reportsClosedBits } from '../helpers/matrix.ts';

const SCRIPT = fileURLToPath(new URL('../workers/quiet.mjs', import.meta.url));
/** Timers of Node may end a wait. */
const WAITS_MAX = 10;

interface Found {
  readonly calls: number;
  readonly errors: readonly string[];
  readonly ghostsRemoved: number;
  readonly waits: number;
}

// Steps of V8's incremental marking are tasks of Node's loop, hundreds on Node 22 when a thread has just begun.
const V8 = '--no-incremental-marking';

async function found(...args: readonly string[]): Promise<Found> {
  const { stdout } = await promisify(execFile)(process.execPath, [V8, SCRIPT, ...args]);
  return JSON.parse(stdout);
}

eachTrigger((backend, trigger) => {
  it('in a worker, a oneshot that is paused is called once for a hang-up, and rests', async () => {
    const { calls, waits } = await found(
      'a oneshot that is paused, and a hang-up',
      backend,
      trigger,
    );
    expect(calls).toBe(reportsClosedBits(backend) ? 1 : 0);
    expect(waits).toBeLessThanOrEqual(WAITS_MAX);
  });

  it('in a worker, a oneshot that has fired rests', async () => {
    const { calls, waits } = await found(
      'a oneshot that has fired, and a hang-up',
      backend,
      trigger,
    );
    expect(calls).toBe(1);
    expect(waits).toBeLessThanOrEqual(WAITS_MAX);
  });
}, isOneshot);

describe.runIf(Poller.backends.includes('epoll'))('epoll, in a worker', () => {
  it('a ghost is removed without a free descriptor, and nothing is left to wake for', async () => {
    const { waits, ...rest } = await found('a ghost without a free descriptor', 'epoll');
    expect(rest).toEqual({ calls: 0, errors: [], ghostsRemoved: 1 });
    expect(waits).toBeLessThanOrEqual(WAITS_MAX);
  });
});
