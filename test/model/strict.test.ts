// Pitfall 1 where it shows: over a kernel that reports an edge only at a change from not ready to
// ready. Linux reports every arrival, so there a reader that does not drain passes ordinary tests.
import { expect, test } from 'vitest';
import { Interest } from '../../src/poller/interest.ts';
import { Dispatcher } from '../../src/reactor/dispatcher.ts';
import { Failures } from '../../src/reactor/failures.ts';
import type { Handler, Registration } from '../../src/reactor/registration.ts';
import { SimKernel } from './sim-kernel.ts';
import { SimPoller } from './sim-poller.ts';

const BURST_BYTES = 256 * 1024;
const READ_BYTES = 1024;
const READER = 10;
const WRITER = 11;

/** Reads `READ_BYTES` at a time and says after each read whether it goes on. */
type GoesOn = (registration: Registration, byteCount: number) => boolean;

/** Has a peer write one burst and then nothing; returns how many bytes the reader got. */
function bytesReceived(goesOn: GoesOn, turnCount: number, isStrict = true): number {
  const kernel = new SimKernel(4 * BURST_BYTES * 4);
  const poller = new SimPoller(kernel, { capacity: 16, isStrict });
  const budget = { bytesLeft: 4 * READ_BYTES, operationsLeft: 1000 };
  const host = { onPlanChange: () => undefined, onRebuild: () => undefined };
  const failures = new Failures();
  const dispatcher = new Dispatcher(poller.asPoller, host, failures, budget);
  kernel.open('stream', [READER, WRITER]);
  let received = 0;
  const handler: Handler = {
    onReady(_, registration) {
      for (;;) {
        const result = kernel.read(READER, READ_BYTES);
        if (typeof result !== 'number' || result === 0) return;
        received += result;
        if (!goesOn(registration, result)) return;
      }
    },
  };
  const what = { data: undefined, isExclusive: false, scope: undefined };
  dispatcher.add({ fd: READER, interest: Interest.Readable, trigger: 'edge', handler, ...what });
  const chunkCount = 64;
  for (let turn = 0; turn < turnCount; turn++) {
    // The burst comes in pieces, the last of them long before the reader can be done.
    const byteCount = BURST_BYTES / chunkCount;
    if (turn < chunkCount) expect(kernel.write(WRITER, byteCount, byteCount)).toBeUndefined();
    const count = poller.wait();
    const requeued = dispatcher.enter();
    dispatcher.deliverEvents(count);
    dispatcher.deliverRequeued(requeued);
    dispatcher.leave();
  }
  expect(failures.take()).toEqual([]);
  return received;
}

test('a reader that drains gets all bytes of one burst', () => {
  expect(bytesReceived(() => true, 64)).toBe(BURST_BYTES);
});

test('a reader that stops at its budget gets all bytes of one burst', () => {
  const stopsAtBudget: GoesOn = (registration, count) => registration.charge(count);
  expect(bytesReceived(stopsAtBudget, 128)).toBe(BURST_BYTES);
});

test('a reader that re-queues itself gets all bytes of one burst', () => {
  const requeues: GoesOn = (registration) => {
    registration.requeue();
    return false;
  };
  expect(bytesReceived(requeues, 512)).toBe(BURST_BYTES);
});

test('a reader that re-arms itself gets all bytes of one burst', () => {
  const rearms: GoesOn = (registration) => {
    registration.rearm();
    return false;
  };
  expect(bytesReceived(rearms, 512)).toBe(BURST_BYTES);
});

test('a reader that stops without a word hangs, and a lenient kernel hides it for a while', () => {
  const stops: GoesOn = () => false;
  expect(bytesReceived(stops, 512)).toBe(READ_BYTES);
  expect(bytesReceived(stops, 64, false)).toBe(64 * READ_BYTES);
});
