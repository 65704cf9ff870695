// docs/semantics.md "Turns": what handlers may do to each other within one batch.
import { describe, expect, it } from 'vitest';
import { type Backend, Interest, type Trigger } from '../../../src/poller/interest.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import type { AnyRegistration, Registration } from '../../../src/reactor/registration.ts';
import * as sys from '../../../src/sys/index.ts';
import { type Ends, useDescriptors } from '../../helpers/descriptors.ts';
import { drain, Recorder, send, turnIdly } from '../../helpers/handlers.ts';
import { eachTrigger } from '../../helpers/matrix.ts';

const descriptors = useDescriptors();
const { Readable, Writable } = Interest;

function readyPair(): Ends {
  const pair = descriptors.socketpair();
  send(pair[1], 'x');
  return pair;
}

/** Registers `count` ready descriptors with one recorder. */
function registerReady(
  reactor: Reactor,
  count: number,
  trigger: Trigger,
  recorder: Recorder,
): Registration<unknown>[] {
  return Array.from({ length: count }, () =>
    reactor.register<unknown>(readyPair()[0], Readable, recorder, { trigger }),
  );
}

function other(all: readonly AnyRegistration[], one: AnyRegistration): AnyRegistration {
  return all.find((registration) => registration !== one) as AnyRegistration;
}

/** Two ready registrations; the handler that runs first closes the other and reuses its number. */
function reuseNumberInBatch(
  backend: Backend,
  trigger: Trigger,
  isAnnounced: boolean,
  reregistrations = 0,
): { reactor: Reactor; newcomer: Recorder; readers: Recorder; theirs: number } {
  const reactor = descriptors.using(new Reactor({ backend }));
  const newcomer = new Recorder((_readiness, { fd }) => void drain(fd));
  let theirs = -1;
  const readers = new Recorder((_readiness, registration) => {
    if (readers.count > 1) return;
    const victim = other(pair, registration);
    if (isAnnounced) victim.close();
    descriptors.close(victim.fd);
    const fresh = descriptors.socketpair();
    expect(fresh[0]).toBe(victim.fd);
    theirs = fresh[1];
    for (let i = 0; i < reregistrations; i++) {
      reactor.register(fresh[0], Readable, newcomer, { trigger }).close();
    }
    reactor.register(fresh[0], Readable, newcomer, { trigger });
  });
  const pair = registerReady(reactor, 2, trigger, readers);
  reactor.turn(0);
  return { reactor, newcomer, readers, theirs };
}

