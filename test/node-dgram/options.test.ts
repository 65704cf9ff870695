// The options of a bound socket, memberships, and what they say of one that is not bound or closed.
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { attempt, bound, call, closed, HOST, ours, same, sameAsNewest, settled } from './both.ts';

const VALUES: unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  1,
  1.7,
  128,
  255,
  256,
  -1,
  Number.NaN,
  '5',
  'text',
  {},
];
const SETTERS = ['setBroadcast', 'setTTL', 'setMulticastTTL', 'setMulticastLoopback'];
const GROUP = '239.255.77.2';

describe.each(['udp4', 'udp6'] as const)('%s', (type) => {
  const address = type === 'udp4' ? HOST : '::1';

  for (const name of SETTERS) {
    same(`${name} takes what Node takes`, async (dgram) => {
      const { socket } = await bound(dgram, type, address);
      const found = VALUES.map((value) => attempt(() => call(socket, name, value)));
      await closed(socket);
      return found;
    });

    same(`${name} needs a bound socket`, async (dgram) => {
      const socket = dgram.createSocket(type);
      const found = [true, 5, 300, 'text'].map((value) => attempt(() => call(socket, name, value)));
      await closed(socket);
      return found;
    });
  }

  it.each([...SETTERS, 'getSendQueueSize', 'getSendQueueCount'])(
    '%s of a closed socket is ERR_SOCKET_DGRAM_NOT_RUNNING',
    async (name) => {
      const socket = ours.createSocket(type);
      await closed(socket);
      const notRunning = expect.objectContaining({ code: 'ERR_SOCKET_DGRAM_NOT_RUNNING' });
      expect(() => call(socket, name, 5)).toThrow(notRunning);
    },
  );

  same('what checks first whether it runs', async (dgram) => {
    const socket = dgram.createSocket(type);
    await closed(socket);
    return [
      ['address'],
      ['remoteAddress'],
      ['setMulticastInterface', HOST],
      ['addMembership', GROUP],
      ['dropMembership', GROUP],
      ['addSourceSpecificMembership', HOST, GROUP],
      ['dropSourceSpecificMembership', HOST, GROUP],
      ['bind'],
      ['close'],
      ['ref'],
      ['unref'],
    ].map(([name = '', ...args]) => {
      const found = attempt(() => call(socket, name, ...args)) as { returned?: unknown };
      return found.returned === socket ? 'itself' : found;
    });
  });

  same('address of a socket that is not bound', async (dgram) => {
    const socket = dgram.createSocket(type);
    const found = attempt(() => socket.address());
    await closed(socket);
    return found;
  });
});

describe('buffer sizes', () => {
  const SIZES: unknown[] = [
    8192,
    100_000,
    -1,
    1.5,
    '8192',
    null,
    undefined,
    {},
    Number.NaN,
    2 ** 32,
  ];
  for (const kind of ['Recv', 'Send']) {
    same(`set and get: ${kind}`, async (dgram) => {
      const { socket } = await bound(dgram);
      const found = SIZES.flatMap((size) => [
        attempt(() => call(socket, `set${kind}BufferSize`, size)),
        attempt(() => call(socket, `get${kind}BufferSize`)),
      ]);
      await closed(socket);
      return found;
    });

    same(`need a bound socket: ${kind}`, async (dgram) => {
      const socket = dgram.createSocket('udp4');
      const found = [
        attempt(() => call(socket, `set${kind}BufferSize`, 8192)),
        attempt(() => call(socket, `set${kind}BufferSize`, -1)),
        attempt(() => call(socket, `get${kind}BufferSize`)),
      ];
      await closed(socket);
      return found;
    });
  }

  same('are options of the socket', async (dgram) => {
    const sizes = { recvBufferSize: 10_000, sendBufferSize: 15_000 };
    const { socket } = await bound(dgram, { type: 'udp4', ...sizes });
    const found = [socket.getRecvBufferSize(), socket.getSendBufferSize()];
    await closed(socket);
    return found;
  });
});

describe('setMulticastInterface', () => {
  same('of IPv4', async (dgram) => {
    const { socket } = await bound(dgram);
    const found = [HOST, '0.0.0.0', '192.0.2.1', '', 'lo', 'text', 5, null, undefined].map(
      (value) => attempt(() => call(socket, 'setMulticastInterface', value)),
    );
    await closed(socket);
    return found;
  });

  same('of IPv6', async (dgram) => {
    const { socket } = await bound(dgram, 'udp6', '::');
    const names = ['::', '::%lo', '::%lo0', '::%nothing0', 'lo', ''];
    const found = names.map((value) => attempt(() => socket.setMulticastInterface(value)));
    await closed(socket);
    return found;
  });

  same('of a socket that is not bound', async (dgram) => {
    const socket = dgram.createSocket('udp4');
    const found = [HOST, 'text', 5].map((value) =>
      attempt(() => call(socket, 'setMulticastInterface', value)),
    );
    await closed(socket);
    return found;
  });

  it('of the other family is EINVAL', async () => {
    const { socket: four } = await bound(ours);
    const { socket: six } = await bound(ours, 'udp6', '::');
    const invalid = expect.objectContaining({ code: 'EINVAL' });
    expect(() => four.setMulticastInterface('::')).toThrow(invalid);
    expect(() => six.setMulticastInterface(HOST)).toThrow(invalid);
    await closed(four, six);
  });
});

