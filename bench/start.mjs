// `npm run bench -- ...` on any clone: installs, builds what is not there, and runs the suite. --help, --list
// and mistakes on the command line are answered at once; list.txt is what --list says, and a test compares it
// with the suite.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from '../scripts/launch.mjs';
import { readBench, usage, WordsError } from './words.mjs';

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
try {
  const { command } = readBench(args);
  if (command === 'help') process.stdout.write(usage());
  else if (command === 'list') process.stdout.write(readFileSync(inRoot('bench/list.txt'), 'utf8'));
  else process.exitCode = await runSuite(args);
} catch (error) {
  if (!(error instanceof WordsError)) throw error;
  process.stderr.write(`bench: ${error.message} (see: npm run bench -- --help)\n`);
  process.exitCode = 2;
}
