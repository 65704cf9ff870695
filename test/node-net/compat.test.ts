// Members, options and events of edgewise/net beside those of node:net. docs/compat.md has what differs.
import diagnostics from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { inherits } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SocketDuplex } from '../../src/stream/socket.ts';
import * as sys from '../../src/sys/index.ts';
import { itUncut } from '../helpers/cuts.ts';
import {
  closed,
  closing,
  HOST,
  listening,
  type Net,
  nodeNet,
  noted,
  ours,
  pairOf,
  same,
  sameUncut,
  shapeOf,
  thrownBy,
} from './both.ts';

type Socket = nodeNet.Socket;
type Lookup = (...args: unknown[]) => void;

/** Names of node:net that are not here: docs/compat.md. */
const ABSENT = [
  '_createServerHandle',
  '_setSimultaneousAccepts',
  '_TransferredBoundSocket',
  'BoundSocket',
];
const CLIENT_EVENTS = [
  'lookup',
  'connectionAttempt',
  'connectionAttemptFailed',
  'connectionAttemptTimeout',
  'connect',
  'ready',
  'end',
  'finish',
  'error',
  'close',
];

const normalizerOf = (net: Net) =>
  (net as never as { _normalizeArgs(args: unknown[]): unknown[] })._normalizeArgs;

const unixPath = (name: string) => join(tmpdir(), `edgewise-compat-${process.pid}-${name}`);

const answering = (...answer: unknown[]) =>
  ((_host: string, _options: object, callback: Lookup) => callback(...answer)) as never;

// What a socket that cannot connect emits, without what is a number of this run.
async function failureOf(net: Net, options: object, port = 1) {
  const client = net.connect({ port, host: HOST, ...options } as nodeNet.NetConnectOpts);
  const events = noted(client, CLIENT_EVENTS);
  const error = once(client, 'error').catch((reason) => [reason]);
  await closed(client);
  const shape = shapeOf((await error)[0]);
  delete shape.errors; // an AggregateError; its events have them
  return { events, shape, tried: client.autoSelectFamilyAttemptedAddresses };
}

