// bind and bindSync: all orders of arguments, addresses, descriptors, errors.
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  attempt,
  bound,
  call,
  closed,
  type Dgram,
  HOST,
  ours,
  same,
  settled,
  shapeOf,
} from './both.ts';

const noop = () => undefined;

/** Binds with arguments, and reports where that was. */
async function bindBy(dgram: Dgram, type: 'udp4' | 'udp6', args: unknown[]) {
  const socket = dgram.createSocket(type);
  let calls = 0;
  const counting = args.map((arg) => (arg === noop ? () => calls++ : arg));
  const returned = call(socket, 'bind', ...counting);
  await once(socket, 'listening');
  const { address, family, port } = socket.address();
  await closed(socket);
  return { isSame: returned === socket, address, family, isPort: port > 0, calls };
}

const ARGUMENTS: unknown[][] = [
  [],
  [0],
  ['0'],
  [null],
  [undefined],
  [noop],
  [0, noop],
  [0, HOST],
  [0, null],
  [0, ''],
  [0, 'localhost'],
  [0, 'localhost', noop],
  [undefined, HOST, noop],
  [null, null, noop],
  [{}],
  [{}, noop],
  [{ port: 0 }],
  [{ port: 0, address: HOST }, noop],
  [{ address: HOST, exclusive: true }, noop],
  [{ port: null, address: null }],
  [{ fd: -1 }],
  [{ fd: 0, address: HOST }],
  [{ fd: 1.5, address: HOST }],
  [{ fd: '3', address: HOST }],
  [{ fd: null, address: HOST }],
];

