// Runs the tests that take a seed with new seeds, since the suite's own are always the same:
// `npm run test:long -- random [MINUTES]` (10). Call `npm run build` before.
// It stops at the first failure, and names the seed that repeats it, with exit code 1.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const minutes = Number(process.argv[2] ?? 10);
if (!(minutes > 0)) {
  console.error('random: how many minutes?');
  process.exit(2);
}
const files = readdirSync('test', { recursive: true })
  .map((name) => join('test', name))
  .filter((path) => path.endsWith('.test.ts') && readFileSync(path, 'utf8').includes('seedOfRun('));
const endMs = Date.now() + minutes * 60_000;

for (let runs = 1; Date.now() < endMs; runs++) {
  const seed = randomInt(2 ** 32);
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...files];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, EDGEWISE_SEED: String(seed) },
    maxBuffer: 1 << 28,
  });
  console.log(
    `run ${runs} of ${files.length} files, EDGEWISE_SEED=${seed}: ${status === 0 ? 'ok' : 'failed'}`,
  );
  if (status === 0) continue;
  process.stderr.write(`${stdout}${stderr}`);
  process.exit(1);
}
