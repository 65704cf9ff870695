// What test/multi/offload.test.ts offloads. A cell of shared memory tells that the task has begun,
// and another one lets it go on.
import { threadId } from 'node:worker_threads';

export function task({ kind, cells, value }) {
  if (kind === 'throw') throw new RangeError('too much');
  if (kind === 'exit') process.exit(3);
  if (kind === 'thread') return threadId;
  if (kind === 'block') {
    const words = new Int32Array(cells);
    Atomics.store(words, 0, 1);
    Atomics.wait(words, 1, 0);
  }
  return value;
}
