// The solution of lab 6 and a client that others have written: ioredis, without the commands that the lab leaves out.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';

const { prepare } = await import(new URL('../../labs-teacher/prepare.mjs', import.meta.url).href);
const base = mkdtempSync(join(tmpdir(), 'edgewise-redis-'));
const clients: Redis[] = [];
let server: ChildProcess;
let port = 0;

beforeAll(async () => {
  mkdirSync(join(base, 'node_modules'));
  symlinkSync(
    fileURLToPath(new URL('../..', import.meta.url)),
    join(base, 'node_modules/edgewise'),
  );
  const folder: string = prepare(base, { lab: { folder: '06-protocol' }, kind: 'solution' });
  const main = existsSync(join(folder, 'main.ts')) ? 'main.ts' : 'main.js';
  const words = ['--disable-warning=ExperimentalWarning', main, '--port', '0'];
  server = spawn(process.execPath, words, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(server.stdout?.setEncoding('utf8') as NodeJS.ReadableStream, 'data');
  port = Number(/:(\d+)\n/.exec(line)?.[1]);
});
afterAll(async () => {
  for (const client of clients) client.disconnect();
  server.kill('SIGKILL');
  await once(server, 'exit');
  rmSync(base, { recursive: true, force: true });
});

/** INFO and CLIENT, by which it asks what the server is, are not in the subset. */
function connect(): Redis {
  const options = { enableReadyCheck: false, disableClientInfo: true, maxRetriesPerRequest: 0 };
  const client = new Redis({ port, ...options });
  clients.push(client);
  return client;
}

test('values, one after the other and in a pipeline, bytes that are no text', async () => {
  const client = connect();
  expect(await client.set('key', 'value')).toBe('OK');
  expect(await client.get('key')).toBe('value');
  expect(await client.del('key')).toBe(1);
  expect(await client.get('key')).toBeNull();
  const bytes = Buffer.from([0, 13, 10, 255]);
  await client.set('bytes', bytes, 'PX', 60_000);
  expect(await client.getBuffer('bytes')).toEqual(bytes);
  const pipeline = client.pipeline();
  for (let i = 0; i < 100; i++) pipeline.echo(`${i}`);
  const answers = await pipeline.exec();
  expect(answers?.map(([, answer]) => Number(answer))).toEqual(
    Array.from({ length: 100 }, (_, i) => i),
  );
});

test('a subscriber and a publisher', async () => {
  const subscriber = connect();
  await subscriber.subscribe('weather');
  const message = once(subscriber, 'message');
  expect(await connect().publish('weather', 'hello')).toBe(1);
  expect(await message).toEqual(['weather', 'hello']);
});
