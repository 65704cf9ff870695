// Threads that open what the library can open, and end: by themselves, by force, in a fault.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('./ends.mjs', import.meta.url));
/** `npm run test:long -- ends` runs 200. */
const THREADS = '24';

it('threads that end in every way leave no descriptor and no socket file behind', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, THREADS, '3']);
  const { before, after, left, files, errors } = JSON.parse(stdout);
  expect({ left, files, errors }).toEqual({ left: [], files: [], errors: [] });
  expect(after).toBe(before);
});

// Node-API refuses most calls of a thread that is being terminated, and an error cannot be thrown in it.
it('threads that are terminated while native code makes objects end, and not the process', async () => {
  for (let round = 0; round < 20; round++) {
    const worker = new Worker(new URL('./making.mjs', import.meta.url));
    await once(worker, 'message');
    for (let i = 0; i < round; i++) await nextLoopPass();
    expect(await worker.terminate()).toBe(1);
  }
});
