// The same seed is the same run: every call, with its time and its result, in another process and, by
// scripts/test-nodes.mjs, on other versions of Node.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SEEDS = Number(process.env.EDGEWISE_SEEDS ?? 100);
const PROGRAM = 'test/testing/determinism/logs.mjs';

/** A hash of the calls of each run. */
async function logs(): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, String(SEEDS)]);
  return stdout.trimEnd().split('\n');
}

it(`${SEEDS} seeds, each run twice: the logs are equal`, async () => {
  const [first, second] = await Promise.all([logs(), logs()]);
  expect(second).toEqual(first);
  // One of a run without faults by chance, and one of each seed, which is another run.
  expect(new Set(first).size).toBe(SEEDS + 1);
});
