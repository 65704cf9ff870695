// Behaviour of `edgewise/sys` over real sockets. Wrong arguments: sys.arguments.test.ts.
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import * as sys from '../../src/sys/index.ts';
import { expectNoLeaks, openDescriptors, owned } from '../helpers/leaks.ts';

const { constants } = sys;
const { AF_INET, AF_INET6, AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOCK_NONBLOCK } = constants;
const isLinux = process.platform === 'linux';
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (from: Uint8Array, length = from.length) =>
  Buffer.from(from).toString('utf8', 0, length);

/** A result that must not be an error; it names the error otherwise. */
function ok(result: number): number {
  expect(sys.errnoName(result)).toBe('OK');
  return result;
}

function pairOf(make: (fds: Int32Array) => number): [number, number] {
  const fds = new Int32Array(2);
  ok(make(fds));
  return [owned(fds[0] ?? -1), owned(fds[1] ?? -1)];
}

const streamPair = () => pairOf((fds) => sys.socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
const datagramPair = () =>
  pairOf((fds) => sys.socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds));

function bound(domain: number, type: number, address: sys.AddressInput) {
  const fd = owned(sys.socket(domain, type));
  ok(sys.bind(fd, address));
  const name = new sys.SocketAddress();
  ok(sys.getsockname(fd, name));
  return { fd, name };
}

function optionOf(fd: number, level: number, option: number): number {
  const value = new Int32Array(1);
  expect(sys.getsockopt(fd, level, option, value)).toBe(4);
  return value[0] ?? 0;
}

