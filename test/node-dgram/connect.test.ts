// connect, connectSync, disconnect, remoteAddress.
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  attempt,
  bound,
  call,
  closed,
  connected,
  HOST,
  ours,
  same,
  sameAsNewest,
  settled,
  shapeOf,
  texts,
} from './both.ts';

const noop = () => undefined;

describe('connect', () => {
  same('takes arguments in their order, and binds', async (dgram) => {
    const found: unknown[] = [];
    const { socket: peer, port } = await bound(dgram);
    for (const rest of [
      [],
      [HOST],
      [''],
      [undefined],
      ['localhost', noop],
      [undefined, noop],
      [noop],
      [HOST, null],
    ]) {
      const socket = dgram.createSocket('udp4');
      const calls: unknown[][] = [];
      const args = rest.map((arg) =>
        arg === noop ? (...given: unknown[]) => calls.push(given) : arg,
      );
      const returned = call(socket, 'connect', String(port), ...args);
      await once(socket, 'connect');
      const { address, family, port: to } = socket.remoteAddress();
      found.push([returned, calls, address, family, to === port, socket.address().address]);
      await closed(socket);
    }
    await closed(peer);
    return found;
  });

  same('connects for IPv6', async (dgram) => {
    const { socket: peer, port } = await bound(dgram, 'udp6', '::1');
    const socket = dgram.createSocket('udp6');
    socket.connect(port);
    await once(socket, 'connect');
    const { address, family } = socket.remoteAddress();
    await closed(socket, peer);
    return [address, family];
  });

  same('emits listening and connect in later ticks', async (dgram) => {
    const events: string[] = [];
    const socket = dgram.createSocket('udp4');
    for (const name of ['listening', 'connect', 'close']) socket.on(name, () => events.push(name));
    socket.connect(9, HOST, () => events.push('callback'));
    events.push('returned');
    await once(socket, 'connect');
    await closed(socket);
    return events;
  });

  same('receives from the peer only, and from all when it has forgotten it', async (dgram) => {
    const { socket: peer, port } = await bound(dgram);
    const { socket: stranger } = await bound(dgram);
    const { socket: probe, port: own } = await bound(dgram);
    await closed(probe);
    const socket = dgram.createSocket('udp4').bind(own, HOST);
    socket.connect(port, HOST);
    await once(socket, 'connect');
    const received = texts(socket, 3);
    stranger.send('lost', own, HOST);
    await settled();
    peer.send('one', own, HOST);
    await once(socket, 'message');
    socket.disconnect();
    stranger.send('two', own, HOST);
    peer.send('three', own, HOST);
    const found = (await received).sort();
    await closed(socket, peer, stranger);
    return found;
  });

  same('refuses wrong arguments', async (dgram) => {
    const socket = dgram.createSocket('udp4');
    const found = [
      [],
      [0],
      [-1],
      [65_536],
      [1.5],
      ['port'],
      [null],
      [{}],
      [9, 5],
      [9, null],
      [9, {}],
      [9, true],
    ].map((args) => attempt(() => call(socket, 'connect', ...args)));
    found.push(attempt(() => socket.disconnect()));
    found.push(attempt(() => socket.remoteAddress()));
    socket.close();
    for (const name of ['connect', 'disconnect', 'remoteAddress']) {
      found.push(attempt(() => call(socket, name, 9)));
    }
    return found;
  });

  same('refuses a second connect, also while it connects', async (dgram) => {
    const socket = dgram.createSocket('udp4');
    socket.connect(9, HOST);
    const found = [attempt(() => socket.connect(9)), attempt(() => socket.remoteAddress())];
    found.push(attempt(() => socket.disconnect()));
    await once(socket, 'connect');
    found.push(
      attempt(() => socket.connect(10)),
      attempt(() => socket.send('x', 9, HOST)),
    );
    socket.disconnect();
    found.push(
      attempt(() => socket.disconnect()),
      attempt(() => socket.remoteAddress()),
    );
    found.push(attempt(() => socket.send('x')));
    socket.connect(10, HOST);
    await once(socket, 'connect');
    found.push(socket.remoteAddress());
    await closed(socket);
    return found;
  });

  // On Linux, node:dgram loses a port that the system has chosen.
  it('keeps its port when it forgets the peer', async () => {
    const { socket, port } = await bound(ours);
    socket.connect(9, HOST);
    await once(socket, 'connect');
    socket.disconnect();
    expect(socket.address().port).toBe(port);
    const received = once(socket, 'message');
    socket.send('to itself', port, HOST);
    expect(String((await received)[0])).toBe('to itself');
    await closed(socket);
  });

  same('gives errors to the callback, or emits them, and can connect then', async (dgram) => {
    const reason = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    const lookup = (host: string, _options: unknown, callback: (...found: unknown[]) => void) =>
      process.nextTick(callback, host === 'name' ? reason : null, host, 4);
    const { socket } = await bound(dgram, { type: 'udp4', lookup: lookup as never });
    const found: unknown[] = [];
    for (const address of ['name', '255.255.255.255', 'no address']) {
      const { promise, resolve } = deferred();
      socket.connect(9, address, resolve as never);
      found.push(shapeOf(await promise));
      socket.connect(9, address);
      found.push(shapeOf((await once(socket, 'error', {}))[0]));
    }
    socket.connect(9, HOST, () => found.push('connected'));
    await once(socket, 'connect');
    found.push(socket.listenerCount('connect'));
    await closed(socket);
    return found;
  });

  same('closes while it connects', async (dgram) => {
    const socket = dgram.createSocket('udp4');
    const events: string[] = [];
    for (const name of ['listening', 'connect', 'close']) socket.on(name, () => events.push(name));
    socket.connect(9, HOST);
    socket.close();
    await once(socket, 'close');
    await settled();
    return events;
  });

  same('emits that the peer is not there', async (dgram) => {
    const { socket: gone, port } = await bound(dgram);
    await closed(gone);
    const socket = await connected(dgram, port);
    const failed = once(socket, 'error', {});
    socket.send('no one reads it');
    const [error] = await failed;
    await closed(socket);
    return shapeOf(error);
  });
});