eachTrigger((backend, trigger) => {
  it('A handler that closes a later registration of the batch keeps its event from being delivered.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const recorder = new Recorder((_readiness, registration) => {
      other(pair, registration).close();
    });
    const pair = registerReady(reactor, 2, trigger, recorder);
    expect(reactor.turn(0)).toBe(2);
    expect(recorder.count).toBe(1);
    expect(reactor.stats).toMatchObject({ events: 1, staleDropped: 1, largestBatch: 2 });
  });

  for (const isAnnounced of [true, false]) {
    describe(isAnnounced ? 'registration closed first' : 'closed behind our back', () => {
      it('A descriptor that gets the number of a closed one in the same batch does not get its event.', () => {
        const { reactor, newcomer, readers, theirs } = reuseNumberInBatch(
          backend,
          trigger,
          isAnnounced,
        );
        expect([readers.count, newcomer.count]).toEqual([1, 0]);
        expect(reactor.stats).toMatchObject({ staleDropped: 1, ghostsRemoved: 0 });
        send(theirs, 'x');
        turnIdly(reactor, 1);
        expect(newcomer.readiness).toEqual(['Readable']);
        expect(reactor.stats).toMatchObject({ staleDropped: 1, ghostsRemoved: 0 });
      });
    });
  }

  it.each([257, 65_537])('a stale event stays stale over %i registrations', (count) => {
    const { reactor, newcomer } = reuseNumberInBatch(backend, trigger, true, count);
    expect(newcomer.count).toBe(0);
    expect(reactor.stats.staleDropped).toBe(1);
    expect(reactor.registrationCount).toBe(2);
  });

  it('A handler that removes an interest keeps the events of that interest in the batch from being delivered.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const recorder = new Recorder((_readiness, registration) => {
      if (recorder.count === 1) other(pair, registration).setInterest(Writable);
    });
    const pair = [0, 1].map(() =>
      reactor.register<unknown>(readyPair()[0], Readable | Writable, recorder, { trigger }),
    );
    reactor.turn(0);
    expect(recorder.readiness).toEqual(['Readable|Writable', 'Writable']);
    const paused = new Recorder((_readiness, registration) => {
      for (const each of both) if (each !== registration) each.setInterest(Interest.None);
    });
    const both = registerReady(reactor, 2, trigger, paused);
    reactor.turn(0);
    expect(paused.count).toBe(1);
  });

  it('A handler that throws does not stop the batch.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    let thrown = 0;
    const recorder = new Recorder(() => {
      throw new Error(`${thrown++}`);
    });
    const all = registerReady(reactor, 20, trigger, recorder);
    expect(() => reactor.turn(0)).toThrow(AggregateError);
    expect(recorder.count).toBe(20);
    for (const registration of all.slice(1)) registration.close();
    const [last] = all as [Registration];
    last.rearm();
    expect(() => reactor.turn(0)).toThrow(expect.objectContaining({ message: '20' }));
    last.close();
    expect(reactor.turn(0)).toBe(0); // nothing of it is left over
  });

  it('onError gets what was thrown, in order, after the batch', () => {
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const reactor = descriptors.using(new Reactor({ backend, onError }));
    const thrown: number[] = [];
    const recorder = new Recorder(() => {
      expect(errors).toEqual([]);
      thrown.push(thrown.length);
      throw thrown.length - 1;
    });
    registerReady(reactor, 5, trigger, recorder);
    reactor.turn(0);
    expect(errors).toEqual([0, 1, 2, 3, 4]);
  });

  it('A handler may call turn(0), and the outer batch goes on after it.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const calls: number[] = [];
    const late = Array.from({ length: 30 }, () => descriptors.socketpair());
    const recorder = new Recorder((_readiness, { fd }) => {
      drain(fd);
      calls.push(fd);
      if (recorder.count > 1) return;
      for (const [, peer] of late) send(peer, 'x');
      reactor.turn(0);
      for (const [ours] of late) expect(calls).toContain(ours); // all records are written over
    });
    const all = registerReady(reactor, 30, trigger, recorder);
    for (const [ours] of late) reactor.register(ours, Readable, recorder, { trigger });
    expect(reactor.turn(0)).toBe(30);
    for (const { fd } of all) expect(calls).toContain(fd);
    if (trigger !== 'level') expect(calls.length).toBe(60);
    expect(reactor.stats.staleDropped).toBe(0);
  });

  it('what an inner turn closes and reuses gets no event of the outer batch', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const newcomer = new Recorder();
    const recorder = new Recorder((_readiness, registration) => {
      if (recorder.count > 1) return;
      const victim = other(pair, registration);
      victim.close();
      registration.close();
      turnIdly(reactor, 2);
      reactor.register(descriptors.socketpair()[0], Readable, newcomer, { trigger });
      turnIdly(reactor, 2);
    });
    const pair = registerReady(reactor, 2, trigger, recorder);
    reactor.turn(0);
    expect([recorder.count, newcomer.count]).toEqual([1, 0]);
  });

  it('a handler may close itself, all the others, and the reactor', () => {
    for (const isReactorClosed of [false, true]) {
      const reactor = descriptors.using(new Reactor({ backend }));
      const recorder = new Recorder((_readiness, registration) => {
        registration.close();
        for (const each of all) each.close();
        if (isReactorClosed) reactor.close();
      });
      const all = registerReady(reactor, 20, trigger, recorder);
      reactor.turn(0);
      expect(recorder.count).toBe(1);
      expect(reactor.registrationCount).toBe(0);
      expect(reactor.stats.staleDropped).toBe(19);
      if (!isReactorClosed) expect(reactor.turn(0)).toBe(0);
    }
  });

  it('One busy descriptor does not keep the others from being served.', () => {
    const kept = flood(backend, trigger, true);
    expect(kept.bytesPerTurnMax).toBeLessThanOrEqual(BUDGET + PIECE);
    expect(kept.pingsPerTurnMin).toBe(PINGERS);
    const greedy = flood(backend, trigger, false); // the mutant: it reads as long as there is
    expect(greedy.bytesPerTurnMax).toBe(GREED);
  });

  it('a turn goes through events, wakers, re-queued, timers and deferred functions in order', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const order: string[] = [];
    const [ours, theirs] = descriptors.socketpair();
    const [queued] = descriptors.socketpair();
    const waker = reactor.createWaker(() => order.push('waker'));
    const recorder = new Recorder(() => order.push('requeued'));
    reactor.register(queued, Readable, recorder, { trigger }).requeue();
    reactor.register(ours, Readable, new Recorder(() => order.push('event')), { trigger });
    reactor.setTimeout(() => order.push('timer'), 0);
    reactor.defer(() => order.push('deferred'));
    waker.wake();
    send(theirs, 'x');
    reactor.turn(-1);
    expect(order).toEqual(['event', 'waker', 'requeued', 'timer', 'deferred']);
  });
});

const BUDGET = 256 * 1024;
const PIECE = 16 * 1024;
const GREED = 64 * BUDGET;
const PINGERS = 50;
const ROUNDS = 10;

/** One descriptor that always has more, beside 50 that want one byte served in each turn. */
function flood(backend: Backend, trigger: Trigger, keepsBudget: boolean) {
  const reactor = descriptors.using(
    new Reactor({ backend, budget: { bytes: BUDGET, operations: 1_000_000 } }),
  );
  const piece = Buffer.alloc(PIECE);
  const [ours, theirs] = descriptors.socketpair();
  let bytes = 0;
  const flooder = new Recorder((_readiness, registration) => {
    for (let served = 0; served < GREED; served += PIECE) {
      sys.read(registration.fd, piece);
      sys.write(theirs, piece); // the peer never rests
      bytes += PIECE;
      if (keepsBudget && !registration.charge(PIECE)) return;
    }
  }, true);
  const pinger = new Recorder((_readiness, { fd }) => void drain(fd), true);
  reactor.register(ours, Readable, flooder, { trigger });
  const pingers = Array.from({ length: PINGERS }, () => descriptors.socketpair());
  for (const [fd] of pingers) reactor.register(fd, Readable, pinger, { trigger });
  sys.write(theirs, piece);
  let bytesPerTurnMax = 0;
  let pingsPerTurnMin = PINGERS;
  for (let round = 0; round < ROUNDS; round++) {
    for (const [, peer] of pingers) send(peer, 'x');
    const before = { bytes, pings: pinger.count };
    reactor.turn(0);
    bytesPerTurnMax = Math.max(bytesPerTurnMax, bytes - before.bytes);
    pingsPerTurnMin = Math.min(pingsPerTurnMin, pinger.count - before.pings);
  }
  reactor.close();
  return { bytesPerTurnMax, pingsPerTurnMin };
}
