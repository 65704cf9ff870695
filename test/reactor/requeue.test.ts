// What is re-queued: by a handler, by `requeue` and by `charge`, and the turn in which it is delivered.
import { expect, it } from 'vitest';
import { Interest, Readiness } from '../../src/poller/interest.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import type { Handler } from '../../src/reactor/registration.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { Recorder } from '../helpers/handlers.ts';

const descriptors = useDescriptors();

it('a handler that re-queues itself is called in the next turn, not again in this one', () => {
  const reactor = descriptors.using(new Reactor());
  const [fd] = descriptors.socketpair();
  let callCount = 0;
  const handler: Handler = {
    onReady(_, registration) {
      callCount++;
      if (callCount < 10) registration.requeue();
    },
  };
  reactor.register(fd, Interest.Writable, handler, { trigger: 'edge' });
  const calls = [1, 2, 3, 4].map(() => {
    reactor.turn(0);
    return callCount;
  });
  expect(calls).toEqual([1, 2, 3, 4]);
});

it('an event takes along what was re-queued before, and not what its handler re-queues', () => {
  const reactor = descriptors.using(new Reactor());
  const [fd] = descriptors.socketpair();
  let callCount = 0;
  const handler: Handler = {
    onReady(_, registration) {
      callCount++;
      registration.requeue();
    },
  };
  reactor.register(fd, Interest.Writable, handler); // level: an event at each turn
  const calls = [1, 2, 3].map(() => {
    reactor.turn(0);
    return callCount;
  });
  expect(calls).toEqual([1, 2, 3]);
});

it('what was re-queued is reported only as far as the interest still has it', () => {
  const reactor = descriptors.using(new Reactor());
  const [fd] = descriptors.socketpair();
  const reported: number[] = [];
  const handler: Handler = { onReady: (readiness) => void reported.push(readiness) };
  const registration = reactor.register(fd, Interest.Readable, handler);
  registration.requeue();
  registration.setInterest(Interest.Writable);
  reactor.turn(0);
  expect(reported).toEqual([Readiness.Writable]);
});

it('charge() outside of its dispatch re-queues too', () => {
  const reactor = descriptors.using(new Reactor({ budget: { operations: 1 } }));
  const [one, other] = descriptors.socketpair();
  const handler = new Recorder();
  const registration = reactor.register(one, Interest.Readable, handler, { trigger: 'edge' });
  const proxy = reactor.register(other, Interest.Writable, {
    onReady: (_readiness, writable) => {
      writable.close();
      expect(registration.charge(1)).toBe(false);
    },
  });
  expect(proxy.isClosed).toBe(false);
  reactor.turn(0);
  reactor.turn(0);
  expect(reactor.stats.requeued).toBe(1);
});
