// When completion handlers are called: order, batches, handlers that throw, reactors that close; and
// what the kernel is asked to report meanwhile.
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { Interest } from '../../src/poller/interest.ts';
import { Proactor } from '../../src/proactor/proactor.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import * as sys from '../../src/sys/index.ts';
import { must, reset, useDescriptors } from '../helpers/descriptors.ts';
import { Driven, fill } from './driven.ts';

describe('turns', () => {
  const descriptors = useDescriptors();

  it('handlers are called in the order of the completions, those of one batch together', () => {
    const driven = new Driven(descriptors);
    const pairs = Array.from({ length: 20 }, () => descriptors.socketpair());
    for (const [index, [ours]] of pairs.entries()) {
      driven.proactor.open(ours).read(Buffer.alloc(1), { data: `read ${index}` }, driven.note);
    }
    for (const [, theirs] of pairs) must(sys.send(theirs, Buffer.from('x')));
    driven.reactor.turn(0);
    expect(driven.completions).toEqual(pairs.map((_pair, index) => `read ${index}: 1`));
  });

  it('what a handler submits goes behind what waits, also when a long queue takes several turns', () => {
    const driven = new Driven(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    const descriptor = driven.proactor.open(ours);
    const received: Buffer[] = [];
    const onRead = (): void => {
      const bytes = Buffer.alloc(1);
      received.push(bytes);
      descriptor.read(bytes, { data: 'last' }, driven.note);
    };
    const first = Buffer.alloc(1);
    descriptor.read(first, onRead);
    for (let count = 0; count < 200; count++) {
      const bytes = Buffer.alloc(1);
      received.push(bytes);
      descriptor.read(bytes, { data: 'queued' }, driven.note);
    }
    must(sys.send(theirs, Buffer.from(Array.from({ length: 202 }, (_, index) => index))));
    driven.turnUntil(201);
    expect([...Buffer.concat([first, ...received])]).toEqual([...Array(202).keys()]);
  });

  it('a handler that throws stops no other; the turn throws it', () => {
    const driven = new Driven(descriptors);
    const fail = (): never => {
      throw new Error('on purpose');
    };
    driven.proactor.delay(0, fail);
    driven.proactor.cancel(driven.proactor.delay(1, fail));
    driven.proactor.cancel(driven.proactor.delay(1, fail));
    driven.proactor.cancel(driven.proactor.delay(1, { data: 'after' }, driven.note));
    expect(() => driven.settle()).toThrowError(/several handlers of one turn|on purpose/);
    expect(driven.completions).toEqual(['after: ECANCELED 0']);
  });

  it('every error that completion handlers throw reaches onError, one by one', () => {
    const errors: unknown[] = [];
    const reactor = descriptors.using(new Reactor({ onError: (error) => errors.push(error) }));
    const proactor = new Proactor({ reactor });
    const failWith = (name: string) => (): never => {
      throw new Error(name);
    };
    for (const name of ['one', 'two', 'three']) {
      proactor.cancel(proactor.delay(1000, failWith(name)));
    }
    reactor.turn(0);
    expect(errors).toEqual(['one', 'two', 'three'].map((name) => new Error(name)));
    for (const name of ['four', 'five']) proactor.delay(1000, failWith(name));
    reactor.close(); // which cancels the delays, and calls their handlers
    expect(errors.slice(3)).toEqual(['four', 'five'].map((name) => new Error(name)));
  });

  it('a proactor that is unreferenced lets the reactor end, and keeps it alive again', async () => {
    const driven = new Driven(descriptors);
    const { proactor, reactor } = driven;
    const [ours, theirs] = descriptors.socketpair();
    proactor.open(ours).read(Buffer.alloc(1), { data: 'read' }, driven.note);
    proactor.delay(60_000, { data: 'delay' }, driven.note);
    expect(proactor.hasRef()).toBe(true);
    expect(proactor.unref().hasRef()).toBe(false);
    await reactor.run(); // nothing keeps it
    proactor.ref();
    const running = reactor.run();
    proactor.cancel(2); // the delay
    must(sys.send(theirs, Buffer.from('x')));
    await running;
    expect(driven.completions).toEqual(['delay: ECANCELED 0', 'read: 1']);
  });

  it('a descriptor that always has more starves no other: handlers of others are called in between', () => {
    const driven = new Driven(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    const flooder = driven.proactor.open(ours);
    fill((bytes) => sys.send(theirs, bytes));
    const byte = Buffer.alloc(1);
    let count = 0;
    const onRead = (): void => {
      count++;
      if (!flooder.isClosed && count < 10_000) flooder.read(byte, onRead);
    };
    flooder.read(byte, onRead);
    driven.reactor.turn(0);
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(100);
  });

  it('closing the reactor calls all handlers at once, also of what was done already', () => {
    const driven = new Driven(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    const descriptor = driven.proactor.open(ours);
    descriptor.read(Buffer.alloc(1), { data: 'read' }, driven.note);
    driven.proactor.open(theirs).write(Buffer.from('abc'), { data: 'write' }, driven.note);
    driven.proactor.delay(1000, { data: 'delay' }, driven.note);
    driven.reactor.close();
    expect(driven.completions).toEqual(['write: 3', 'read: ECANCELED 0', 'delay: ECANCELED 0']);
    expect(driven.proactor.isClosed).toBe(true);
    expect(() => new Proactor({ reactor: driven.reactor })).toThrowError(
      expect.objectContaining({ code: 'ERR_CLOSED' }),
    );
  });

  it('closing the reactor inside a completion handler calls the rest of the batch, once', () => {
    const driven = new Driven(descriptors);
    const { proactor, reactor } = driven;
    for (const name of ['one', 'two', 'three', 'four']) {
      const close = (error: Error | undefined, result: number): void => {
        driven.note(error, result, name);
        if (name === 'two') reactor.close();
      };
      proactor.cancel(proactor.delay(1000, close));
    }
    reactor.turn(0);
    const code = 'ECANCELED 0';
    expect(driven.completions).toEqual([
      `one: ${code}`,
      `two: ${code}`,
      `three: ${code}`,
      `four: ${code}`,
    ]);
    expect(proactor.pendingCount).toBe(0);
  });

  it('a proactor that is closed lets the reactor end, and leaves it to others', async () => {
    const driven = new Driven(descriptors);
    const [ours] = descriptors.socketpair();
    driven.proactor.open(ours).read(Buffer.alloc(1), { data: 'read' }, driven.note);
    const running = driven.reactor.run();
    driven.proactor.close();
    await running;
    expect(driven.completions).toEqual(['read: ECANCELED 0']);
    expect(driven.reactor.isClosed).toBe(false);
    expect(driven.reactor.dependents.size).toBe(0);
  });

  it('handlers get the async context of their submission when it is asked for', () => {
    const storage = new AsyncLocalStorage<string>();
    const driven = new Driven(descriptors, { asyncContext: true });
    const seen: (string | undefined)[] = [];
    for (const name of ['one', 'two']) {
      storage.run(name, () => driven.proactor.delay(0, () => seen.push(storage.getStore())));
    }
    while (seen.length < 2) driven.reactor.turn(100);
    expect(seen).toEqual(['one', 'two']);
  });
});

describe('interest', () => {
  const descriptors = useDescriptors();

  it('is armed only while something waits: bytes that are not read are reported once', () => {
    const driven = new Driven(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    driven.proactor.open(ours).read(Buffer.alloc(1), { data: 'read' }, driven.note);
    must(sys.send(theirs, Buffer.from('abc')));
    driven.turnUntil(1);
    for (let turn = 0; turn < 50; turn++) driven.reactor.turn(0);
    expect(driven.reactor.stats.events).toBe(2);
  });

  it('a write that waits is not disturbed by what comes in, or by the end of the peer', () => {
    const driven = new Driven(descriptors);
    const [ours, theirs] = descriptors.tcpPair();
    const changes = watchInterest(driven.reactor);
    const descriptor = driven.proactor.open(ours);
    descriptor.read(Buffer.alloc(1), { data: 'read' }, driven.note);
    must(sys.send(theirs, Buffer.from('abc')));
    driven.turnUntil(1);
    fill((bytes) => sys.send(ours, bytes));
    descriptor.writeAll(Buffer.alloc(8 << 20), { data: 'write' }, driven.note);
    must(sys.shutdown(theirs, sys.constants.SHUT_WR));
    driven.settle();
    const { events } = driven.reactor.stats;
    for (let turn = 0; turn < 50; turn++) driven.reactor.turn(0);
    expect(driven.reactor.stats.events - events).toBeLessThan(10); // room may still come
    expect(driven.completions).toEqual(['read: 1']);
    expect(changes).toEqual(['register', `setInterest ${Interest.Writable}`]);
    descriptor.close();
    driven.turnUntil(2);
  });

  it('a hang-up that no operation waits for is reported a bounded number of times', () => {
    const driven = new Driven(descriptors);
    const [ours, theirs] = descriptors.tcpPair();
    const descriptor = driven.proactor.open(ours);
    descriptor.read(Buffer.alloc(1), { data: 'read' }, driven.note);
    must(sys.send(theirs, Buffer.from('a')));
    driven.turnUntil(1);
    reset(descriptors, theirs);
    for (let turn = 0; turn < 50; turn++) driven.reactor.turn(0);
    expect(driven.reactor.stats.events).toBeLessThan(6);
    descriptor.read(Buffer.alloc(1), { data: 'next' }, driven.note);
    driven.turnUntil(2);
    expect(driven.completions.at(-1)).toBe('next: ECONNRESET 0');
  });

  it('an echo makes one registration and changes it never', () => {
    const driven = new Driven(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    const changes = watchInterest(driven.reactor);
    const descriptor = driven.proactor.open(ours);
    const bytes = Buffer.alloc(64);
    const onRead = (error: Error | undefined, count: number): void => {
      if (error !== undefined) return;
      descriptor.writeAll(bytes, { length: count }, () => descriptor.read(bytes, onRead));
    };
    descriptor.read(bytes, onRead);
    for (let message = 0; message < 20; message++) {
      must(sys.send(theirs, Buffer.from('hello')));
      driven.reactor.turn(100);
      expect(sys.recv(theirs, Buffer.alloc(64))).toBe(5);
    }
    expect(changes).toEqual(['register']);
    descriptor.close();
  });
});

// Records the changes of every registration of the reactor.
function watchInterest(reactor: Reactor): string[] {
  const changes: string[] = [];
  const register = reactor.register.bind(reactor);
  reactor.register = ((...args: Parameters<Reactor['register']>) => {
    changes.push('register');
    const registration = register(...args);
    const setInterest = registration.setInterest.bind(registration);
    registration.setInterest = (interest: number) => {
      changes.push(`setInterest ${interest}`);
      setInterest(interest);
    };
    return registration;
  }) as Reactor['register'];
  return changes;
}
