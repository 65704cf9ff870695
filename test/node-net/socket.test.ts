// Sockets of edgewise/net beside those of node:net, away from the straight road: not connected yet,
// not any more, and with bytes on the way.
import { once } from 'node:events';
import nodeNet from 'node:net';
import { setImmediate as aTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SocketAddress } from '../../src/address.ts';
import edgewiseNet from '../../src/node-net/index.ts';
import { defaultReactor, Reactor } from '../../src/reactor/index.ts';
import * as sys from '../../src/sys/index.ts';
import { must } from '../helpers/descriptors.ts';

type Net = typeof nodeNet;
type Fault = NodeJS.ErrnoException | null | undefined;
const HOST = '127.0.0.1';
const LONG = Buffer.alloc(30_000_000); // more than the kernel takes while nothing is read
const BOTH: readonly (readonly [string, Net])[] = [
  ['node:net', nodeNet],
  ['edgewise/net', edgewiseNet as unknown as Net],
];

defaultReactor(); // its descriptors are no test's leak

async function serving(net: Net, onConnection: (socket: nodeNet.Socket) => void) {
  const server = net.createServer(onConnection).listen(0, HOST);
  await once(server, 'listening');
  return { server, port: (server.address() as nodeNet.AddressInfo).port };
}

// Not `once`, which rejects by an error.
const closed = (socket: nodeNet.Socket) => new Promise((resolve) => socket.once('close', resolve));

async function closing(server: nodeNet.Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

/** What a socket emits from here on, as `'error EPIPE'`. */
function eventsOf(socket: nodeNet.Socket): string[] {
  const events: string[] = [];
  for (const name of ['connect', 'lookup', 'end', 'finish', 'close']) {
    socket.on(name, () => events.push(name));
  }
  socket.on('error', (error: NodeJS.ErrnoException) => events.push(`error ${error.code}`));
  return events;
}

/** TCP_NODELAY of what was accepted at `port`, which is the one with a peer. */
function noDelayAt(port: number): boolean[] {
  const { IPPROTO_TCP, TCP_NODELAY } = sys.constants;
  const address = new SocketAddress();
  const value = new Int32Array(1);
  const found: boolean[] = [];
  for (let fd = 0; fd < 1024; fd++) {
    if (sys.getsockname(fd, address) < 0 || address.port !== port) continue;
    if (sys.getpeername(fd, address) < 0) continue;
    must(sys.getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, value));
    found.push(value[0] !== 0);
  }
  return found;
}

