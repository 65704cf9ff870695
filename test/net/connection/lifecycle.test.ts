// The life of connections where it is easily wrong: handlers that throw or destroy, memory that is
// spoiled while it waits, a reactor that closes, and what is left behind.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, connect as nodeConnect, type Socket } from 'node:net';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type ConnectOptions, connect } from '../../../src/net/connect/connect.ts';
import type { Connection } from '../../../src/net/connection/connection.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import type { ListenOptions } from '../../../src/net/listen/listener.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import { volume } from '../../helpers/cuts.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { setLinger } from '../../helpers/linger.ts';
import { codeOf, Recorder } from '../recorder.ts';

const HOST = '127.0.0.1';

describe.each(['level', 'edge'] as const)('%s: the life of connections', (trigger) => {
  const descriptors = useDescriptors();

  function start(server: Recorder, options: Partial<ListenOptions> = {}) {
    const errors: unknown[] = [];
    const reactor = descriptors.using(new Reactor({ onError: (error) => errors.push(error) }));
    reactor.attach();
    const listener = listen({
      host: HOST,
      trigger,
      handlers: server.handlers,
      reactor,
      ...options,
    });
    const open = (client: Recorder, more: Partial<ConnectOptions> = {}) => {
      const { handlers } = client;
      return connect({ host: HOST, port: listener.port, trigger, handlers, reactor, ...more });
    };
    return { reactor, listener, open, errors };
  }

  async function pair(server = new Recorder(), client = new Recorder(), options = {}) {
    const started = start(server, options);
    const connection = started.open(client, options);
    await client.opened();
    return { ...started, server, client, connection, peer: await server.opened() };
  }

  it('closes listeners and connections with their reactor, and calls each close handler', async () => {
    const { reactor, listener, server, client, connection } = await pair();
    const never = new Recorder();
    connect({
      host: 'name.invalid',
      port: 1,
      handlers: never.handlers,
      reactor,
      resolve: () => undefined,
    });
    reactor.close();
    expect(listener.isClosed && connection.isClosed).toBe(true);
    const all = [...server.errors, ...client.errors, ...never.errors];
    expect(all.map(codeOf)).toEqual(['ERR_CLOSED', 'ERR_CLOSED', 'ERR_CLOSED']);
    expect(() => connection.destroy()).not.toThrow();
    expect(reactor.dependents.size).toBe(0);
  });

  it('opens nothing in a close handler of a closing reactor', async () => {
    const codes: unknown[] = [];
    const client = new Recorder({
      close: () => {
        try {
          connect({ host: HOST, port: 1, handlers: {}, reactor });
        } catch (error) {
          codes.push(codeOf(error));
        }
      },
    });
    const { reactor } = await pair(new Recorder(), client);
    reactor.close();
    expect(codes).toEqual(['ERR_CLOSED']);
  });

  it('is forgotten by the reactor when it has ended', async () => {
    const { reactor, listener, server, client, connection } = await pair();
    listener.close();
    connection.destroy();
    await Promise.all([client.called('close'), server.called('close')]);
    expect(reactor.dependents.size).toBe(0);
    expect(reactor.registrationCount).toBe(0);
  });

  it('ends its side although the end handler throws', async () => {
    const server = new Recorder({
      end: () => {
        throw new Error('mine');
      },
    });
    const { errors, connection, client } = await pair(server);
    connection.end();
    await Promise.all([client.called('close'), server.called('close')]);
    expect(errors).toHaveLength(1);
    expect(server.count('end')).toBe(1);
  });

  it('sends what was written and ends although the open handler throws', async () => {
    const client = new Recorder({
      open: () => {
        throw new Error('mine');
      },
    });
    const server = new Recorder();
    const { open, errors } = start(server);
    open(client).end('early');
    await Promise.all([client.called('close'), server.called('close')]);
    expect(server.received.toString()).toBe('early');
    expect(errors).toHaveLength(1);
  });

  it('survives end and destroy inside open', async () => {
    const server = new Recorder({
      open: (connection) => {
        connection.cork();
        connection.end('bye');
        connection.destroy();
      },
    });
    const { open, errors } = start(server);
    open(new Recorder());
    await server.called('close');
    expect(errors).toEqual([]);
  });

  it('goes on calling timeout after the handler threw', async () => {
    const server = new Recorder({
      timeout: () => {
        throw new Error('mine');
      },
    });
    await pair(server, new Recorder(), { idleTimeoutMs: 2 });
    await server.called('timeout', 3);
    expect(server.count('timeout')).toBeGreaterThanOrEqual(3);
  });

  it('keeps a time-out that was switched off while connecting', async () => {
    const { open, client, server } = await pair();
    const waiting = new Recorder();
    open(waiting, { idleTimeoutMs: 1 }).setTimeout(0);
    const beside = await waiting.opened();
    client.connections[0]?.setTimeout(2);
    await client.called('timeout', 5);
    expect(server.connections).toHaveLength(2);
    expect(beside.isClosed).toBe(false);
    expect(waiting.count('timeout')).toBe(0);
  });

  it('keeps the deadline of close whatever setTimeout says', async () => {
    const { connection, client } = await pair(undefined, undefined, { allowHalfOpen: true });
    connection.close({ timeoutMs: 5 });
    connection.setTimeout(60_000);
    await client.called('close');
    expect(client.errors).toEqual([undefined]);
  });

  it.each([0, 1])('calls drain when every write fills it: high watermark %d', async (mark) => {
    const { connection, client } = await pair(undefined, undefined, { highWaterMark: mark });
    for (let i = 1; i <= 3; i++) {
      connection.cork();
      expect(connection.write('x')).toBe(false);
      connection.uncork();
      expect(client.count('drain')).toBe(i - 1); // not inside the call
      await client.called('drain', i);
    }
  });

  it('closes when bytes that wait are taken away', async () => {
    const { connection, client, errors } = await pair();
    const bytes = new Uint8Array(1000);
    connection.cork();
    connection.write(bytes);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    connection.uncork();
    await client.called('close');
    expect(client.errors.map(codeOf)).toEqual(['ERR_INVALID_ARG_VALUE']);
    expect(errors).toEqual([]);
  });

  it('closes when bytes that wait shrink away', async () => {
    const { connection, client } = await pair();
    const Resizable = ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer;
    const memory = new Resizable(1000, { maxByteLength: 1000 });
    connection.cork();
    connection.write(new Uint8Array(memory));
    (memory as ArrayBuffer & { resize(length: number): void }).resize(0);
    connection.uncork();
    await client.called('close');
    expect(client.errors.map(codeOf)).toEqual(['ERR_INVALID_ARG_VALUE']);
  });

  it.each([
    ['a number', 5],
    ['a list of text', ['text']],
    ['a list with a hole', new Array(1)],
    ['shared memory', new Uint8Array(new SharedArrayBuffer(8))],
  ])('refuses %s at once, also while connecting', async (_, value) => {
    const { open } = start(new Recorder());
    const client = new Recorder();
    const connection = open(client);
    const write = () => connection.write(value as unknown as string);
    expect(write).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    await client.opened();
    expect(write).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    expect(connection.writableLength).toBe(0);
  });

  it('writes lists of more elements than the kernel takes at once', async () => {
    const { connection, server } = await pair();
    const list = Array.from({ length: 5000 }, (_, index) => Buffer.from([index & 255]));
    connection.write(list);
    connection.end();
    await server.called('close');
    expect(server.received.equals(Buffer.concat(list))).toBe(true);
  });

  it('reads on when a handler transferred the memory away', async () => {
    const server = new Recorder({
      data: (_, bytes) => void structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] }),
    });
    const { connection, errors } = await pair(server);
    connection.end(Buffer.alloc(volume(300_000), 'x'));
    await server.called('close');
    expect(server.received.length).toBe(volume(300_000));
    // Node 22 and later refuse to transfer memory of native code; before, it goes, and there is more.
    const names = new Set(errors.map((error) => (error as Error).name));
    expect([...names]).toEqual(errors.length === 0 ? [] : ['DataCloneError']);
  });

  it('delivers the last words of a peer that does not read ours', async () => {
    const server = new Recorder({ open: (connection) => connection.pause() });
    const { listener, reactor } = start(server);
    const socket = nodeConnect(listener.port, HOST);
    const peer = await server.opened();
    await new Promise((resolve) => socket.write('last words', resolve));
    reactor.detach(); // or it may see the reset by itself
    await new Promise((resolve) => socket.resetAndDestroy() && socket.once('close', resolve));
    // Resumed and written to in one go: the write finds the reset before anything was read.
    peer.resume();
    peer.write('unwanted');
    reactor.attach();
    await server.called('close');
    expect(server.received.toString()).toBe('last words');
    expect(server.count('close')).toBe(1);
    expect(['ECONNRESET', 'EPIPE']).toContain(codeOf(server.errors[0]));
    expect(reactor.registrationCount).toBe(1);
  });

  it('reports a reset to a paused connection with a full queue once, and nothing else', async () => {
    const server = new Recorder({ open: (connection) => connection.pause() });
    const { connection, client, errors } = await pair(server);
    client.connections[0]?.pause();
    while (connection.write(Buffer.alloc(100_000)));
    const [peer] = server.connections as [Connection];
    setLinger(peer.fd);
    peer.destroy();
    await client.called('close');
    expect(['ECONNRESET', 'EPIPE']).toContain(codeOf(client.errors[0]));
    expect(errors).toEqual([]);
  });

  it('counts bytes of open and of closed connections', async () => {
    const { connection, server, listener } = await pair();
    connection.write('12345');
    await server.receivedAll(5);
    expect(listener.stats).toMatchObject({ opened: 1, closed: 0, bytesRead: 5 });
    connection.end();
    await server.called('close');
    expect(listener.stats).toMatchObject({ opened: 1, closed: 1, bytesRead: 5 });
  });

  it('calls every handler in the async context of listen and connect', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen = new Set<string>();
    const note = (name: string) => () => void seen.add(`${name} ${storage.getStore()}`);
    const hooks = (name: string) => ({
      open: note(`${name} open`),
      data: note(`${name} data`),
      drain: note(`${name} drain`),
      end: note(`${name} end`),
      close: note(`${name} close`),
      timeout: note(`${name} timeout`),
    });
    const server = new Recorder(hooks('server'));
    const { open } = storage.run('L', () => start(server));
    const client = new Recorder(hooks('client'));
    const connection = storage.run('C', () => open(client, { highWaterMark: 0, idleTimeoutMs: 1 }));
    connection.write('x');
    await Promise.all([client.called('drain'), client.called('timeout'), server.called('data')]);
    connection.end();
    await Promise.all([client.called('close'), server.called('close')]);
    const side = (end: string, store: string, names: string[]) =>
      names.map((name) => `${end} ${name} ${store}`);
    expect([...seen].sort()).toEqual(
      [
        ...side('client', 'C', ['open', 'drain', 'end', 'close', 'timeout']),
        ...side('server', 'L', ['open', 'data', 'end', 'close']),
      ].sort(),
    );
  });

  it('keeps run() going while a name is looked up', async () => {
    const server = createServer((socket: Socket) => socket.end('found'));
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    const reactor = descriptors.using(new Reactor());
    const client = new Recorder();
    connect({
      host: 'name.invalid',
      port: (server.address() as { port: number }).port,
      handlers: client.handlers,
      reactor,
      trigger,
      resolve: async (_, callback) => {
        for (let pass = 0; pass < 5; pass++) await nextLoopPass();
        callback(null, [{ address: HOST, family: 4 }]);
      },
    });
    await reactor.run();
    server.close();
    expect(client.received.toString()).toBe('found');
    expect(client.errors).toEqual([undefined]);
  });

  it('stays unreferenced when it was so before it was open', async () => {
    const server = new Recorder();
    const { listener, reactor: other } = start(server);
    const reactor = descriptors.using(new Reactor());
    const client = new Recorder();
    const { handlers } = client;
    const connection = connect({ host: HOST, port: listener.port, handlers, reactor }).unref();
    await reactor.run(); // resolves only if nothing is referenced
    expect(connection.isConnecting || connection.isClosed).toBe(false);
    connection.destroy();
    other.stop();
  });
});
