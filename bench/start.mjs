// `npm run bench -- ...` on any clone: installs, builds what is not there, and runs the suite.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from './launch.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const inRoot = (path) => join(root, path);

async function run(command, ...args) {
  const code = await launch(command, args, { cwd: root });
  if (code !== 0) process.exit(code);
}

if (!existsSync(inRoot('node_modules/echarts'))) await run('npm', 'ci', '--no-audit', '--no-fund');
await run('npm', 'run', '--silent', 'build');
await run(process.execPath, inRoot('node_modules/typescript/bin/tsc'), '-p', inRoot('bench'));
const words = [inRoot('build-bench/bench/src/main.js'), ...process.argv.slice(2)];
process.exitCode = await launch(process.execPath, words);
