// Clients that take their time, too much room, or leave in the middle; files that shrink; the end.
import { once } from 'node:events';
import { mkdirSync, truncateSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { countDescriptors, head, received, until, useServers } from './running.ts';

const servers = useServers();
const LARGE = 64 << 20; // more than all buffers of a connection

/** Asks for a large file, reads its first bytes, and no more. */
async function startDownload(running: ReturnType<typeof servers.start>): Promise<Socket> {
  truncateSync(running.file('large'), LARGE);
  const socket = await running.connect();
  socket.write(head('/large'));
  await once(socket, 'readable');
  return socket;
}

/** Waits until a count has stopped growing. */
async function restOf(count: () => number | undefined): Promise<void> {
  let last: number | undefined;
  for (let same = 0; same < 10; last = count()) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    same = last !== undefined && last === count() ? same + 1 : 0;
  }
}

describe('too much', () => {
  test.each([
    ['a target', 414, head(`/${'x'.repeat(5_000)}`)],
    ['a target without end', 414, `GET /${'x'.repeat(20_000)}`],
    ['a field', 431, head('/', `X: ${'x'.repeat(20_000)}`)],
    ['a field without end', 431, `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`],
    ['fields', 431, head('/', ...Array.from({ length: 101 }, (_, index) => `X-${index}: x`))],
    ['fields without end', 431, `GET / HTTP/1.1\r\n${'X: x\r\n'.repeat(4_000)}`],
    ['blanks in a field', 431, head('/', `X:${' '.repeat(20_000)}x`)],
  ])('%s: %i', async (_what, status, bytes) => {
    expect(await servers.start().statusOf(bytes)).toBe(status);
  });

  test('the answer arrives although the client goes on sending', async () => {
    const running = servers.start();
    const socket = await running.connect();
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\nContent-Length: ${LARGE}\r\n\r\n`);
    socket.pause(); // it reads only when it has sent all; a reset would be an error of the write
    const body = Buffer.alloc(LARGE / 4);
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject).write(body, (error) => (error ? reject(error) : resolve()));
    });
    expect(String(await received(socket))).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('what is sent ahead is not read while an answer waits for the client', async () => {
    const running = servers.start();
    const socket = await startDownload(running);
    const [connection] = running.server.connections;
    socket.write(head().repeat(200_000)); // 7 MB
    await restOf(() => connection?.bytesRead);
    expect(connection?.bytesRead).toBeLessThan(1 << 20);
    socket.destroy();
    await until(() => running.server.connections.size === 0);
  });

  test('short answers do not pile up for a client that does not read them', async () => {
    const running = servers.start();
    mkdirSync(`${running.folder}/folder`);
    const socket = await running.connect();
    socket.pause();
    const [connection] = running.server.connections;
    const count = 6_000; // of four kilobytes: more than all buffers of a connection
    socket.write(head(`/folder?${'x'.repeat(4_000)}`).repeat(count));
    await restOf(() => connection?.bytesRead);
    expect(connection?.writableLength).toBeGreaterThan(0);
    expect(connection?.writableLength).toBeLessThan(100_000);
    socket.end();
    const answers = String(await received(socket)).match(/^HTTP\/1\.1 301 /gm);
    expect(answers).toHaveLength(count);
  });
});

describe('too slow', () => {
  test('a head that comes byte by byte has a deadline: 408', async () => {
    const running = servers.start({ headMs: 300 });
    const socket = await running.connect();
    socket.setNoDelay(true);
    const drip = setInterval(() => socket.write('x'), 20);
    const answer = String(await received(socket));
    clearInterval(drip);
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  });

  test('the deadline is for one head: a connection that asks now and then stays', async () => {
    const running = servers.start({ headMs: 1_000 });
    running.file('index.html', 'x');
    const socket = await running.connect();
    for (let i = 0; i < 5; i++) {
      const [first, rest] = [head().slice(0, 10), head().slice(10)];
      socket.write(first);
      await new Promise((resolve) => setTimeout(resolve, 250));
      socket.write(rest);
      expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
    }
    socket.end();
    await received(socket);
  });

  test.each(['', head()])('a client that says nothing more is left, after %j', async (bytes) => {
    const running = servers.start({ idleMs: 300 });
    running.file('index.html', 'x');
    const socket = await running.connect();
    socket.write(bytes);
    expect(String(await received(socket))).toMatch(bytes === '' ? /^$/ : /^HTTP\/1\.1 200 /);
  });

  test('a client that does not read its answer is left, and the file closed', async () => {
    const running = servers.start({ idleMs: 300 });
    const before = countDescriptors();
    const socket = await startDownload(running);
    await until(() => running.server.connections.size === 0);
    socket.destroy();
    await until(() => countDescriptors() <= before);
    expect(running.server.connections.size).toBe(0);
  });
});

describe('cut short', () => {
  test.each(['destroy', 'resetAndDestroy'] as const)('by the client: %s', async (leave) => {
    const running = servers.start();
    const before = countDescriptors();
    const socket = await startDownload(running);
    socket[leave]();
    await until(() => running.server.connections.size === 0 && countDescriptors() <= before);
    running.file('index.html', 'x');
    expect((await running.get('/')).status).toBe(200);
  });

  test('a file that shrinks closes the connection before the end', async () => {
    const running = servers.start();
    const socket = await startDownload(running);
    truncateSync(`${running.folder}/large`, 1000);
    const { length } = await received(socket).catch(() => Buffer.alloc(0)); // or a reset
    expect(length).toBeLessThan(LARGE);
    await until(() => running.server.connections.size === 0);
  });

  test('a file that grows is sent as long as it was', async () => {
    const running = servers.start();
    const socket = await startDownload(running);
    truncateSync(`${running.folder}/large`, LARGE * 2);
    socket.end();
    const body = (await received(socket)).length;
    expect(body).toBeGreaterThan(LARGE);
    expect(body).toBeLessThan(LARGE + 1000);
  });
});

describe('the end', () => {
  test('an answer in progress is finished, idle clients are notified, no new ones are accepted', async () => {
    const running = servers.start();
    const idle = await running.connect();
    const socket = await startDownload(running);
    running.server.close();
    expect(await received(idle)).toHaveLength(0);
    await expect(running.connect()).rejects.toThrow(
      expect.objectContaining({ code: 'ECONNREFUSED' }),
    );
    expect((await received(socket)).length).toBeGreaterThan(LARGE);
    await running.done;
  });

  test('the second time everything is closed at once', async () => {
    const running = servers.start();
    const socket = await startDownload(running);
    running.server.close();
    running.server.close();
    await running.done;
    await received(socket).catch(() => undefined); // its end, or a reset
    expect(running.server.connections.size).toBe(0);
  });
});
