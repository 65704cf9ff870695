// docs/semantics.md "Timers and waits".
import { once } from 'node:events';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { Interest } from '../../../src/poller/interest.ts';
import { Poller } from '../../../src/poller/poller.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { Recorder, send } from '../../helpers/handlers.ts';
import { eachBackend } from '../../helpers/matrix.ts';
import { SignalStorm } from '../../helpers/storm.ts';

const descriptors = useDescriptors();
const NS_PER_MS = 1_000_000n;
const TIMEOUTS_MS = [-1, 1, 999, 1000, 5000, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 1, 2 ** 53];
const MONTH_MS = 30 * 24 * 3600 * 1000;
const THREADS = 4;
const POSTS = 250_000;
const QUIET_MS = 1000;
const SIGNALS = 10;

const now = () => process.hrtime.bigint();
const sinceMs = (start: bigint) => Number(now() - start) / 1e6;

eachBackend((backend) => {
  it('A wait never ends before its time because of a signal.', async () => {
    const poller = descriptors.using(new Poller({ backend }));
    const reactor = descriptors.using(new Reactor({ backend }));
    const storm = descriptors.using(await SignalStorm.start('SIGUSR2'));
    for (const timeoutMs of [50, 10.5]) {
      const start = now();
      const sentBefore = storm.sentCount;
      expect(poller.wait(timeoutMs)).toBe(0);
      expect(now() - start).toBeGreaterThanOrEqual(BigInt(timeoutMs * 1e6));
      expect(storm.sentCount - sentBefore).toBeGreaterThan(3);
    }
    let firedAfterMs = 0;
    const start = now();
    const timer = reactor.setTimeout(() => {
      firedAfterMs = sinceMs(start);
    }, 50);
    while (timer.isPending) reactor.turn(-1);
    expect(firedAfterMs).toBeGreaterThanOrEqual(50);
    // A wait that began anew with each signal would have outlasted the storm.
    expect(storm.isOver).toBe(false);
    expect(await storm.stop(SIGNALS)).toBeGreaterThanOrEqual(SIGNALS);
  });

  it('A timer never fires early, and timers fire in the order of their deadlines.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const fired: number[] = [];
    const deadlines: number[] = [];
    for (let i = 0; i < 300; i++) {
      const delayMs = ((i * 7919) % 300) / 10; // 0 to 29.9 ms, in no order
      const start = now();
      const timer = reactor.setTimeout(() => {
        fired.push(deadline);
        expect(now() - start).toBeGreaterThanOrEqual(BigInt(Math.round(delayMs * 1e6)));
      }, delayMs);
      const deadline = timer.deadlineNs;
      deadlines.push(deadline);
    }
    for (let i = 0; i < 1000 && fired.length < 300; i++) reactor.turn(-1);
    expect(fired).toEqual(deadlines.sort((a, b) => a - b));
  });

  it('A timeout of a fraction of a millisecond does not spin.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const poller = descriptors.using(new Poller({ backend })); // which Node's loop cannot end
    reactor.turn(1); // what was left in Node's loop is delivered here
    for (let round = 0; round < 5; round++) {
      const before = reactor.stats;
      const start = now();
      const timer = reactor.setTimeout(() => undefined, 0.3);
      while (timer.isPending) reactor.turn(-1);
      expect(sinceMs(start)).toBeGreaterThanOrEqual(0.3);
      expect(reactor.stats.waits - before.waits).toBeLessThanOrEqual(3);
      const again = now();
      poller.wait(0.3);
      expect(sinceMs(again)).toBeGreaterThanOrEqual(0.3);
    }
    expect(reactor.stats.emptyWakes).toBe(0);
  });

  it('a timer ends a wait of any length, and only the timer', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    reactor.turn(1);
    for (const timeoutMs of TIMEOUTS_MS) {
      let isFired = false;
      const start = now();
      reactor.setTimeout(() => {
        isFired = true;
      }, 1);
      const { waits } = reactor.stats;
      while (!isFired) expect(reactor.turn(timeoutMs)).toBe(0);
      expect(now() - start).toBeGreaterThanOrEqual(NS_PER_MS);
      expect(reactor.stats.waits - waits).toBeLessThanOrEqual(3);
    }
  });

  it('a timer of 30 days neither fires nor ends a wait', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const timers = [MONTH_MS, 2 ** 31, 2 ** 40, Number.MAX_VALUE].map((delayMs) =>
      reactor.setTimeout(() => expect.fail(`the timer of ${delayMs} ms`), delayMs),
    );
    reactor.turn(1);
    let fullWaits = 0;
    for (let i = 0; i < 5; i++) {
      const start = now();
      reactor.turn(5);
      if (sinceMs(start) >= 5) fullWaits++;
    }
    expect(fullWaits).toBeGreaterThanOrEqual(3); // Node's loop may end one
    expect(reactor.stats.waits).toBe(6);
    expect(timers.every((timer) => timer.isPending)).toBe(true);
    expect(reactor.stats.emptyWakes).toBe(0);
  });

  it('Wake-ups from other threads are never lost, and those before a turn count as one.', async () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const posts = new Int32Array(new SharedArrayBuffer(4));
    let calls = 0;
    let seen = 0;
    const waker = reactor.createWaker(() => {
      calls++;
      seen = Atomics.load(posts, 0);
    });
    for (let i = 0; i < 100; i++) expect(waker.wake()).toBe(true);
    reactor.turn(-1);
    expect(calls).toBe(1);
    const script = new URL('../../workers/waking.mjs', import.meta.url);
    const workerData = { id: waker.id, posts, count: POSTS };
    const threads = Array.from({ length: THREADS }, () => new Worker(script, { workerData }));
    const exits = threads.map((thread) => once(thread, 'exit'));
    const total = THREADS * POSTS;
    // Threads start by means of this thread's loop; each pass serves both.
    while (Atomics.load(posts, 0) < total) {
      reactor.turn(0);
      await nextLoopPass();
    }
    for (let quiet = 0; seen < total && quiet < 3; ) {
      const start = now();
      reactor.turn(QUIET_MS);
      if (sinceMs(start) >= QUIET_MS) quiet++; // nothing came, and yet there is something to see
    }
    expect(seen).toBe(total);
    await Promise.all(exits);
    const before = calls;
    for (let i = 0; i < 3; i++) reactor.turn(0);
    expect(calls - before).toBeLessThanOrEqual(1); // the wake-up behind the last post, at most
    reactor.turn(5);
    expect(reactor.stats.emptyWakes).toBe(0);
  });
});

it("select blocks although Node's loop cannot stand in its set: it looks up from time to time", () => {
  const reactor = descriptors.using(new Reactor({ backend: 'select' }));
  const [ours, theirs] = descriptors.socketpair();
  const recorder = new Recorder();
  reactor.register(ours, Interest.Readable, recorder);
  for (let count = 0; count < 1100; count++) descriptors.dup(theirs); // FD_SETSIZE is 1024
  expect(reactor.turn(-1)).toBe(0);
  send(theirs, 'x');
  expect(reactor.turn(-1)).toBe(1);
  expect(recorder.count).toBe(1);
});
