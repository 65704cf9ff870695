// Connections as streams of Node: backpressure, half-open, errors, and what clients expect of a
// net.Socket.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuplexOptions, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { connect } from '../../src/net/connect/index.ts';
import type { Connection } from '../../src/net/connection/connection.ts';
import { listen } from '../../src/net/listen/listen.ts';
import { Dispatcher } from '../../src/reactor/dispatcher.ts';
import { defaultReactor, Reactor } from '../../src/reactor/index.ts';
import { toDuplex } from '../../src/stream/duplex.ts';
import type { SocketDuplex } from '../../src/stream/socket.ts';
import { itUncut, volume } from '../helpers/cuts.ts';
import { closed, eachTriggerOf, HOST, type Sides } from '../interop/sides.ts';

const LONG = Buffer.alloc(volume(5_000_000), 'edgewise ');
const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

defaultReactor(); // its descriptors are no test's leak
afterEach(() => vi.restoreAllMocks());

// Not `for await`, which destroys the stream behind the last chunk.
async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  await once(stream, 'end');
  return Buffer.concat(chunks).toString();
}

async function openPair(
  sides: Sides,
  options?: DuplexOptions,
): Promise<[client: SocketDuplex, server: SocketDuplex]> {
  const accepted = new Promise<SocketDuplex>((resolve) => {
    port = sides.serve(resolve, options);
  });
  const client = sides.dial(port, options);
  await once(client, 'connect');
  const server = await accepted;
  for (const each of [client, server]) sides.descriptors.using({ close: () => each.destroy() });
  return [client, server];
}
let port = 0;

