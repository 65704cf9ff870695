// The models of examples/models: each echoes and ends, and `npm run models` prints its table.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { ExampleProcess, receive } from './helpers/example-process.ts';

const FOLDER = new URL('../examples/models/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.ts'));
const SHARED = ['common.ts', 'blocking-echo.ts', 'readiness.ts'];
const MODELS = FILES.filter((file) => !SHARED.includes(file)).map((file) => file.slice(0, -3));
const LINUX_ONLY = ['epoll-level', 'epoll-edge'];
const HERE = MODELS.filter((name) => process.platform === 'linux' || !LINUX_ONLY.includes(name));
const SCRIPT = fileURLToPath(new URL('../bench/models.mjs', import.meta.url));

const running: ExampleProcess[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const example of running.splice(0)) example.kill();
});

async function client(example: ExampleProcess): Promise<Socket> {
  const socket = await example.connect();
  sockets.push(socket);
  return socket;
}

test('there are thirteen', () => {
  expect(MODELS.length).toBe(13);
});

test.each(FILES)('%s has at most 60 lines', (file) => {
  const text = readFileSync(new URL(file, FOLDER), 'utf8');
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
});

test('the README has a line for each file', () => {
  const readme = readFileSync(new URL('README.md', FOLDER), 'utf8');
  expect(FILES.filter((file) => !readme.includes(`[\`${file}\`](${file})`))).toEqual([]);
});

test.each(HERE)('%s echoes to the end, one client after the other, and ends', async (name) => {
  const example = new ExampleProcess(`models/${name}`, ['--port', '0', '--threads', '2']);
  running.push(example);
  for (const message of ['hello', 'x'.repeat(1 << 20)]) {
    const socket = await client(example);
    socket.end(message);
    expect(String(await receive(socket))).toBe(message);
  }
  const ended = example.ending();
  example.signal('SIGTERM');
  const { stderr } = await ended;
  expect(stderr).toBe('');
  expect(() => process.kill(example.pid, 0)).toThrow(/ESRCH/);
});

test('the blocking one serves the second when the first has gone', async () => {
  const example = new ExampleProcess('models/blocking', ['--port', '0']);
  running.push(example);
  const first = await client(example);
  const second = await client(example);
  second.write('second');
  first.write('first');
  expect(String(await receive(first, 5))).toBe('first');
  expect(second.bytesRead).toBe(0);
  first.end();
  await once(first, 'close');
  expect(String(await receive(second, 6))).toBe('second');
});

test('npm run models prints one table', () => {
  const words = [SCRIPT, '--models', 'reactor,poll', '--seconds', '0.2'];
  const run = spawnSync(process.execPath, words, { encoding: 'utf8' });
  expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
  expect(run.stdout).toMatch(/loaded +messages\/s +CPU µs each +calls each +RSS MiB +held\n/);
  for (const name of ['reactor', 'poll']) {
    expect(run.stdout).toMatch(new RegExp(`^${name}( +[-\\d.+*]+){6}$`, 'm'));
  }
}, 60_000);

test('a model that is none is one line and exit code 2', () => {
  const run = spawnSync(process.execPath, [SCRIPT, '--models', 'x'], { encoding: 'utf8' });
  expect(run.status).toBe(2);
  expect(run.stderr).toMatch(/^models: unknown model 'x'.*\n$/);
});
