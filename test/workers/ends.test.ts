// Threads that open what the library can open, and end: by themselves, by force, in a fault.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('./ends.mjs', import.meta.url));
/** `npm run test:long -- ends` runs 200. */
const THREADS = '36';

it('threads that end in every way leave no descriptor and no socket file behind', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, THREADS, '3']);
  const { before, after, left, files, errors } = JSON.parse(stdout);
  expect({ left, files, errors }).toEqual({ left: [], files: [], errors: [] });
  expect(after).toBe(before);
});
