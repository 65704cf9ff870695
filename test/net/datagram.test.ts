import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bindDatagram } from '../../src/net/datagram.bind.ts';
import type { DatagramHandlers, DatagramOptions } from '../../src/net/datagram.options.ts';
import type { DatagramSocket } from '../../src/net/datagram.ts';
import { Reactor } from '../../src/reactor.ts';
import * as sys from '../../src/sys.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { codeOf } from './recorder.ts';

const LOOPBACK = { IPv4: '127.0.0.1', IPv6: '::1' } as const;
const HOST = LOOPBACK.IPv4;
const TURNS_MAX = 1000;
const TURN_MS = 1000;

/** Writes down what a socket is told. */
class Inbound {
  readonly messages: string[] = [];
  readonly lengths: number[] = [];
  readonly senders: string[] = [];
  readonly truncated: boolean[] = [];
  readonly errors: (string | undefined)[] = [];
  drains = 0;
  closes = 0;
  readonly handlers: Required<Omit<DatagramHandlers, 'messages'>> = {
    message: (_socket, bytes, from, isTruncated) => {
      this.messages.push(bytes.toString());
      this.lengths.push(bytes.length);
      this.senders.push(from.toString());
      this.truncated.push(isTruncated);
    },
    drain: () => void this.drains++,
    error: (_socket, error) => void this.errors.push(codeOf(error)),
    close: () => void this.closes++,
  };
}

const echo: DatagramHandlers = {
  message: (socket, bytes, from) => void socket.send(bytes, from),
};

