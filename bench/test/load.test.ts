// What runLoad does in each mode, against servers in this process that count what they see.
import type { Socket } from 'node:net';
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { describe, expect, test } from 'vitest';
import { runLoad } from '../src/load.ts';
import { planFor, useServers } from './helpers/servers.ts';

const servers = useServers();

function countOf(latency: string | undefined): number {
  return decodeFromCompressedBase64(latency ?? '').totalCount;
}

describe('the closed loop', () => {
  test('has a latency for each operation', async () => {
    const result = await runLoad(planFor(await servers.echo()));
    expect(result.operations).toBeGreaterThan(0);
    expect(result.errors).toBe(0);
    expect(result.seconds).toBeGreaterThanOrEqual(0.3);
    expect(countOf(result.latency)).toBe(result.operations);
  });

  test('with a pipeline has as many messages under way, and all are answered', async () => {
    const held = new Map<Socket, Buffer[]>();
    const port = await servers.tcp((socket) => {
      socket.on('data', (data) => {
        if (socket.bytesRead <= 64) return void socket.write(data); // the one that opens
        // Answers only a whole pipeline: with one less under way the load would wait for ever.
        const parts = [...(held.get(socket) ?? []), data];
        const bytes = Buffer.concat(parts);
        const isWhole = bytes.length === 16 * 64;
        held.set(socket, isWhole ? [] : parts);
        if (isWhole) socket.write(bytes);
      });
    });
    const result = await runLoad(planFor(port, { pipeline: 16 }));
    expect(result.operations).toBeGreaterThan(0);
    expect(countOf(result.latency)).toBe(result.operations);
  });

  test('has idle connections beside it, which send one message each', async () => {
    const bytesOf = new Map<Socket, number>();
    const port = await servers.tcp((socket) => {
      socket.on('data', (data) => {
        socket.write(data);
        bytesOf.set(socket, socket.bytesRead);
      });
    });
    const { operations } = await runLoad(planFor(port, { connections: 2, idleConnections: 30 }));
    expect(operations).toBeGreaterThan(0);
    expect([...bytesOf.values()].filter((bytes) => bytes === 64)).toHaveLength(30);
    expect(bytesOf.size).toBe(32);
  });
});

describe('connections', () => {
  test('connect: one for each message', async () => {
    let connectionCount = 0;
    const port = await servers.tcp((socket) => {
      connectionCount++;
      socket.pipe(socket);
    });
    const result = await runLoad(planFor(port, { mode: 'connect' }));
    expect(result.operations).toBeGreaterThan(0);
    expect(connectionCount).toBeGreaterThanOrEqual(result.operations);
    expect(countOf(result.latency)).toBe(result.operations);
  });

  test('idle: all stay open and silent until the caller has looked', async () => {
    const sockets = new Set<Socket>();
    let bytes = 0;
    const port = await servers.tcp((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('data', (data) => {
        bytes += data.length;
        socket.write(data);
      });
    });
    const seen: number[] = [];
    const onOpen = () => seen.push(sockets.size, bytes);
    const plan = planFor(port, { mode: 'idle', connections: 20, seconds: 0.05 });
    const result = await runLoad(plan, { onOpen });
    expect(seen).toEqual([20, 20 * 64]);
    expect(result).toMatchObject({ operations: 20, errors: 0 });
    expect(bytes).toBe(40 * 64);
  });

  test('idle: a failure of the caller ends the load', async () => {
    const plan = planFor(await servers.echo(), { mode: 'idle', seconds: 60 });
    const onOpen = () => Promise.reject(new Error('cannot look'));
    await expect(runLoad(plan, { onOpen })).rejects.toThrow('cannot look');
  });
});

