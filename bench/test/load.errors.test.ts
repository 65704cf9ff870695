// What goes wrong with the load is an error with one line, never a figure.
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type LoadPlan, runLoad } from '../src/load.ts';
import { outputOf, planFor, useServers } from './helpers/servers.ts';

const servers = useServers();

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('not TCP');
  return address.port;
}

describe('nothing listens', () => {
  test.each<Partial<LoadPlan>>([
    { mode: 'closed' },
    { mode: 'open', ratePerSecond: 100 },
    { mode: 'connect' },
    { mode: 'idle' },
    { mode: 'bulk' },
    { mode: 'bulk', sink: true },
    { mode: 'slow-reader', ratePerSecond: 100 },
    { mode: 'closed', protocol: 'udp' },
  ])('%j', async (plan) => {
    const port = await closedPort();
    await expect(runLoad(planFor(port, plan))).rejects.toThrow('Connection refused');
    const { code, stdout, stderr } = await outputOf(servers.load('--port', port));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe('edgewise-load: a connection failed: Connection refused\n');
  });
});

describe('a server that is wrong', () => {
  test('an answer that was not asked for, of a sink', async () => {
    const plan = planFor(await servers.echo(), { mode: 'bulk', sink: true });
    await expect(runLoad(plan)).rejects.toThrow('more came back than was sent');
  });

  test('a datagram that was changed', async () => {
    const port = await servers.udp((socket, data, from) => {
      data.writeUInt8(data.readUInt8(20) ^ 1, 20);
      socket.send(data, from.port);
    });
    await expect(runLoad(planFor(port, { protocol: 'udp' }))).rejects.toThrow('a byte differs');
  });

  test('a pipeline with answers that come in another order', async () => {
    const port = await servers.tcp((socket) => {
      socket.on('data', (data) => {
        const half = Math.floor(data.length / 128) * 64;
        socket.write(Buffer.concat([data.subarray(half), data.subarray(0, half)]));
      });
    });
    const plan = planFor(port, { pipeline: 8, connections: 1 });
    await expect(runLoad(plan)).rejects.toThrow('a byte differs');
  });

  test('nothing comes back over UDP', async () => {
    const port = await servers.udp(() => undefined);
    const args = ['--port', port, '--udp', '--lost', 0.05, '--seconds', 0.2, '--warmup', 0];
    const { code, stderr } = await outputOf(servers.load(...args));
    expect(code).toBe(1);
    expect(stderr).toBe('edgewise-load: no message was answered within the window\n');
  });
});

describe('bad options: exit code 2 and one line', () => {
  test.each([
    '--rate 0',
    '--rate -1',
    '--rate 1e9',
    '--rate x',
    '--rate',
    '--rate 10 --pipeline 2',
    '--rate 10 --mode connect',
    '--rate 10 --mode bulk',
    '--pipeline 0',
    '--pipeline 1.5',
    '--pipeline 2 --mode bulk',
    '--read-rate 0',
    '--read-rate 10 --mode connect',
    '--read-rate 10 --udp',
    '--idle -1',
    '--idle',
    '--sink',
    '--sink --mode bulk --idle 1',
    '--udp --size 7',
    '--udp --size 65508',
    '--udp --mode connect',
    '--udp --mode bulk',
    '--lost 0',
    '--udp 1',
    '--mode slow',
  ])('%s', async (line) => {
    const ended = await outputOf(servers.load('--port', 1, ...line.split(' ')));
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^edgewise-load: [^\n]+\n$/);
  });

  test.each(['open', 'slow-reader'] as const)('runLoad: %s without a rate', async (mode) => {
    await expect(runLoad(planFor(1, { mode }))).rejects.toThrow(
      expect.objectContaining({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }),
    );
  });

  test('runLoad: the generator says which', async () => {
    await expect(runLoad(planFor(70_000))).rejects.toThrow('--port takes a whole number');
  });
});
