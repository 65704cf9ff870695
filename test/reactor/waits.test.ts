// How long a blocking turn lasts: no wake-up without a cause. In processes of their own, since the
// loop of a thread that runs tests always has something to do.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { Interest } from '../../src/poller/interest.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { eachBackend } from '../helpers/matrix.ts';

const run = promisify(execFile);
const descriptors = useDescriptors();
const script = fileURLToPath(new URL('../workers/waits.mjs', import.meta.url));
const STATES = ['main', 'worker'].flatMap((where) =>
  ['', 'timers', 'crowded'].map((state) => [where, state] as const),
);
const WAIT_MS = 120; // as in waits.mjs

eachBackend((backend) => {
  it.each(STATES)('a turn lasts until something has come, in a %s thread %s', async (...state) => {
    const { stdout } = await run(process.execPath, [script, backend, ...state]);
    const found = JSON.parse(stdout);
    expect(found.turns, stdout).toBe(found.roundsMs.length);
    expect(found.emptyWakes, stdout).toBe(0);
    // V8 may have something for Node's loop to do, which is a cause.
    const full = found.roundsMs.filter((tookMs: number) => tookMs >= WAIT_MS);
    expect(full.length, stdout).toBeGreaterThanOrEqual(found.roundsMs.length - 2);
    expect(found.firstTurns, stdout).toBeLessThan(5);
    expect(found.turnsToTimer, stdout).toBeLessThanOrEqual(2);
    expect(found.forNodeMs, stdout).toBeLessThan(5000);
    expect(found.afterNodeMs, stdout).toBeGreaterThanOrEqual(WAIT_MS);
  });

  it('a turn in a handler does not wait for what was queued and set before it', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const calls: string[] = [];
    reactor.register(descriptors.socketpair()[0], Interest.Writable, {
      onReady(_readiness, registration) {
        registration.setInterest(Interest.None);
        reactor.setTimeout(() => calls.push('timer'), 2);
        while (calls.length < 1) reactor.turn(-1);
        reactor.defer(() => calls.push('deferred'));
        reactor.turn(-1);
        registration.setInterest(Interest.Readable);
        registration.requeue();
        registration.handler = { onReady: () => calls.push('re-queued') };
        reactor.turn(-1);
      },
    });
    reactor.turn(-1);
    expect(calls).toEqual(['timer', 'deferred', 're-queued']);
  });
});
