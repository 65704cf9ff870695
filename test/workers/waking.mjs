// Posts `count` times: counts up in shared memory, then wakes the reactor of another thread.
import { workerData } from 'node:worker_threads';
import { Waker } from './core.mjs';

const { id, posts, count } = workerData;
const waker = new Waker(id);
for (let i = 0; i < count; i++) {
  Atomics.add(posts, 0, 1);
  waker.wake();
}