describe.each(['level', 'edge'] as const)('%s: datagram sockets', (trigger) => {
  const descriptors = useDescriptors();

  function start(options: ConstructorParameters<typeof Reactor>[0] = {}) {
    const reactor = descriptors.using(new Reactor(options));
    const bind = (handlers: DatagramHandlers, more: Partial<DatagramOptions> = {}) =>
      descriptors.using(
        bindDatagram({ host: HOST, trigger, handlers, reactor, ...more } as DatagramOptions),
      );
    // Driven by hand: each turn waits for an event.
    const turnUntil = (isDone: () => boolean) => {
      for (let turn = 0; turn < TURNS_MAX && !isDone(); turn++) reactor.turn(TURN_MS);
      expect(isDone()).toBe(true);
    };
    return { reactor, bind, turnUntil };
  }

  function directory(): string {
    const path = mkdtempSync(join(tmpdir(), 'edgewise-datagram-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    return path;
  }

  it.each(['IPv4', 'IPv6'] as const)('echoes over %s, with the sender of each', (family) => {
    const { bind, turnUntil } = start();
    const host = LOOPBACK[family];
    const server = bind(echo, { host });
    const inbound = new Inbound();
    const client = bind(inbound.handlers, { host });
    const sent = Array.from({ length: 100 }, (_, i) => `datagram ${i}`);
    for (const text of sent) expect(client.send(text, server.address)).toBe(true);
    turnUntil(() => inbound.messages.length === sent.length);
    expect(inbound.messages).toEqual(sent);
    expect(new Set(inbound.senders)).toEqual(new Set([server.address.toString()]));
    expect(server.address.family).toBe(family);
    expect(server.stats).toMatchObject({ messagesReceived: 100, messagesSent: 100, errors: 0 });
  });

  it('without a host: both families on one port', () => {
    const { reactor, turnUntil, bind } = start();
    const inbound = new Inbound();
    const server = descriptors.using(
      bindDatagram({ trigger, handlers: inbound.handlers, reactor }),
    );
    for (const address of Object.values(LOOPBACK)) {
      bind({}, { host: address }).send(address, { address, port: server.port });
    }
    turnUntil(() => inbound.messages.length === 2);
    expect(inbound.messages.sort()).toEqual(['127.0.0.1', '::1']);
  });

  it('answers a socket of node:dgram, inside the loop of Node', async () => {
    const { reactor, bind } = start();
    const server = bind(echo);
    reactor.attach();
    const peer = createSocket('udp4');
    const reply = new Promise<string>((resolve) => {
      peer.once('message', (bytes) => resolve(bytes.toString()));
    });
    peer.send('from dgram', server.port, HOST);
    expect(await reply).toBe('from dgram');
    await new Promise<void>((resolve) => peer.close(resolve));
  });

  it('echoes batches without a copy, larger than a batch', () => {
    const { bind, turnUntil } = start();
    const counts: number[] = [];
    const server = bind(
      {
        messages(socket, batch, count) {
          counts.push(count);
          expect(socket.sendMany(batch, count)).toBe(count);
        },
      },
      { batch: { messages: 8, bytes: 64 } },
    );
    const inbound = new Inbound();
    const client = bind(inbound.handlers);
    const sent = Array.from({ length: 50 }, (_, i) => `${i}`);
    for (const text of sent) client.send(text, server.address);
    turnUntil(() => inbound.messages.length === sent.length);
    expect(inbound.messages).toEqual(sent);
    expect(Math.max(...counts)).toBe(8);
    expect(server.stats.bytesSent).toBe(sent.join('').length);
  });

  it('an empty datagram is no end', () => {
    const { bind, turnUntil } = start();
    const inbound = new Inbound();
    const server = bind(inbound.handlers);
    const client = bind({});
    for (const text of ['', 'after', '']) client.send(text, server.address);
    turnUntil(() => inbound.messages.length === 3);
    expect(inbound.messages).toEqual(['', 'after', '']);
    expect(server.isClosed).toBe(false);
  });

  it('tells and counts truncation, and the next datagram is whole', () => {
    const { bind, turnUntil } = start();
    const inbound = new Inbound();
    const server = bind(inbound.handlers, { batch: { bytes: 5 } });
    const client = bind({});
    for (const text of ['12345', '123456', 'next']) client.send(text, server.address);
    turnUntil(() => inbound.messages.length === 3);
    expect(inbound.messages).toEqual(['12345', '12345', 'next']);
    expect(inbound.truncated).toEqual([false, true, false]);
    expect(server.stats.truncated).toBe(1);
  });

  it('takes the longest datagram there is', () => {
    const { bind, turnUntil } = start();
    const inbound = new Inbound();
    const server = bind(inbound.handlers);
    bind({}).send(new Uint8Array(65_507), server.address);
    turnUntil(() => inbound.lengths.length === 1);
    expect(inbound.lengths).toEqual([65_507]);
    expect(inbound.truncated).toEqual([false]);
  });

  it('tells what cannot be sent, with the address, and sends the next', () => {
    const { bind, turnUntil } = start();
    const inbound = new Inbound();
    const server = bind(inbound.handlers);
    const told: Error[] = [];
    const client = bind({ error: (_, error) => void told.push(error) });
    expect(client.send(new Uint8Array(65_508), server.address)).toBe(false);
    expect(told).toEqual([]); // never inside the call
    expect(client.send('next', server.address)).toBe(true);
    turnUntil(() => inbound.messages.length === 1 && told.length === 1);
    expect(told[0]).toMatchObject({ code: 'EMSGSIZE', address: HOST, port: server.port });
    expect(client.stats).toMatchObject({ sendFailed: 1, messagesSent: 1, errors: 1 });
  });

  it('a refused datagram of a connected socket is told once, and costs no other datagram', () => {
    const { bind, turnUntil } = start();
    const gone = bind({});
    const { port } = gone;
    gone.close();
    const inbound = new Inbound();
    const client = bind(inbound.handlers);
    client.connect({ address: HOST, port });
    client.send('to nobody');
    turnUntil(() => inbound.errors.length === 1);
    // Now the error is pending when the next datagram is sent, to a server that is there.
    client.send('to nobody');
    const server = new Inbound();
    bind(server.handlers, { port });
    expect(client.send('to somebody')).toBe(true);
    turnUntil(() => server.messages.length === 1 && inbound.errors.length === 2);
    expect(server.messages).toEqual(['to somebody']);
    expect(inbound.errors).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
    expect(client.stats.sendFailed).toBe(0);
  });

  it('sendMany meets a pending error and sends all the same', () => {
    const { bind, turnUntil } = start();
    const gone = bind({});
    const { port } = gone;
    gone.close();
    const inbound = new Inbound();
    const client = bind(inbound.handlers);
    client.connect({ address: HOST, port });
    client.send('to nobody');
    const server = new Inbound();
    bind(server.handlers, { port });
    const batch = new sys.MessageBatch(2, 8);
    for (let i = 0; i < 2; i++) {
      batch.room(i).set(Buffer.from(`nr ${i}`));
      batch.lengths[i] = 4;
      batch.setAddress(i, undefined);
    }
    expect(client.sendMany(batch, 2)).toBe(2);
    turnUntil(() => server.messages.length === 2 && inbound.errors.length === 1);
    expect(server.messages).toEqual(['nr 0', 'nr 1']);
    expect(inbound.errors).toEqual(['ECONNREFUSED']);
  });

  it('a refused datagram while paused is told once and does not spin', () => {
    const { reactor, bind, turnUntil } = start();
    const gone = bind({});
    const { port } = gone;
    gone.close();
    const inbound = new Inbound();
    const client = bind(inbound.handlers);
    client.connect({ address: HOST, port });
    client.pause();
    client.send('to nobody');
    turnUntil(() => inbound.errors.length === 1);
    expect(inbound.errors).toEqual(['ECONNREFUSED']);
    for (let i = 0; i < 5; i++) expect(reactor.turn(0)).toBe(0);
  });

  it('connect and disconnect: the peer alone is heard, then all; the port stays', () => {
    const { bind, turnUntil } = start();
    const inbound = new Inbound();
    const socket = bind(inbound.handlers);
    const { port } = socket;
    const [friend, stranger] = [bind({}), bind({})];
    socket.connect(friend.address);
    expect(socket.remoteAddress?.port).toBe(friend.port);
    stranger.send('stranger', { address: HOST, port });
    friend.send('friend', { address: HOST, port });
    turnUntil(() => inbound.messages.length === 1);
    socket.disconnect();
    expect(socket.remoteAddress).toBeUndefined();
    expect(socket.port).toBe(port);
    stranger.send('stranger', { address: HOST, port });
    turnUntil(() => inbound.messages.length === 2);
    expect(inbound.messages).toEqual(['friend', 'stranger']);
  });

  it('queues when there is no room, in order, and drops and counts what is beyond the bound', () => {
    const { bind, turnUntil } = start();
    const path = join(directory(), 'full');
    const server = new Inbound();
    const receiver = bind(server.handlers, { path });
    const inbound = new Inbound();
    const client = bind(inbound.handlers, {
      path: `${path}-client`,
      queueMax: 20 * 260,
    });
    client.connect({ path });
    receiver.pause();
    const sent: string[] = [];
    for (let i = 1000; client.send(`${i}`) && i < 3000; i++) sent.push(`${i}`);
    expect(client.queuedCount).toBe(20);
    expect(client.stats.sendDropped).toBe(1);
    receiver.resume();
    turnUntil(() => server.messages.length === sent.length && inbound.drains === 1);
    expect(server.messages).toEqual(sent);
    expect(client.queuedCount).toBe(0);
    expect(inbound.drains).toBe(1);
  });

  it('where writability says nothing, the queue is tried again after a time, without a spin', () => {
    const { reactor, bind, turnUntil } = start();
    const path = join(directory(), 'full');
    const server = new Inbound();
    const receiver = bind(server.handlers, { path });
    const client = bind({}, { path: `${path}-client` });
    receiver.pause();
    let count = 0;
    while (client.queuedCount === 0) client.send(`${count++}`, { path });
    const { waits } = reactor.stats;
    const until = performance.now() + 100;
    while (performance.now() < until) reactor.turn(10);
    expect(reactor.stats.waits - waits).toBeLessThan(40);
    receiver.resume();
    turnUntil(() => server.messages.length === count);
    expect(client.queuedCount).toBe(0);
  });

  it('what is queued at close is counted as dropped', () => {
    const { bind } = start();
    const path = join(directory(), 'full');
    bind({}, { path }).pause();
    const client = bind({}, { path: `${path}-client` });
    client.connect({ path });
    while (client.queuedCount < 3) client.send('more');
    client.close();
    expect(client.stats.sendDropped).toBe(3);
  });

  it('one burst, then silence: all of it arrives within a budget of few operations', () => {
    const { bind, turnUntil } = start({ budget: { operations: 2 } });
    const inbound = new Inbound();
    const server = bind(inbound.handlers, { batch: { messages: 3 } });
    const client = bind({});
    const sent = Array.from({ length: 100 }, (_, i) => `${i}`);
    for (const text of sent) client.send(text, server.address);
    turnUntil(() => inbound.messages.length === sent.length);
    expect(inbound.messages).toEqual(sent);
  });

  it('a flooded socket does not starve another', () => {
    const { bind, turnUntil } = start({ budget: { operations: 1 } });
    const order: string[] = [];
    const handlers: DatagramHandlers<string> = {
      message: (socket) => void order.push(socket.data ?? ''),
    };
    const flooded = bind(handlers as DatagramHandlers, { data: 'flooded', batch: { messages: 4 } });
    const quiet = bind(handlers as DatagramHandlers, { data: 'quiet' });
    const client = bind({});
    for (let i = 0; i < 100; i++) client.send('x', flooded.address);
    client.send('x', quiet.address);
    turnUntil(() => order.length === 101);
    expect(order.indexOf('quiet')).toBeLessThan(9);
  });

  it('a handler that throws loses no datagram', () => {
    const thrown: unknown[] = [];
    const { bind, turnUntil } = start({ onError: (error) => void thrown.push(error) });
    const seen: string[] = [];
    const server = bind({
      message(_, bytes) {
        seen.push(bytes.toString());
        if (seen.length === 2) throw new Error('of the handler');
      },
    });
    const client = bind({});
    for (const text of ['1', '2', '3']) client.send(text, server.address);
    turnUntil(() => seen.length === 3);
    expect(seen).toEqual(['1', '2', '3']);
    expect(thrown).toMatchObject([{ message: 'of the handler' }]);
  });

  it('closed in its handler: no more calls but close, the rest is counted', () => {
    const { bind, turnUntil } = start();
    let closes = 0;
    let calls = 0;
    const server = bind({
      message(socket) {
        calls++;
        socket.close();
      },
      close: () => void closes++,
    });
    const client = bind({});
    for (let i = 0; i < 5; i++) client.send('x', server.address);
    turnUntil(() => closes === 1);
    expect([calls, server.stats.receiveDropped]).toEqual([1, 4]);
    server.close();
    expect(() => server.send('x', client.address)).toThrow(
      expect.objectContaining({ code: 'ERR_CLOSED' }),
    );
  });

  it('a turn inside a handler leaves bytes and sender as they are', () => {
    const { reactor, bind, turnUntil } = start();
    const seen: string[] = [];
    const inner = bind({ message: (_, bytes) => void seen.push(bytes.toString()) });
    const client = bind({});
    const outer = bind({
      message(_, bytes, from) {
        client.send('inner', inner.address);
        while (seen.length === 0) reactor.turn(TURN_MS);
        seen.push(`${bytes.toString()} ${from.port === client.port}`);
      },
    });
    client.send('outer', outer.address);
    turnUntil(() => seen.length === 2);
    expect(seen).toEqual(['inner', 'outer true']);
  });

  it('a handler may take the memory: there is new one for the next', () => {
    const { bind, turnUntil } = start();
    const lengths: number[] = [];
    const server = bind({
      message(_, bytes) {
        structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
        lengths.push(bytes.length);
      },
    });
    const client = bind({});
    client.send('first', server.address);
    turnUntil(() => lengths.length === 1);
    client.send('second', server.address);
    turnUntil(() => lengths.length === 2);
    expect(lengths).toEqual([0, 0]);
  });

  it('is closed by its signal, and not made when it is aborted already', () => {
    const { bind, turnUntil } = start();
    const inbound = new Inbound();
    const controller = new AbortController();
    const { signal } = controller;
    const socket = bind(inbound.handlers, { signal });
    controller.abort();
    expect(socket.isClosed).toBe(true);
    turnUntil(() => inbound.closes === 1);
    expect(() => bind({}, { signal })).toThrow(expect.objectContaining({ name: 'AbortError' }));
  });

  it('a port in use, and options that are wrong, are typed errors', () => {
    const { bind } = start();
    const { port } = bind({});
    const codes: [Partial<DatagramOptions>, string][] = [
      [{ port }, 'EADDRINUSE'],
      [{ host: 'localhost' }, 'ERR_INVALID_ARG_VALUE'],
      [{ batch: { messages: 0 } }, 'ERR_OUT_OF_RANGE'],
      [{ queueMax: -1 }, 'ERR_OUT_OF_RANGE'],
      [{ receiveBufferSize: 0.5 }, 'ERR_OUT_OF_RANGE'],
      [{ trigger: 'oneshot' as 'edge' }, 'ERR_INVALID_ARG_VALUE'],
    ];
    for (const [options, code] of codes) {
      expect(() => bind({}, options)).toThrow(expect.objectContaining({ code }));
    }
    const both = { message: () => undefined, messages: () => undefined };
    expect(() => bind(both)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
  });

  it('broadcast only where it was asked for', () => {
    const { bind, reactor } = start();
    const inbound = new Inbound();
    const to = { address: '127.255.255.255', port: 9 };
    expect(bind(inbound.handlers).send('x', to)).toBe(false);
    reactor.turn(0);
    expect(inbound.errors).toEqual(['EACCES']);
    expect(bind(inbound.handlers, { broadcast: true }).send('x', to)).toBe(true);
  });

  it('a receive buffer as large as was asked for', () => {
    const { bind } = start();
    const sizeOf = ({ fd }: DatagramSocket) => {
      const size = new Int32Array(1);
      must(sys.getsockopt(fd, sys.constants.SOL_SOCKET, sys.constants.SO_RCVBUF, size));
      return size[0] as number;
    };
    expect(sizeOf(bind({}, { receiveBufferSize: 4096 }))).toBeLessThan(sizeOf(bind({})));
  });
});

// An interface with an address of the family, the loopback if it may be. Linux's loopback has no
// route for multicast over IPv6.
function interfaceWith(family: string): string | undefined {
  const all = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).filter((address) => address.family === family).map((one) => ({ name, one })),
  );
  const isWanted = family === 'IPv4' || process.platform !== 'linux';
  return all.find(({ one }) => one.internal === isWanted)?.name;
}

describe.each(['level', 'edge'] as const)('%s: multicast over the loopback', (trigger) => {
  const descriptors = useDescriptors();

  const groups = [
    { family: 'IPv4', any: '0.0.0.0', group: '239.255.77.1' },
    { family: 'IPv6', any: '::', group: 'ff02::4577' },
  ].map((row) => ({ ...row, on: interfaceWith(row.family) }));

  it.each(groups.filter(({ on }) => on !== undefined))(
    '$family: joined, two sockets hear it; left, they do not',
    ({ any, group, on }) => {
      const reactor = descriptors.using(new Reactor());
      const bind = (inbound: Inbound, port: number, host: string) =>
        descriptors.using(
          bindDatagram({ host, port, trigger, reactor, reuseAddress: true, ...inbound }),
        );
      const heard = [new Inbound(), new Inbound()] as const;
      const first = bind(heard[0], 0, any);
      const second = bind(heard[1], first.port, any);
      for (const socket of [first, second]) socket.joinGroup(group, on);
      const sender = bind(new Inbound(), 0, any);
      sender.setMulticast({ ttl: 0, loop: true, interface: on as string });
      const to = { address: group, port: first.port };
      expect(sender.send('hello', to)).toBe(true);
      const isHeard = (count: number) => heard.every(({ messages }) => messages.length === count);
      for (let i = 0; i < TURNS_MAX && !isHeard(1); i++) reactor.turn(TURN_MS);
      expect(heard.map(({ messages }) => messages)).toEqual([['hello'], ['hello']]);
      expect(() => first.joinGroup(group, on)).toThrow(
        expect.objectContaining({ code: 'EADDRINUSE' }),
      );
      first.leaveGroup(group, on);
      expect(sender.send('again', to)).toBe(true);
      for (let i = 0; i < TURNS_MAX && heard[1].messages.length < 2; i++) reactor.turn(TURN_MS);
      expect(() => first.leaveGroup(group, on)).toThrow(
        expect.objectContaining({ code: 'EADDRNOTAVAIL' }),
      );
      expect(heard[1].messages).toEqual(['hello', 'again']);
    },
  );

  it('wrong groups and interfaces are typed errors', () => {
    const reactor = descriptors.using(new Reactor());
    const socket = descriptors.using(bindDatagram({ host: HOST, trigger, reactor, handlers: {} }));
    const code = (expected: string) => expect.objectContaining({ code: expected });
    expect(() => socket.joinGroup('10.0.0.1')).toThrow(code('EINVAL'));
    expect(() => socket.joinGroup('name')).toThrow(code('ERR_INVALID_ARG_VALUE'));
    expect(() => socket.joinGroup('239.1.1.1', 'nothing0')).toThrow(code('ERR_INVALID_ARG_VALUE'));
    expect(() => socket.setMulticast({ ttl: 256 })).toThrow(code('ERR_OUT_OF_RANGE'));
  });
});
