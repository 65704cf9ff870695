// Step 7: its tests pass, and the mistake of the page, which is not seen by hand, is found by them.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { blocksOf, examplesOf, type Files, pageOf, STEPS, typed } from './page.ts';
import { makeFolder } from './running.ts';

const TESTED = STEPS.filter((step) => examplesOf(step).has('chat.test.ts'));

function runTests(files: Files): { status: number | null; output: string } {
  const folder = makeFolder(files);
  try {
    const args = ['--test', '--test-reporter=tap', 'chat.test.js'];
    const env: NodeJS.ProcessEnv = { ...process.env, EDGEWISE_SIM_SEED: '1' };
    delete env.NODE_TEST_CONTEXT; // this is not one of its files
    const run = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env });
    return { status: run.status, output: `${run.stdout}${run.stderr}` };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each(TESTED)('%s: its tests pass', (step) => {
  const { status, output } = runTests(examplesOf(step));
  expect(status, output).toBe(0);
  for (const [line] of pageOf('07-tests').matchAll(/^✔ .*$/gm))
    expect(output).toContain(line.slice(2));
});

test('the mistake of step 7 is found, and said how to see again', () => {
  const fault = blocksOf(pageOf('07-tests')).filter(({ kind }) => kind === 'fault');
  expect(fault).toHaveLength(1);
  const { status, output } = runTests(typed(examplesOf('07-tests'), fault));
  expect(status, output).toBe(1);
  expect(output).toMatch(/^not ok 1 - what one says/m);
  expect(output).toMatch(/seed \d+, run \d+ of 100; 1 unkind choice remains of \d+:/);
  expect(output).toMatch(/again: EDGEWISE_SIM='[-\d.]+'/);
});
