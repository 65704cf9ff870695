// A socket that is bound when the call returns: to a descriptor that exists already, and by bindSync.
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import * as sys from '../../src/sys/index.ts';
import { must } from '../helpers/descriptors.ts';
import { attempt, call, closed, HOST, ours, same, sameAsNewest } from './both.ts';

const { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_STREAM, SOCK_CLOEXEC } = sys.constants;
const noop = () => undefined;

describe('bind to a descriptor', () => {
  function udp(family = AF_INET, address = HOST): number {
    const fd = must(sys.socket(family, SOCK_DGRAM | SOCK_CLOEXEC));
    must(sys.bind(fd, { address, port: 0 }));
    return fd;
  }

  same('takes over a UDP socket, and is bound at once', async (dgram) => {
    const events: unknown[] = [];
    const socket = dgram.createSocket('udp4');
    socket.on('listening', () => events.push('listening'));
    events.push(socket.bind({ fd: udp() }, () => events.push('callback')) === socket);
    const { address, family, port } = socket.address();
    const received = once(socket, 'message');
    socket.send('to itself', port, HOST);
    const [bytes, info] = await received;
    await closed(socket);
    return [events, address, family, String(bytes), info.address, info.port === port];
  });

  same('takes one of IPv6, and one that is not bound', async (dgram) => {
    const six = dgram.createSocket('udp6').bind({ fd: udp(AF_INET6, '::1') });
    const fd = must(sys.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC));
    const four = dgram.createSocket('udp4').bind({ fd, exclusive: true });
    const found = [six.address().family, four.address().port];
    await closed(six, four);
    return found;
  });

  same('refuses what is no UDP socket', async (dgram) => {
    const fds = new Int32Array(2);
    must(sys.socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    const ends = new Int32Array(2);
    must(sys.pipe2(ends, 0));
    const kinds = {
      tcp: must(sys.socket(AF_INET, SOCK_STREAM)),
      unix: fds[0] as number,
      pipe: ends[0] as number,
      file: openSync(import.meta.filename, 'r'),
      datagrams: must(sys.socket(AF_UNIX, SOCK_DGRAM)),
    };
    const socket = dgram.createSocket('udp4');
    const found = Object.entries(kinds).map(([kind, fd]) => {
      const one = dgram.createSocket('udp4');
      const error = attempt(() => one.bind({ fd }));
      one.close();
      return [kind, error];
    });
    found.push(['closed', attempt(() => socket.bind({ fd: 100_000 }))]);
    socket.close();
    for (const fd of [...Object.values(kinds), fds[1] as number, ends[1] as number]) closeSync(fd);
    return found;
  });

  it('is not bound when the descriptor was refused: it can bind', async () => {
    const socket = ours.createSocket('udp4');
    expect(() => socket.bind({ fd: 100_000 })).toThrow(/Unsupported fd type: UNKNOWN/);
    socket.bind(0, HOST);
    await once(socket, 'listening');
    await closed(socket);
  });

  it('a handle of Node is refused, and the socket can bind', async () => {
    const socket = ours.createSocket('udp4');
    const handle = { recvStart: noop } as never;
    expect(() => socket.bind(handle)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
    socket.bind(0, HOST);
    await once(socket, 'listening');
    await closed(socket);
  });
});

describe('bindSync', () => {
  sameAsNewest(
    'bindSync',
    'binds at once, returns the address, and emits listening later',
    async (dgram) => {
      const socket = dgram.createSocket('udp4');
      const events: string[] = [];
      socket.on('listening', () => events.push('listening'));
      const { address, family, port } = call(socket, 'bindSync', { address: HOST }) as AddressInfo;
      events.push('returned');
      const isSame = socket.address().port === port;
      await once(socket, 'listening');
      await closed(socket);
      return [address, family, isSame, events];
    },
    [HOST, 'IPv4', true, ['returned', 'listening']],
  );

  const BAD = 'must be a numeric IP address';
  sameAsNewest(
    'bindSync',
    'refuses what is wrong and can bind then',
    async (dgram) => {
      const socket = dgram.createSocket('udp4');
      const found = [
        { port: -1 },
        { port: 65_536 },
        { address: 5 },
        { address: 'localhost' },
        { address: '192.0.2.1' },
        null,
        5,
      ].map((options) => {
        const { code, message } = attempt(() => call(socket, 'bindSync', options)) as never;
        return [code, (message as string).includes(BAD)];
      });
      call(socket, 'bindSync');
      const again = attempt(() => call(socket, 'bindSync'));
      await closed(socket);
      return [...found, (again as { code: string }).code];
    },
    [
      ['ERR_SOCKET_BAD_PORT', false],
      ['ERR_SOCKET_BAD_PORT', false],
      ['ERR_INVALID_ARG_TYPE', false],
      ['ERR_INVALID_ARG_VALUE', true],
      ['EADDRNOTAVAIL', false],
      ['ERR_INVALID_ARG_TYPE', false],
      ['ERR_INVALID_ARG_TYPE', false],
      'ERR_SOCKET_ALREADY_BOUND',
    ],
  );
});
