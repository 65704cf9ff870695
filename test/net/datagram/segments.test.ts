// Several datagrams in one buffer: cut on the way out (GSO, or here), joined on the way in (GRO), and
// apart again for the handler.
import { mkdtempSync, rmSync } from 'node:fs';
import { constants as os, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { DatagramHandlers } from '../../../src/net/datagram/options.ts';
import * as sys from '../../../src/sys/index.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { datagramWorld, HOST, Inbound } from '../inbound.ts';
import { codeOf } from '../recorder.ts';

// What the kernel answers to these can be replaced.
vi.mock('../../../src/sys/index.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../../src/sys/index.ts')>();
  return {
    ...original,
    sendSegments: vi.fn(original.sendSegments),
    sendApart: vi.fn(original.sendApart),
    sendmmsg: vi.fn(original.sendmmsg),
    recvmmsg: vi.fn(original.recvmmsg),
    getsockopt: vi.fn(original.getsockopt),
  };
});
const { sendSegments, sendApart, sendmmsg, recvmmsg, getsockopt } = vi.mocked(sys);
afterEach(() => {
  vi.clearAllMocks();
});

const { UDP_SEGMENT, UDP_GRO } = sys.constants;
const isLinux = UDP_SEGMENT !== undefined && UDP_GRO !== undefined;
const SIZE = 100;

/** `count` datagrams of SIZE bytes and one of `rest` bytes, each byte the number of its datagram. */
function flow(count: number, rest: number): Buffer {
  const bytes = Buffer.alloc(count * SIZE + rest);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(i / SIZE);
  return bytes;
}

/** Writes down each datagram's bytes. */
class Datagrams {
  readonly all: Buffer[] = [];
  readonly senders = new Set<string>();
  readonly handlers: DatagramHandlers = {
    message: (_socket, bytes, from) => {
      this.all.push(Buffer.from(bytes));
      this.senders.add(from.toString());
    },
  };

  expectFlow(count: number, rest: number): void {
    expect(this.all.map((one) => one.length)).toEqual([...Array(count).fill(SIZE), rest]);
    expect(Buffer.concat(this.all)).toEqual(flow(count, rest));
  }
}

