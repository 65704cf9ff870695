// Stream connections over real sockets, under level and edge: what handlers are told, and in what
// order, from open to close.
import { connect as nodeConnect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import type { ListenOptions } from '../../../src/net/listen/listener.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import { volume } from '../../helpers/cuts.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { setLinger } from '../../helpers/linger.ts';
import { codeOf, Recorder } from '../recorder.ts';

const HOST = '127.0.0.1';
const echo = () => new Recorder({ data: (connection, bytes) => void connection.write(bytes) });

describe.each(['level', 'edge'] as const)('%s: stream connections', (trigger) => {
  const descriptors = useDescriptors();

  function start(server: Recorder, options: Partial<ListenOptions> = {}) {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const listener = listen({
      host: HOST,
      trigger,
      handlers: server.handlers,
      reactor,
      ...options,
    });
    descriptors.using(listener);
    descriptors.using(server);
    return { reactor, listener, port: listener.port };
  }

  it('echoes what is sent, larger than every buffer', async () => {
    const { reactor, port } = start(echo());
    const sent = Buffer.alloc(volume(3_000_000), 'edgewise ');
    const client = new Recorder({
      data: (connection) => void (connection.bytesRead === sent.length && connection.end()),
    });
    connect({ host: HOST, port, trigger, handlers: client.handlers, reactor }).write(sent);
    await client.called('close');
    expect(client.received.equals(sent)).toBe(true);
    expect(client.errors).toEqual([undefined]);
  });

  it('delivers the last words before a FIN, then the end, once', async () => {
    const server = new Recorder();
    const { port } = start(server);
    nodeConnect(port, HOST).end('last words');
    await server.called('close');
    expect(server.received.toString()).toBe('last words');
    const once = server.events.filter((name, i, all) => name !== 'data' || all[i - 1] !== 'data');
    expect(once).toEqual(['open', 'data', 'end', 'close']);
  });

  it('tells ECONNRESET once', async () => {
    const server = new Recorder();
    const { reactor, port } = start(server);
    const client = descriptors.using(new Recorder());
    const connection = connect({ host: HOST, port, handlers: client.handlers, reactor });
    await server.opened();
    await client.opened();
    connection.write('x');
    await server.called('data');
    const { fd } = connection;

    setLinger(fd);
    connection.destroy();
    await server.called('close');
    expect(server.errors.map(codeOf)).toEqual(['ECONNRESET']);
    expect(server.count('close')).toBe(1);
  });

  it('answers false at the high watermark and tells drain at the low one', async () => {
    const server = new Recorder({ open: (connection) => connection.pause() });
    const { reactor, port } = start(server);
    const client = descriptors.using(new Recorder());
    const connection = connect({ host: HOST, port, trigger, handlers: client.handlers, reactor });
    await client.opened();
    const peer = await server.opened();
    const chunk = Buffer.alloc(volume(256 * 1024));
    let written = 0;
    while (connection.write(chunk)) written += chunk.length;
    written += chunk.length;
    expect(connection.writableLength).toBeGreaterThan(0);
    peer.resume();
    await client.called('drain');
    expect(connection.writableLength).toBeLessThanOrEqual(16 * 1024);
    connection.end();
    await server.called('close');
    expect(server.received.length).toBe(written);
  });

  it('closes with ERR_WRITE_QUEUE_FULL beyond the hard cap', async () => {
    const server = new Recorder({ open: (connection) => connection.pause() });
    const { reactor, port } = start(server);
    const client = descriptors.using(new Recorder());
    const connection = connect({
      host: HOST,
      port,
      handlers: client.handlers,
      reactor,
      queueBytesMax: 1_000_000,
    });
    await client.opened();
    const chunk = Buffer.alloc(900_000);
    for (let i = 0; i < 100 && !connection.isClosed; i++) connection.write(chunk);
    await client.called('close');
    expect(client.errors.map(codeOf)).toEqual(['ERR_WRITE_QUEUE_FULL']);
    expect(() => connection.write('more')).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
  });

  it('keeps half of a connection open when asked to', async () => {
    const server = new Recorder({
      end: (connection) => connection.end('after your end'),
    });
    const { reactor, port } = start(server, { allowHalfOpen: true });
    const client = descriptors.using(new Recorder());
    const connection = connect({ host: HOST, port, trigger, handlers: client.handlers, reactor });
    connection.end('request');
    expect(() => connection.write('x')).toThrow(
      expect.objectContaining({ code: 'ERR_WRITE_AFTER_END' }),
    );
    await client.called('close');
    expect(server.received.toString()).toBe('request');
    expect(client.received.toString()).toBe('after your end');
    expect(client.errors).toEqual([undefined]);
  });

  it('sends corked writes together, and lists in order', async () => {
    const server = new Recorder();
    const { reactor, port } = start(server);
    const client = descriptors.using(new Recorder());
    const connection = connect({ host: HOST, port, handlers: client.handlers, reactor });
    await client.opened();
    connection.cork();
    connection.write('a');
    connection.write([Buffer.from('b'), Buffer.from('c')]);
    connection.write('d');
    expect(connection.writableLength).toBe(4);
    connection.uncork();
    connection.write([Buffer.from('e'), Buffer.from('f')]);
    connection.end();
    await server.called('close');
    expect(server.received.toString()).toBe('abcdef');
  });

  it('uncorks by itself at the end of the turn', async () => {
    const server = new Recorder();
    const { reactor, port } = start(server);
    const client = new Recorder({
      open: (connection) => {
        connection.cork();
        connection.write('held');
      },
    });
    connect({ host: HOST, port, handlers: client.handlers, reactor });
    await server.receivedAll(4);
    descriptors.using(client);
    expect(server.received.toString()).toBe('held');
  });

  it('stops reading while paused and loses nothing', async () => {
    const server = new Recorder({ open: (connection) => connection.pause() });
    const { reactor, port } = start(server);
    const client = descriptors.using(new Recorder());
    const connection = connect({ host: HOST, port, handlers: client.handlers, reactor });
    connection.end('kept for later');
    await client.opened();
    const peer = await server.opened();
    expect(server.events).toEqual(['open']);
    peer.resume();
    await server.called('close');
    expect(server.received.toString()).toBe('kept for later');
  });

  it('tells timeout when nothing happens, again and again, and stays open', async () => {
    const server = new Recorder();
    const { reactor, port } = start(server, { idleTimeoutMs: 5 });
    const client = descriptors.using(new Recorder());
    const connection = connect({ host: HOST, port, handlers: client.handlers, reactor });
    await server.called('timeout', 2);
    connection.write('still here');
    await server.called('data');
    expect(server.count('close')).toBe(0);
    connection.destroy();
    await server.called('close');
  });

  it('closes at the deadline when the peer does not end', async () => {
    const server = new Recorder();
    const { reactor, port } = start(server, { allowHalfOpen: true });
    const client = descriptors.using(new Recorder());
    const connection = connect({ host: HOST, port, handlers: client.handlers, reactor });
    await server.opened();
    await client.opened();
    connection.close({ timeoutMs: 5 });
    await client.called('close');
    expect(server.count('end')).toBe(1);
  });

  it('goes on when a handler throws', async () => {
    const errors: unknown[] = [];
    const reactor = descriptors.using(new Reactor({ onError: (error) => errors.push(error) }));
    reactor.attach();
    const server = new Recorder({
      data: () => {
        throw new Error('mine');
      },
    });
    const listener = descriptors.using(
      listen({ host: HOST, trigger, handlers: server.handlers, reactor }),
    );
    const client = descriptors.using(new Recorder());
    const connection = connect({
      host: HOST,
      port: listener.port,
      handlers: client.handlers,
      reactor,
    });
    connection.write('one');
    await server.called('data');
    connection.end('two');
    await server.called('close');
    expect(server.received.toString()).toBe('onetwo');
    expect(errors).toHaveLength(server.count('data'));
    expect(errors.length).toBeGreaterThan(1);
  });

  it('destroys inside its own handler', async () => {
    const server = new Recorder({ data: (connection) => connection.destroy(new Error('enough')) });
    const { reactor, port } = start(server);
    const client = descriptors.using(new Recorder());
    connect({ host: HOST, port, handlers: client.handlers, reactor }).write('x');
    await server.called('close');
    await client.called('close');
    expect(server.errors.map((error) => error?.message)).toEqual(['enough']);
  });
});
