// worker.terminate() of threads with a reactor that waits, works, or is inside a handler.
import { once } from 'node:events';
import { setTimeout as passed } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { beforeAll, expect, it } from 'vitest';
import type { Backend } from '../../src/poller/interest.ts';
import { Poller } from '../../src/poller/poller.ts';
import { Waker } from '../../src/reactor/waker.ts';
import { countDescriptors, useDescriptors } from '../helpers/descriptors.ts';
import { eachBackend, eachDriver } from '../helpers/matrix.ts';

useDescriptors(); // which sees what the worker leaves
const END_MS_MAX = 250; // what we promise of a thread that is asked to end
const RESCUE_MS = 5000;
const SETTLED_MS = 300;

const FEW = 5;

/** More of the back-end that is used by default; the classic ones take longer to show less. */
function many(backend: Backend): number {
  return backend === Poller.preferredBackend ? 50 : 15;
}

interface WorkerData {
  readonly backend: Backend;
  readonly driver?: string;
  readonly state: 'blocked' | 'idle' | 'busy' | 'inside';
}

/** Starts a worker, and terminates it when it says that it is ready. @returns milliseconds. */
async function terminateOne(data: WorkerData): Promise<number> {
  const worker = new Worker(new URL('../workers/terminated.mjs', import.meta.url), {
    workerData: data,
  });
  await once(worker, 'message');
  const start = process.hrtime.bigint();
  expect(await worker.terminate()).toBe(1);
  const tookMs = Number(process.hrtime.bigint() - start) / 1e6;
  return tookMs;
}

async function terminateMany(data: WorkerData, count: number): Promise<void> {
  const before = countDescriptors();
  const tookMs: number[] = [];
  for (let i = 0; i < count; i++) tookMs.push(await terminateOne(data));
  expect(Math.max(...tookMs)).toBeLessThan(END_MS_MAX);
  expect(countDescriptors()).toBe(before);
}

// What Node opens once for all workers.
beforeAll(async () => {
  await terminateOne({ backend: Poller.preferredBackend, state: 'blocked' });
});

eachBackend((backend) => {
  it('ends a worker that is blocked in turn(-1)', () =>
    terminateMany({ backend, state: 'blocked' }, many(backend)));

  it('ends a worker inside a handler of turn(-1)', () =>
    terminateMany({ backend, state: 'inside' }, FEW));
});

eachDriver((backend, driver) => {
  it('ends a worker with an attached reactor under load', () =>
    terminateMany({ backend, driver, state: 'busy' }, many(backend)));

  it('ends a worker with an attached reactor that waits', () =>
    terminateMany({ backend, driver, state: 'idle' }, FEW));

  it('ends a worker inside a handler', () =>
    terminateMany({ backend, driver, state: 'inside' }, FEW));
});

it('a worker that turns can be ended when it was inspected before', async () => {
  const url = new URL('../workers/terminated.mjs', import.meta.url);
  const turns = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { backend: 'epoll', state: 'blocked', turns };
  const worker = new Worker(url, { workerData });
  const waker = new Waker((await once(worker, 'message'))[0]);
  const snapshot = await worker.getHeapSnapshot();
  // Read to its end: Node deletes one that was destroyed when it collects it, with the heap of the worker
  // gone by then, and crashes (seen with Node 20.20; Worker::TakeHeapSnapshot).
  await once(snapshot.resume(), 'end');
  await passed(SETTLED_MS); // until it blocks again, of which there is no sign
  // What the host announced is consumed by now, and is not served: the end makes no sign of its own.
  const rescue = setTimeout(() => waker.wake(), RESCUE_MS);
  const startMs = performance.now();
  expect(await worker.terminate()).toBe(1);
  clearTimeout(rescue);
  expect(performance.now() - startMs).toBeLessThan(RESCUE_MS / 2);
  expect(Atomics.load(turns, 0)).toBeLessThan(RESCUE_MS / 50); // and no turn has ended for it
});
