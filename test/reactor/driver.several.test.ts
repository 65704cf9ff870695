// Several reactors of one thread: what one makes for another, or Node for each, does not wait until
// something else wakes the thread. In processes of their own, since a test's own timers would.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Poller } from '../../src/poller/poller.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../workers/several.mjs', import.meta.url));

const ORDERS = ['inverted', 'nested'].flatMap((first) =>
  ['main', 'worker'].map((where) => [first, where]),
);

describe.each(Poller.backends)('%s', (backend) => {
  it.each(ORDERS)(
    'what a reactor is given outside its turn is done at once: %s first, %s thread',
    async (first, where) => {
      const { stdout } = await run(process.execPath, [script, backend, `${first}`, `${where}`]);
      const { count, late } = JSON.parse(stdout);
      expect(count).toBeGreaterThan(500);
      expect(late).toEqual([]);
    },
  );
});
