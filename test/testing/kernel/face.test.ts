// What the simulated machine has behind the face of the addon, beside streams and interest sets: batches, files,
// passed descriptors, paths, options, back-ends, calls that wait.
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { constants as os, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SocketAddress } from '../../../src/address.ts';
import { Interest, Reactor } from '../../../src/index.ts';
import { native } from '../../../src/native.ts';
import { listen } from '../../../src/net/index.ts';
import { Poller } from '../../../src/poller/poller.ts';
import * as sys from '../../../src/sys/index.ts';
import { must } from '../../helpers/descriptors.ts';
import { useMachine } from './use-machine.ts';

const { constants } = sys;
const { AF_INET, AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOCK_NONBLOCK, O_NONBLOCK } = constants;
const STREAM = SOCK_STREAM | SOCK_NONBLOCK;
const DATAGRAM = SOCK_DGRAM | SOCK_NONBLOCK;
const at = (port: number) => ({ address: '127.0.0.1', port });

function pairOf(type: number): [number, number] {
  const fds = new Int32Array(2);
  must(sys.socketpair(AF_UNIX, type, 0, fds));
  return [...fds] as [number, number];
}

function pipeOf(flags: number = O_NONBLOCK): [number, number] {
  const fds = new Int32Array(2);
  must(sys.pipe2(fds, flags));
  return [...fds] as [number, number];
}

function udpAt(port: number): number {
  const fd = must(sys.socket(AF_INET, DATAGRAM));
  must(sys.bind(fd, at(port)));
  return fd;
}

function textOf(fd: number, length = 100): string {
  const bytes = Buffer.alloc(length);
  return bytes.toString('utf8', 0, must(sys.recv(fd, bytes)));
}

function realFile(text: string): number {
  const folder = mkdtempSync(join(tmpdir(), 'edgewise-'));
  const path = join(folder, 'file');
  writeFileSync(path, text);
  const fd = openSync(path, 'r');
  onTestFinished(() => {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });
  return fd;
}

test('sendmmsg and recvmmsg move many datagrams, with their addresses', () => {
  useMachine();
  const [from, to] = [udpAt(5001), udpAt(5002)];
  const out = new sys.MessageBatch(3, 10);
  for (const [index, text] of ['a', 'bb', 'ccc'].entries()) {
    Buffer.from(text).copy(out.room(index));
    out.lengths[index] = text.length;
    out.setAddress(index, at(5002));
  }
  expect(sys.sendmmsg(from, out, 3)).toBe(3);
  const into = new sys.MessageBatch(4, 2);
  expect(sys.recvmmsg(to, into)).toBe(3);
  expect([0, 1, 2].map((index) => Buffer.from(into.message(index)).toString())).toEqual([
    'a',
    'bb',
    'cc',
  ]);
  expect((into.flags[2] ?? 0) & constants.MSG_TRUNC).not.toBe(0);
  const sender = new SocketAddress();
  into.address(1, sender);
  expect(sender.port).toBe(5001);
  expect(sys.recvmmsg(to, into)).toBe(sys.WOULD_BLOCK);
});

test('one buffer leaves as several datagrams, and its socket has no queue of errors', () => {
  useMachine();
  const [from, to] = [udpAt(5001), udpAt(5002)];
  const bytes = Buffer.from('abcde');
  for (const send of [sys.sendSegments, sys.sendApart]) {
    expect(send(from, bytes, undefined, undefined, 2, at(5002))).toBe(5);
    expect([textOf(to), textOf(to), textOf(to)]).toEqual(['ab', 'cd', 'e']);
  }
  expect(sys.receiveError(from, new sys.ExtendedError())).toBe(sys.WOULD_BLOCK);
});

test('recvEach and sendEach serve many sockets', () => {
  useMachine();
  const pairs = [pairOf(STREAM), pairOf(STREAM), pairOf(STREAM)];
  const batch = new sys.SocketBatch(3, 100);
  for (const [index, [near, far]] of pairs.entries()) {
    batch.fds[index] = near;
    if (index !== 1) must(sys.send(far, Buffer.from(`to ${index}`)));
  }
  expect(sys.recvEach(batch, 3, 10)).toBe(3);
  expect([...batch.results]).toEqual([4, sys.WOULD_BLOCK, 4]);
  expect(sys.sendEach(batch, 3)).toBe(0);
  expect(textOf((pairs[2] as [number, number])[1])).toBe('to 2');
});

