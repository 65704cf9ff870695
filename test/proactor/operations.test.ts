// Each operation over real descriptors, under both triggers: it completes once, with what it did, in a
// turn and never inside the call that submitted it.
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as sys from '../../src/sys/index.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { Driven, fill } from './driven.ts';

const { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_STREAM } = sys.constants;
const directory = mkdtempSync(join(tmpdir(), 'edgewise-proactor-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe.each(['level', 'edge'] as const)('%s', (trigger) => {
  const descriptors = useDescriptors();
  const drive = () => new Driven(descriptors, { trigger });

  it('read: what there is, what comes later, and the end', () => {
    const driven = drive();
    const [ours, theirs] = descriptors.socketpair();
    const descriptor = driven.proactor.open(ours);
    must(sys.send(theirs, Buffer.from('early')));
    const bytes = Buffer.alloc(16);
    descriptor.read(bytes, { data: 'first', offset: 2 }, driven.note);
    expect(driven.completions).toEqual([]);
    driven.turnUntil(1);
    expect(bytes.toString('latin1', 2, 7)).toBe('early');

    descriptor.read(bytes, { data: 'second', offset: 0, length: 4 }, driven.note);
    driven.settle();
    expect(driven.completions).toEqual(['first: 5']);
    must(sys.send(theirs, Buffer.from('later')));
    driven.turnUntil(2);
    expect(bytes.toString('latin1', 0, 4)).toBe('late');

    descriptor.read(bytes, { data: 'rest' }, driven.note);
    descriptors.close(theirs);
    descriptor.read(bytes, { data: 'end' }, driven.note);
    driven.turnUntil(4);
    expect(driven.completions).toEqual(['first: 5', 'second: 4', 'rest: 1', 'end: 0']);
  });

  it('read: the end that comes with the last bytes, in one event', () => {
    const driven = drive();
    const [ours, theirs] = descriptors.tcpPair();
    const descriptor = driven.proactor.open(ours);
    const bytes = Buffer.alloc(16);
    const readNext = (error: Error | undefined, count: number): void => {
      driven.note(error, count, 'first');
      descriptor.read(bytes, { data: 'end' }, driven.note);
    };
    descriptor.read(bytes, readNext);
    driven.settle();
    must(sys.send(theirs, Buffer.from('last words')));
    must(sys.shutdown(theirs, sys.constants.SHUT_WR));
    driven.turnUntil(2);
    expect(driven.completions).toEqual(['first: 10', 'end: 0']);
  });

  it('readExactly: gathers what comes in pieces', () => {
    const driven = drive();
    const [ours, theirs] = descriptors.socketpair();
    const bytes = Buffer.alloc(10);
    driven.proactor
      .open(ours)
      .readExactly(bytes, { data: 'all', offset: 1, length: 8 }, driven.note);
    for (const piece of ['abc', 'd', 'efghij']) {
      expect(driven.completions).toEqual([]);
      must(sys.send(theirs, Buffer.from(piece)));
      driven.settle();
    }
    expect(driven.completions).toEqual(['all: 8']);
    expect(bytes.toString('latin1')).toBe('\0abcdefgh\0');
    must(sys.recv(ours, bytes)); // the rest is still there
    expect(bytes.toString('latin1', 0, 2)).toBe('ij');
  });

  it('readExactly: an end that comes first is an error with what there was', () => {
    const driven = drive();
    const [ours, theirs] = descriptors.socketpair();
    driven.proactor.open(ours).readExactly(Buffer.alloc(10), { data: 'all' }, driven.note);
    must(sys.send(theirs, Buffer.from('abc')));
    driven.settle();
    descriptors.close(theirs);
    driven.turnUntil(1);
    expect(driven.completions).toEqual(['all: ERR_UNEXPECTED_END 3']);
  });

  it('writeAll: more than the kernel holds arrives whole; write: only what it takes', () => {
    const driven = drive();
    const [ours, theirs] = descriptors.tcpPair();
    const [writer, reader] = [driven.proactor.open(ours), driven.proactor.open(theirs)];
    const sent = numbered(8 << 20);
    const received = Buffer.alloc(sent.length);
    writer.writeAll(sent, { data: 'written' }, driven.note);
    driven.settle();
    expect(driven.completions).toEqual([]); // nothing is read
    reader.readExactly(received, { data: 'read' }, driven.note);
    driven.turnUntil(2);
    expect(driven.completions.toSorted()).toEqual([
      `read: ${sent.length}`,
      `written: ${sent.length}`,
    ]);
    expect(received.equals(sent)).toBe(true);

    writer.write(numbered(32 << 20), { data: 'some' }, driven.note);
    driven.turnUntil(3);
    expect(driven.resultOf('some')).toBeGreaterThan(0);
    expect(driven.resultOf('some')).toBeLessThan(32 << 20);
  });

  it('write and read on a pipe: no sockets, the same', () => {
    const driven = drive();
    const [ours, theirs] = descriptors.pipe();
    const [reader, writer] = [driven.proactor.open(ours), driven.proactor.open(theirs)];
    const sent = numbered(1 << 20);
    const received = Buffer.alloc(sent.length);
    writer.writeAll(sent, { data: 'written' }, driven.note);
    reader.readExactly(received, { data: 'read' }, driven.note);
    driven.turnUntil(2);
    expect(received.equals(sent)).toBe(true);
    reader.read(received, { data: 'end' }, driven.note);
    writer.close();
    descriptors.close(theirs);
    driven.turnUntil(3);
    expect(driven.completions.at(-1)).toBe('end: 0');
  });

  it('accept and connect: each connection once, with the address of the peer', () => {
    const driven = drive();
    const listener = descriptors.listener();
    must(sys.fcntl(listener.fd, sys.constants.F_SETFL, sys.constants.O_NONBLOCK));
    const from = new sys.SocketAddress();
    const acceptor = driven.proactor.open(listener.fd);
    acceptor.accept({ data: 'accepted', from }, driven.note);
    acceptor.accept({ data: 'accepted too' }, driven.note);
    driven.settle();
    expect(driven.completions).toEqual([]);
    for (const name of ['one', 'two']) {
      const fd = descriptors.track(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
      driven.proactor.open(fd).connect(listener.address, { data: name }, driven.note);
    }
    driven.turnUntil(4);
    for (const name of ['accepted', 'accepted too']) descriptors.track(driven.resultOf(name));
    expect(from.address).toBe('127.0.0.1');
    expect(driven.completions).toEqual(expect.arrayContaining(['one: 0', 'two: 0']));
  });

  it('connect: refused, with the address; a Unix path that is not there', () => {
    const driven = drive();
    const { fd, address } = descriptors.listener();
    descriptors.close(fd); // now nothing listens there
    let failure: unknown;
    const socket = descriptors.track(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
    driven.proactor.open(socket).connect(address, (error, result) => {
      failure = error;
      driven.note(error, result, 'tcp');
    });
    const unix = descriptors.track(sys.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK));
    driven.proactor
      .open(unix)
      .connect({ path: join(directory, 'none') }, { data: 'unix' }, driven.note);
    driven.turnUntil(2);
    expect(driven.completions.toSorted()).toEqual(['tcp: ECONNREFUSED 0', 'unix: ENOENT 0']);
    expect(failure).toMatchObject({ syscall: 'connect', port: address.port });
  });

  it('what is written before the connection is there goes out behind it', () => {
    const driven = drive();
    const listener = descriptors.listener();
    const client = descriptors.track(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
    const descriptor = driven.proactor.open(client);
    descriptor.connect(listener.address, { data: 'connected' }, driven.note);
    descriptor.writeAll(Buffer.from('hello'), { data: 'written' }, driven.note);
    driven.turnUntil(2);
    expect(driven.completions).toEqual(['connected: 0', 'written: 5']);
    const server = descriptors.track(sys.accept(listener.fd));
    expect(sys.recv(server, Buffer.alloc(10))).toBe(5);
  });

  it('recvmsg and sendmsg: datagrams one by one, with sender and receiver', () => {
    const driven = drive();
    const [one, two] = [descriptors.udp(), descriptors.udp()];
    const receiver = driven.proactor.open(two.fd);
    const into = new sys.ReceivedMessage();
    const buffers = [Buffer.alloc(2), Buffer.alloc(8)];
    receiver.recvmsg(buffers, into, { data: 'received' }, driven.note);
    receiver.recvmsg(buffers, into, { data: 'received next' }, driven.note);
    driven.settle();
    const sender = driven.proactor.open(one.fd);
    sender.sendmsg(
      { buffers: [Buffer.from('da'), Buffer.from('ta')], to: two.address },
      { data: 'sent' },
      driven.note,
    );
    sender.sendmsg(
      { buffers: [Buffer.from('again')], to: two.address },
      { data: 'sent next' },
      driven.note,
    );
    driven.turnUntil(4);
    expect(driven.completions.toSorted()).toEqual([
      'received next: 5',
      'received: 4',
      'sent next: 5',
      'sent: 4',
    ]);
    expect(into.from.port).toBe(one.address.port);
    expect(Buffer.concat(buffers).toString('latin1', 0, 5)).toBe('again');
  });

  it('sendmsg: descriptors go along', () => {
    const driven = drive();
    const [ours, theirs] = descriptors.socketpair();
    const [passed] = descriptors.pipe();
    const into = new sys.ReceivedMessage(1);
    driven.proactor
      .open(theirs)
      .recvmsg([Buffer.alloc(1)], into, { data: 'received' }, driven.note);
    const message = { buffers: [Buffer.from('x')], descriptors: [passed] };
    driven.proactor.open(ours).sendmsg(message, { data: 'sent' }, driven.note);
    driven.turnUntil(2);
    expect(into.descriptors).toHaveLength(1);
    for (const fd of into.descriptors) descriptors.track(fd);
  });

  it('sendFile: a range in its place between two writes', () => {
    const driven = drive();
    const path = join(directory, `${trigger}.bin`);
    const content = numbered(3 << 20);
    writeFileSync(path, content);
    const file = openSync(path, 'r');
    const [ours, theirs] = descriptors.tcpPair();
    const writer = driven.proactor.open(ours);
    writer.writeAll(Buffer.from('head'), { data: 'head' }, driven.note);
    writer.sendFile(file, { data: 'file', offset: 4 }, driven.note);
    writer.writeAll(Buffer.from('tail'), { data: 'tail' }, driven.note);
    const received = Buffer.alloc(content.length + 4);
    driven.proactor.open(theirs).readExactly(received, { data: 'received' }, driven.note);
    driven.turnUntil(4);
    expect(driven.resultOf('file')).toBe(content.length - 4);
    expect(driven.completions.filter((each) => !each.startsWith('received'))).toEqual([
      'head: 4',
      `file: ${content.length - 4}`,
      'tail: 4',
    ]);
    const expected = Buffer.concat([Buffer.from('head'), content.subarray(4), Buffer.from('tail')]);
    expect(received.equals(expected)).toBe(true);
    closeSync(file);
  });

  it('sendFile: a file that shrinks while it waits', () => {
    const driven = drive();
    const path = join(directory, `${trigger}-shrinks.bin`);
    writeFileSync(path, numbered(1 << 20));
    const file = openSync(path, 'r');
    const [ours, theirs] = descriptors.tcpPair();
    fill((bytes) => sys.send(ours, bytes));
    driven.proactor.open(ours).sendFile(file, { data: 'file', offset: 0 }, driven.note);
    truncateSync(path, 0);
    const reader = driven.proactor.open(theirs);
    const bytes = Buffer.alloc(1 << 20);
    const readOn = (error: Error | undefined): void => {
      if (error === undefined && driven.completions.length === 0) reader.read(bytes, readOn);
    };
    reader.read(bytes, readOn);
    driven.turnUntil(1);
    expect(driven.completions).toEqual(['file: ERR_FILE_SHRANK 0']);
    closeSync(file);
  });

  it('delay: in the order of the deadlines, not before them', () => {
    const driven = drive();
    const start = performance.now();
    driven.proactor.delay(20, { data: 'later' }, driven.note);
    driven.proactor.delay(5, { data: 'soon' }, driven.note);
    driven.turnUntil(2);
    expect(driven.completions).toEqual(['soon: 0', 'later: 0']);
    expect(performance.now() - start).toBeGreaterThanOrEqual(20);
  });

  it('an operation keeps the reactor alive, an open descriptor does not', async () => {
    const driven = drive();
    const [ours, theirs] = descriptors.socketpair();
    const descriptor = driven.proactor.open(ours);
    descriptor.read(Buffer.alloc(1), { data: 'read' }, driven.note);
    const running = driven.reactor.run();
    must(sys.send(theirs, Buffer.from('xyz')));
    await running;
    expect(driven.completions).toEqual(['read: 1']);
    expect(driven.proactor.pendingCount).toBe(0);
    expect(driven.proactor.descriptorCount).toBe(1);
  });
});

describe('an empty datagram', () => {
  const descriptors = useDescriptors();
  it('is received as 0 bytes and sent as one', () => {
    const driven = new Driven(descriptors);
    const fds = new Int32Array(2);
    must(sys.socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds));
    const [ours, theirs] = [
      descriptors.track(fds[0] as number),
      descriptors.track(fds[1] as number),
    ];
    driven.proactor.open(ours).writeAll(new Uint8Array(0), { data: 'sent' }, driven.note);
    driven.proactor.open(theirs).read(Buffer.alloc(4), { data: 'received' }, driven.note);
    driven.turnUntil(2);
    expect(driven.completions).toEqual(['sent: 0', 'received: 0']);
  });
});

function numbered(byteCount: number): Buffer {
  const bytes = Buffer.alloc(byteCount);
  for (let at = 0; at < byteCount; at += 4) bytes.writeUInt32LE(at, at);
  return bytes;
}
