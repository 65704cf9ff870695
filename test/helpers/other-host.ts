// A setup file of vitest under Bun and Deno: leaves out the tests that would end or block their process there
// (test/hosts/own-suites.txt), and ends the process of a file that blocks all the same.
import { spawn, spawnSync } from 'node:child_process';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach } from 'vitest';

const TESTS = fileURLToPath(new URL('..', import.meta.url));
const LEFT_OUT: ReadonlySet<string> = new Set(JSON.parse(process.env.EDGEWISE_LEFT_OUT ?? '[]'));
const FILE_SECONDS = process.env.EDGEWISE_FILE_SECONDS ?? '60';

// By a process of its own, since none of our timers fires where a test blocks.
const watcher = spawn('sh', ['-c', `sleep ${FILE_SECONDS}; kill -9 ${process.pid}`], {
  detached: true,
  stdio: 'ignore',
});
watcher.unref();
afterAll(() => {
  process.kill(-(watcher.pid as number), 'SIGKILL');
});

// What these open in the host, once and for good, is no test's: Bun opens two descriptors for the first process that
// it waits for, and one for the first warning.
spawnSync('true');
process.emitWarning('the first, which opens what a host needs for one');

beforeEach((context) => {
  const names = [context.task.name];
  for (let { suite } = context.task; suite !== undefined; suite = suite.suite) {
    names.unshift(suite.name);
  }
  const file = relative(TESTS, context.task.file.filepath);
  if (LEFT_OUT.has(`${file} > ${names.filter((name) => name !== '').join(' > ')}`)) context.skip();
});