test('descriptors that are passed stay open on their way, and are no part of other bytes', () => {
  const machine = useMachine();
  const [near, far] = pairOf(STREAM);
  const [reader, writer] = pipeOf();
  must(sys.send(near, Buffer.from('before')));
  must(sys.sendmsg(near, { buffers: [Buffer.from('with')], descriptors: [writer] }));
  must(sys.send(near, Buffer.from('after')));
  sys.close(writer);
  const into = new sys.ReceivedMessage(1);
  const bytes = Buffer.alloc(100);
  expect(sys.recvmsg(far, [bytes], into)).toBe('before'.length);
  expect(into.descriptors).toEqual([]);
  expect(sys.recvmsg(far, [bytes], into)).toBe('with'.length);
  const [passed = -1] = into.descriptors;
  must(sys.write(passed, Buffer.from('through')));
  sys.close(passed);
  expect(must(sys.read(reader, bytes))).toBe('through'.length);
  expect(sys.read(reader, bytes)).toBe(0);
  expect(textOf(far)).toBe('after');
  for (const fd of [near, far, reader]) sys.close(fd);
  expect(machine.table.numbers).toEqual([]);
});

test('descriptors that no one takes are closed', () => {
  useMachine();
  for (const type of [STREAM, DATAGRAM]) {
    const [near, far] = pairOf(type);
    const [reader, writer] = pipeOf();
    const message = { buffers: [Buffer.from('x')], descriptors: [writer] };
    must(sys.sendmsg(near, message));
    must(sys.sendmsg(near, message));
    must(sys.sendmsg(near, message));
    sys.close(writer);
    const into = new sys.ReceivedMessage(0);
    expect(sys.recvmsg(far, [Buffer.alloc(1)], into)).toBe(1);
    expect(into.isControlTruncated).toBe(true);
    expect(textOf(far)).toBe('x');
    expect(sys.read(reader, Buffer.alloc(1))).toBe(sys.WOULD_BLOCK);
    sys.close(far);
    expect(sys.read(reader, Buffer.alloc(1))).toBe(0);
  }
});

test('a datagram in several buffers is one', () => {
  useMachine();
  const [near, far] = pairOf(DATAGRAM);
  must(sys.writev(near, [Buffer.from('ab'), Buffer.from('cd')]));
  const parts = [Buffer.alloc(3), Buffer.alloc(3)];
  expect(sys.readv(far, parts)).toBe(4);
  expect(parts.map((part) => part.toString())).toEqual(['abc', 'd\0\0']);
});

test('a real file is sent to a simulated socket', () => {
  useMachine({ buffers: { send: 6 } });
  const [near, far] = pairOf(STREAM);
  const file = realFile('0123456789');
  expect(sys.sendfile(near, file, 2, 4)).toBe(4);
  expect(textOf(far)).toBe('2345');
  expect(sys.sendfile(near, file, null, 100)).toBe(6);
  expect(sys.sendfile(near, file, null, 100)).toBe(sys.WOULD_BLOCK);
  expect(textOf(far)).toBe('012345');
  expect(sys.sendfile(near, file, null, 100)).toBe(4);
  expect(sys.sendfile(near, file, null, 100)).toBe(0);
  expect(sys.pread(near, Buffer.alloc(1), 0)).toBe(-os.errno.ESPIPE);
});

test('splice moves bytes between sockets through a pipe, and loses none that find no room', () => {
  useMachine({ buffers: { send: 6 } });
  const [[a, b], [c, d]] = [pairOf(STREAM), pairOf(STREAM)];
  const [reader, writer] = pipeOf();
  expect(sys.splice(b, null, writer, null, 100)).toBe(sys.WOULD_BLOCK);
  must(sys.send(a, Buffer.from('012345')));
  expect(sys.splice(b, null, writer, null, 100)).toBe(6);
  must(sys.send(c, Buffer.from('xyz')));
  expect(sys.splice(reader, null, c, null, 100)).toBe(3);
  expect(sys.splice(reader, null, c, null, 100)).toBe(sys.WOULD_BLOCK);
  expect(textOf(d)).toBe('xyz012');
  expect(sys.splice(reader, null, c, null, 100)).toBe(3);
  expect(textOf(d)).toBe('345');
  expect(sys.splice(a, null, c, null, 100)).toBe(-os.errno.EINVAL);
  sys.close(a);
  expect(sys.splice(b, null, writer, null, 100)).toBe(0);
});

test('a path of a Unix socket is a file until it is unlinked', () => {
  useMachine();
  const path = join(tmpdir(), 'edgewise-simulated.sock');
  const server = listen({ path, handlers: {} });
  expect(native.lstatSync(path)?.isSocket()).toBe(true);
  native.chmodSync(path, 0o600);
  expect(native.statSync(path).mode & 0o777).toBe(0o600);
  expect(() => listen({ path, handlers: {} })).toThrow(/EADDRINUSE/);
  server.close();
  expect(native.lstatSync(path)).toBeUndefined();
  // One that was left behind is replaced.
  const stale = must(sys.socket(AF_UNIX, STREAM));
  must(sys.bind(stale, { path }));
  sys.close(stale);
  expect(native.lstatSync(path)?.isSocket()).toBe(true);
  listen({ path, handlers: {} }).close();
});

