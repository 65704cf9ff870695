// Levels that no operation clears: an error queue (IP_RECVERR) that is not read, a peer that has reset
// while nothing waits. They cause no busy loop, on any back-end.
import { describe, expect, it } from 'vitest';
import { Poller } from '../../src/poller/poller.ts';
import * as sys from '../../src/sys/index.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { Driven } from './driven.ts';

const { IPPROTO_IP, IP_RECVERR, MSG_ERRQUEUE, SOL_SOCKET, SO_LINGER } = sys.constants;
const TURNS = 50;

function eventsIn({ reactor }: Driven, turns: number): number {
  let events = 0;
  for (let turn = 0; turn < turns; turn++) events += reactor.turn(0);
  return events;
}

describe.each(Poller.backends)('%s: a peer that has gone while nothing waits', (backend) => {
  const descriptors = useDescriptors();

  it('by a reset is not reported without end, and the next read fails with it', () => {
    const driven = new Driven(descriptors, { backend });
    const [ours, theirs] = descriptors.tcpPair();
    const descriptor = driven.proactor.open(ours);
    const bytes = Buffer.alloc(8);
    descriptor.read(bytes, { data: 'request' }, driven.note);
    driven.settle(); // it waits
    must(sys.send(theirs, Buffer.from('x')));
    driven.turnUntil(1);
    must(sys.setsockopt(theirs, SOL_SOCKET, SO_LINGER, new Int32Array([1, 0])));
    descriptors.close(theirs);
    expect(eventsIn(driven, TURNS)).toBeLessThan(5);
    descriptor.read(bytes, { data: 'after' }, driven.note);
    driven.turnUntil(2);
    expect(driven.completions).toEqual(['request: 1', 'after: ECONNRESET 0']);
  });

  it('of a pipe is not reported without end, and the next write fails with it', () => {
    const driven = new Driven(descriptors, { backend });
    const [reader, writer] = descriptors.pipe();
    const descriptor = driven.proactor.open(writer);
    descriptor.writeAll(Buffer.alloc(100_000), { data: 'much' }, driven.note);
    driven.settle();
    const sink = Buffer.alloc(200_000);
    while (driven.completions.length === 0) {
      sys.read(reader, sink);
      driven.reactor.turn(0);
    }
    descriptors.close(reader);
    expect(eventsIn(driven, TURNS)).toBeLessThan(5);
    descriptor.write(Buffer.from('x'), { data: 'after' }, driven.note);
    driven.turnUntil(2);
    expect(driven.completions).toEqual(['much: 100000', 'after: EPIPE 0']);
  });
});

// The queue is of Linux: without it there is nothing to test, and `IP_RECVERR` is not defined.
const backends = IP_RECVERR === undefined ? [] : Poller.backends;
describe.each(backends)('%s: an error queue that is not read', (backend) => {
  const descriptors = useDescriptors();

  /** A socket without its peer, which the kernel has reported and queued. */
  function refused() {
    const driven = new Driven(descriptors, { backend });
    const [ours, theirs] = [descriptors.udp(), descriptors.udp()];
    must(sys.setsockopt(ours.fd, IPPROTO_IP, IP_RECVERR as number, 1));
    must(sys.connect(ours.fd, theirs.address));
    const descriptor = driven.proactor.open(ours.fd);
    descriptor.read(Buffer.alloc(8), { data: 'refused' }, driven.note);
    descriptors.close(theirs.fd);
    must(sys.send(ours.fd, Buffer.from('x')));
    driven.turnUntil(1);
    expect(driven.completions).toEqual(['refused: ECONNREFUSED 0']);
    return { driven, descriptor, ours };
  }

  it.each([
    ['a read that waits', true],
    ['nothing that waits', false],
  ])('with %s is not reported without end, and what comes later is', (_what, isWaiting) => {
    const { driven, descriptor, ours } = refused();
    const bytes = Buffer.alloc(8);
    if (isWaiting) descriptor.read(bytes, { data: 'later' }, driven.note);
    expect(eventsIn(driven, TURNS)).toBeLessThan(5);
    const peer = descriptors.udp();
    must(sys.connect(ours.fd, peer.address));
    if (!isWaiting) descriptor.read(bytes, { data: 'later' }, driven.note);
    const from = new sys.SocketAddress();
    must(sys.getsockname(ours.fd, from));
    must(sys.sendto(peer.fd, Buffer.from('hello'), 0, 5, 0, from));
    driven.turnUntil(2);
    expect(driven.completions[1]).toBe('later: 5');
  });

  it('can be read by an operation of its own', () => {
    const { driven, descriptor } = refused();
    const into = new sys.ReceivedMessage();
    const buffers = [Buffer.alloc(8)];
    descriptor.recvmsg(buffers, into, { data: 'queue', flags: MSG_ERRQUEUE }, driven.note);
    driven.turnUntil(2);
    expect(driven.completions[1]).toBe('queue: 1');
    expect(String(buffers[0]?.subarray(0, 1))).toBe('x');
  });

  it('is read at once or not at all, past what waits, and holds nothing up', () => {
    const driven = new Driven(descriptors, { backend });
    const ours = descriptors.udp();
    const descriptor = driven.proactor.open(ours.fd);
    const buffers = [Buffer.alloc(8)];
    descriptor.recvmsg(
      buffers,
      new sys.ReceivedMessage(),
      { data: 'before', flags: MSG_ERRQUEUE },
      driven.note,
    );
    descriptor.read(Buffer.alloc(8), { data: 'read' }, driven.note);
    driven.settle();
    descriptor.recvmsg(
      buffers,
      new sys.ReceivedMessage(),
      { data: 'beside', flags: MSG_ERRQUEUE },
      driven.note,
    );
    driven.turnUntil(2);
    const peer = descriptors.udp();
    must(sys.sendto(peer.fd, Buffer.from('hello'), 0, 5, 0, ours.address));
    driven.turnUntil(3);
    expect(driven.completions).toEqual(['before: EAGAIN 0', 'beside: EAGAIN 0', 'read: 5']);
  });
});