describe.each(['level', 'edge'] as const)('%s: segments', (trigger) => {
  const descriptors = useDescriptors();
  const start = () => datagramWorld(descriptors, trigger);

  it.each([
    [true, 'IPv4', HOST],
    [false, 'IPv4', HOST],
    [true, 'IPv6', '::1'],
  ] as const)('gro %s, %s: each datagram arrives apart, a short last one too', (gro, _, host) => {
    const { bind, turnUntil } = start();
    const datagrams = new Datagrams();
    const server = bind(datagrams.handlers, { host, gro });
    const client = bind({}, { host });
    expect(client.send(flow(20, 7), server.address, { segmentSize: SIZE })).toBe(true);
    turnUntil(() => datagrams.all.length === 21);
    datagrams.expectFlow(20, 7);
    expect([...datagrams.senders]).toEqual([client.address.toString()]);
    expect(client.stats).toMatchObject({ messagesSent: 21, bytesSent: 2007, sendFailed: 0 });
    expect(server.stats).toMatchObject({ messagesReceived: 21, bytesReceived: 2007 });
    if (!isLinux) return;
    expect(client.stats.segmentsSent).toBe(21);
    expect(server.stats.segmentsReceived).toBe(gro ? 21 : 0);
    expect(sendSegments).toHaveBeenCalledTimes(1);
    expect(sendApart).not.toHaveBeenCalled();
  });

  it('flows of other sizes, one after the other, are not mixed up', () => {
    const { bind, turnUntil } = start();
    const inbound = new Inbound();
    const server = bind(inbound.handlers, { gro: true });
    const client = bind({});
    for (const [text, segmentSize] of [
      ['aaaabb', 4],
      ['ccddee', 2],
    ] as const) {
      client.send(text, server.address, { segmentSize });
      const before = inbound.messages.length;
      turnUntil(() => inbound.messages.length > before);
    }
    turnUntil(() => inbound.messages.length === 5);
    expect(inbound.messages).toEqual(['aaaa', 'bb', 'cc', 'dd', 'ee']);
  });

  it('the batch form has the sizes, and echoes them as they came', () => {
    const { bind, turnUntil } = start();
    const sizes: number[] = [];
    const server = bind(
      {
        messages(socket, batch, count) {
          for (let i = 0; i < count; i++) sizes.push(batch.segmentSizes[i] as number);
          expect(socket.sendMany(batch, count)).toBe(count);
        },
      },
      { gro: true },
    );
    const datagrams = new Datagrams();
    const client = bind(datagrams.handlers, { gro: true });
    client.send(flow(10, 1), server.address, { segmentSize: SIZE });
    turnUntil(() => datagrams.all.length === 11);
    datagrams.expectFlow(10, 1);
    expect(server.stats).toMatchObject({ messagesReceived: 11, messagesSent: 11, bytesSent: 1001 });
    if (isLinux) expect(sizes).toEqual([SIZE]);
  });

  it('sendMany: a size per message, next to messages without', () => {
    const { bind, turnUntil } = start();
    const datagrams = new Datagrams();
    const server = bind(datagrams.handlers);
    const client = bind({});
    const batch = new sys.MessageBatch(3, 1000);
    const lengths = [250, 300, 40];
    const segmentSizes = [SIZE, 0, SIZE];
    for (const [i, length] of lengths.entries()) {
      batch.lengths[i] = length;
      batch.segmentSizes[i] = segmentSizes[i] as number;
      batch.setAddress(i, server.address);
    }
    expect(client.sendMany(batch, 3)).toBe(3);
    turnUntil(() => datagrams.all.length === 5);
    expect(datagrams.all.map((one) => one.length)).toEqual([100, 100, 50, 300, 40]);
    expect(client.stats).toMatchObject({ messagesSent: 5, bytesSent: 590 });
    if (isLinux) expect(client.stats.segmentsSent).toBe(3);
  });

  it('more than 64 segments, and more than a datagram holds, leave in several calls', () => {
    const { bind, turnUntil } = start();
    const datagrams = new Datagrams();
    const server = bind(datagrams.handlers, { gro: true, receiveBufferSize: 1 << 20 });
    const client = bind({});
    expect(client.send(flow(150, 3), server.address, { segmentSize: SIZE })).toBe(true);
    turnUntil(() => datagrams.all.length === 151);
    datagrams.expectFlow(150, 3);
    datagrams.all.length = 0;
    const long = Buffer.alloc(100_000, 'x');
    expect(client.send(long, server.address, { segmentSize: 30_000 })).toBe(true);
    turnUntil(() => datagrams.all.length === 4);
    expect(datagrams.all.map((one) => one.length)).toEqual([30_000, 30_000, 30_000, 10_000]);
    if (isLinux)
      expect(sendSegments.mock.calls.map((call) => call[3])).toEqual([
        6400, 6400, 2203, 60_000, 40_000,
      ]);
  });

  it('a joined message that has lost the size of its segments is delivered as truncated', () => {
    const { bind, turnUntil } = start();
    const inbound = new Inbound();
    const server = bind(inbound.handlers, { gro: true });
    const plain = new Inbound();
    const other = bind(plain.handlers);
    const client = bind({});
    const original = recvmmsg.getMockImplementation() as typeof sys.recvmmsg;
    onTestFinished(() => void recvmmsg.mockImplementation(original));
    // As when other options of the socket have used up the room for control data.
    recvmmsg.mockImplementation((fd, batch, ...rest) => {
      const count = original(fd, batch, ...rest);
      for (let i = 0; i < count; i++) {
        batch.flags[i] = (batch.flags[i] as number) | sys.constants.MSG_CTRUNC;
        batch.segmentSizes[i] = 0;
      }
      return count;
    });
    client.send('aaaabb', server.address);
    client.send('whole', other.address); // without `gro` only other control data can be lost
    turnUntil(() => inbound.messages.length === 1 && plain.messages.length === 1);
    expect([inbound.truncated, server.stats.truncated]).toEqual([[true], 1]);
    expect([plain.truncated, other.stats.truncated]).toEqual([[false], 0]);
  });

  it('data no longer than a segment is one datagram', () => {
    const { bind, turnUntil } = start();
    const inbound = new Inbound();
    const server = bind(inbound.handlers);
    const client = bind({});
    for (const text of ['', 'short', 'exact']) {
      expect(client.send(text, server.address, { segmentSize: 5 })).toBe(true);
    }
    turnUntil(() => inbound.messages.length === 3);
    expect(inbound.messages).toEqual(['', 'short', 'exact']);
    expect(client.stats.segmentsSent).toBe(0);
  });

  it.each(['EIO', 'EINVAL', 'EMSGSIZE', 'ENOPROTOOPT'] as const)(
    '%s: cut here instead, and remembered',
    (code) => {
      const { bind, turnUntil } = start();
      const datagrams = new Datagrams();
      const server = bind(datagrams.handlers, { gro: true });
      const client = bind({});
      if (!isLinux) getsockopt.mockReturnValueOnce(4); // as if there were something to refuse
      sendSegments.mockReturnValueOnce(-os.errno[code]);
      for (let i = 0; i < 2; i++) client.send(flow(70, 9), server.address, { segmentSize: SIZE });
      turnUntil(() => datagrams.all.length === 142);
      expect(Buffer.concat(datagrams.all)).toEqual(Buffer.concat([flow(70, 9), flow(70, 9)]));
      expect(sendSegments).toHaveBeenCalledTimes(1);
      expect(sendApart).toHaveBeenCalledTimes(4); // 64 and 7, twice
      expect(client.stats).toMatchObject({ messagesSent: 142, segmentsSent: 0, errors: 0 });
    },
  );

  it('a batch that the kernel refuses is cut here', () => {
    const { bind, turnUntil } = start();
    const datagrams = new Datagrams();
    const server = bind(datagrams.handlers);
    const client = bind({});
    client.connect(server.address);
    if (isLinux) sendmmsg.mockReturnValueOnce(-os.errno.EIO);
    const batch = new sys.MessageBatch(2, 2 * SIZE);
    batch.lengths.fill(2 * SIZE);
    batch.segmentSizes.fill(SIZE);
    expect(client.sendMany(batch, 2)).toBe(2);
    turnUntil(() => datagrams.all.length === 4);
    expect(client.stats).toMatchObject({ messagesSent: 4, segmentsSent: 0, errors: 0 });
  });

  it('a segment that is longer than the path takes is cut here, and fragmented by IP', () => {
    const { bind, turnUntil } = start();
    const inbound = new Inbound();
    const server = bind(inbound.handlers, { receiveBufferSize: 1 << 20 });
    const client = bind({});
    const bytes = Buffer.alloc(65_507 + 60_000);
    expect(client.send(bytes, server.address, { segmentSize: 65_507 })).toBe(true);
    turnUntil(() => inbound.lengths.length === 2);
    expect(inbound.lengths).toEqual([65_507, 60_000]);
    expect(inbound.errors).toEqual([]);
  });

  it('a Unix socket: cut here, and what has no room waits in the queue, in order', () => {
    const { bind, turnUntil } = start();
    const directory = mkdtempSync(join(tmpdir(), 'edgewise-segments-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const datagrams = new Datagrams();
    const at = (name: string) => ({ path: join(directory, name) });
    const server = bind(datagrams.handlers, at('server'));
    const client = bind({}, at('client'));
    const count = 1000; // more than the queue of a Unix receiver holds
    expect(client.send(flow(count, 7), server.address, { segmentSize: SIZE })).toBe(true);
    expect(client.queuedCount).toBeGreaterThan(0);
    expect(client.queuedCount + client.stats.messagesSent).toBe(count + 1);
    turnUntil(() => datagrams.all.length === count + 1);
    datagrams.expectFlow(count, 7);
    expect(client.queuedCount).toBe(0);
    expect(sendSegments).not.toHaveBeenCalled();
  });

  it('what the queue does not take, and what is destroyed in it, is counted by datagram', () => {
    const { bind } = start();
    const client = bind({}, { queueBytesMax: 10 * SIZE + 256 });
    sendSegments.mockReturnValue(-os.errno.EAGAIN);
    sendApart.mockReturnValue(-os.errno.EAGAIN);
    onTestFinished(() => {
      sendSegments.mockRestore();
      sendApart.mockRestore();
    });
    expect(client.send(flow(9, 3), client.address, { segmentSize: SIZE })).toBe(true);
    expect(client.send(flow(4, 3), client.address, { segmentSize: SIZE })).toBe(false);
    expect(client.stats.sendDropped).toBe(5);
    expect(client.queuedCount).toBe(10);
    client.destroy();
    expect(client.stats.sendDropped).toBe(15);
  });

  it('a handler that closes the socket in the middle: the rest is counted as dropped', () => {
    const { bind, turnUntil } = start();
    const lengths: number[] = [];
    const server = bind(
      {
        message(socket, bytes) {
          lengths.push(bytes.length);
          if (lengths.length === 3) socket.close();
        },
      },
      { gro: true },
    );
    bind({}).send(flow(9, 3), server.address, { segmentSize: SIZE });
    turnUntil(() => server.isClosed);
    expect(lengths).toEqual([SIZE, SIZE, SIZE]);
    if (isLinux) expect(server.stats.receiveDropped).toBe(7);
  });

  it('wrong options throw, and send nothing', () => {
    const { bind } = start();
    const client = bind({});
    const thrownBy = (call: () => unknown) => {
      try {
        return call();
      } catch (error) {
        return codeOf(error);
      }
    };
    for (const segmentSize of [0, -1, 65_508, 1.5]) {
      expect(thrownBy(() => client.send('x', client.address, { segmentSize }))).toBe(
        'ERR_OUT_OF_RANGE',
      );
    }
    expect(thrownBy(() => client.send('x', client.address, 5 as never))).toBe(
      'ERR_INVALID_ARG_TYPE',
    );
    expect(thrownBy(() => bind({}, { gro: true, batch: { bytesMax: 1500 } }))).toBe(
      'ERR_OUT_OF_RANGE',
    );
    expect(client.stats.messagesSent).toBe(0);
  });
});
