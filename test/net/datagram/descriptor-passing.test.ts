// Descriptors with datagrams over Unix sockets, under level and edge.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bindDatagram } from '../../../src/net/datagram/bind.ts';
import type { DatagramHandlers, DatagramOptions } from '../../../src/net/datagram/options.ts';
import { adoptDatagram } from '../../../src/net/inherit/adopt.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { countDescriptors, must, useDescriptors } from '../../helpers/descriptors.ts';
import { turnUntil } from '../../helpers/handlers.ts';
import { HOST, Inbound } from '../inbound.ts';
import { codeOf } from '../recorder.ts';

const { F_GETFD, FD_CLOEXEC } = sys.constants;

describe.each(['level', 'edge'] as const)('%s: descriptors with datagrams', (trigger) => {
  const descriptors = useDescriptors();
  let folder = '';
  let nameCount = 0;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'edgewise-datagram-descriptors-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A socket that receives, what its handlers were called with in order, and turns until then. */
  function start(more: Partial<DatagramHandlers> = {}, options: Partial<DatagramOptions> = {}) {
    const reported: unknown[] = [];
    const reactor = descriptors.using(new Reactor({ onError: (error) => reported.push(error) }));
    const waker = reactor.createWaker(() => undefined);
    for (let turn = 0; turn < 2; turn++) {
      waker.wake(); // two waits that are cut short: now all is open that a reactor needs
      reactor.turn(1000);
    }
    waker.close();
    const calls: string[] = [];
    const received: number[] = [];
    const path = join(folder, `${nameCount++}`);
    const handlers: DatagramHandlers = {
      descriptors: (_, fds, isTruncated) => {
        calls.push(`${fds.length} descriptors${isTruncated ? ', truncated' : ''}`);
        received.push(...fds);
      },
      message: (_, bytes) => void calls.push(bytes.toString()),
      ...more,
    };
    const to = { handlers, reactor, trigger, receiveDescriptors: true, path, ...options };
    const server = descriptors.using(bindDatagram(to));
    const inbound = new Inbound();
    const from = join(folder, `${nameCount++}`);
    const client = descriptors.using(
      bindDatagram({ path: from, reactor, trigger, handlers: inbound.handlers }),
    );
    return {
      server,
      client,
      inbound,
      calls,
      received,
      turnUntil: (isDone: () => boolean) => turnUntil(reactor, isDone),
      path,
      reported,
      reactor,
    };
  }

  it('delivers descriptors before the datagram that brought them, close-on-exec', () => {
    const { client, calls, received, turnUntil, path } = start();
    const [reader, writer] = descriptors.pipe();
    expect(client.send('plain', { path })).toBe(true);
    expect(client.sendDescriptors('with two', [reader, writer], { path })).toBe(true);
    expect(client.sendDescriptors('', [reader], { path })).toBe(true);
    descriptors.close(reader);
    turnUntil(() => calls.length === 5);
    expect(calls).toEqual(['plain', '2 descriptors', 'with two', '1 descriptors', '']);
    for (const fd of received) {
      expect(sys.fcntl(descriptors.track(fd), F_GETFD)).toBe(FD_CLOEXEC);
    }
    must(sys.write(writer, Buffer.from('x')));
    expect(sys.read(received[2] ?? -1, Buffer.alloc(8))).toBe(1);
  });

  it('keeps them with the datagrams that wait, and the caller may close its own', () => {
    const { server, client, calls, received, turnUntil, path } = start();
    server.pause();
    const pipes = Array.from({ length: 3 }, () => descriptors.pipe());
    let plainCount = 0;
    while (client.queuedCount === 0) client.send(`${plainCount++}`, { path });
    const before = countDescriptors();
    for (const [index, [reader]] of pipes.entries()) {
      expect(client.sendDescriptors(`<${index}>`, [reader], { path })).toBe(true);
      descriptors.close(reader);
    }
    expect(countDescriptors()).toBe(before);
    server.resume();
    turnUntil(() => calls.at(-1) === '<2>');
    expect(calls.slice(plainCount)).toEqual(
      [0, 1, 2].flatMap((index) => ['1 descriptors', `<${index}>`]),
    );
    for (const [index, fd] of received.entries()) {
      must(sys.write(pipes[index]?.[1] ?? -1, Buffer.from('x')));
      expect(sys.read(descriptors.track(fd), Buffer.alloc(8))).toBe(1);
    }
    expect(client.queuedCount).toBe(0);
  });

  it('closes those that wait when the socket is destroyed, and takes none when the queue is full', () => {
    const { server, client, path } = start();
    server.pause();
    while (client.queuedCount === 0) client.send('x', { path });
    const [reader] = descriptors.pipe();
    const before = countDescriptors();
    let takenCount = 0;
    while (client.sendDescriptors(Buffer.alloc(100_000), [reader, reader], { path })) takenCount++;
    expect(takenCount).toBeGreaterThan(0);
    expect(countDescriptors()).toBe(before + 2 * takenCount);
    client.destroy();
    expect(countDescriptors()).toBe(before - 1);
    expect(client.stats.sendDropped).toBeGreaterThan(takenCount);
  });

  it('goes on after a handler that throws, and with the datagram it came with', () => {
    const fds: number[] = [];
    const { client, calls, turnUntil, path, reported } = start({
      descriptors: (_, received) => {
        fds.push(...received);
        throw new Error('from the handler');
      },
    });
    const [reader] = descriptors.pipe();
    for (const text of ['one', 'two']) client.sendDescriptors(text, [reader], { path });
    turnUntil(() => calls.length === 2 && reported.length > 0);
    expect(calls).toEqual(['one', 'two']);
    for (const fd of fds) expect(sys.fcntl(descriptors.track(fd), F_GETFD)).toBe(FD_CLOEXEC);
    expect(fds).toHaveLength(2);
  });

  it('counts as dropped what came when a handler had closed it', () => {
    const { server, client, calls, received, turnUntil, path } = start({
      descriptors: (socket, fds) => {
        received.push(...fds);
        socket.close();
      },
    });
    const [reader] = descriptors.pipe();
    client.sendDescriptors('unread', [reader], { path });
    turnUntil(() => server.isClosed);
    expect(calls).toEqual([]);
    expect(server.stats.receiveDropped).toBe(1);
    for (const fd of received) descriptors.track(fd);
  });

  it('without the option the kernel drops them', () => {
    const { client, calls, turnUntil, path } = start({}, { receiveDescriptors: false });
    const [reader] = descriptors.pipe();
    const before = countDescriptors();
    client.sendDescriptors('bytes', [reader], { path });
    turnUntil(() => calls.length === 1);
    expect(calls).toEqual(['bytes']);
    expect(countDescriptors()).toBe(before);
  });

  it('refuses a closed one with EBADF, and any over UDP', () => {
    const { client, path, reactor, inbound } = start();
    const [reader, writer] = descriptors.pipe();
    descriptors.close(writer);
    const codeThrownBy = (call: () => unknown): string | undefined => {
      try {
        call();
      } catch (error) {
        return codeOf(error);
      }
      return 'nothing was thrown';
    };
    const call = () => client.sendDescriptors('x', [reader, writer], { path });
    expect(codeThrownBy(call)).toBe('EBADF');
    const udp = descriptors.using(bindDatagram({ host: HOST, handlers: {}, reactor }));
    expect(codeThrownBy(() => udp.sendDescriptors('x', [reader], udp.address))).toBe(
      'ERR_OPTION_UNSUPPORTED',
    );
    const options = { handlers: { descriptors: () => undefined }, receiveDescriptors: true };
    expect(codeThrownBy(() => bindDatagram({ host: HOST, reactor, ...options }))).toBe(
      'ERR_INVALID_ARG_VALUE',
    );
    expect(inbound.errors).toEqual([]);
  });

  it('adopts a socket that exists, and leaves it to the caller when it cannot', () => {
    const { turnUntil, reactor } = start();
    const fds = new Int32Array(2);
    must(sys.socketpair(sys.constants.AF_UNIX, sys.constants.SOCK_DGRAM, 0, fds));
    const [left = -1, right = -1] = fds;
    descriptors.track(right);
    const inbound = new Inbound();
    const received: number[] = [];
    const handlers: DatagramHandlers = {
      ...inbound.handlers,
      descriptors: (_, more) => void received.push(...more),
    };
    const wanted = { handlers, receiveDescriptors: true, reactor, trigger };
    const socket = descriptors.using(adoptDatagram(left, wanted));
    must(sys.sendmsg(right, { buffers: [Buffer.from('hello')], descriptors: [right] }));
    turnUntil(() => inbound.messages.length === 1);
    expect(inbound.messages).toEqual(['hello']);
    expect(received.map((fd) => descriptors.track(fd))).toHaveLength(1);
    expect(socket.send('back')).toBe(true);
    expect(sys.recv(right, Buffer.alloc(8))).toBe(4);
    const [stream] = descriptors.socketpair();
    expect(() => adoptDatagram(stream, { handlers: {}, reactor })).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    );
    expect(sys.fcntl(stream, F_GETFD)).toBe(FD_CLOEXEC);
  });
});
