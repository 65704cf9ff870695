// Runs the tests that repeat something, each with as many rounds as may find a rare race:
// `npm run test:long -- rounds`. `npm test` has fewer (test/helpers/rounds.ts). Call `npm run build` before.
// Arguments are those of vitest; the exit code is its own.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const files = readdirSync('test', { recursive: true })
  .map((name) => join('test', name))
  .filter((path) => path.endsWith('.test.ts') && /\brounds\(/.test(readFileSync(path, 'utf8')));
const args = ['node_modules/vitest/vitest.mjs', 'run', ...files, '--testTimeout=600000'];
const { status } = spawnSync(process.execPath, [...args, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, EDGEWISE_ROUNDS: 'long' },
});
process.exitCode = status ?? 1;