describe('the module', () => {
  same('has the same names', (net) =>
    Object.keys(net)
      .filter((name) => !ABSENT.includes(name))
      .sort(),
  );
  same('is a plain object that can be assigned to', (net) => {
    const { connect } = net;
    net.connect = 1 as never;
    const isAssigned = (net.connect as unknown) === 1;
    net.connect = connect;
    return [isAssigned, Object.getPrototypeOf(net) === Object.prototype];
  });
  same('has classes that are functions', (net) => {
    const { Server, Socket } = net as never as Record<string, CallableFunction>;
    const names = [Server?.name, Socket?.name];
    const made = [Server?.(() => undefined), Socket?.(), Socket?.({ allowHalfOpen: true })];
    return [
      ...names,
      made[0] instanceof net.Server,
      made[1] instanceof net.Socket,
      made[2].allowHalfOpen,
      made[1].constructor === net.Socket,
      (net as never as { Stream: unknown }).Stream === net.Socket,
    ];
  });
  same('has classes that functions and classes extend', async (net) => {
    function Old(this: Socket) {
      Reflect.apply(net.Socket as never, this, [{ allowHalfOpen: true }]);
    }
    inherits(Old, net.Socket);
    function OldServer(this: nodeNet.Server, listener: () => void) {
      Reflect.apply(net.Server as never, this, [listener]);
    }
    inherits(OldServer, net.Server);
    class New extends net.Socket {
      own = 'own';
    }
    const [old, young] = [new (Old as never as typeof New)(), new New()];
    let count = 0;
    const server = new (OldServer as never as new (f: () => void) => nodeNet.Server)(() => count++);
    server.listen(0, HOST);
    await once(server, 'listening');
    const { port } = server.address() as nodeNet.AddressInfo;
    old.connect(port, HOST);
    young.connect(port, HOST);
    await Promise.all([once(old, 'connect'), once(young, 'connect'), once(server, 'connection')]);
    while (count < 2) await once(server, 'connection');
    const result = [
      old.allowHalfOpen,
      old instanceof net.Socket,
      young.own,
      young.remotePort === port,
    ];
    old.destroy();
    young.destroy();
    server.close();
    return [...result, old instanceof Duplex, server instanceof EventEmitter];
  });
  it('counts sockets and servers of Node as instances, and not the other way round', () => {
    expect([
      new nodeNet.Socket() instanceof ours.Socket,
      new nodeNet.Server() instanceof ours.Server,
      new SocketDuplex() instanceof ours.Socket, // of toDuplex, and so of serveHttp
    ]).toEqual([true, true, true]);
    class Own extends ours.Socket {}
    expect(new nodeNet.Socket() instanceof Own).toBe(false);
    expect(new SocketDuplex() instanceof Own).toBe(false);
    expect(new ours.Socket() instanceof nodeNet.Socket).toBe(false);
  });
  same('has defaults of autoSelectFamily that can be set', (net) => {
    const { getDefaultAutoSelectFamily: is, getDefaultAutoSelectFamilyAttemptTimeout: time } = net;
    const before = [is(), time()] as const;
    net.setDefaultAutoSelectFamily(!before[0]);
    net.setDefaultAutoSelectFamilyAttemptTimeout(3);
    const after = [is(), time()];
    net.setDefaultAutoSelectFamily(before[0]);
    net.setDefaultAutoSelectFamilyAttemptTimeout(before[1]);
    return [before, after];
  });
  same('gives arguments their names', (net) => {
    const normalize = normalizerOf(net);
    const all = [[], [1], ['2'], ['path', 5], [1, 'host', 3], [{ port: 1 }], [null], [undefined]];
    return all.map((args) => [...normalize(args)]);
  });
  same('connects by such arguments, its own or those of Node', async (net) => {
    const { server, port } = await listening(net, (socket) => socket.end());
    const options = { port, host: HOST };
    let connects = 0;
    for (const normalize of [normalizerOf(net), normalizerOf(nodeNet)]) {
      const socket = new net.Socket();
      await closed(socket.connect(normalize([options, () => connects++]) as never).resume());
    }
    const wrong = thrownBy(() => new net.Socket().connect([options] as never));
    const { connect } = net.Socket.prototype;
    const given: unknown[] = []; // to what has taken the place of connect
    net.Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
      given.push(...args.map((each) => [...(each as unknown[])]));
      return Reflect.apply(connect, this, args);
    } as never;
    await closed(net.connect(options).resume());
    net.Socket.prototype.connect = connect;
    await closing(server);
    return [connects, wrong, JSON.parse(JSON.stringify(given).replace(String(port), '0'))];
  });
});

describe('wrong arguments', () => {
  const connects: readonly object[] = [
    {},
    { port: true },
    { port: {} },
    { port: 'x' },
    { port: -1 },
    { port: 70_000 },
    { path: 1 },
    { path: {} },
    { port: 1, localAddress: 'x' },
    { port: 1, localPort: 'x' },
    { port: 1, host: 'name', lookup: 1 },
    { port: 1, autoSelectFamily: 'x' },
    { port: 1, autoSelectFamilyAttemptTimeout: 'x' },
    { port: 1, autoSelectFamilyAttemptTimeout: -1 },
    { port: 1, keepAliveInitialDelay: 'x' },
    { port: 1, objectMode: true },
    { port: 1, readableObjectMode: true },
    { port: 1, writableObjectMode: true },
    { port: 1, highWaterMark: 'x' },
    { port: 1, fd: -1 },
    { port: 1, fd: 'x' },
  ];
  for (const options of connects) {
    same(`of connect: ${JSON.stringify(options)}`, (net) =>
      thrownBy(() => net.connect(options as never)),
    );
  }
  same('of connect without options', (net) =>
    [undefined, null, true].map((options) => thrownBy(() => net.connect(options as never))),
  );
  same('of createServer', (net) =>
    [0, 'x', true, { keepAliveInitialDelay: 'x' }, { highWaterMark: 'x' }].map((options) =>
      thrownBy(() => net.createServer(options as never)),
    ),
  );
  same('of members', (net) => {
    const socket = new net.Socket();
    return [
      thrownBy(() => socket.setKeepAlive(true, 'x' as never)),
      thrownBy(() => socket.setNoDelay('x' as never)),
      thrownBy(() => net.createServer().getConnections(undefined as never)),
      thrownBy(() => net.createServer().close(1 as never)),
      thrownBy(() => net.setDefaultAutoSelectFamily(1 as never)),
      thrownBy(() => net.setDefaultAutoSelectFamilyAttemptTimeout(0)),
      thrownBy(() => net.setDefaultAutoSelectFamilyAttemptTimeout('x' as never)),
    ];
  });
  const codes = (net: Net, calls: readonly ((socket: Socket) => unknown)[]) =>
    calls.map((call) => (thrownBy(() => call(new net.Socket())) as { code?: string }).code);
  same('of setTimeout, by their codes', (net) =>
    codes(net, [
      (socket) => socket.setTimeout('x' as never),
      (socket) => socket.setTimeout(-1),
      (socket) => socket.setTimeout(Number.NaN),
      (socket) => socket.setTimeout(1, 'x' as never),
      (socket) => socket.setTimeout(0, 'x' as never),
    ]),
  );
  same(
    'of blockList and setTypeOfService, by their codes',
    (net) =>
      codes(net, [
        () => new net.Socket({ blockList: 1 } as never),
        () => net.createServer({ blockList: 1 } as never),
        (socket) =>
          (socket as never as { setTypeOfService(x: unknown): void }).setTypeOfService('x'),
        (socket) =>
          (socket as never as { setTypeOfService(x: unknown): void }).setTypeOfService(256),
      ]),
    {
      since: 26,
      expected: [
        'ERR_INVALID_ARG_TYPE',
        'ERR_INVALID_ARG_TYPE',
        'ERR_INVALID_ARG_TYPE',
        'ERR_OUT_OF_RANGE',
      ],
    },
  );
});

