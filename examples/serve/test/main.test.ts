// The command, as a user runs it: what it prints, how it ends, and what it says to bad arguments.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { head, received } from './running.ts';

const LAUNCHER = fileURLToPath(new URL('../../../scripts/serve.mjs', import.meta.url));
const FOLDER = fileURLToPath(new URL('..', import.meta.url));

function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  const ended = once(child, 'close').then(([code]) => ({ code, ...texts }));
  return { child, ended };
}

test.each(['SIGINT', 'SIGTERM'] as const)('serves until %s', async (signal) => {
  const { child, ended } = start(FOLDER, '--port', '0');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  expect(line).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+$/);
  const socket = connect(Number(line.split(':').at(-1)), '127.0.0.1');
  socket.write(head('/package.json', 'Connection: close'));
  expect(String(await received(socket))).toMatch(/"name": "edgewise-serve"/);
  child.kill(signal);
  expect(await ended).toMatchObject({ code: 0, stderr: '' });
});

test('a signal right after the first line ends it in good order', async () => {
  const { child, ended } = start(FOLDER, '--port', '0');
  child.stdout.once('data', () => child.kill('SIGTERM'));
  expect(await ended).toMatchObject({ code: 0, stderr: '' });
});

test.each([
  ['DIR is missing', []],
  ["'two' is one word too many", ['one', 'two']],
  ["--port takes a whole number from 0 to 65535, not '70000'", [FOLDER, '--port', '70000']],
  ["--port takes a whole number from 0 to 65535, not 'x'", [FOLDER, '--port', 'x']],
  ["unknown option '--color'", [FOLDER, '--color']],
  ['/does/not/exist is no folder', ['/does/not/exist']],
  [`${LAUNCHER} is no folder`, [LAUNCHER]],
] as const)('exit code 2: %s', async (text, args) => {
  const stderr = `serve: ${text} (see: npm run serve -- --help)\n`;
  expect(await start(...args).ended).toMatchObject({ code: 2, stdout: '', stderr });
});

test('a port that is taken is one line and exit code 1', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { code, stderr } = await start(FOLDER, '--port', String(port)).ended;
  other.close();
  expect(code).toBe(1);
  expect(stderr).toMatch(/^serve: .*EADDRINUSE.*\n$/);
});
