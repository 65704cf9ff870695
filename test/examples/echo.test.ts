// docs/echo.md: one echo server written six ways. The code on the page is that of the files, and
// each of them does the same.
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ExampleProcess, receive } from '../helpers/example-process.ts';

const ROOT = new URL('../../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const PAGE = textOf('docs/echo.md');
const BLOCK = /<!-- (examples\/[\w/]+\.ts) -->\n\n```ts\n([\s\S]*?)```\n/g;
const BLOCKS = [...PAGE.matchAll(BLOCK)].map(([, path, code]) => ({
  path: path as string,
  code: code as string,
}));
const PROMISES = 'examples/echo/promises.ts';
const LINES_MAX = 60;
/** These own their thread: the signal ends the process, as that of a C program. */
const OWN_THREAD = ['examples/echo/sys.ts', 'examples/echo/poller.ts'];

const running: ExampleProcess[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const example of running.splice(0)) example.kill();
});

function start(path: string): ExampleProcess {
  const example = new ExampleProcess(path.replace(/^examples\/|\.ts$/g, ''), ['0']);
  running.push(example);
  return example;
}

async function connectTo(example: ExampleProcess): Promise<Socket> {
  const socket = await example.connect();
  socket.on('error', () => undefined); // `receive` throws it
  sockets.push(socket);
  return socket;
}

test('the page has six programs, and no other code of that kind', () => {
  expect(BLOCKS.map(({ path }) => path)).toEqual([
    'examples/echo/sys.ts',
    'examples/echo/poller.ts',
    'examples/echo.ts',
    'examples/echo/handlers.ts',
    'examples/echo/promises.ts',
    'examples/echo/net.ts',
  ]);
  expect(PAGE.match(/^```ts$/gm)).toHaveLength(BLOCKS.length);
});

test('the README has the one with promises as it is', () => {
  const blocks = [...textOf('README.md').matchAll(BLOCK)].filter(([, path]) => path === PROMISES);
  expect(blocks.map(([, , code]) => code)).toEqual([textOf(PROMISES)]);
});

describe.each(BLOCKS)('$path', ({ path, code }) => {
  const isHere = path !== 'examples/echo/sys.ts' || process.platform === 'linux';
  if (!isHere) process.stdout.write(`skipped: ${path} is for Linux\n`);

  test('is on the page as it is', () => {
    expect(code).toBe(textOf(path));
    expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(LINES_MAX);
  });

  test.runIf(isHere)('echoes to several at once, and goes on after one that resets', async () => {
    const example = start(path);
    const rude = await connectTo(example);
    rude.write('something');
    await receive(rude, 9);
    rude.resetAndDestroy();
    const clients = [await connectTo(example), await connectTo(example)];
    for (const [index, client] of clients.entries()) client.write(`hello ${index}`);
    for (const [index, client] of clients.entries()) {
      expect(String(await receive(client, 7))).toBe(`hello ${index}`);
      client.end();
      expect(await receive(client)).toHaveLength(0);
    }
  });

  test.runIf(isHere)('keeps every byte for a client that reads late', async () => {
    const client = await connectTo(start(path));
    const message = Buffer.alloc(16 << 20, 'edgewise ');
    const written = new Promise((resolve) => client.write(message, resolve));
    const echoed = await receive(client, message.length);
    expect(echoed.equals(message)).toBe(true);
    await written;
  });

  test.runIf(isHere)('ends by SIGINT with a client connected', async () => {
    const example = start(path);
    const client = await connectTo(example);
    client.write('x');
    await receive(client, 1);
    const { code: exitCode, stderr } = await example.end('SIGINT');
    expect({ exitCode, stderr }).toEqual({
      exitCode: OWN_THREAD.includes(path) ? null : 0,
      stderr: '',
    });
  });
});
