// A queue of errors (IP_RECVERR) that nobody reads: readable as an error for ever, and no busy loop.
import { describe, expect, it } from 'vitest';
import * as sys from '../../src/sys.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { Driven } from './driven.ts';

const { IPPROTO_IP, IP_RECVERR, MSG_ERRQUEUE } = sys.constants;
const TURNS = 50;

// The queue is of Linux: without it there is nothing to test, and `IP_RECVERR` is not defined.
describe.runIf(IP_RECVERR !== undefined)('an error queue that nobody reads', () => {
  const descriptors = useDescriptors();

  /** A socket whose peer has gone, which the kernel has told it, and written down. */
  function told() {
    const driven = new Driven(descriptors);
    const [ours, theirs] = [descriptors.udp(), descriptors.udp()];
    must(sys.setsockopt(ours.fd, IPPROTO_IP, IP_RECVERR as number, 1));
    must(sys.connect(ours.fd, theirs.address));
    const descriptor = driven.proactor.open(ours.fd);
    descriptor.read(Buffer.alloc(8), driven.note, 'refused');
    descriptors.close(theirs.fd);
    must(sys.send(ours.fd, Buffer.from('x')));
    driven.turnUntil(1);
    expect(driven.told).toEqual(['refused: ECONNREFUSED 0']);
    return { driven, descriptor, ours };
  }

  function eventsIn({ reactor }: Driven, turns: number): number {
    let events = 0;
    for (let turn = 0; turn < turns; turn++) events += reactor.turn(0);
    return events;
  }

  it.each([
    ['a read that waits', true],
    ['nothing that waits', false],
  ])('with %s is not told without end, and what comes later is', (_what, isWaiting) => {
    const { driven, descriptor, ours } = told();
    const bytes = Buffer.alloc(8);
    if (isWaiting) descriptor.read(bytes, driven.note, 'later');
    expect(eventsIn(driven, TURNS)).toBeLessThan(5);
    const peer = descriptors.udp();
    must(sys.connect(ours.fd, peer.address));
    if (!isWaiting) descriptor.read(bytes, driven.note, 'later');
    const from = new sys.SocketAddress();
    must(sys.getsockname(ours.fd, from));
    must(sys.sendto(peer.fd, Buffer.from('hello'), 0, 5, 0, from));
    driven.turnUntil(2);
    expect(driven.told[1]).toBe('later: 5');
  });

  it('can be read by an operation of its own', () => {
    const { driven, descriptor } = told();
    const into = new sys.ReceivedMessage();
    const buffers = [Buffer.alloc(8)];
    descriptor.recvmsg(buffers, into, driven.note, 'queue', MSG_ERRQUEUE);
    driven.turnUntil(2);
    expect(driven.told[1]).toBe('queue: 1');
    expect(String(buffers[0]?.subarray(0, 1))).toBe('x');
  });
});
