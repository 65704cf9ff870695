// send and sendto: all orders of arguments, kinds of bytes, callbacks, errors, and what comes.
import { once } from 'node:events';
import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  attempt,
  bound,
  call,
  closed,
  connected,
  type Dgram,
  HOST,
  ours,
  same,
  settled,
  shapeOf,
  texts,
} from './both.ts';

const BYTES = Buffer.from('hello world');
/** Stand for the port of the receiver and for a callback. */
const PORT = Symbol('port');
const CALLBACK = Symbol('callback');
const none = undefined;

const MESSAGES: Readonly<Record<string, unknown>> = {
  buffer: BYTES,
  text: 'ä text',
  'no text': '',
  'no bytes': new Uint8Array(0),
  'a view into memory': BYTES.subarray(6),
  'a DataView': new DataView(BYTES.buffer, BYTES.byteOffset, 5),
  'wide numbers': new Uint16Array([0x4142, 0x4344]),
  'shared memory': new Uint8Array(new SharedArrayBuffer(4)).fill(65),
  'an empty list': [],
  'a list': ['a', BYTES, new Uint16Array([0x4142])],
  'a list of one': [BYTES.subarray(0, 5)],
  'a list of empty ones': ['', new Uint8Array(0)],
};

/** Sends once, and reports what came and what the callback was given. */
async function sendBy(dgram: Dgram, hasPeer: boolean, args: readonly unknown[]) {
  const { socket: receiver, port } = await bound(dgram);
  const sender = hasPeer ? await connected(dgram, port) : dgram.createSocket('udp4');
  const called: unknown[] = [];
  const callback = (...found: unknown[]) => called.push(found);
  const real = args.map((arg) => (arg === PORT ? port : arg === CALLBACK ? callback : arg));
  const received = once(receiver, 'message');
  const returned = call(sender, 'send', ...real);
  const [bytes, info] = await received;
  await settled();
  const isSender = info.port === sender.address().port;
  await closed(sender, receiver);
  return { returned, text: String(bytes), called, isSender, rest: { ...info, port: 0 } };
}

