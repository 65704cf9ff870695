// What a socket is: how it is made, its class, its end, its events, and what it holds the process for.

import { AsyncLocalStorage } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { inherits, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import edgewiseDgram, { Socket as OurSocket } from '../../src/node-dgram/index.ts';
import { Reactor } from '../../src/reactor/index.ts';
import {
  attempt,
  bound,
  call,
  closed,
  type Dgram,
  HOST,
  ours,
  type Socket,
  same,
  settled,
  type shapeOf,
} from './both.ts';

const noop = () => undefined;
const DIST = fileURLToPath(new URL('../../dist/node-dgram/index.js', import.meta.url));

describe('createSocket', () => {
  same('takes a type or options', async (dgram) => {
    const sockets = [
      dgram.createSocket('udp4'),
      dgram.createSocket('udp6', noop),
      dgram.createSocket({ type: 'udp4' }, noop),
      dgram.createSocket({ type: 'udp6', lookup: undefined, signal: undefined } as never),
      dgram.createSocket('udp4', null as never),
    ];
    const found = sockets.map((one) => [
      Reflect.get(one, 'type'),
      one.listenerCount('message'),
      Object.keys(one),
    ]);
    await closed(...sockets);
    return found;
  });

  same('refuses what is wrong', (dgram) => {
    const wrong = [
      undefined,
      null,
      '',
      'udp',
      5,
      true,
      {},
      [],
      { type: 'udp' },
      { type: 'udp4', lookup: 5 },
      { type: 'udp4', lookup: null },
      { type: 'udp4', recvBufferSize: 'text' },
      { type: 'udp4', recvBufferSize: -1 },
      { type: 'udp4', sendBufferSize: 1.5 },
      { type: 'udp4', sendBufferSize: 2 ** 32 },
      { type: 'udp4', sendBufferSize: {} },
    ];
    return wrong.map((value) => attempt(() => call(dgram, 'createSocket', value)));
  });

  it.each(['receiveBlockList', 'sendBlockList'])('%s must be a BlockList', (name) => {
    const wrong = { type: 'udp4', [name]: {} } as never;
    expect(() => ours.createSocket(wrong)).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_ARG_TYPE',
        message: `The "options.${name}" property must be an instance of net.BlockList. Received an instance of Object`,
      }),
    );
  });

  same('publishes each socket on udp.socket', async (dgram) => {
    const found: unknown[] = [];
    const listen = (message: unknown) => found.push(message);
    channel('udp.socket').subscribe(listen);
    const socket = dgram.createSocket('udp4');
    channel('udp.socket').unsubscribe(listen);
    const isIt = (found as { socket: Socket }[]).map((message) => message.socket === socket);
    await closed(socket);
    return isIt;
  });

  it('takes a reactor and a trigger', async () => {
    const reactor = new Reactor();
    reactor.attach();
    const { socket, port } = await bound(ours, { type: 'udp4', reactor, trigger: 'edge' } as never);
    const received = once(socket, 'message');
    socket.send('by the edge', port, HOST);
    expect(String((await received)[0])).toBe('by the edge');
    const failed = once(socket, 'close');
    socket.on('error', noop);
    reactor.close();
    await expect(failed).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await settled();
    expect(() => socket.address()).toThrow(/Not running/);
  });
});