test('fstat says what a descriptor is, and which ones are the same file', () => {
  useMachine();
  const [near, far] = pairOf(STREAM);
  const [reader] = pipeOf();
  const copy = must(sys.dup(near));
  const [one, two, other] = [near, copy, far].map((fd) => native.fstatSync(fd));
  expect(one?.isSocket()).toBe(true);
  expect(native.fstatSync(reader).isFIFO()).toBe(true);
  expect(one?.ino).toBe(two?.ino);
  expect(one?.ino).not.toBe(other?.ino);
  expect(() => native.fstatSync(near + 100)).toThrow(/EBADF/);
});

test('options, credentials and figures are those of the kind of socket', () => {
  useMachine();
  const [near] = pairOf(STREAM);
  const tcp = must(sys.socket(AF_INET, STREAM));
  const value = new Int32Array(1);
  const { IPPROTO_TCP, TCP_NODELAY, SOL_SOCKET, SO_SNDBUF, SO_TYPE } = constants;
  expect(sys.getsockopt(near, IPPROTO_TCP, TCP_NODELAY, value)).toBe(-os.errno.EOPNOTSUPP);
  expect(sys.setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, 1)).toBe(0);
  must(sys.getsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, value));
  expect(value[0]).toBe(1);
  must(sys.setsockopt(tcp, SOL_SOCKET, SO_SNDBUF, 10_000));
  must(sys.getsockopt(tcp, SOL_SOCKET, SO_SNDBUF, value));
  expect(value[0]).toBe(20_000);
  must(sys.getsockopt(tcp, SOL_SOCKET, SO_TYPE, value));
  expect(value[0]).toBe(SOCK_STREAM);
  const peer = new sys.PeerCredentials();
  expect(sys.getpeereid(near, peer)).toBe(0);
  expect(peer.pid).toBe(process.pid);
  expect(sys.getpeereid(tcp, peer)).toBe(-os.errno.EOPNOTSUPP);
  const info = new sys.TcpInfo();
  expect(sys.tcp_info(tcp, info)).toBe(0);
  expect(info.state).toBe('closed');
  expect(sys.tcp_info(near, info)).toBe(-os.errno.EOPNOTSUPP);
  expect(sys.fcntl(pipeOf()[0], constants.F_GETPIPE_SZ)).toBe(65_536);
  expect(sys.fcntl(near, constants.F_GETFL)).toBe(constants.O_RDWR | O_NONBLOCK);
});

test.each(Poller.backends.filter((backend) => backend !== 'kqueue'))(
  '%s reports what is ready, and a number that was closed behind its back as it does',
  (backend) => {
    useMachine();
    const reactor = new Reactor({ backend });
    onTestFinished(() => reactor.close());
    const [near, far] = pairOf(STREAM);
    const seen: number[] = [];
    reactor.register(near, Interest.Readable, { onReady: (readiness) => seen.push(readiness) });
    reactor.turn(0);
    expect(seen).toEqual([]);
    must(sys.send(far, Buffer.from('x')));
    reactor.turn(0);
    expect(seen).toEqual([1]);
    sys.close(near);
    reactor.turn(0);
    expect(seen.length).toBe(backend === 'epoll' ? 1 : 2);
  },
);

test('one of those that watch a listener exclusively is notified at least', () => {
  useMachine();
  const listener = must(sys.socket(AF_INET, STREAM));
  must(sys.bind(listener, at(5000)));
  must(sys.listen(listener));
  const reactors = [new Reactor({ backend: 'epoll' }), new Reactor({ backend: 'epoll' })];
  onTestFinished(() => {
    for (const reactor of reactors) reactor.close();
  });
  let calls = 0;
  const handler = { onReady: () => calls++ };
  for (const reactor of reactors) {
    reactor.register(listener, Interest.Readable, handler, { exclusive: true });
  }
  const client = must(sys.socket(AF_INET, STREAM));
  expect(sys.connect(client, at(5000))).toBe(-os.errno.EINPROGRESS);
  for (const reactor of reactors) reactor.turn(10);
  expect(calls).toBeGreaterThanOrEqual(1);
});

test('a call on a descriptor that blocks lets time pass', () => {
  const machine = useMachine();
  const timer = must(sys.timerfd_create(constants.CLOCK_MONOTONIC));
  must(sys.timerfd_settime(timer, 0, 1500, 0));
  expect(sys.read(timer, Buffer.alloc(8))).toBe(8);
  expect(machine.clock.elapsedNs).toBe(1.5e9);
  const [near, far] = pairOf(SOCK_STREAM);
  machine.clock.after(1e9, () => void sys.send(far, Buffer.from('late')));
  expect(textOf(near)).toBe('late');
  expect(machine.clock.elapsedNs).toBe(2.5e9);
  expect(() => sys.recv(near, Buffer.alloc(1))).toThrow(/nothing can come/);
});
