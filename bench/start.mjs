// `npm run bench -- ...` on any clone: installs, builds what is not there, and runs the suite.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const inRoot = (path) => join(root, path);

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(inRoot('node_modules/echarts'))) run('npm', 'ci', '--no-audit', '--no-fund');
run('npm', 'run', '--silent', 'build');
run(process.execPath, inRoot('node_modules/typescript/bin/tsc'), '-p', inRoot('bench'));
process.on('SIGINT', () => undefined); // the suite has it as well, and ends in order
const { status } = spawnSync(
  process.execPath,
  [inRoot('build-bench/main.js'), ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.exitCode = status ?? 1;
