// The example of work out of the loop, run as a user runs it; see examples.test.ts.
import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { ExampleProcess, receive } from '../helpers/example-process.ts';

const running: ExampleProcess[] = [];
const sockets: Socket[] = [];

function serve(): ExampleProcess {
  const example = new ExampleProcess('offload', ['0']);
  running.push(example);
  return example;
}

async function connectTo(example: ExampleProcess): Promise<Socket> {
  const socket = await example.connect();
  sockets.push(socket);
  return socket;
}

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const example of running.splice(0)) example.kill();
});

test('computes for one client, and goes on with others and with that one', async () => {
  const example = serve();
  const asker = await connectTo(example);
  asker.write('fib 30\nhello\nfib 1');
  expect(String(await receive(asker, 6))).toBe('hello\n');
  asker.end('0\n');
  const answers = String(await receive(asker)).split('\n'); // of several threads, in any order
  expect(answers.sort()).toEqual(['', 'fib 10 = 55', 'fib 30 = 832040']);
});

test('is not kept waiting by work, and gives it up when its client has gone', async () => {
  const example = serve();
  const askers = await Promise.all(Array.from({ length: 64 }, () => connectTo(example)));
  for (const asker of askers) asker.write('fib 99\n'); // some thousand years for each
  const other = await connectTo(example);
  other.write('hello\n');
  expect(String(await receive(other, 6))).toBe('hello\n');
  for (const asker of askers) asker.resetAndDestroy();
  other.end('fib 10\n');
  expect(String(await receive(other))).toBe('fib 10 = 55\n');
  expect(await example.end()).toMatchObject({ code: 0, stderr: '' });
});
