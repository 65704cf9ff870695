// What a check on the simulated kernel leaves behind when it fails: a trace to look at, and nothing else.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { decodeTrace } from '../../src/trace/index.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { grade, labs } = (await import(
  `${ROOT}labs/dist/src/index.js`
)) as typeof import('../../labs/src/index.ts');

const folder = mkdtempSync(join(tmpdir(), 'edgewise-trace-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The starter of lab 7, which does not connect: 7.9 is simulated. */
function begin(): string {
  const student = join(folder, 'proxy');
  cpSync(join(ROOT, 'labs/dist/js/07-proxy'), student, { recursive: true });
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/edgewise'));
  return student;
}

test('the trace of a failing simulated run is kept with the others, and none for temporary files', async () => {
  const student = begin();
  const lab = labs.find(({ number }) => number === 7);
  if (lab === undefined) throw new Error('no lab 7');
  const { TMPDIR } = process.env;
  process.env.TMPDIR = join(folder, 'temporary');
  mkdirSync(process.env.TMPDIR);
  try {
    const { checks } = await grade(lab, { folder: student, only: ['7.9'] });
    const { see, got } = checks[0]?.failure ?? {};
    expect(see).toBe(join(student, '.edgewise/7.9.edgetrace'));
    expect(decodeTrace(readFileSync(see ?? '')).streams.length).toBeGreaterThan(0);
    expect(got).not.toMatch(/see it:/);
    expect(readdirSync(process.env.TMPDIR)).toEqual([]);
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
});