describe.each(BOTH)('%s: a socket', (_name, net) => {
  it.each([undefined, false, true])('of listen({ fd }) with noDelay %s', async (noDelay) => {
    const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC } = sys.constants;
    const fd = must(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC));
    must(sys.bind(fd, { address: HOST }));
    must(sys.listen(fd));
    const server = net.createServer(noDelay === undefined ? {} : { noDelay }).listen({ fd });
    await once(server, 'listening');
    const { port } = server.address() as nodeNet.AddressInfo;
    const client = nodeNet.connect(port, HOST);
    const [peer] = (await once(server, 'connection')) as [nodeNet.Socket];
    expect(noDelayAt(port)).toEqual([noDelay === true]);
    peer.destroy();
    client.destroy();
    await closing(server);
  });

  it.each([false, true])('of listen(0), with noDelay %s since', async (noDelay) => {
    const server = net.createServer({ noDelay: !noDelay }).listen(0, HOST);
    await once(server, 'listening');
    Object.assign(server, { noDelay });
    const { port } = server.address() as nodeNet.AddressInfo;
    const client = nodeNet.connect(port, HOST);
    const [peer] = (await once(server, 'connection')) as [nodeNet.Socket];
    expect(noDelayAt(port)).toEqual([noDelay]);
    peer.destroy();
    client.destroy();
    await closing(server);
  });

  it('that is connected again sends nothing that was written before it was destroyed', async () => {
    let received = '';
    const { server, port } = await serving(net, (peer) => {
      peer.on('data', (data) => {
        received += data;
      });
    });
    const socket = new net.Socket();
    const stale = new Promise<Fault>((resolve) => socket.write('STALE;', resolve));
    socket.destroy();
    await closed(socket);
    socket.connect(port, HOST).resume();
    socket.end('fresh');
    await closed(socket);
    expect([received, (await stale)?.code]).toEqual(['fresh', 'ERR_SOCKET_CLOSED']);
    await closing(server);
  });

  it('that was never connected refuses a write, and a reset', async () => {
    const socket = new net.Socket();
    const events = eventsOf(socket);
    socket.write('x', (error) => events.push(`callback ${(error as Fault)?.code}`));
    await closed(socket);
    expect(events).toEqual(['callback ERR_SOCKET_CLOSED', 'error ERR_SOCKET_CLOSED', 'close']);
    const other = new net.Socket();
    const others = eventsOf(other);
    other.resetAndDestroy();
    await closed(other);
    expect(others).toEqual(['error ERR_SOCKET_CLOSED', 'close']);
  });

  // As node:net from Node 24 on: before, `finish` is never emitted.
  if (net !== nodeNet) {
    it('that was ended before it was connected finishes, and ends when it is connected', async () => {
      const { server, port } = await serving(net, (peer) => peer.resume());
      const socket = new net.Socket();
      const events = eventsOf(socket);
      socket.end();
      await aTurn();
      expect(events).toEqual(['finish']);
      socket.connect(port, HOST).resume();
      await closed(socket);
      expect(events.sort()).toEqual(['close', 'connect', 'end', 'finish']);
      await closing(server);
    });
  }

  it('counts what it has been given once, wherever that is', async () => {
    const { server, port } = await serving(net, (peer) =>
      peer.on('error', () => undefined).pause(),
    );
    const socket = net.connect(port, HOST);
    socket.on('error', () => undefined);
    const counts = [socket.bytesWritten];
    socket.write('hello');
    counts.push(socket.bytesWritten);
    await once(socket, 'connect');
    counts.push(socket.bytesWritten);
    socket.write(LONG);
    counts.push(socket.bytesWritten - LONG.length);
    await aTurn();
    socket.write('é');
    socket.write('ff00ff', 'hex');
    counts.push(socket.bytesWritten - LONG.length);
    expect(counts).toEqual([0, 5, 5, 5, 10]);
    socket.destroy();
    server.close();
  });

  it('is not pending while both sides have ended with bytes to be read, and takes options', async () => {
    const { server, port } = await serving(net, (peer) => peer.resume().end('to be read'));
    const socket = net.connect(port, HOST);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.pause();
    socket.end();
    await once(socket, 'finish');
    while (socket.readableLength === 0) await aTurn();
    await aTurn();
    await aTurn();
    expect([socket.readable, socket.destroyed, socket.pending]).toEqual([true, false, false]);
    expect(socket.setNoDelay(true).setKeepAlive(true, 1000).resetAndDestroy()).toBe(socket);
    expect([socket.destroyed, socket.pending]).toEqual([true, true]);
    await closing(server);
  });

  it('emits no look-up once it is closed', async () => {
    let answer: () => void = () => undefined;
    const lookup = (_host: string, _options: object, callback: (...found: never[]) => void) => {
      answer = () => callback(null as never, [{ address: HOST, family: 4 }] as never);
    };
    const socket = net.connect({ port: 1, host: 'name', lookup: lookup as never });
    const events = eventsOf(socket);
    await aTurn();
    socket.destroy();
    await closed(socket);
    answer();
    await aTurn();
    expect(events).toEqual(['close']);
  });
});

// Of node:net the second life gets the end of the first one too, and fails with ERR_MULTIPLE_CALLBACK.
it('a socket of edgewise/net that is connected again is not ended by what ended it before', async () => {
  const [, net] = BOTH[1] as readonly [string, Net];
  const { server, port } = await serving(net, (peer) => peer.resume());
  const socket = new net.Socket();
  socket.end();
  socket.destroy();
  await closed(socket);
  socket.connect(port, HOST).resume();
  await once(socket, 'connect');
  expect(socket.readyState).toBe('open');
  const events = eventsOf(socket);
  socket.end();
  await closed(socket);
  expect(events.sort()).toEqual(['close', 'end', 'finish']);
  await closing(server);
});

it('a socket takes a signal that is aborted already, and fails with it', async () => {
  const socket = new edgewiseNet.Socket({ signal: AbortSignal.abort() });
  const [error] = await once(socket, 'error');
  expect(error).toMatchObject({ code: 'ABORT_ERR' });
});

it('edgewise/net: what a listener of `connect` throws keeps nothing from being sent', async () => {
  const got: Buffer[] = [];
  const { server, port } = await serving(nodeNet, (peer) => {
    peer.on('data', (chunk) => got.push(chunk)).on('end', () => peer.end());
  });
  const thrown: unknown[] = [];
  const reactor = new Reactor({ onError: (error) => thrown.push(error) });
  reactor.attach();
  const socket = edgewiseNet.connect({ port, host: HOST, reactor }, () => {
    throw new Error('of the listener');
  });
  socket.resume().end('written before');
  await once(socket, 'close');
  expect(String(Buffer.concat(got))).toBe('written before');
  expect(thrown).toMatchObject([{ message: 'of the listener' }]);
  await closing(server);
  reactor.close();
});