describe('a socket', () => {
  const factsOf = (socket: Socket) => {
    const { connecting, pending, readyState, destroyed, timeout, bytesRead, bytesWritten } = socket;
    const { remoteAddress, localAddress, remoteFamily, bufferSize, allowHalfOpen } = socket;
    const address = JSON.stringify(socket.address()).replace(/"port":\d+/, '"port":N');
    const { server, _handle: handle } = socket as never as { server: unknown; _handle: unknown };
    return {
      connecting,
      pending,
      readyState,
      destroyed,
      timeout,
      bytesRead,
      bytesWritten,
      remoteAddress,
      localAddress,
      remoteFamily,
      bufferSize,
      allowHalfOpen,
      address,
      server: server === null ? null : typeof server,
      handle: handle === null ? null : typeof handle,
    };
  };
  same('has the same facts in each state', async (net) => {
    const fresh = new net.Socket();
    const { server, port } = await listening(net);
    const facts = [factsOf(fresh)];
    fresh.connect(port, HOST);
    facts.push(factsOf(fresh));
    const [[peer]] = await Promise.all([once(server, 'connection'), once(fresh, 'connect')]);
    facts.push(factsOf(fresh), factsOf(peer));
    fresh.resume().end('bye');
    peer.resume();
    await Promise.all([closed(fresh), closed(peer)]);
    const after = [factsOf(fresh), factsOf(peer)].map(
      ({ destroyed, pending, readyState, bytesRead, bytesWritten, handle }) => ({
        destroyed,
        pending,
        readyState,
        bytesRead,
        bytesWritten,
        handle,
      }),
    );
    await closing(server);
    return [facts, after];
  });
  same('takes assignments to timeout and connecting', (net) => {
    const socket = new net.Socket();
    Object.assign(socket, { timeout: 5, connecting: false });
    const assigned = [socket.timeout, socket.connecting];
    socket.setTimeout(60);
    socket.destroy();
    return [...assigned, socket.timeout];
  });
  same('has getters that the prototype tolerates', (net) => {
    const { prototype } = net.Socket;
    return [
      prototype.bytesWritten,
      prototype.remoteAddress,
      prototype.localPort,
      prototype.pending,
    ];
  });
  same(
    'fails to connect with the same events',
    async (net) => [
      await failureOf(net, {}),
      await failureOf(net, { host: '::1' }),
      await failureOf(net, { host: 'localhost', family: 4 }),
      await failureOf(net, { path: unixPath('absent') }),
      await failureOf(net, {}, 0),
    ],
    { since: 22, expected: expect.anything() },
  );
  same('says of a local port that is taken that bind has failed', async (net) => {
    const { server, port: localPort } = await listening(net);
    const { shape } = await failureOf(net, { localAddress: HOST, localPort });
    await closing(server);
    return JSON.parse(JSON.stringify(shape).replaceAll(String(localPort), '0')) as unknown;
  });
  same('says of a local address of the other family that it is invalid', async (net) => {
    const shapes = [];
    for (const options of [
      { localAddress: '::1' },
      { localAddress: '::ffff:127.0.0.1' },
      { localAddress: '::1', localPort: 20_000 },
      { localAddress: '::1', host: 'localhost', family: 4 },
      { localAddress: HOST, host: '::1' },
    ]) {
      shapes.push((await failureOf(net, options)).shape);
    }
    return shapes.map(({ cause, ...shape }) => shape);
  });
  same('is connected with the same events', async (net) => {
    const { server, port } = await listening(net, (socket) => socket.end());
    const lists = [];
    for (const options of [
      { host: HOST },
      { host: 'localhost', family: 4 },
      { host: 'x', lookup: answering(null, '127.0.0.1', 4), autoSelectFamily: false },
    ]) {
      const client = net.connect({ port, ...options });
      const list = noted(
        client.resume(),
        CLIENT_EVENTS.filter((name) => name !== 'finish'),
      );
      await closed(client);
      lists.push(list.map((each) => each.replace(String(port), 'N')));
    }
    await closing(server);
    return lists;
  });
  same(
    'takes what a lookup answers as node:net does',
    async (net) => {
      const one = { host: 'x', autoSelectFamily: false };
      const all = { host: 'x', autoSelectFamily: true };
      return [
        await failureOf(net, { ...one, lookup: answering(new Error('none')) }),
        await failureOf(net, { ...one, lookup: answering(undefined, '127.0.0.1', 4) }),
        await failureOf(net, { ...one, lookup: answering(null, 'x', 4) }),
        await failureOf(net, { ...one, lookup: answering(null, '127.0.0.1', 5) }),
        await failureOf(net, { ...all, lookup: answering(new Error('none')) }),
        await failureOf(net, { ...all, lookup: answering(null, [{ address: 'x', family: 4 }]) }),
        await failureOf(net, {
          ...all,
          lookup: answering(0, [{ address: '127.0.0.1', family: 4 }]),
        }),
        await failureOf(net, {
          ...all,
          lookup: answering(null, [{ address: '127.0.0.1', family: 100 }]),
        }),
        await failureOf(net, {
          ...all,
          lookup: answering(null, [
            { address: '127.0.0.1', family: 4 },
            { address: 'wrong', family: 4 },
            { address: '127.0.0.2', family: 4 },
            { address: '127.0.0.1', family: 4 },
            { address: '::1', family: 6 },
          ]),
        }),
      ];
    },
    { since: 22, expected: expect.anything() },
  );
  same(
    'gives up an address that does not answer in time',
    async (net) => {
      const full = fullListener();
      const { server, port } = await listening(net, (socket) => socket.end());
      const found = [
        { address: '127.0.0.2', family: 4 },
        { address: HOST, family: 4 },
      ];
      // The other listens on the same port of another address.
      const silent = full.at('127.0.0.2', port);
      const client = net.connect({
        port,
        host: 'x',
        lookup: answering(null, found),
        autoSelectFamily: true,
        autoSelectFamilyAttemptTimeout: 20,
      });
      const list = noted(client.resume(), [
        'connectionAttempt',
        'connectionAttemptTimeout',
        'connectionAttemptFailed',
        'connect',
      ]);
      await closed(client);
      silent.close();
      await closing(server);
      return list.map((each) => each.replace(String(port), 'N'));
    },
    { since: 22, expected: expect.arrayContaining(['connectionAttemptTimeout 127.0.0.2 N 4']) },
  );
  same(
    'does not connect to what its blockList has',
    async (net) => {
      const blockList = new net.BlockList();
      blockList.addAddress(HOST);
      const { shape } = await failureOf(net, { blockList });
      return shape;
    },
    { since: 24, expected: expect.objectContaining({ code: 'ERR_IP_BLOCKED' }) },
  );
  same('ends, is destroyed and is reset with the same events', async (net) => {
    const ways: readonly ((client: Socket) => unknown)[] = [
      (client) => client.end('x'),
      (client) => client.destroy(),
      (client) => client.destroy(new Error('why')),
      (client) => client.destroySoon(),
      (client) => client.resetAndDestroy(),
    ];
    const lists = [];
    for (const way of ways) {
      const { server, client, peer } = await pairOf(net);
      const list = noted(client.resume(), ['end', 'finish', 'error', 'close']);
      const peers = noted(peer.resume(), ['end', 'error', 'close']);
      way(client);
      await Promise.all([closed(client), closed(peer)]);
      await closing(server);
      lists.push([list.sort(), peers.sort()]);
    }
    return lists;
  });
  same('fails a write behind the end of its peer, and one after destroy', async (net) => {
    const { server, client, peer } = await pairOf(net);
    client.resume();
    const list = noted(client, ['error']);
    const written: unknown[] = [];
    const note = (error?: Error | null) => written.push((error as NodeJS.ErrnoException)?.code);
    client.end();
    client.once('end', () => client.write('x', note));
    const isClosed = closed(client);
    peer.end();
    await isClosed;
    client.write('y', note);
    await new Promise((resolve) => setImmediate(resolve));
    peer.destroy();
    await closing(server);
    return [list, written];
  });
  same('fails a write that waits for a connection that never comes', async (net) => {
    const { server, port } = await listening(net);
    const socket = net.connect(port, HOST);
    const written: unknown[] = [];
    socket.write('x', (error) => written.push((error as NodeJS.ErrnoException)?.code));
    socket.destroy();
    await closed(socket);
    await closing(server);
    return written;
  });
  same('counts bytes', async (net) => {
    const { server, client, peer } = await pairOf(net);
    client.write('é');
    client.end(Buffer.alloc(5));
    peer.resume();
    const isClosed = closed(peer);
    await once(peer, 'end');
    const result = [client.bytesWritten, peer.bytesRead];
    await isClosed;
    client.destroy();
    await closing(server);
    return [...result, client.bytesWritten, peer.bytesRead];
  });
  sameUncut('reads into memory of the user', async (net) => {
    const { server, port } = await listening(net, (socket) => socket.end('hello world'));
    const seen: unknown[] = [];
    const memory = Buffer.alloc(8);
    const client = net.connect({
      port,
      host: HOST,
      onread: {
        buffer: memory,
        callback(this: unknown, count: number, buffer: Uint8Array) {
          seen.push([buffer === memory, String(buffer.subarray(0, count)), this === client]);
          if (seen.length === 1) setImmediate(() => client.resume());
          return seen.length > 1;
        },
      } as never,
    });
    client.on('data', () => seen.push('data'));
    await once(client, 'end');
    await closing(server);
    return seen;
  });
  same('emits timeout, and lets go of its listener', async (net) => {
    const { server, client, peer } = await pairOf(net, { timeout: 20 });
    await once(client, 'timeout');
    const listener = () => undefined;
    const counts = [client.setTimeout(50, listener).listenerCount('timeout')];
    counts.push(client.setTimeout(0, listener).listenerCount('timeout'), client.timeout ?? -1);
    client.destroy();
    peer.destroy();
    await closing(server);
    return counts;
  });
  same('takes a signal', async (net) => {
    const { server, port } = await listening(net, (socket) => socket.destroy());
    const controller = new AbortController();
    const codes: unknown[] = [];
    for (const signal of [AbortSignal.abort(), controller.signal]) {
      const socket = net.connect({ port, host: HOST, signal } as never);
      socket.on('error', ({ code }: NodeJS.ErrnoException) => codes.push(code));
      setImmediate(() => controller.abort());
      await closed(socket);
    }
    await closing(server);
    return codes;
  });
  same('has options of Duplex', (net) => {
    const socket = new net.Socket({ readableHighWaterMark: 5, writableHighWaterMark: 6 } as never);
    const both = new net.Socket({ highWaterMark: 7, readable: false } as never);
    return [
      socket.readableHighWaterMark,
      socket.writableHighWaterMark,
      both.readableHighWaterMark,
      both.readable,
      both.writable,
    ];
  });
  same('is made of a descriptor, or not', (net) => [
    thrownBy(() => new net.Socket({ fd: -1 })),
    thrownBy(() => new net.Socket({ fd: 0x7ffffff0 })),
    thrownBy(() => new net.Socket('x' as never)),
  ]);
  itUncut('is made of a connected descriptor', async () => {
    const fds = new Int32Array(2);
    sys.socketpair(sys.constants.AF_UNIX, sys.constants.SOCK_STREAM, 0, fds);
    const sockets = [...fds].map((fd) => new ours.Socket({ fd }));
    const [a, b] = sockets as [Socket, Socket];
    expect([a.connecting, a.pending, a.readyState]).toEqual([false, false, 'open']);
    a.end('hello');
    expect(String(await once(b, 'data'))).toBe('hello');
    await Promise.all([closed(a.resume()), closed(b.resume())]);
  });
  same('is set up by names that are handed through to its handle', async (net) => {
    const calls: string[] = [];
    const { server, port } = await listening(net);
    const client = net.connect({
      port,
      host: HOST,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 5000,
    });
    const { _handle: handle } = client as never as { _handle: Record<string, unknown> };
    handle.setNoDelay = (value: unknown) => calls.push(`noDelay ${value}`);
    handle.setKeepAlive = (value: unknown, seconds: unknown) =>
      calls.push(`keepAlive ${value} ${seconds}`);
    await once(client, 'connect');
    client.setNoDelay(true).setNoDelay(false).setKeepAlive(true, 5000).setKeepAlive(false);
    client.destroy();
    await closing(server);
    return calls;
  });
});

