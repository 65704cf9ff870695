// What a socket is: how it is made, its class, its end, its events, and what it holds the process for.

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
      type = 'mine';
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

  it('has sockets of Node among its instances, but a class that extends it has not', async () => {
    const { default: nodeDgram } = await import('node:dgram');
    const socket = nodeDgram.createSocket('udp4');
    class Own extends OurSocket {}
    expect(socket).toBeInstanceOf(OurSocket);
    expect([socket instanceof Own, new Own('udp4') instanceof Own]).toEqual([false, true]);
    expect([{} instanceof OurSocket, new EventEmitter() instanceof OurSocket]).toEqual([
      false,
      false,
    ]);
    await closed(socket);
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