eachTriggerOf('toDuplex', (sides) => {
  it('leaves what the kernel watches as it was at the accept, while it is read', async () => {
    const rearm = vi.spyOn(Dispatcher.prototype, 'rearm');
    const gone = new Promise((resolve) => {
      port = sides.serve((stream) => void stream.on('close', resolve).pipe(stream));
    });
    const peer = createConnection(port, HOST);
    peer.write('hello');
    await once(peer, 'data');
    expect(rearm).not.toHaveBeenCalled();
    peer.end();
    await gone;
  });

  it.each([5, 100_000])('sends %i bytes of shared memory, as net.Socket', async (length) => {
    const [client, server] = await openPair(sides);
    const shared = new Uint8Array(new SharedArrayBuffer(length)).fill(0x61);
    client.end(shared);
    expect(await textOf(server)).toBe('a'.repeat(length));
  });

  it('has no addresses over a Unix socket, as net.Socket', async () => {
    const path = join(tmpdir(), `edgewise-duplex-${process.pid}.sock`);
    const reactor = sides.descriptors.using(new Reactor());
    reactor.attach();
    const accepted: SocketDuplex[] = [];
    const handlers = {
      open: (each: Connection) => void accepted.push(toDuplex(each).resume().end()),
    };
    sides.descriptors.using(listen({ path, reactor, handlers }));
    const client = toDuplex(connect({ path, reactor, handlers: {} }));
    await once(client, 'connect');
    client.end();
    await once(client.resume(), 'close');
    for (const {
      remoteAddress,
      remoteFamily,
      remotePort,
      localAddress,
      localFamily,
      localPort,
    } of [client, ...accepted]) {
      const all = [remoteAddress, remoteFamily, remotePort, localAddress, localFamily, localPort];
      expect(all.every((each) => each === undefined)).toBe(true);
    }
    expect([client, ...accepted].map((each) => each.address())).toEqual([{}, {}]);
  });

  it('carries more than every buffer holds, both ways at once', async () => {
    const [client, server] = await openPair(sides);
    server.pipe(server);
    const hash = createHash('sha256');
    await Promise.all([
      pipeline(Readable.from(chunksOf(LONG, 10_007)), client, { end: true }),
      (async () => {
        for await (const chunk of client) hash.update(chunk);
      })(),
    ]);
    expect(hash.digest('hex')).toBe(hashOf(LONG));
    expect([client.bytesWritten, server.bytesRead]).toEqual([LONG.length, LONG.length]);
  });

  itUncut('sends text in any encoding, and what was corked in one chunk', async () => {
    const [client, server] = await openPair(sides);
    client.cork();
    client.write('ff00', 'hex');
    client.write('é', 'latin1');
    client.write('é');
    client.write(Buffer.from([1]));
    client.uncork();
    const [chunk] = await once(server, 'data');
    expect([...chunk]).toEqual([0xff, 0, 0xe9, 0xc3, 0xa9, 1]);
  });

  it('slows the writer down while nothing is read, and calls back when all has left', async () => {
    const [client, server] = await openPair(sides);
    server.pause();
    let isWritten = false;
    while (client.write(LONG)); // the kernel takes what it can
    client.write('x', () => {
      isWritten = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([isWritten, client.writableNeedDrain]).toEqual([false, true]);
    server.resume();
    await once(client, 'drain');
    expect(isWritten).toBe(true);
  });

  it('stays half open until both sides have ended', async () => {
    const [client, server] = await openPair(sides);
    client.end('question');
    expect(await textOf(server)).toBe('question');
    expect(server.writable).toBe(true);
    server.end('answer');
    expect(await textOf(client)).toBe('answer');
    await Promise.all([closed(client), closed(server)]);
    expect([client.errored, server.errored]).toEqual([null, null]);
  });

  it('ends its own side when the peer has ended, if it is to be like a net.Socket', async () => {
    const [client, server] = await openPair(sides, { allowHalfOpen: false });
    server.resume();
    client.end();
    await Promise.all([closed(client.resume()), closed(server)]);
    expect(server.writableFinished).toBe(true);
  });

  it('emits the end although nothing is read', async () => {
    const [client, server] = await openPair(sides);
    client.end();
    await once(server, 'end');
    server.end();
    await closed(server);
  });

  it('emits a reset as an error and then a close with it', async () => {
    const [client, server] = await openPair(sides);
    const events: unknown[] = [];
    server.on('error', (error: NodeJS.ErrnoException) => events.push(error.code));
    server.on('close', (hadError: boolean) => events.push(hadError));
    client.resetAndDestroy();
    await closed(server);
    expect(events).toEqual(['ECONNRESET', true]);
    expect(server.destroyed).toBe(true);
  });

  it('destroys the connection with its error, and the pending write fails', async () => {
    const [client] = await openPair(sides);
    const written = new Promise((resolve) => {
      while (client.write(LONG));
      client.write('x', resolve);
    });
    client.on('error', () => undefined);
    const hadError = new Promise((resolve) => client.on('close', resolve));
    client.destroy(new Error('mine'));
    expect(await written).toMatchObject({ message: 'mine' });
    expect([await hadError, client.readyState]).toEqual([true, 'closed']);
  });

  it('has the members of a net.Socket', async () => {
    const [client, server] = await openPair(sides);
    expect(client.setNoDelay().setKeepAlive(true, 5000).setTimeout(0).ref()).toBe(client);
    expect([client.remotePort, client.remoteAddress]).toEqual([port, '127.0.0.1']);
    expect([server.localPort, server.remotePort]).toEqual([port, client.localPort]);
    expect(client.address()).toEqual({
      address: '127.0.0.1',
      family: 'IPv4',
      port: client.localPort,
    });
    expect([client.connecting, client.pending, client.readyState]).toEqual([false, false, 'open']);
    server.destroySoon();
    expect(await textOf(client)).toBe('');
  });

  it('reports silence once, and again after more of it', async () => {
    const [client, server] = await openPair(sides);
    let count = 0;
    client.setTimeout(10, () => count++);
    await once(client, 'timeout');
    const again = once(client, 'timeout');
    server.write('x');
    await once(client, 'data');
    await again;
    expect(count).toBe(1);
  });

  it('leaves the idle timeout to the handler of the connection', async () => {
    let dialled: SocketDuplex | undefined;
    const idle = new Promise<Connection>((timeout) => {
      const handlers = { open: (raw: Connection) => void toDuplex(raw), timeout };
      const listener = listen({ host: '127.0.0.1', idleTimeoutMs: 5, handlers });
      sides.descriptors.using(listener);
      dialled = sides.dial(listener.port);
    });
    (await idle).destroy();
    dialled?.destroy();
  });

  it('applies what was set before it was connected', async () => {
    const serverPort = sides.serve((server) => {
      sides.descriptors.using({ close: () => server.destroy() });
    });
    const client = sides.dial(serverPort);
    client.setNoDelay(true).setKeepAlive(true).unref();
    client.write('early');
    await once(client, 'ready');
    expect(client.bytesWritten).toBe(5);
    client.destroy();
  });

  it('fails as a connection does', async () => {
    const listener = listen({ host: '127.0.0.1', handlers: {} });
    const { port: unused } = listener;
    listener.close();
    const client = sides.dial(unused);
    const [error] = await once(client, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('refuses what is no connection', () => {
    expect(() => toDuplex({} as never)).toThrow(TypeError);
  });
});

function* chunksOf(bytes: Buffer, size: number): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += size)
    yield bytes.subarray(start, start + size);
}
