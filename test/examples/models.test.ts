// The models of examples/models: each echoes and ends, and is one of the benchmark's scenario `models`.
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { ExampleProcess, receive } from '../helpers/example-process.ts';

const FOLDER = new URL('../../examples/models/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.ts'));
const SHARED = ['flags.ts', 'common.ts', 'blocking-echo.ts'];
const MODELS = FILES.filter((file) => !SHARED.includes(file)).map((file) => file.slice(0, -3));
const LINUX_ONLY = ['epoll-level', 'epoll-edge'];
const HERE = MODELS.filter((name) => process.platform === 'linux' || !LINUX_ONLY.includes(name));

const running: ExampleProcess[] = [];
const sockets: Socket[] = [];
const servers: Server[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
  for (const example of running.splice(0)) example.kill();
});

function start(name: string, flags = ['--port', '0', '--threads', '2']): ExampleProcess {
  const example = new ExampleProcess(`models/${name}`, flags);
  running.push(example);
  return example;
}

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

test.each(HERE)(
  '%s echoes to the end, one client after the other, and ends by signals',
  async (name) => {
    const example = start(name);
    for (const message of ['hello', 'x'.repeat(1 << 20)]) {
      const socket = await client(example);
      socket.end(message);
      expect(String(await receive(socket))).toBe(message);
    }
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const other = start(name);
      const connected = await client(other);
      connected.write('x');
      await receive(connected, 1); // so threads are at work, and one of them has a client
      expect((await other.end(signal)).stderr).toBe('');
      expect(() => process.kill(other.pid, 0)).toThrow(/ESRCH/);
    }
  },
);

test.each(HERE)('%s: a port that is taken is one line, and so is a wrong flag', async (name) => {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const taken = start(name, ['--port', `${port}`]);
  const ending = await taken.ending();
  expect(ending).toMatchObject({ code: 1, lines: [] });
  expect(ending.stderr).toMatch(/^models\/\S+: bind.* EADDRINUSE.*\n$/);
  expect(ending.stderr).toContain(`127.0.0.1:${port}`);
  const wrong = await start(name, ['--prot', '1']).ending();
  expect(wrong).toMatchObject({ code: 2, lines: [] });
  expect(wrong.stderr).toMatch(/^these are no flags: --prot 1; the flags are .*\n$/);
});

test('a thread per connection: the sixty-fifth client is served when one has gone', async () => {
  const example = start('thread-per-connection');
  const clients: Socket[] = [];
  for (let i = 0; i < 65; i++) clients.push(await client(example));
  for (const each of clients) each.write('x');
  const [first, ...others] = clients;
  const late = others.pop();
  for (const each of [first, ...others]) await receive(each as Socket, 1);
  expect(late?.bytesRead).toBe(0);
  first?.end();
  expect(String(await receive(late as Socket, 1))).toBe('x');
}, 120_000);

test('the blocking one serves the second when the first has gone', async () => {
  const example = start('blocking');
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