describe('send', () => {
  for (const [title, message] of Object.entries(MESSAGES)) {
    same(`takes ${title}`, (dgram) => sendBy(dgram, false, [message, PORT, HOST, CALLBACK]));
    same(`takes ${title}, to the peer`, (dgram) => sendBy(dgram, true, [message, CALLBACK]));
  }

  const TO: unknown[][] = [
    [BYTES, PORT],
    [BYTES, PORT, CALLBACK],
    [BYTES, PORT, HOST],
    [BYTES, PORT, 'localhost', CALLBACK],
    [BYTES, PORT, none, CALLBACK],
    [BYTES, PORT, null, CALLBACK],
    [BYTES, PORT, '', CALLBACK],
    [BYTES, 0, 5, PORT, HOST, CALLBACK],
    [BYTES, 6, 5, PORT, HOST],
    [BYTES, 6, 5, PORT, CALLBACK],
    [BYTES, 6, 5, PORT, none, CALLBACK],
    [BYTES, 11, 0, PORT, HOST, CALLBACK],
    [BYTES, '6', '5', PORT, HOST, CALLBACK],
    [BYTES, none, 5, PORT, HOST, CALLBACK],
    ['text that is cut', 0, 4, PORT, HOST, CALLBACK],
    [new Uint16Array([0x4142, 0x4344]), 2, 2, PORT, HOST, CALLBACK],
  ];
  for (const [index, args] of TO.entries()) {
    same(`takes arguments in their order ${index}`, (dgram) => sendBy(dgram, false, args));
  }

  const TO_PEER: unknown[][] = [
    [BYTES],
    [BYTES, 6, 5],
    [BYTES, 6, 5, CALLBACK],
    [BYTES, 6, 5, none, none, CALLBACK],
    [BYTES, 6, 5, 0, '', CALLBACK],
    [BYTES, none, none, none, none, none],
  ];
  for (const [index, args] of TO_PEER.entries()) {
    same(`takes arguments for the peer in their order ${index}`, (dgram) =>
      sendBy(dgram, true, args),
    );
  }

  const noop = () => undefined;
  const WRONG: unknown[][] = [
    [],
    [null, 9],
    [5, 9],
    [{}, 9],
    [noop, 9],
    [[5], 9],
    [['a', null], 9],
    [BYTES],
    [BYTES, noop],
    [BYTES, 0],
    [BYTES, -1],
    [BYTES, 65_536],
    [BYTES, 1.5],
    [BYTES, 'port'],
    [BYTES, ' '],
    [BYTES, {}],
    [BYTES, null],
    [BYTES, true],
    [BYTES, Symbol.iterator],
    [BYTES, 10n],
    [BYTES, 'a port whose text is longer than what is shown'],
    [BYTES, 9, 5],
    [BYTES, 9, {}],
    [BYTES, 9, true],
    [BYTES, 9, []],
    [BYTES, 12, 0, 9, HOST],
    [BYTES, -1, 0, 9, HOST],
    [BYTES, 0, 12, 9, HOST],
    [BYTES, 6, 6, 9, HOST],
    [BYTES, 0, -1, 9, HOST],
    [BYTES, 0, 5, 70_000, HOST],
    [BYTES, 0, 5, 9, 5],
    [{}, 0, 5, 9, HOST],
    [['a'], 0, 1, 9, HOST],
  ];
  same('refuses wrong arguments', (dgram) => {
    const socket = dgram.createSocket('udp4');
    const found = WRONG.map((args) => attempt(() => call(socket, 'send', ...args)));
    socket.close();
    return [...found, ...WRONG.map((args) => attempt(() => call(socket, 'send', ...args)))];
  });

  same('refuses them of a socket with a peer', async (dgram) => {
    const { socket: peer, port } = await bound(dgram);
    const socket = await connected(dgram, port);
    const found = [
      [null],
      [5],
      [[5]],
      [BYTES, 0, 12],
      [BYTES, 12, 0],
      [BYTES, 0, 1, 9],
      [BYTES, 0, 1, 9, HOST],
      [BYTES, 9, HOST, noop],
      [BYTES, 9, noop, HOST],
      [BYTES, none, none, 9],
      [BYTES, none, none, none, HOST],
    ].map((args) => attempt(() => call(socket, 'send', ...args)));
    await closed(socket, peer);
    return found;
  });

  same('calls back in a later tick, with errors of the system', async (dgram) => {
    const { socket } = await bound(dgram);
    const found: unknown[] = [];
    const sending = (bytes: Uint8Array | string, port: number, address?: string) =>
      new Promise<void>((resolve) => {
        socket.send(bytes, port, address, (error, count) => {
          found.push(error === null ? [error, count] : [shapeOf(error), count]);
          resolve();
        });
      });
    await sending(Buffer.alloc(65_508), 9, HOST);
    await sending(Buffer.alloc(65_508), 9);
    await sending('x', 9, '255.255.255.255');
    await sending('x', 9, '::1');
    await sending('x', 9, HOST);
    let isReturned = false;
    const called = new Promise((resolve) => socket.send('x', 9, HOST, () => resolve(isReturned)));
    isReturned = true;
    found.push(await called);
    await closed(socket);
    return found;
  });

  same('says nothing of errors of the system without a callback', async (dgram) => {
    const { socket } = await bound(dgram);
    let errors = 0;
    socket.on('error', () => errors++);
    socket.send(Buffer.alloc(65_508), 9, HOST);
    socket.send('x', 9, '255.255.255.255');
    await settled();
    await closed(socket);
    return errors;
  });

  same('gives errors of the lookup to the callback, or emits them', async (dgram) => {
    const reason = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    const lookup = (host: string, _options: unknown, callback: (...found: unknown[]) => void) =>
      process.nextTick(callback, host === 'name' ? reason : null, HOST, 4);
    const { socket } = await bound(dgram, { type: 'udp4', lookup: lookup as never });
    const called = new Promise((resolve) => socket.send('x', 9, 'name', (error) => resolve(error)));
    const found = [(await called) === reason];
    socket.send('x', 9, 'name');
    found.push((await once(socket, 'error', {}).catch((error) => [error]))[0] === reason);
    await closed(socket);
    return found;
  });

  same('calls nothing back when it is closed before the lookup answers', async (dgram) => {
    let answer: () => void = noop;
    const lookup = (host: string, _options: unknown, callback: (...found: unknown[]) => void) => {
      if (host === 'name') answer = () => callback(null, HOST, 4);
      else process.nextTick(callback, null, host, 4);
    };
    const { socket } = await bound(dgram, { type: 'udp4', lookup: lookup as never });
    let calls = 0;
    socket.send('x', 9, 'name', () => calls++);
    await closed(socket);
    answer();
    await settled();
    return calls;
  });

  same('binds, and sends what has waited in order', async (dgram) => {
    const { socket: receiver, port } = await bound(dgram);
    const sender = dgram.createSocket('udp4');
    const called: number[] = [];
    for (let index = 0; index < 20; index++) {
      sender.send(`message ${index}`, port, HOST, () => called.push(index));
    }
    const unbound = attempt(() => sender.bind(0));
    const received = await texts(receiver, 20);
    await settled();
    await closed(sender, receiver);
    return { received, called, unbound };
  });

  same('closes when it is bound, before what has waited is looked up', async (dgram) => {
    const { socket: receiver, port } = await bound(dgram);
    const events: string[] = [];
    receiver.on('message', () => events.push('message'));
    const sender = dgram.createSocket('udp4');
    sender.on('listening', () => events.push('listening'));
    sender.send('waits', port, HOST, () => events.push('called'));
    sender.close(() => events.push('closed'));
    events.push('returned');
    await once(sender, 'close');
    await settled();
    await closed(receiver);
    return [events, attempt(() => sender.close())];
  });

  same('binds for IPv6 as well', async (dgram) => {
    const { socket: receiver, port } = await bound(dgram, 'udp6', '::1');
    const sender = dgram.createSocket('udp6');
    const received = once(receiver, 'message');
    sender.send('six', port);
    const [bytes, info] = await received;
    await closed(sender, receiver);
    return [String(bytes), { ...info, port: 0 }];
  });

  same('fails for all when it cannot be bound, once', async (dgram) => {
    const lookup = (_host: string, _options: unknown, callback: (...found: unknown[]) => void) =>
      setImmediate(callback, null, '192.0.2.1', 4);
    const socket = dgram.createSocket({ type: 'udp4', lookup: lookup as never });
    const found: unknown[] = [];
    socket.on('error', (error) => found.push(shapeOf(error)));
    socket.send('x', 9, () => found.push('called'));
    socket.send('y', 9, () => found.push('called'));
    await once(socket, 'error').catch(noop);
    await settled();
    await closed(socket);
    return found;
  });

  it('a port and an address in spite of sendBlockList are ERR_IP_BLOCKED', async () => {
    const sendBlockList = new BlockList();
    sendBlockList.addAddress('127.0.0.2');
    const { socket } = await bound(ours, { type: 'udp4', sendBlockList } as never);
    const send = (address: string) =>
      new Promise((resolve) => socket.send('x', 9, address, (error) => resolve(error)));
    expect(await send('127.0.0.2')).toMatchObject({ code: 'ERR_IP_BLOCKED' });
    expect(await send(HOST)).toBe(null);
    socket.connect(9, '127.0.0.2');
    await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ERR_IP_BLOCKED' });
    expect(() => call(socket, 'connectSync', 9, '127.0.0.2')).toThrow(/blocked/);
    await closed(socket);
  });

  it('a list that takes the memory of one of its buffers away is ERR_INVALID_ARG_VALUE', async () => {
    const socket = ours.createSocket('udp4');
    const first = new Uint8Array(8);
    const list = [first, first];
    Object.defineProperty(list, 1, {
      get: () => {
        structuredClone(first.buffer, { transfer: [first.buffer] });
        return new Uint8Array(8);
      },
    });
    const send = () => call(socket, 'send', list, 9, HOST);
    expect(send).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
    await closed(socket);
  });
});

describe('sendto', () => {
  same('is send with all its arguments', async (dgram) => {
    const { socket: receiver, port } = await bound(dgram);
    const sender = dgram.createSocket('udp4');
    const wrong = [
      [BYTES],
      [BYTES, 0],
      [BYTES, 0, 5],
      [BYTES, 0, 5, 9],
      [BYTES, 'a', 5, 9, HOST],
      [BYTES, 0, 12, 9, HOST],
    ].map((args) => attempt(() => call(sender, 'sendto', ...args)));
    const received = once(receiver, 'message');
    call(sender, 'sendto', BYTES, 6, 5, port, HOST);
    const [bytes] = await received;
    await closed(sender, receiver);
    return [String(bytes), wrong];
  });
});