describe('Socket', () => {
  same('is a class that can be extended, in both manners', async (dgram) => {
    class Modern extends dgram.Socket {
      mine = 1;
      constructor() {
        super('udp4' as never);
      }
      // Names that a program may well use for its own members.
      onReady = 'mine';
      state = 'mine';
      handle = 'mine';
    }
    function Old(this: Socket) {
      call(dgram.Socket, 'call', this, { type: 'udp4' }, noop);
    }
    inherits(Old as never, dgram.Socket);
    const sockets = [
      new Modern(),
      new (Old as unknown as new () => Socket)(),
      new (dgram.Socket as unknown as new (type: string) => Socket)('udp4'),
    ];
    const found: unknown[] = [];
    for (const socket of sockets) {
      const received = once(socket, 'message');
      socket.bind(0, HOST, () => socket.send('to itself', socket.address().port, HOST));
      found.push(String((await received)[0]), socket instanceof dgram.Socket);
      found.push(socket instanceof EventEmitter, socket.listenerCount('message'));
    }
    await closed(...sockets);
    return found;
  });

  same('is a function with the name and the parents of Node’s', (dgram) => {
    const { prototype, name } = dgram.Socket;
    const isBelow = Object.getPrototypeOf(prototype) === EventEmitter.prototype;
    const isOwn = prototype.constructor === dgram.Socket;
    return [name, Object.getPrototypeOf(dgram.Socket) === EventEmitter, isBelow, isOwn];
  });

  it('lacks no member of this Node, but those that begin with _', async () => {
    const { Socket: NodeSocket } = (await import('node:dgram')).default;
    const names = Reflect.ownKeys(NodeSocket.prototype);
    const missing = names.filter((name) => !(name in OurSocket.prototype));
    expect(missing.filter((name) => !String(name).startsWith('_'))).toEqual([]);
    expect(names.length).toBeGreaterThan(20);
  });

  it('can be called without new', async () => {
    const socket = OurSocket('udp4', noop);
    expect(socket).toBeInstanceOf(OurSocket);
    expect(socket.listenerCount('message')).toBe(1);
    socket.close();
    await once(socket, 'close');
  });

  it('whose constructor was never called is not running', () => {
    const socket = Object.create(OurSocket.prototype) as OurSocket;
    expect(() => socket.bind()).toThrow(
      expect.objectContaining({ code: 'ERR_SOCKET_DGRAM_NOT_RUNNING' }),
    );
  });

  it('shows what it is, in all states, and nothing that is inside', async () => {
    const socket = ours.createSocket('udp4');
    const shows = () => {
      expect(inspect(socket)).toMatch(/^Socket \{[\s\S]*type: 'udp4'/);
      expect(inspect(socket).length).toBeLessThan(300);
    };
    shows();
    socket.bind(0, HOST);
    shows();
    await once(socket, 'listening');
    shows();
    await closed(socket);
    shows();
  });

  it('require gives a plain object, as that of Node is', () => {
    const required = createRequire(import.meta.url)(DIST) as Dgram & { createSocket: unknown };
    expect(Object.keys(required).sort()).toEqual(['Socket', 'createSocket']);
    const { createSocket } = required;
    required.createSocket = noop as never;
    expect(required.createSocket).toBe(noop);
    required.createSocket = createSocket;
    expect(edgewiseDgram.Socket).toBe(OurSocket);
  });
});

describe('close', () => {
  same('emits in a later tick, calls back, and is the last', async (dgram) => {
    const { socket } = await bound(dgram);
    const events: string[] = [];
    socket.on('close', () => events.push('before'));
    const isSame = socket.close(() => events.push('callback')) === socket;
    socket.on('close', () => events.push('after'));
    events.push('returned');
    await once(socket, 'close');
    await settled();
    return [isSame, events, attempt(() => socket.close())];
  });

  same('of a socket that was never bound', async (dgram) => {
    const socket = dgram.createSocket('udp4');
    const given: unknown[] = [];
    socket.close((...args: unknown[]) => given.push(args));
    await once(socket, 'close');
    return given;
  });

  same('while it is being bound', async (dgram) => {
    const socket = dgram.createSocket('udp4');
    const events: string[] = [];
    for (const name of ['listening', 'close']) socket.on(name, () => events.push(name));
    socket.bind(0, HOST);
    socket.close();
    await once(socket, 'close');
    await settled();
    return events;
  });

  same('in listening', async (dgram) => {
    const socket = dgram.createSocket('udp4');
    socket.bind(0, HOST, () => socket.close());
    await once(socket, 'close');
    return attempt(() => socket.address());
  });

  same('by await using, once', async (dgram) => {
    const { socket } = await bound(dgram);
    let count = 0;
    socket.on('close', () => count++);
    await socket[Symbol.asyncDispose]();
    const first = count;
    await socket[Symbol.asyncDispose]();
    return [first, count];
  });

  same('by a signal', async (dgram) => {
    const controller = new AbortController();
    const { socket } = await bound(dgram, { type: 'udp4', signal: controller.signal });
    controller.abort();
    await once(socket, 'close');
    const aborted = dgram.createSocket({ type: 'udp4', signal: AbortSignal.abort() });
    await once(aborted, 'close');
    const late = new AbortController();
    const gone = dgram.createSocket({ type: 'udp4', signal: late.signal });
    await closed(gone);
    late.abort();
    return [attempt(() => socket.address()), attempt(() => aborted.bind())];
  });

  same('by a signal while it is being bound', async (dgram) => {
    const controller = new AbortController();
    const socket = dgram.createSocket({ type: 'udp4', signal: controller.signal });
    const events: string[] = [];
    for (const name of ['listening', 'close']) socket.on(name, () => events.push(name));
    socket.bind(0, HOST);
    controller.abort();
    await once(socket, 'close');
    await settled();
    return events;
  });

  same('refuses what is no signal', (dgram) =>
    [null, 5, {}, 'signal'].map((signal) =>
      attempt(() => call(dgram, 'createSocket', { type: 'udp4', signal })),
    ),
  );

  it('by a signal although a program removes all listeners', async () => {
    const controller = new AbortController();
    const { socket } = await bound(ours, { type: 'udp4', signal: controller.signal });
    socket.removeAllListeners();
    controller.abort();
    await once(socket, 'close');
    expect(() => socket.address()).toThrow(/Not running/);
  });
});

describe('events', () => {
  same('a listener that fails is caught with captureRejections', async (dgram) => {
    const { captureRejections } = EventEmitter;
    EventEmitter.captureRejections = true;
    const { socket, port } = await bound(dgram);
    EventEmitter.captureRejections = captureRejections;
    const reason = new Error('of the listener');
    socket.on('message', async () => {
      throw reason;
    });
    const failed = once(socket, 'error', {});
    socket.send('x', port, HOST);
    const [error] = await failed;
    await closed(socket);
    return error === reason;
  });

  same('have the async context in which the socket was made', async (dgram) => {
    const storage = new AsyncLocalStorage<string>();
    const found: unknown[] = [];
    const socket = storage.run('made', () => dgram.createSocket('udp4'));
    socket.on('message', () => found.push(storage.getStore()));
    await storage.run('bound', async () => {
      socket.bind(0, HOST);
      await once(socket, 'listening');
    });
    const received = once(socket, 'message');
    storage.run('sent', () => socket.send('x', socket.address().port, HOST));
    await received;
    await closed(socket);
    return found;
  });

  same('an error that has no listener is thrown', async (dgram) => {
    const lookup = (_host: string, _options: unknown, callback: (...found: unknown[]) => void) =>
      callback(null, '192.0.2.1', 4); // at once: the caller of bind gets it
    const socket = dgram.createSocket({ type: 'udp4', lookup: lookup as never });
    const found = attempt(() => socket.bind(0));
    await closed(socket);
    return found;
  });

  it('an error of bind is thrown also where a callback was given', async () => {
    const lookup = (_host: string, _options: unknown, callback: (...found: unknown[]) => void) =>
      callback(null, '192.0.2.1', 4);
    const socket = ours.createSocket({ type: 'udp4', lookup: lookup as never });
    const error = attempt(() => socket.bind(0, noop)) as ReturnType<typeof shapeOf>;
    expect(error).toMatchObject({ code: 'EADDRNOTAVAIL', syscall: 'bind' });
    await closed(socket);
  });
});

// Each ends by itself, or is held: then a timer that holds nothing ends it.
const PROGRAMS: Readonly<Record<string, string>> = {
  'a socket that is not bound': ``,
  'one that is bound': `socket.bind(0, '127.0.0.1');`,
  'one that is bound and has no reference': `socket.bind(0, '127.0.0.1'); socket.unref();`,
  'one without a reference before it is bound': `socket.unref().bind(0, '127.0.0.1');`,
  'one with a reference again': `socket.bind(0, '127.0.0.1'); socket.unref(); socket.ref();`,
  'one that is closed': `socket.bind(0, () => socket.close());`,
  'one that sends without a reference': `socket.unref(); socket.send('x', 9, '127.0.0.1', (error) => console.log('sent', error));`,
  'one that connects without a reference': `socket.unref(); socket.connect(9, '127.0.0.1', () => console.log('connected'));`,
  'one in a group without being bound': `socket.addMembership('239.255.77.3', '127.0.0.1');`,
  'one that takes a signal': `dgram.createSocket({ type: 'udp4', signal: new AbortController().signal }).unref().bind(0);`,
  'one that receives without a reference': `socket.bind(0, '127.0.0.1', () => {
    socket.unref();
    socket.on('message', () => { console.log('received'); socket.close(); });
    socket.send('x', socket.address().port, '127.0.0.1');
    setTimeout(() => undefined, 300);
  });`,
};

describe('holds the process as Node’s', () => {
  it.each(Object.entries(PROGRAMS))('%s', (_title, program) => {
    const run = (specifier: string) => {
      const source = `
        import dgram from ${JSON.stringify(specifier)};
        const socket = dgram.createSocket('udp4');
        process.on('exit', (code) => console.log('exit', code));
        setTimeout(() => { console.log('held'); process.exit(); }, 1000).unref();
        ${program}`;
      const args = ['--input-type=module', '--eval', source];
      const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      return stdout + stderr;
    };
    const expected = run('node:dgram');
    expect(expected).toMatch(/exit 0/);
    expect(run(DIST)).toBe(expected);
  });
});
