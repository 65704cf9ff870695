// The example of a hand-over, run as a user runs it: twice.
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ExampleProcess, receive } from '../helpers/example-process.ts';

const running: ExampleProcess[] = [];
const sockets: Socket[] = [];
const folder = mkdtempSync(join(tmpdir(), 'edgewise-example-'));

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const example of running.splice(0)) example.kill();
  rmSync(folder, { recursive: true });
});

function start(): ExampleProcess {
  const example = new ExampleProcess('handover', ['0', join(folder, 'control')]);
  running.push(example);
  return example;
}

/** A client that has been answered. */
async function clientOf(example: ExampleProcess): Promise<Socket> {
  const socket = await example.connect();
  sockets.push(socket);
  await expectEcho(socket, 'hello');
  return socket;
}

async function expectEcho(socket: Socket, text: string): Promise<void> {
  socket.write(text);
  expect(String(await receive(socket, text.length))).toBe(text);
}

test('the next process takes the listener; the first one finishes what it has and ends', async () => {
  const first = start();
  const early = await clientOf(first);
  const next = start();
  expect(await next.port()).toBe(await first.port());
  await first.line(/^handed over to \d+, 1 to finish$/);
  await expectEcho(early, 'still served');
  await clientOf(next);
  early.end();
  const ending = await first.ending();
  expect(ending).toMatchObject({ code: 0, stderr: '' });
  expect(ending.lines.at(-1)).toBe('served 1 connections');
  expect(await next.end()).toMatchObject({ code: 0, stderr: '' });
});
