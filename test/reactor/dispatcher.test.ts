// Re-queued registrations: once per turn, whatever happens to them meanwhile.
import { expect, it } from 'vitest';
import { Interest } from '../../src/poller/interest.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { drain, Recorder, send } from '../helpers/handlers.ts';
import { eachTrigger } from '../helpers/matrix.ts';

const descriptors = useDescriptors();

eachTrigger((backend, trigger) => {
  const make = (capacity = 1024) => descriptors.using(new Reactor({ backend, capacity }));

  it('calls one that always re-queues itself once per turn', () => {
    const reactor = make();
    const [fd] = descriptors.socketpair();
    const recorder = new Recorder((_readiness, registration) => registration.requeue());
    reactor.register(fd, Interest.Readable, recorder, { trigger }).requeue();
    for (let turn = 1; turn <= 10; turn++) {
      reactor.turn(0);
      expect(recorder.count).toBe(turn);
    }
  });

  it('calls one that re-queues itself for an event in the next turn, not in this', () => {
    const reactor = make();
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder((_readiness, registration) => {
      drain(ours);
      if (recorder.count < 4) registration.requeue();
    });
    reactor.register(ours, Interest.Readable, recorder, { trigger });
    send(theirs, 'x');
    for (let turn = 1; turn <= 4; turn++) {
      reactor.turn(0);
      expect(recorder.count).toBe(turn);
    }
  });

  it('calls one that has an event as well once per turn', () => {
    const reactor = make();
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder((_readiness, registration) => {
      drain(ours);
      registration.rearm();
      registration.requeue();
    });
    reactor.register(ours, Interest.Readable, recorder, { trigger }).requeue();
    for (let turn = 1; turn <= 10; turn++) {
      send(theirs, 'x');
      reactor.turn(0);
      expect(recorder.count).toBe(turn);
    }
  });

  it('does not block while something is queued', () => {
    const reactor = make();
    const [fd] = descriptors.socketpair();
    const recorder = new Recorder((_readiness, registration) => {
      if (recorder.count < 5) registration.requeue();
    });
    reactor.register(fd, Interest.Readable, recorder, { trigger }).requeue();
    for (let turn = 1; turn <= 5; turn++) reactor.turn(-1);
    expect(recorder.count).toBe(5);
  });

  it('keeps what is queued over an inner turn, and calls it there', () => {
    const reactor = make();
    const [ours, theirs] = descriptors.socketpair();
    const [other] = descriptors.socketpair();
    const queued = new Recorder();
    const registration = reactor.register(other, Interest.Readable, queued, { trigger });
    const outer = new Recorder((_readiness, { fd }) => {
      drain(fd);
      registration.requeue();
      reactor.turn(0);
      expect(queued.count).toBe(1);
    });
    reactor.register(ours, Interest.Readable, outer, { trigger });
    send(theirs, 'x');
    reactor.turn(-1);
    reactor.turn(0);
    expect([outer.count, queued.count]).toEqual([1, 1]);
  });

  it('closes and frees slots in every order', () => {
    const reactor = make(8);
    const all = Array.from({ length: 32 }, () =>
      reactor.register(descriptors.socketpair()[0], Interest.Writable, new Recorder(), { trigger }),
    );
    for (let round = 0; round < 5; round++) {
      for (let i = round; i < all.length; i += 3) {
        const { fd } = all[i] as (typeof all)[number];
        all[i]?.close();
        all[i] = reactor.register(fd, Interest.Writable, new Recorder(), { trigger });
      }
      reactor.turn(0);
    }
    expect(reactor.registrationCount).toBe(32);
    expect(new Set(all.map(({ slot }) => slot)).size).toBe(32);
    expect(reactor.stats).toMatchObject({ staleDropped: 0, ghostsRemoved: 0, largestBatch: 8 });
  });
});
