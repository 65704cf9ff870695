// `edgewise sim`: rounds with new seeds, until the budget is used up or one fails.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { decodeTrace } from '../../src/trace/index.ts';

const MAIN = new URL('../../dist/cli/main.js', import.meta.url).pathname;
const TESTING = new URL('../../dist/testing/index.js', import.meta.url).href;
const MAIN_ENTRY = new URL('../../dist/index.js', import.meta.url).href;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sim-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(body: string, ...args: string[]) {
  const file = join(folder, 'server.test.mjs');
  const text = `import { test } from 'node:test';
import { simulate } from '${TESTING}';
test('it', () => simulate({ runs: 3, faults: { delayMs: 5 } }, (sim) => { ${body} }));`;
  writeFileSync(file, text);
  return spawnSync(process.execPath, [MAIN, 'sim', file, ...args], { encoding: 'utf8' });
}

it('goes on with other seeds until its time or its rounds are over', () => {
  const seeds = join(folder, 'seeds');
  const body = 'sim.at(1, () => undefined);';
  const notes = `process.getBuiltinModule('node:fs').appendFileSync(${JSON.stringify(seeds)},
    process.env.EDGEWISE_SIM_SEED + ' ');`;
  const { status, stdout, stderr } = run(`${body} ${notes}`, '--rounds', '2');
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^nothing was found in \d+ s\n$/)]);
  expect(stderr).toMatch(/^round 1, seed 1, 0 of 60 s$/m);
  const ofRuns = '1 1 1 100001 100001 100001 '; // three runs a round
  expect(readFileSync(seeds, 'utf8')).toBe(ofRuns);
  const brief = run(body, '--budget', '0.01s');
  expect(brief.stderr.match(/^round/gm)).toHaveLength(1);
});

it('ends with what a failing round has printed, and how to have it again', () => {
  const { status, stdout } = run("throw new Error('found');", '--seeds', '7');
  expect(status).toBe(1);
  expect(stdout).toMatch(/found/);
  expect(stdout).toMatch(
    /round 1 has failed; the same again: EDGEWISE_SIM_SEED=7 .*server\.test\.mjs\n$/,
  );
});

it('a run that is done again is traced into the file that EDGEWISE_TRACE names, also when it ends well', () => {
  const file = join(folder, 'again.edgetrace');
  const script = `import { simulate } from '${TESTING}'; import { listen } from '${MAIN_ENTRY}';
await simulate({ runs: 3 }, () => { listen({ port: 7007, handlers: {} }); });`;
  const env = { ...process.env, EDGEWISE_SIM: '', EDGEWISE_TRACE: `${file},events` };
  const args = ['--input-type=module', '--eval', script];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  expect([status, stderr]).toEqual([0, '']);
  expect(decodeTrace(readFileSync(file)).streams.map(({ level }) => level)).toEqual(['calls']);
});