describe('bulk', () => {
  test('sends without waiting, and counts what came back', async () => {
    let bytes = 0;
    const port = await servers.tcp((socket) => {
      socket.on('data', (data) => {
        bytes += data.length;
      });
      socket.pipe(socket);
    });
    const plan = planFor(port, { mode: 'bulk', size: 16_384, connections: 2 });
    const { operations, latency } = await runLoad(plan);
    expect(operations).toBeGreaterThan(0);
    expect(bytes).toBeGreaterThanOrEqual(operations * 16_384);
    expect(latency).toBeUndefined();
  });

  test('into a sink counts what was sent', async () => {
    const port = await servers.tcp((socket) => socket.resume());
    const plan = planFor(port, { mode: 'bulk', size: 16_384, sink: true });
    const { operations, errors } = await runLoad(plan);
    expect(operations).toBeGreaterThan(0);
    expect(errors).toBe(0);
  });

  test('a slow reader reads at its rate, and the server feels it', async () => {
    const RATE = 200_000;
    const SECONDS = 0.5;
    let drainCount = 0;
    const port = await servers.tcp((socket) => {
      socket.on('drain', () => drainCount++);
      socket.pipe(socket);
    });
    const plan = planFor(port, { mode: 'slow-reader', ratePerSecond: RATE, seconds: SECONDS });
    const { operations, seconds } = await runLoad({ ...plan, connections: 3, size: 1000 });
    const bytesPerSecond = (operations * 1000) / seconds;
    expect(operations).toBeGreaterThan(0);
    // Three connections; a tick more at the window's ends.
    expect(bytesPerSecond).toBeLessThan(3 * RATE * 1.2);
    expect(drainCount).toBeGreaterThan(0);
  });
});

describe('UDP', () => {
  const udp = { protocol: 'udp', connections: 2 } as const;

  test('every datagram is echoed', async () => {
    const port = await servers.udp((socket, data, from) => socket.send(data, from.port));
    const result = await runLoad(planFor(port, { ...udp, pipeline: 4 }));
    expect(result.operations).toBeGreaterThan(0);
    expect(result.errors).toBe(0);
    expect(countOf(result.latency)).toBe(result.operations);
  });

  test('those that are lost are counted, and the rest goes on', async () => {
    let [received, dropped] = [0, 0];
    const port = await servers.udp((socket, data, from) => {
      if (++received === 5 || received === 9) dropped++;
      else socket.send(data, from.port);
    });
    const result = await runLoad(planFor(port, { ...udp, pipeline: 2 }));
    expect(dropped).toBe(2);
    expect(result.errors).toBe(2);
    expect(result.operations).toBeGreaterThan(0);
  });

  test('one that comes twice, or overtakes another, is known by its number', async () => {
    let previous: Buffer | undefined;
    const port = await servers.udp((socket, data, from) => {
      if (previous === undefined && received++ > 2) {
        previous = Buffer.from(data);
        return;
      }
      socket.send(data, from.port);
      socket.send(data, from.port);
      if (previous !== undefined) socket.send(previous, from.port);
      previous = undefined;
    });
    let received = 0;
    const plan = planFor(port, { ...udp, connections: 1, pipeline: 8, size: 1000 });
    const result = await runLoad(plan);
    expect(result.operations).toBeGreaterThan(0);
    expect(result.errors).toBeLessThanOrEqual(1); // the last one may be held for ever
  });

  test('into a sink counts what was sent', async () => {
    let received = 0;
    const port = await servers.udp(() => received++);
    const plan = planFor(port, { ...udp, mode: 'bulk', size: 1400, sink: true });
    const { operations } = await runLoad(plan);
    expect(operations).toBeGreaterThan(0);
    expect(received).toBeGreaterThan(0);
  });

  test('in the open loop, at the rate that was asked for', async () => {
    let received = 0;
    const port = await servers.udp((socket, data, from) => {
      received++;
      socket.send(data, from.port);
    });
    const plan = planFor(port, { ...udp, mode: 'open', ratePerSecond: 400, warmupSeconds: 0 });
    const { errors, latency } = await runLoad({ ...plan, seconds: 0.5 });
    expect(received).toBe(200 + 2); // and one of each socket before
    expect(countOf(latency) + errors).toBe(200);
  });
});