describe('connectSync', () => {
  sameAsNewest(
    'connectSync',
    'binds and connects at once, and emits later',
    async (dgram) => {
      const socket = dgram.createSocket('udp4');
      const events: string[] = [];
      for (const name of ['listening', 'connect']) socket.on(name, () => events.push(name));
      call(socket, 'connectSync', 9);
      events.push('returned');
      const to = socket.remoteAddress();
      await once(socket, 'connect');
      const again = attempt(() => call(socket, 'connectSync', 9)) as { code: string };
      await closed(socket);
      return [to, events, again.code];
    },
    [
      { address: HOST, family: 'IPv4', port: 9 },
      ['returned', 'listening', 'connect'],
      'ERR_SOCKET_DGRAM_IS_CONNECTED',
    ],
  );

  sameAsNewest(
    'connectSync',
    'refuses what is wrong and can connect then',
    async (dgram) => {
      const socket = dgram.createSocket('udp4');
      const codes = [[0], [9, 5], [9, 'localhost'], [9, '255.255.255.255']].map((args) => {
        const { code } = attempt(() => call(socket, 'connectSync', ...args)) as { code: string };
        return code;
      });
      call(socket, 'connectSync', 9, HOST);
      await closed(socket);
      return codes;
    },
    ['ERR_SOCKET_BAD_PORT', 'ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_VALUE', 'EACCES'],
  );

  it('is refused while another bind is under way', async () => {
    const socket = ours.createSocket('udp4');
    socket.bind(0, HOST);
    expect(() => call(socket, 'connectSync', 9)).toThrow(/already bound/);
    await once(socket, 'listening');
    call(socket, 'connectSync', 9);
    await closed(socket);
  });
});

function deferred(): { promise: Promise<unknown>; resolve: (value: unknown) => void } {
  let resolve: (value: unknown) => void = noop;
  const promise = new Promise<unknown>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
