// docs/semantics.md "Level".
import { expect, it } from 'vitest';
import { Interest } from '../../../src/poller/interest.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { drain, fill, Recorder, send, turnIdly } from '../../helpers/handlers.ts';
import { eachBackend, eachTrigger, isOneshot, reportsClosedBits } from '../../helpers/matrix.ts';

const descriptors = useDescriptors();

eachBackend((backend) => {
  it('Level reports a readable descriptor at every wait until it is drained.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder((_readiness, { fd }) => void must(sys.read(fd, Buffer.alloc(1))));
    reactor.register(ours, Interest.Readable, recorder);
    send(theirs, 'eight of');
    turnIdly(reactor, 20);
    expect(recorder.readiness).toEqual(Array(8).fill('Readable'));
  });

  it('Level reports a writable descriptor at every wait.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours] = descriptors.socketpair();
    const recorder = new Recorder();
    reactor.register(ours, Interest.Writable, recorder);
    turnIdly(reactor, 20);
    expect(recorder.readiness).toEqual(Array(20).fill('Writable'));
  });

  it('Level goes on reporting an end of stream until the descriptor is closed or its read interest removed.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    must(sys.shutdown(theirs, sys.constants.SHUT_WR));
    const recorder = new Recorder((_readiness, { fd }) => void drain(fd));
    const registration = reactor.register(ours, Interest.Readable, recorder);
    turnIdly(reactor, 10);
    const expected = reportsClosedBits(backend) ? 'Readable|ReadClosed' : 'Readable';
    expect(recorder.readiness).toEqual(Array(10).fill(expected));
    registration.setInterest(Interest.None);
    turnIdly(reactor, 10);
    expect(recorder.count).toBe(10);
    registration.setInterest(Interest.Readable);
    turnIdly(reactor, 3);
    expect(recorder.count).toBe(13);
    registration.close();
    turnIdly(reactor, 10);
    expect(recorder.count).toBe(13);
  });
});

eachTrigger((backend, trigger) => {
  it('write interest that is armed only while there is something to write costs no wakes', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    let left = 3;
    const recorder = new Recorder((_readiness, registration) => {
      if (sys.write(registration.fd, Buffer.from('x')) === 1) left--;
      if (left === 0) registration.setInterest(Interest.Readable);
      else if (trigger === 'edge') registration.requeue();
    }, true);
    fill(ours);
    reactor.register(ours, Interest.Writable, recorder, { trigger });
    turnIdly(reactor, 3);
    expect(recorder.count).toBe(0);
    drain(theirs);
    for (let i = 0; i < 10 && left > 0; i++) reactor.turn(0);
    expect(left).toBe(0);
    const { events, emptyWakes } = reactor.stats;
    reactor.turn(30);
    expect(reactor.stats).toMatchObject({ events, emptyWakes });
  });

  it('write interest that is armed for ever spins under level alone', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours] = descriptors.socketpair();
    const recorder = new Recorder();
    reactor.register(ours, Interest.Writable, recorder, { trigger });
    for (let i = 0; i < 8; i++) reactor.turn(1);
    expect(recorder.count).toBe(trigger === 'level' ? 8 : 1);
    expect(isOneshot(trigger) && recorder.count > 1).toBe(false);
  });
});
