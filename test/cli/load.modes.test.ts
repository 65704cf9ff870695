// The modes of the load generator besides the echo on connections that stay: a connection for each
// message, and connections that are held open.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import type { LoadReport } from '../../src/cli/measure/index.ts';
import { LOAD, QUICK, useLoadGenerator } from '../helpers/load-generator.ts';

const generator = useLoadGenerator();
const isLinux = process.platform === 'linux';

describe('a connection for each message', () => {
  test('connects, exchanges one message, and closes in order', async () => {
    const bytesOf: number[] = [];
    let endedCount = 0;
    let erredCount = 0;
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on('data', (data) => socket.write(data));
      socket.on('error', () => erredCount++);
      socket.on('end', () => endedCount++);
      socket.on('close', () => bytesOf.push(socket.bytesRead));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const report = await generator.load({ port, mode: 'connect', connections: 3 });
    await new Promise((resolve) => server.close(resolve));

    expect(report.messages).toBeGreaterThan(0);
    expect(bytesOf).toEqual(bytesOf.map(() => QUICK.size));
    // Beyond the window: three before it, and three that had begun at its ends.
    expect(bytesOf.length).toBeGreaterThanOrEqual(report.messages + 3);
    expect(bytesOf.length).toBeLessThanOrEqual(report.messages + 9);
    expect([endedCount, erredCount]).toEqual([bytesOf.length, 0]);
  });

  test.runIf(isLinux)('connects from as many addresses as it was given', async () => {
    const addresses = new Set<string | undefined>();
    const port = await generator.listen((socket, data) => {
      addresses.add(socket.remoteAddress);
      socket.write(data);
    });
    await generator.load({ port, mode: 'connect', connections: 2, sources: 3 });
    expect([...addresses].sort()).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.3']);
  });

  test('a server that closes first is an error', async () => {
    const port = await generator.listen((socket) => socket.end());
    await expect(generator.load({ port, mode: 'connect' })).rejects.toThrow('the server closed');
  });
});

describe('connections that are held open', () => {
  function hold(...args: readonly string[]) {
    const all = ['--mode', 'hold', '--connections', '5', '--size', '64', ...args];
    const child = spawn(LOAD, all, { stdio: ['pipe', 'pipe', 'pipe'] });
    generator.after(() => child.kill('SIGKILL'));
    const ended = once(child, 'close');
    return {
      child,
      ended,
      lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    };
  }

  test('are silent until the input ends, and exchange one more message then', async () => {
    let bytesEchoed = 0;
    const port = await generator.listen((socket, data) => {
      bytesEchoed += data.length;
      socket.write(data);
    });
    const { child, ended, lines } = hold('--port', `${port}`);
    expect(JSON.parse((await lines.next()).value)).toEqual({ open: 5 });
    expect(bytesEchoed).toBe(5 * 64);
    child.stdin.end();
    const report: LoadReport = JSON.parse((await lines.next()).value);
    expect(report).toMatchObject({ messages: 5, messagesPerConnection: { min: 2, max: 2 } });
    expect(bytesEchoed).toBe(10 * 64);
    expect(await ended).toEqual([0, null]);
  });

  test('one that was closed meanwhile is an error', async () => {
    const sockets: Socket[] = [];
    const port = await generator.listen((socket, data) => {
      sockets.push(socket);
      socket.write(data);
    });
    const { child, ended, lines } = hold('--port', `${port}`);
    await lines.next();
    const [first] = sockets;
    const closed = once(first as Socket, 'close');
    first?.destroy();
    await closed;
    child.stdin.end();
    expect(await ended).toEqual([1, null]);
  });
});
