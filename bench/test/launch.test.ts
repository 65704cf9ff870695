// What starts the suite hands on the signals that are to end it, so that nothing lives on.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { inRoot } from '../src/root.ts';

const LAUNCH = pathToFileURL(inRoot('scripts/launch.mjs')).href;
const WAITS = `process.on(process.argv[1], () => process.exit(130));
  console.log(process.pid); setInterval(() => {}, 1000)`;

function start(program: string, word: string): ChildProcess {
  const args = JSON.stringify(['-e', program, word]);
  const script = `import { launch } from '${LAUNCH}';
    process.exitCode = await launch(process.execPath, ${args});`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends the program, too', async (signal) => {
  const child = start(WAITS, signal);
  const [line] = await once(child.stdout ?? child, 'data');
  const pid = Number(String(line));
  onTestFinished(() => {
    if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
  });
  child.kill(signal);
  const [code] = await once(child, 'exit');
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  expect(code).toBe(130);
});

it('the exit code is the program’s', async () => {
  const [code] = await once(start('process.exit(7)', ''), 'exit');
  expect(code).toBe(7);
});
