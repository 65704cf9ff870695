// `npm run bench -- ...` on any clone: installs, builds what is not there, and runs the suite. --help
// and --list are answered at once, from usage.txt and list.txt, which a test compares with the suite.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from '../scripts/launch.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const inRoot = (path) => join(root, path);

async function run(command, ...args) {
  const code = await launch(command, args, { cwd: root });
  if (code !== 0) process.exit(code);
}

async function runSuite(args) {
  if (!existsSync(inRoot('node_modules/echarts'))) {
    await run('npm', 'ci', '--no-audit', '--no-fund');
  }
  await run('npm', 'run', '--silent', 'build');
  await run(process.execPath, inRoot('node_modules/typescript/bin/tsc'), '-p', inRoot('bench'));
  return launch(process.execPath, [inRoot('build-bench/bench/src/main.js'), ...args]);
}

const args = process.argv.slice(2);
const text = args.some((arg) => arg === '--help' || arg === '-h')
  ? 'bench/usage.txt'
  : args.includes('--list') && 'bench/list.txt';
if (text) process.stdout.write(readFileSync(inRoot(text), 'utf8'));
else process.exitCode = await runSuite(args);