describe('a server', () => {
  same('has its options for properties', (net) => {
    const server = net.createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 2500,
    });
    const {
      allowHalfOpen,
      pauseOnConnect,
      noDelay,
      keepAlive,
      keepAliveInitialDelay,
      listening: isListening,
      maxConnections,
    } = server as never as Record<string, unknown>;
    return [
      allowHalfOpen,
      pauseOnConnect,
      noDelay,
      keepAlive,
      keepAliveInitialDelay,
      isListening,
      maxConnections,
    ];
  });
  same('is found at its socket', async (net) => {
    const { server, client, peer } = await pairOf(net);
    const found = [
      (peer as never as { server: unknown }).server === server,
      (client as never as { server: unknown }).server,
    ];
    client.destroy();
    peer.destroy();
    await closing(server);
    return found;
  });
  sameUncut('reads nothing of a connection that is paused', async (net) => {
    const { server, client, peer } = await pairOf(net, {}, { pauseOnConnect: true });
    client.write('test');
    await new Promise((resolve) => setTimeout(resolve, 20)); // time for what must not happen
    const before = [peer.isPaused(), peer.bytesRead, peer.readableLength];
    peer.resume();
    const [data] = await once(peer, 'data');
    client.destroy();
    peer.destroy();
    await closing(server);
    return [before, String(data)];
  });
  same('fails to listen with the same errors', async (net) => {
    const { server, port } = await listening(net);
    const shapes = [];
    for (const options of [
      { port, host: HOST },
      { port: 0, host: '192.0.2.1' },
      { path: '/nowhere/at/all' },
      { path: tmpdir() },
    ]) {
      shapes.push(await listenError(net, options));
    }
    await closing(server);
    const shown = JSON.stringify(shapes).replaceAll(`:${port}"`, ':N"');
    return JSON.parse(shown.replaceAll(`:${port},`, ':0,').replaceAll(`:${port}}`, ':0}'));
  });
  same(
    'fails to listen on a path that is too long with the same error', // libuv cut it before
    (net) => listenError(net, { path: `/${'x'.repeat(300)}` }),
    { since: 24, expected: expect.objectContaining({ code: 'EINVAL' }) },
  );
  same('closes with the same calls, whether it listens or not', async (net) => {
    const list: string[] = [];
    const note = (name: string) => (error?: NodeJS.ErrnoException) =>
      list.push(`${name} ${error?.code}`);
    const never = net.createServer();
    noted(never, ['close'], list);
    never.close(note('never'));
    await once(never, 'close');
    const { server, client, peer } = await pairOf(net);
    server.close(note('open'));
    server.close(note('again'));
    list.push(`listening ${server.listening} ${server.address()}`);
    client.destroy();
    peer.on('error', () => undefined).destroy();
    await once(server, 'close');
    const looked = net.createServer().listen(0, 'localhost');
    looked.close(note('looked up'));
    await once(looked, 'close');
    return list;
  });
  same('listens once at a time, and again after it was closed', async (net) => {
    const server = net.createServer().listen(0);
    const second = thrownBy(() => server.listen(0));
    await closing(server);
    server.listen(0, HOST);
    await once(server, 'listening');
    const { family } = server.address() as nodeNet.AddressInfo;
    await closing(server);
    return [second, family];
  });
  same('is asynchronously disposable', async (net) => {
    const { server } = await listening(net);
    await server[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    return server.listening;
  });
  same('destroys a connection whose listener rejects', async (net) => {
    const list: string[] = [];
    EventEmitter.captureRejections = true;
    const server = net.createServer(async (socket) => {
      noted(socket, ['error'], list);
      throw new Error('rejected');
    });
    EventEmitter.captureRejections = false;
    server.listen(0, HOST);
    await once(server, 'listening');
    const client = nodeNet.connect((server.address() as nodeNet.AddressInfo).port, HOST).resume();
    await closed(client);
    await closing(server);
    return list;
  });
  same('drops what is beyond maxConnections', async (net) => {
    const { server, client, port } = await pairOf(net);
    server.maxConnections = 1;
    const dropped = once(server, 'drop');
    const second = net
      .connect(port, HOST)
      .on('error', () => undefined)
      .resume();
    const [data] = await dropped;
    await closed(second);
    client.destroy();
    await closing(server);
    return [Object.keys(data).sort(), data.remoteAddress, data.localPort === port];
  });
  same(
    'closes what its blockList has',
    async (net) => {
      const blockList = new net.BlockList();
      blockList.addAddress(HOST);
      let count = 0;
      const { server, port } = await listening(net, () => count++, { blockList } as never);
      const client = nodeNet
        .connect(port, HOST)
        .on('error', () => undefined)
        .resume();
      await closed(client);
      await closing(server);
      return count;
    },
    { since: 24, expected: 0 },
  );
  sameUncut('listens on a path, and on a name of the abstract namespace', async (net) => {
    const places = [];
    for (const path of [
      unixPath(`path-${net === ours}`),
      ...(process.platform === 'linux' ? [`\0edgewise-${process.pid}-${net === ours}`] : []),
    ]) {
      const server = net.createServer((socket) => socket.end('hello')).listen({ path });
      await once(server, 'listening');
      const client = net.connect(path);
      const [data] = await once(client, 'data');
      places.push([
        server.address() === path,
        String(data),
        client.remoteAddress,
        client.localAddress,
        client.address(),
      ]);
      await closed(client);
      await closing(server);
    }
    return places;
  });
  same('publishes on the channels of diagnostics', async (net) => {
    const list: string[] = [];
    const names = ['net.client.socket', 'net.server.socket'];
    const note = (message: unknown, name: string | symbol) =>
      list.push(`${String(name)} ${Object.keys(message as object)}`);
    for (const name of names) diagnostics.subscribe(name, note);
    const { server, client, peer } = await pairOf(net);
    await new Promise((resolve) => setImmediate(resolve));
    for (const name of names) diagnostics.unsubscribe(name, note);
    client.destroy();
    peer.destroy();
    await closing(server);
    return list;
  });
  same(
    'publishes its listening on a tracing channel',
    async (net) => {
      const list: string[] = [];
      const note = (message: unknown, name: string | symbol) =>
        list.push(`${String(name)} ${Object.keys(message as object)}`);
      const names = ['asyncStart', 'asyncEnd', 'error'].map(
        (each) => `tracing:net.server.listen:${each}`,
      );
      for (const name of names) diagnostics.subscribe(name, note);
      const { server, port } = await listening(net);
      const other = net.createServer().listen(port, HOST);
      await once(other, 'error');
      for (const name of names) diagnostics.unsubscribe(name, note);
      await closing(server);
      return list;
    },
    {
      since: 24,
      expected: [
        'asyncStart server,options',
        'asyncEnd server',
        'asyncStart server,options',
        'error server,error',
      ].map((each) => `tracing:net.server.listen:${each}`),
    },
  );
});

/** What a server emits that cannot listen there. */
async function listenError(net: Net, options: nodeNet.ListenOptions): Promise<unknown> {
  const server = net.createServer();
  const error = once(server, 'error').catch((reason) => [reason]);
  server.listen(options);
  return shapeOf((await error)[0]);
}

/** A listener that answers no connect any more: its queue is full. */
function fullListener() {
  const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;
  return {
    at(address: string, port: number) {
      const fds = [sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)];
      sys.bind(fds[0] as number, { address, port });
      sys.listen(fds[0] as number, 0);
      for (let i = 0; i < 4; i++) {
        const fd = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        sys.connect(fd, { address, port });
        fds.push(fd);
      }
      return {
        close: () => {
          for (const fd of fds) sys.close(fd);
        },
      };
    },
  };
}