describe('memberships', () => {
  const NAMES = ['addMembership', 'dropMembership'];
  const SOURCE_NAMES = ['addSourceSpecificMembership', 'dropSourceSpecificMembership'];
  const GROUPS: unknown[][] = [
    [],
    [''],
    [0],
    [GROUP],
    [GROUP, HOST],
    [GROUP, HOST],
    [GROUP, null],
    [GROUP, ''],
    [GROUP, '192.0.2.1'],
    [GROUP, '::1'],
    [GROUP, 'lo'],
    ['10.0.0.1'],
    ['256.256.256.256'],
    ['text'],
    [5],
    [{}],
  ];
  for (const name of NAMES) {
    same(`${name} of IPv4`, async (dgram) => {
      const { socket } = await bound(dgram, 'udp4', '0.0.0.0');
      const found = GROUPS.map((args) => attempt(() => call(socket, name, ...args)));
      await closed(socket);
      return found;
    });

    same(`${name} of IPv6`, async (dgram) => {
      const { socket } = await bound(dgram, 'udp6', '::');
      const found = [
        ['ff02::4578', '::%lo'],
        ['ff02::4578', '::1%lo'],
        ['ff02::4578', HOST],
        ['ff02::4578', ''],
        ['::1', '::%lo'],
        [GROUP, HOST],
        ['text'],
      ].map((args) => attempt(() => call(socket, name, ...args)));
      await closed(socket);
      return found;
    });
  }

  for (const name of SOURCE_NAMES) {
    same(`${name} of IPv4`, async (dgram) => {
      const { socket } = await bound(dgram, 'udp4', '0.0.0.0');
      const found = [
        [],
        [5, GROUP],
        [HOST, 5],
        [HOST, '232.1.1.1', HOST],
        [HOST, '232.1.1.1', HOST],
        [HOST, '232.1.1.2', ''],
        [HOST, '232.1.1.2', '192.0.2.1'],
        [HOST, '10.0.0.1', HOST],
        ['::1', '232.1.1.1', HOST],
        ['text', '232.1.1.1', HOST],
        [HOST, 'text', HOST],
      ].map((args) => attempt(() => call(socket, name, ...args)));
      await closed(socket);
      return found;
    });

    same(`${name} of IPv6`, async (dgram) => {
      const { socket } = await bound(dgram, 'udp6', '::');
      const found = [
        ['::1', 'ff32::4579', '::%lo'],
        ['::1', 'ff32::4579', '::%lo'],
        [HOST, 'ff32::4579', '::%lo'],
        ['::1', '::1', '::%lo'],
      ].map((args) => attempt(() => call(socket, name, ...args)));
      await closed(socket);
      return found;
    });
  }

  same('are undone', async (dgram) => {
    const { socket } = await bound(dgram, 'udp4', '0.0.0.0');
    const found = [
      ['addMembership', GROUP, HOST],
      ['dropMembership', GROUP, HOST],
      ['dropMembership', GROUP, HOST],
      ['addSourceSpecificMembership', HOST, '232.1.1.3', HOST],
      ['dropSourceSpecificMembership', HOST, '232.1.1.3', HOST],
      ['dropSourceSpecificMembership', HOST, '232.1.1.3', HOST],
    ].map(([name = '', ...args]) => attempt(() => call(socket, name, ...args)));
    await closed(socket);
    return found;
  });

  same('bind a socket that is not bound, which does not listen by that', async (dgram) => {
    const socket = dgram.createSocket('udp4');
    const events: string[] = [];
    for (const name of ['listening', 'error']) socket.on(name, () => events.push(name));
    socket.addMembership(GROUP, HOST);
    const { address, family, port } = socket.address();
    await settled();
    socket.bind(0);
    const [error] = await once(socket, 'error', {});
    await closed(socket);
    return [address, family, port > 0, events, error.code, error.message];
  });

  same('bring what is sent to the group', async (dgram) => {
    const { socket, port } = await bound(dgram, { type: 'udp4', reuseAddr: true }, '0.0.0.0');
    socket.addMembership(GROUP, HOST);
    socket.setMulticastInterface(HOST);
    socket.setMulticastTTL(0);
    const received = once(socket, 'message');
    socket.send('to the group', port, GROUP);
    const [bytes, info] = await received;
    await closed(socket);
    return [String(bytes), info.address];
  });

  same('for one source bring what that sends', async (dgram) => {
    const group = '232.1.1.4';
    const { socket, port } = await bound(dgram, { type: 'udp4', reuseAddr: true }, '0.0.0.0');
    socket.addSourceSpecificMembership('127.0.0.2', group, HOST);
    const found: string[] = [];
    socket.on('message', (bytes, info) => found.push(`${bytes} from ${info.address}`));
    for (const source of [HOST, '127.0.0.2']) {
      const { socket: sender } = await bound(dgram, 'udp4', source);
      sender.setMulticastInterface(HOST);
      sender.send('datagram', port, group);
      await settled();
      await closed(sender);
    }
    while (found.length === 0) await once(socket, 'message');
    await closed(socket);
    return found;
  });
});

sameAsNewest(
  'bindSync', // of the same age
  'reusePort lets two sockets of this user bind one port',
  async (dgram) => {
    const options = { type: 'udp4', reusePort: true } as never;
    const { socket, port } = await bound(dgram, options);
    const second = dgram.createSocket(options);
    second.bind(port, HOST);
    await once(second, 'listening');
    await closed(socket, second);
    return true;
  },
  true,
);
