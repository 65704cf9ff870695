// The programs of the how-to pages, run as their pages say.
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, afterEach, expect, test } from 'vitest';
import { examplesOf } from './page.ts';
import { certificateFile, Lines, makeFolder } from './running.ts';

const folder = makeFolder(examplesOf('how-to'));
const home = mkdtempSync(join(tmpdir(), 'edgewise-guide-'));
const host = '127.0.0.1';
const folders = [folder, home];
const running: Program[] = [];

/** One program that runs. */
class Program {
  readonly lines: Lines;
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor(name: string, args: readonly string[], fd?: number, place = folder) {
    const cwd = dirname(certificateFile());
    const given = fd === undefined ? {} : { LISTEN_FDS: '1' };
    const command = [process.execPath, join(place, `${name}.js`), ...args];
    // As a supervisor does it: the process that is named in LISTEN_PID is the one that the program becomes.
    const shell = 'LISTEN_PID=$$ exec "$@"';
    this.#child = spawn('sh', ['-c', shell, 'sh', ...command], {
      cwd,
      env: { ...process.env, ...given },
      stdio: ['ignore', 'pipe', 'inherit', ...(fd === undefined ? [] : [fd])],
    });
    this.lines = new Lines(this.#child.stdout as Readable);
    this.exited = once(this.#child, 'close').then(([code]) => code as number | null);
    running.push(this);
  }

  async port(): Promise<number> {
    return Number(/:(\d+)$/.exec((await this.lines.next()) ?? '')?.[1]);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }
}

afterEach(() => {
  for (const program of running.splice(0)) program.signal('SIGKILL');
});
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true });
});

const start = (name: string, args: readonly string[] = ['0'], fd?: number): Program =>
  new Program(name, args, fd);

/** What a server says to a client that has said `text`, line by line. */
function talkTo(port: number, text = ''): { lines: Lines; end: () => void } {
  const socket = connect({ host, port, allowHalfOpen: true });
  socket.write(text);
  return { lines: new Lines(socket), end: () => void socket.end() };
}

test('shutdown: what was written arrives, no one else is accepted, and it ends', async () => {
  const program = start('shutdown');
  const client = talkTo(await program.port(), 'hello\n');
  expect(await client.lines.next()).toBe('hello');
  program.signal('SIGTERM');
  expect(await program.lines.next()).toBe('1 to finish');
  expect(await client.lines.next()).toBe(undefined);
  client.end();
  expect(await program.lines.next()).toBe('all have gone');
  expect(await program.exited).toBe(0);
});

test('http: both answer, and it ends by SIGTERM', async () => {
  const program = start('http', ['0', '0']);
  const ports = [...((await program.lines.next()) ?? '').matchAll(/:(\d+)/g)].map(([, p]) => p);
  const plain = await fetch(`http://${host}:${ports[0]}/a`, { headers: { connection: 'close' } });
  expect(await plain.text()).toBe('you asked for /a\n');
  const ca = readFileSync(certificateFile());
  const options = { host, port: ports[1], path: '/b', ca, servername: 'localhost', agent: false };
  const [response] = await once(request({ ...options, agent: false }).end(), 'response');
  expect(await new Lines(response).next()).toBe('you asked for /b');
  program.signal('SIGTERM');
  expect(await program.exited).toBe(0);
});

test('unix: the other process gets a descriptor', async () => {
  const path = join(home, 'unix.sock');
  const server = start('unix', ['serve', path]);
  expect(await server.lines.next()).toBe(`listening on ${path}`);
  const client = start('unix', ['ask', path]);
  expect(await client.lines.next()).toBe(`a file of ${statSync('/etc/hosts').size} bytes`);
  expect(await client.lines.next()).toBe('done');
  expect(await client.exited).toBe(0);
  server.signal('SIGTERM');
  expect(await server.exited).toBe(0);
});

test('file: it arrives behind its head', async () => {
  const program = start('file', [certificateFile(), '0']);
  const client = talkTo(await program.port());
  expect(await client.lines.next()).toBe('a file follows');
  for (const line of readFileSync(certificateFile(), 'utf8').trimEnd().split('\n')) {
    expect(await client.lines.next()).toBe(line);
  }
  expect(await program.lines.next()).toBe('sent');
  client.end();
  program.signal('SIGTERM');
  expect(await program.exited).toBe(0);
});

test('udp: each datagram is answered', async () => {
  const program = start('udp');
  const port = await program.port();
  const socket = createSocket('udp4');
  socket.send('hello', port, host);
  const [bytes] = await once(socket, 'message');
  expect(String(bytes)).toBe('hello');
  socket.close();
  program.signal('SIGTERM');
  expect(await program.exited).toBe(0);
});

test('adopt: it listens, or serves the socket that it is given', async () => {
  const alone = start('adopt');
  expect(await alone.lines.next()).toMatch(/^listening on 127\.0\.0\.1:\d+$/);
  const server = createServer();
  server.listen(0, host);
  await once(server, 'listening');
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  const program = start('adopt', [], fd);
  const line = (await program.lines.next()) ?? '';
  expect(line).toMatch(/^adopted on /);
  server.close(); // the program has a number of its own for the socket
  const client = talkTo(Number(/:(\d+)$/.exec(line)?.[1]), 'hello\n');
  expect(await client.lines.next()).toBe('hello');
  client.end();
  program.signal('SIGTERM');
  expect(await program.exited).toBe(0);
});

test('library: the HTTP client of Node, over our socket', async () => {
  const server = createServer((socket) => {
    socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nhi\n'));
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const program = start('library', [`http://${host}:${port}/`]);
  expect(await program.lines.next()).toBe(`200 over ${host}:${port}`);
  expect(await program.lines.next()).toBe('hi');
  expect(await program.exited).toBe(0);
  server.close();
});

test('from-node-net: the same on both', async () => {
  const text = examplesOf('how-to').get('from-node-net.ts') ?? '';
  const original = text.replace("'edgewise/net'", "'node:net'");
  expect(original).not.toBe(text);
  const other = makeFolder(new Map([['from-node-net.ts', original]]));
  folders.push(other);
  for (const place of [folder, other]) {
    const program = new Program('from-node-net', ['0'], undefined, place);
    const [, port] = /port: (\d+)/.exec((await program.lines.next()) ?? '') ?? [];
    const client = talkTo(Number(port), 'hello\n');
    expect(await client.lines.next()).toBe('HELLO');
    client.end();
    program.signal('SIGTERM');
    expect(await program.exited).toBe(0);
  }
});