describe('bind', () => {
  for (const [index, args] of ARGUMENTS.entries()) {
    same(`takes arguments in their order ${index}`, (dgram) => bindBy(dgram, 'udp4', args));
  }
  for (const args of [[], [0, '::1'], [0, '::1', noop], [{ address: '::' }]]) {
    same(`takes them for IPv6 ${JSON.stringify(args)}`, (dgram) => bindBy(dgram, 'udp6', args));
  }

  same(
    'emits listening and calls back in a later tick, in the order of listeners',
    async (dgram) => {
      const events: string[] = [];
      const socket = dgram.createSocket('udp4');
      socket.on('listening', () => events.push('before'));
      socket.bind(0, HOST, () => events.push('callback'));
      socket.on('listening', () => events.push('after'));
      events.push('returned');
      await once(socket, 'listening');
      await closed(socket);
      return events;
    },
  );

  same('calls back once, with the socket', async (dgram) => {
    const socket = dgram.createSocket('udp4');
    let calls = 0;
    let of: unknown;
    socket.bind(0, HOST, function (this: unknown) {
      calls++;
      of = this;
    });
    await once(socket, 'listening');
    socket.emit('listening');
    await closed(socket);
    return [calls, of === socket];
  });

  same('refuses to bind twice, while it binds and after', async (dgram) => {
    const socket = dgram.createSocket('udp4');
    socket.bind(0, HOST);
    const found = [attempt(() => socket.bind(0))];
    await once(socket, 'listening');
    found.push(attempt(() => socket.bind(0)));
    await closed(socket);
    return [...found, attempt(() => socket.bind(0))];
  });

  same('emits the errors of the system, and can bind then', async (dgram) => {
    const { socket: holder, port } = await bound(dgram);
    const socket = dgram.createSocket('udp4');
    const found: unknown[] = [];
    for (const [at, host] of [
      [port, HOST],
      [0, '192.0.2.1'],
      [port, '192.0.2.1'],
      [0, '::1'],
    ] as const) {
      socket.bind(at, host, () => found.push('called'));
      const [error] = await once(socket, 'error', {});
      found.push(shapeOf(error, port));
    }
    socket.bind(0, HOST, () => found.push('bound'));
    await once(socket, 'listening');
    await closed(socket, holder);
    return found;
  });

  same('emits the errors of the lookup, and nothing after close', async (dgram) => {
    const found: unknown[] = [];
    const fail = Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
    let answer: () => void = noop;
    const lookup = (_host: string, _options: unknown, callback: (error: Error) => void) => {
      answer = () => callback(fail);
    };
    const socket = dgram.createSocket({ type: 'udp4', lookup: lookup as never });
    socket.on('error', (error) => found.push(error === fail));
    socket.on('listening', () => found.push('listening'));
    socket.bind(0, 'name');
    answer();
    socket.bind(0, 'name');
    await closed(socket);
    answer();
    await settled();
    return found;
  });

  for (const value of [undefined, 0, false, '']) {
    same(`takes ${JSON.stringify(value)} of a lookup as no error`, async (dgram) => {
      const lookup = (host: string, _options: unknown, callback: (...found: unknown[]) => void) =>
        callback(value, host === 'name' ? HOST : host, 4);
      const socket = dgram.createSocket({ type: 'udp4', lookup: lookup as never });
      const listening = once(socket, 'listening');
      socket.bind(0, 'name');
      await listening;
      const { address } = socket.address();
      await closed(socket);
      return address;
    });
  }

  same('gives a lookup the name, the family and a callback', async (dgram) => {
    const calls: unknown[] = [];
    const lookup = (host: string, options: unknown, callback: (...found: unknown[]) => void) => {
      calls.push([host, options, typeof callback]);
      callback(null, host, 4);
    };
    const four = dgram.createSocket({ type: 'udp4', lookup: lookup as never });
    four.bind(0, () => calls.push('listening'));
    four.send('x', 9);
    four.send('x', 9, HOST);
    const six = dgram.createSocket({ type: 'udp6', lookup: lookup as never });
    six.bind(0);
    six.send('x', 9);
    await settled();
    await closed(four, six);
    return calls;
  });

  same('lets others bind the same address with reuseAddr only', async (dgram) => {
    const found: unknown[] = [];
    for (const reuseAddr of [true, false]) {
      const { socket, port } = await bound(dgram, { type: 'udp4', reuseAddr });
      const second = dgram.createSocket({ type: 'udp4', reuseAddr });
      second.bind(port, HOST);
      const [name] = await Promise.race(
        ['listening', 'error'].map(async (event) => [event, await once(second, event)]),
      ).catch((error) => [error.code]);
      found.push(name);
      await closed(socket, second);
    }
    return found;
  });

  same('has both families on ::, or one with ipv6Only', async (dgram) => {
    const found: unknown[] = [];
    for (const ipv6Only of [true, false]) {
      const { socket, port } = await bound(dgram, { type: 'udp6', ipv6Only }, '::');
      const other = dgram.createSocket('udp4');
      other.bind(port, '0.0.0.0');
      found.push(
        await Promise.race([
          once(other, 'listening').then(() => 'listening'),
          once(other, 'error').then(([error]) => error.code),
        ]).catch((error) => error.code),
      );
      await closed(socket, other);
    }
    return found;
  });
});

describe('what waits for bind', () => {
  it('leaves although a program removes all listeners meanwhile', async () => {
    const { socket: peer, port } = await bound(ours);
    const received = once(peer, 'message');
    const socket = ours.createSocket('udp4');
    socket.send('waits', port, HOST);
    socket.removeAllListeners();
    expect(String((await received)[0])).toBe('waits');
    await closed(socket, peer);
  });

  it('is forgotten when bind fails, and a later connect is a new one', async () => {
    const lookups = ['192.0.2.1', '0.0.0.0', HOST];
    const lookup = (_host: string, _options: unknown, callback: (...found: unknown[]) => void) =>
      setImmediate(callback, null, lookups.shift(), 4);
    const socket = ours.createSocket({ type: 'udp4', lookup: lookup as never });
    socket.connect(9);
    await once(socket, 'error').then(([error]) => expect(error.code).toBe('EADDRNOTAVAIL'));
    socket.connect(9);
    await once(socket, 'connect');
    expect(socket.remoteAddress().port).toBe(9);
    await closed(socket);
  });
});