describe('sys', () => {
  describe.each([
    ['IPv4', AF_INET, '127.0.0.1'],
    ['IPv6', AF_INET6, '::1'],
  ] as const)('TCP over %s', (family, domain, address) => {
    expectNoLeaks();

    test('connects, sends, ends', () => {
      const listener = bound(domain, SOCK_STREAM, { address });
      expect(listener.name).toMatchObject({ family, address });
      ok(sys.listen(listener.fd, 8));
      const client = owned(sys.socket(domain, SOCK_STREAM));
      ok(sys.connect(client, listener.name));
      const peer = new sys.SocketAddress();
      const server = owned(sys.accept4(listener.fd, peer, SOCK_NONBLOCK));
      const own = new sys.SocketAddress();
      ok(sys.getsockname(client, own));
      expect(String(peer)).toBe(String(own));
      ok(sys.getpeername(client, own));
      expect(own.toJSON()).toEqual(listener.name.toJSON());

      const room = new Uint8Array(8);
      expect(sys.recv(server, room)).toBe(sys.WOULD_BLOCK);
      expect(sys.send(client, bytes('hello'), 1, 3)).toBe(3);
      expect(sys.recv(server, room, 1, 2, constants.MSG_PEEK)).toBe(2);
      expect(sys.recv(server, room, 4)).toBe(3);
      expect(text(room)).toBe('\0el\0ell\0');
      ok(sys.shutdown(client, constants.SHUT_WR));
      expect(sys.recv(server, room)).toBe(0);
      expect(sys.fcntl(server, constants.F_GETFL) & constants.O_NONBLOCK).not.toBe(0);
      expect(sys.fcntl(client, constants.F_GETFL) & constants.O_NONBLOCK).toBe(0);
      for (const fd of [listener.fd, client, server]) {
        expect(sys.fcntl(fd, constants.F_GETFD)).toBe(constants.FD_CLOEXEC);
      }
    });

    test('a non-blocking connect to a closed port is in progress, then SO_ERROR says refused', () => {
      const closed = bound(domain, SOCK_STREAM, { address });
      const client = owned(sys.socket(domain, SOCK_STREAM | SOCK_NONBLOCK));
      const result = sys.connect(client, closed.name);
      expect(['EINPROGRESS', 'ECONNREFUSED']).toContain(sys.errnoName(result));
      if (result === -constants.EINPROGRESS) {
        expect(optionOf(client, constants.SOL_SOCKET, constants.SO_ERROR)).toBe(
          constants.ECONNREFUSED,
        );
      }
    });
  });

  describe('Unix sockets', () => {
    expectNoLeaks();
    let folder = '';
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'edgewise-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    test('have a path', () => {
      const path = join(folder, 'socket-ü');
      const listener = bound(AF_UNIX, SOCK_STREAM, { path });
      expect(listener.name.toJSON()).toEqual({ family: 'Unix', path });
      expect(listener.name).toMatchObject({ address: '', port: 0, abstract: undefined });
      ok(sys.listen(listener.fd));
      const client = owned(sys.socket(AF_UNIX, SOCK_STREAM));
      ok(sys.connect(client, { path: bytes(path) }));
      const peer = new sys.SocketAddress({ path: '/something/else' });
      owned(sys.accept(listener.fd, peer));
      expect(peer.family).toBeUndefined(); // the client has no name
      expect(peer.path).toBeUndefined();
      const again = owned(sys.socket(AF_UNIX, SOCK_STREAM));
      expect(sys.errnoName(sys.bind(again, { path }))).toBe('EADDRINUSE');
    });

    test('take the longest path that fits, and it comes back whole', () => {
      const path = join(folder, 'x'.repeat(107 - folder.length - 1));
      expect(bound(AF_UNIX, SOCK_DGRAM, { path }).name.path).toBe(path);
    });

    test.runIf(isLinux)('have abstract names of any bytes', () => {
      const abstract = Uint8Array.of(0, 255, 47, 0, process.pid & 255, process.pid >> 8);
      const listener = bound(AF_UNIX, SOCK_STREAM, { abstract });
      expect([...(listener.name.abstract ?? [])]).toEqual([...abstract]);
      expect(listener.name).toMatchObject({ family: 'Unix', path: undefined });
      ok(sys.listen(listener.fd));
      const client = owned(sys.socket(AF_UNIX, SOCK_STREAM));
      ok(sys.connect(client, { abstract }));
      expect(String(new sys.SocketAddress({ abstract: 'name' }))).toBe('@name');
    });
  });

  describe('addresses', () => {
    test('of many each keeps its own', () => {
      const texts = Array.from({ length: 200 }, (_, index) => `127.0.0.1:${index + 1}`);
      const all = texts.map(
        (_, index) => new sys.SocketAddress({ address: '127.0.0.1', port: index + 1 }),
      );
      expect(all.map(String)).toEqual(texts);
      expect(new sys.SocketAddress().family).toBe(undefined);
    });

    test('are copied, shown and parsed', () => {
      const address = new sys.SocketAddress({ address: '::ffff:10.0.0.1', port: 65535 });
      expect(new sys.SocketAddress(address).toJSON()).toEqual({
        family: 'IPv6',
        address: '::ffff:10.0.0.1',
        port: 65535,
      });
      expect(String(address)).toBe('[::ffff:10.0.0.1]:65535');
      expect(new sys.SocketAddress().toJSON()).toEqual({ family: undefined });
      expect(JSON.stringify(new sys.SocketAddress({ unspecified: true }))).toBe('{}');
    });

    test.runIf(isLinux)('carry a zone by name or number', () => {
      for (const zone of ['lo', '1']) {
        const address = new sys.SocketAddress({ address: `fe80::1%${zone}`, port: 1 });
        expect(address.address).toBe('fe80::1%lo');
      }
      expect(new sys.SocketAddress({ address: 'fe80::1%4000' }).address).toBe('fe80::1%4000');
    });
  });

  describe('UDP', () => {
    expectNoLeaks();

    test('a reply goes to the address object that recvfrom filled', () => {
      const server = bound(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, { address: '127.0.0.1' });
      const client = bound(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, { address: '127.0.0.1' });
      const room = new Uint8Array(16);
      const from = new sys.SocketAddress();
      const { port } = server.name;
      expect(sys.recvfrom(server.fd, room, 0, 16, 0, from)).toBe(sys.WOULD_BLOCK);
      const to = { address: '127.0.0.1', port };
      expect(sys.sendto(client.fd, bytes('ping'), undefined, undefined, undefined, to)).toBe(4);
      expect(sys.recvfrom(server.fd, room, 0, 16, 0, from)).toBe(4);
      expect(String(from)).toBe(String(client.name));
      expect(sys.sendto(server.fd, bytes('pong!'), 0, 5, 0, from)).toBe(5);
      expect(sys.recv(client.fd, room)).toBe(5);
      expect(text(room, 5)).toBe('pong!');
      expect(sys.sendto(client.fd, room, 0, 0, 0, server.name)).toBe(0);
      expect(sys.recv(server.fd, room)).toBe(0); // an empty datagram, no end
      expect(sys.recv(server.fd, room)).toBe(sys.WOULD_BLOCK);
    });

    test('a connected socket forgets its peer', () => {
      const peer = bound(AF_INET, SOCK_DGRAM, { address: '127.0.0.1' });
      const socket = owned(sys.socket(AF_INET, SOCK_DGRAM));
      ok(sys.connect(socket, peer.name));
      expect(sys.send(socket, bytes('x'))).toBe(1);
      ok(sys.connect(socket, { unspecified: true }));
      expect(sys.errnoName(sys.send(socket, bytes('x')))).toBe('EDESTADDRREQ');
    });

    test('recvmmsg and sendmmsg echo a batch without touching it', () => {
      const server = bound(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, { address: '127.0.0.1' });
      const clients = [0, 1, 2].map(() =>
        bound(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, { address: '127.0.0.1' }),
      );
      const words = ['a', 'four', 'longer than eight'];
      clients.forEach(({ fd }, i) => {
        ok(sys.sendto(fd, bytes(words[i] ?? ''), 0, undefined, 0, server.name));
      });
      const batch = new sys.MessageBatch(4, 8);
      expect(sys.recvmmsg(server.fd, batch, 2)).toBe(2);
      expect([text(batch.message(0)), text(batch.message(1))]).toEqual(['a', 'four']);
      const address = new sys.SocketAddress();
      batch.address(1, address);
      expect(String(address)).toBe(String(clients[1]?.name));
      expect(sys.sendmmsg(server.fd, batch, 2)).toBe(2);
      const room = new Uint8Array(16);
      expect(sys.recv(clients[1]?.fd ?? -1, room)).toBe(4);

      expect(sys.recvmmsg(server.fd, batch)).toBe(1);
      expect(batch.lengths[0]).toBe(8);
      expect((batch.flags[0] ?? 0) & constants.MSG_TRUNC).not.toBe(0);
      expect(sys.recvmmsg(server.fd, batch)).toBe(sys.WOULD_BLOCK);

      batch.room(3).set(bytes('new'));
      batch.lengths[3] = 3;
      for (const i of [0, 1, 2]) batch.setAddress(i, clients[i]?.name);
      batch.setAddress(3, { address: '127.0.0.1', port: clients[2]?.name.port ?? 0 });
      expect(sys.sendmmsg(server.fd, batch, 4)).toBe(4);
      ok(sys.recv(clients[2]?.fd ?? -1, room));
      expect(sys.recv(clients[2]?.fd ?? -1, room)).toBe(3);
      expect(text(room, 3)).toBe('new');
    });
  });

  describe('messages', () => {
    expectNoLeaks();

    test('gather and scatter', () => {
      const [left, right] = streamPair();
      const parts = [new Uint8Array(2), new Uint8Array(0), new Uint8Array(5)];
      expect(sys.writev(left, [bytes('ab'), bytes(''), bytes('cde')])).toBe(5);
      expect(sys.readv(right, parts)).toBe(5);
      expect(parts.map((part) => text(part))).toEqual(['ab', '', 'cde\0\0']);
      expect(sys.sendmsg(left, { buffers: [bytes('fg'), bytes('h')] })).toBe(3);
      const message = new sys.ReceivedMessage();
      expect(sys.recvmsg(right, parts, message)).toBe(3);
      expect(message).toMatchObject({ descriptors: [], isTruncated: false });
      expect(message.from.family).toBeUndefined();
    });

    test('a datagram longer than the buffers is marked as truncated, and has a sender', () => {
      const server = bound(AF_INET, SOCK_DGRAM, { address: '127.0.0.1' });
      const client = bound(AF_INET, SOCK_DGRAM, { address: '127.0.0.1' });
      ok(sys.sendmsg(client.fd, { buffers: [bytes('too long')], to: server.name }));
      const message = new sys.ReceivedMessage();
      expect(sys.recvmsg(server.fd, [new Uint8Array(3)], message)).toBe(3);
      expect(message.isTruncated).toBe(true);
      expect(message.isControlTruncated).toBe(false);
      expect(String(message.from)).toBe(String(client.name));
    });

    test('descriptors cross a socket, close-on-exec', () => {
      const [left, right] = streamPair();
      const [reader, writer] = pairOf(sys.pipe);
      ok(sys.sendmsg(left, { buffers: [bytes('x')], descriptors: [writer, reader] }));
      const message = new sys.ReceivedMessage(4);
      expect(sys.recvmsg(right, [new Uint8Array(8)], message)).toBe(1);
      expect(message.descriptors).toHaveLength(2);
      expect(message.isControlTruncated).toBe(false);
      const [received = -1, other = -1] = message.descriptors;
      expect(sys.fcntl(owned(received), constants.F_GETFD)).toBe(constants.FD_CLOEXEC);
      owned(other);
      ok(sys.write(received, bytes('through')));
      const room = new Uint8Array(8);
      expect(sys.read(reader, room)).toBe(7);
    });

    test.each([0, 1, 2])('3 descriptors into room for %i: none leaks, and it is said', (room) => {
      const [left, right] = streamPair();
      const [reader, writer] = pairOf(sys.pipe);
      ok(sys.sendmsg(left, { buffers: [bytes('x')], descriptors: [reader, writer, reader] }));
      const message = new sys.ReceivedMessage(room);
      const before = openDescriptors().length;
      expect(sys.recvmsg(right, [new Uint8Array(8)], message)).toBe(1);
      expect(openDescriptors().length).toBe(before + room);
      expect(message.descriptors).toHaveLength(room);
      expect(message.isControlTruncated).toBe(true);
      for (const fd of message.descriptors) ok(sys.close(fd));
    });

    test('the most that a message can carry arrives whole', () => {
      const [left, right] = streamPair();
      const descriptors = new Array<number>(253).fill(left);
      ok(sys.sendmsg(left, { buffers: [bytes('x')], descriptors }));
      const message = new sys.ReceivedMessage(253);
      ok(sys.recvmsg(right, [new Uint8Array(8)], message));
      expect(message.descriptors).toHaveLength(253);
      expect(message.isControlTruncated).toBe(false);
      for (const fd of message.descriptors) ok(sys.close(fd));
    });
  });

  describe('descriptors', () => {
    expectNoLeaks();

    test('a pipe ends when its writers are gone, and pipe2 makes it non-blocking', () => {
      const [reader, writer] = pairOf((fds) => sys.pipe2(fds, constants.O_NONBLOCK));
      const room = new Uint8Array(4);
      expect(sys.read(reader, room)).toBe(sys.WOULD_BLOCK);
      const duplicate = sys.dup(writer);
      expect(sys.fcntl(duplicate, constants.F_GETFD)).toBe(constants.FD_CLOEXEC);
      expect(sys.write(duplicate, bytes('ab'))).toBe(2);
      ok(sys.close(duplicate));
      expect(sys.read(reader, room, 1, 1)).toBe(1);
      expect(sys.read(reader, room)).toBe(1);
      expect(sys.read(reader, room)).toBe(sys.WOULD_BLOCK);
    });

    test('a write without a reader is EPIPE and no signal', () => {
      const [left, right] = datagramPair();
      ok(sys.shutdown(right, constants.SHUT_RD));
      expect(sys.errnoName(sys.send(left, bytes('x')))).toBe('EPIPE');
      expect(sys.errnoName(sys.sendmsg(left, { buffers: [bytes('x')] }))).toBe('EPIPE');
    });

    test('a closed descriptor is EBADF everywhere', () => {
      const [left] = streamPair();
      const fd = ok(sys.dup(left));
      ok(sys.close(fd));
      const one = new Uint8Array(1);
      const results = [
        sys.close(fd),
        sys.read(fd, one),
        sys.write(fd, one),
        sys.recv(fd, one),
        sys.send(fd, one),
        sys.readv(fd, [one]),
        sys.listen(fd),
        sys.accept(fd),
        sys.shutdown(fd, constants.SHUT_WR),
        sys.bind(fd, { address: '127.0.0.1' }),
        sys.getsockname(fd, new sys.SocketAddress()),
        sys.fcntl(fd, constants.F_GETFL),
        sys.dup(fd),
      ];
      expect(new Set(results.map(sys.errnoName))).toEqual(new Set(['EBADF']));
    });

    test('fcntl refuses commands that take a pointer', () => {
      const [left] = streamPair();
      for (const command of [5, 6, 7, 8, 9, 1032 + 100]) {
        expect(sys.errnoName(sys.fcntl(left, command, 4096))).toBe('EINVAL');
      }
      const copy = owned(sys.fcntl(left, constants.F_DUPFD, 100));
      expect(copy).toBeGreaterThanOrEqual(100);
      expect(sys.fcntl(copy, constants.F_GETFD)).toBe(constants.FD_CLOEXEC);
    });

    test('socket options go in and out as ints and as structures', () => {
      const fd = owned(sys.socket(AF_INET, SOCK_STREAM));
      const { SOL_SOCKET, SO_LINGER, SO_TYPE, IPPROTO_TCP, TCP_NODELAY } = constants;
      expect(optionOf(fd, SOL_SOCKET, SO_TYPE)).toBe(SOCK_STREAM);
      ok(sys.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
      expect(optionOf(fd, IPPROTO_TCP, TCP_NODELAY)).not.toBe(0);
      ok(sys.setsockopt(fd, SOL_SOCKET, SO_LINGER, new Int32Array([1, 5])));
      const linger = new Uint8Array(8);
      expect(sys.getsockopt(fd, SOL_SOCKET, SO_LINGER, linger)).toBe(8);
      expect([...new Int32Array(linger.buffer)]).toEqual([1, 5]);
      expect(sys.errnoName(sys.setsockopt(fd, SOL_SOCKET, 0x7ffffff, 1))).toBe('ENOPROTOOPT');
    });

    test.runIf(isLinux)('sendfile copies from an offset, or from the position and moves it', () => {
      const folder = mkdtempSync(join(tmpdir(), 'edgewise-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      writeFileSync(join(folder, 'file'), '0123456789');
      const file = owned(openSync(join(folder, 'file'), 'r'));
      const [left, right] = streamPair();
      expect(sys.sendfile(left, file, 7, 100)).toBe(3);
      expect(sys.sendfile(left, file, null, 4)).toBe(4);
      expect(sys.sendfile(left, file, null, 1)).toBe(1);
      expect(sys.sendfile(left, file, 10, 1)).toBe(0);
      const room = new Uint8Array(16);
      expect(text(room, sys.recv(right, room))).toBe('78901234');
    });

    test.runIf(isLinux)('splice moves through a pipe', () => {
      const [left, right] = streamPair();
      const [reader, writer] = pairOf(sys.pipe);
      ok(sys.send(left, bytes('through the pipe')));
      expect(sys.splice(right, null, writer, null, 7, constants.SPLICE_F_NONBLOCK)).toBe(7);
      const room = new Uint8Array(16);
      expect(text(room, sys.read(reader, room))).toBe('through');
      expect(sys.errnoName(sys.splice(left, null, right, null, 1))).toBe('EINVAL');
    });

    test.runIf(isLinux)('an eventfd counts', () => {
      const fd = owned(sys.eventfd(0xffffffff, constants.EFD_NONBLOCK));
      const counter = new BigUint64Array([2n]);
      const memory = new Uint8Array(counter.buffer);
      expect(sys.write(fd, memory)).toBe(8);
      expect(sys.read(fd, memory)).toBe(8);
      expect(counter[0]).toBe(0x100000001n);
      expect(sys.read(fd, memory)).toBe(sys.WOULD_BLOCK);
    });
  });

  describe.runIf(isLinux)('raw epoll', () => {
    expectNoLeaks();
    const { EPOLLIN, EPOLLET, EPOLLRDHUP, EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL } = constants;

    // One byte of two is read: what is left is reported under the level trigger, and none on the edge.
    test.each([
      ['level', EPOLLIN, 1],
      ['edge', EPOLLIN | EPOLLET, 0],
    ] as const)('%s-triggered, a half-read socket is reported again %#', (_, interest, again) => {
      const [left, right] = streamPair();
      const epfd = owned(sys.epoll_create1());
      ok(sys.epoll_ctl(epfd, EPOLL_CTL_ADD, right, interest, 2 ** 53 - 1));
      const events = new sys.EpollEvents(4);
      expect(sys.epoll_wait(epfd, events, 4, 0)).toBe(0);
      ok(sys.send(left, bytes('ab')));
      expect(sys.epoll_wait(epfd, events, 4, -1)).toBe(1);
      expect(events.events(0)).toBe(EPOLLIN);
      expect(events.data(0)).toBe(2 ** 53 - 1);
      expect(sys.read(right, new Uint8Array(1))).toBe(1);
      expect(sys.epoll_wait(epfd, events, 4, 0)).toBe(again);
      ok(sys.send(left, bytes('c'))); // more arrives: an edge again
      expect(sys.epoll_wait(epfd, events, 4, -1)).toBe(1);
    });

    test('says what the kernel says', () => {
      const [left, right] = streamPair();
      const epfd = owned(sys.epoll_create1(constants.EPOLL_CLOEXEC));
      const events = new sys.EpollEvents(1);
      const ctl = (op: number, fd: number) => sys.errnoName(sys.epoll_ctl(epfd, op, fd, EPOLLIN));
      expect(ctl(EPOLL_CTL_MOD, left)).toBe('ENOENT');
      expect(ctl(EPOLL_CTL_ADD, left)).toBe('OK');
      expect(ctl(EPOLL_CTL_ADD, left)).toBe('EEXIST');
      expect(ctl(EPOLL_CTL_DEL, left)).toBe('OK');
      expect(ctl(EPOLL_CTL_ADD, epfd)).toBe('EINVAL');
      const file = owned(openSync('/proc/self/exe', 'r'));
      expect(ctl(EPOLL_CTL_ADD, file)).toBe('EPERM');
      expect(sys.errnoName(sys.epoll_wait(left, events, 1, 0))).toBe('EINVAL');
      ok(sys.epoll_ctl(epfd, EPOLL_CTL_ADD, right, EPOLLIN | EPOLLRDHUP));
      ok(sys.shutdown(left, constants.SHUT_WR));
      expect(sys.epoll_wait(epfd, events, 1, -1)).toBe(1);
      expect(events.events(0)).toBe(EPOLLIN | EPOLLRDHUP);
      expect(events.data(0)).toBe(right);
    });
  });

  describe('results', () => {
    test('results have names', () => {
      expect(sys.errnoName(sys.WOULD_BLOCK)).toBe('EAGAIN');
      expect(sys.errnoName(3)).toBe('OK');
      expect(sys.errnoName(-constants.EINPROGRESS)).toBe('EINPROGRESS');
      expect(sys.errnoName(-99999)).toBe('Unknown system error -99999');
    });

    test('what this system lacks answers ENOSYS', () => {
      const results = isLinux
        ? [sys.kqueue(), sys.kevent(0, undefined, 0, undefined, 0, 0)]
        : [
            sys.epoll_create1(),
            sys.eventfd(0),
            sys.splice(0, null, 0, null, 0),
            sys.timerfd_create(1),
            sys.inotify_init1(),
            sys.pidfd_open(1),
          ];
      expect(new Set(results.map(sys.errnoName))).toEqual(new Set(['ENOSYS']));
    });
  });
});
