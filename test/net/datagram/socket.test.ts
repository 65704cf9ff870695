// Datagram sockets over the loopback: receiving, batches, budgets, handlers, options.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createSocket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import { bindDatagram } from '../../../src/net/datagram/bind.ts';
import type { DatagramHandlers, DatagramOptions } from '../../../src/net/datagram/options.ts';
import type { DatagramSocket } from '../../../src/net/datagram/socket.ts';
import type { ReactorOptions } from '../../../src/reactor/options.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { datagramWorld, HOST, Inbound } from '../inbound.ts';

const LOOPBACK = { IPv4: HOST, IPv6: '::1' } as const;
const echo: DatagramHandlers = {
  message: (socket, bytes, from) => void socket.send(bytes, from),
};

describe.each(['level', 'edge'] as const)('%s: datagram sockets', (trigger) => {
  const descriptors = useDescriptors();
  const start = (options: ReactorOptions = {}) => datagramWorld(descriptors, trigger, options);

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
      { batch: { countMax: 8, bytesMax: 64 } },
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

  it('reports and counts truncation, and the next datagram is whole', () => {
    const { bind, turnUntil } = start();
    const inbound = new Inbound();
    const server = bind(inbound.handlers, { batch: { bytesMax: 5 } });
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

  it('one burst, then silence: all of it arrives within a budget of few operations', () => {
    const { bind, turnUntil } = start({ budget: { operations: 2 } });
    const inbound = new Inbound();
    const server = bind(inbound.handlers, { batch: { countMax: 3 } });
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
    const flooded = bind(handlers as DatagramHandlers, { data: 'flooded', batch: { countMax: 4 } });
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

  it('each of several handlers that throw in one turn reaches onError', () => {
    const thrown: unknown[] = [];
    const { bind, turnUntil } = start({ onError: (error) => void thrown.push(error) });
    const fail = (what: string) => {
      throw new Error(what);
    };
    const server = bind({
      message: (_, bytes) => fail(bytes.toString()),
      close: () => fail('end'),
    });
    const client = bind({ error: () => fail('error'), close: () => fail('client') });
    for (const text of ['1', '2']) client.send(text, server.address);
    for (let i = 0; i < 2; i++) client.send(new Uint8Array(65_508), server.address);
    turnUntil(() => thrown.length === 4);
    client.close();
    server.close();
    turnUntil(() => thrown.length === 6);
    const messages = thrown.map((error) => (error as Error).message);
    expect(messages.sort()).toEqual(['1', '2', 'client', 'end', 'error', 'error']);
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
        while (seen.length === 0) reactor.turn(1000);
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

  it('a batch that was kept and transferred later is not used again', () => {
    const { bind, turnUntil } = start();
    let kept: sys.MessageBatch | undefined;
    let count = 0;
    const server = bind({
      messages(_, batch) {
        kept = batch;
        count++;
      },
    });
    const client = bind({});
    client.send('first', server.address);
    turnUntil(() => count === 1);
    const { lengths } = kept as unknown as sys.MessageBatch;
    structuredClone(lengths.buffer, { transfer: [lengths.buffer as ArrayBuffer] });
    client.send('second', server.address);
    turnUntil(() => count === 2);
    expect(kept?.lengths[0]).toBe('second'.length);
  });

  it('keeps the async context of bindDatagram for its handlers', () => {
    const { bind, turnUntil } = start();
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const see = () => void seen.push(storage.getStore());
    const handlers = { message: see, close: see };
    const server = storage.run('of bind', () => bind(handlers));
    bind({}).send('x', server.address);
    turnUntil(() => seen.length === 1);
    server.close();
    turnUntil(() => seen.length === 2);
    expect(seen).toEqual(['of bind', 'of bind']);
  });

  it('closed after its reactor, `close` is called all the same', async () => {
    const { reactor, bind } = start();
    let resolveClosed: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => {
      resolveClosed = resolve;
    });
    const socket = bind({ close: () => resolveClosed() });
    reactor.close();
    socket.close();
    await closed;
    expect(socket.fd).toBe(-1);
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
      [{ batch: { countMax: 0 } }, 'ERR_OUT_OF_RANGE'],
      [{ queueBytesMax: -1 }, 'ERR_OUT_OF_RANGE'],
      [{ receiveBufferSize: 0.5 }, 'ERR_OUT_OF_RANGE'],
      [{ trigger: 'oneshot' as 'edge' }, 'ERR_INVALID_ARG_VALUE'],
    ];
    for (const [options, code] of codes) {
      expect(() => bind({}, options)).toThrow(expect.objectContaining({ code }));
    }
    const both = { message: () => undefined, messages: () => undefined };
    expect(() => bind(both)).toThrow(expect.objectContaining({ code: 'ERR_OPTIONS_CONFLICT' }));
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
