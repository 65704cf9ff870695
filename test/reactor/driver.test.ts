// A reactor inside Node's loop: what goes on beside it, and what handlers may do to its driver.
import { setImmediate as nextLoopPass, setTimeout as passed } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Interest } from '../../src/poller/interest.ts';
import { Poller } from '../../src/poller/poller.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { drain, Recorder, send } from '../helpers/handlers.ts';
import { loopUntil } from '../helpers/loop-passes.ts';
import { DRIVERS, eachDriver, keepsInterestInKernel } from '../helpers/matrix.ts';

const descriptors = useDescriptors();
const { Readable, Writable } = Interest;
const coded = (code: string) => expect.objectContaining({ code });

/** Lets Node's loop pass until `isDone`. */
async function passUntil(isDone: () => boolean): Promise<void> {
  await loopUntil(isDone);
  expect(isDone()).toBe(true);
}

eachDriver((backend, driver) => {
  const make = (options = {}) => descriptors.using(new Reactor({ backend, ...options }));

  it('delivers events, timers, wake-ups, re-queued and deferred work', async () => {
    const reactor = make();
    const [ours, theirs] = descriptors.socketpair();
    const calls: string[] = [];
    const waker = reactor.createWaker(() => calls.push('waker'));
    const onEvent = new Recorder((_readiness, registration) => {
      calls.push(drain(registration.fd).text || 'requeued');
      if (calls.length === 1) registration.requeue();
    });
    reactor.register(ours, Readable, onEvent);
    reactor.attach({ driver });
    expect(reactor.driverMode).toBe(driver);
    send(theirs, 'event');
    await passUntil(() => calls.length === 2);
    reactor.setTimeout(() => calls.push('timer'), 1.5);
    await passUntil(() => calls.length === 3);
    reactor.defer(() => calls.push('deferred'));
    await passUntil(() => calls.length === 4);
    waker.wake();
    await passUntil(() => calls.length === 5);
    expect(calls).toEqual(['event', 'requeued', 'timer', 'deferred', 'waker']);
  });

  it('runs on for what awaits the last event, and then begins something else', async () => {
    const reactor = make();
    const [ours, theirs] = descriptors.socketpair();
    const steps: (string | undefined)[] = [];
    const main = async (): Promise<void> => {
      for (let step = 0; step < 3; step++) {
        await new Promise<void>((resolve) => reactor.setTimeout(resolve, 1));
        for (let job = 0; job < 10; job++) await undefined; // it may take its time
        steps.push(reactor.driverMode);
      }
      send(theirs, 'x');
      await new Promise<void>((resolve) => {
        const onEvent = new Recorder((_readiness, registration) => {
          registration.close();
          resolve();
        });
        reactor.register(ours, Readable, onEvent);
      });
      steps.push('event');
    };
    void main();
    await reactor.run({ driver });
    expect(steps).toEqual([driver, driver, driver, 'event']);
    expect(reactor.driverMode).toBeUndefined();
  });

  it('wakes a loop that sleeps, and is woken by it', async () => {
    const reactor = make();
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder((_readiness, { fd }) => void drain(fd));
    reactor.register(ours, Readable, recorder);
    reactor.attach({ driver });
    await passed(5);
    send(theirs, 'x'); // from a timer of Node's
    await passed(5);
    expect(recorder.count).toBe(1);
    const fired = new Promise<void>((resolve) => reactor.setTimeout(resolve, 5));
    await fired; // nothing of Node's keeps the loop awake meanwhile
  });

  it('is at rest while nothing is ready', async () => {
    const reactor = make();
    const [ours] = descriptors.socketpair();
    reactor.register(ours, Readable, new Recorder());
    reactor.attach({ driver });
    await passed(5);
    const before = reactor.stats;
    await passed(30);
    expect(reactor.stats.turns - before.turns).toBeLessThanOrEqual(1);
    expect(reactor.stats.waits - before.waits).toBeLessThanOrEqual(100);
  });

  it('is idle to eventLoopUtilization when libuv waits, and not when we do', async () => {
    const reactor = make();
    reactor.attach({ driver });
    const before = performance.eventLoopUtilization();
    await new Promise<void>((resolve) => reactor.setTimeout(resolve, 20));
    const { idle } = performance.eventLoopUtilization(before);
    expect(idle > 0).toBe(driver !== 'inverted');
  });

  it('runs nextTicks and promise jobs behind every batch', async () => {
    const reactor = make();
    const order: string[] = [];
    const recorder = new Recorder((_readiness, registration) => {
      order.push('handler');
      registration.close();
      process.nextTick(() => order.push('tick'));
      Promise.resolve().then(() => order.push('job'));
    });
    for (let i = 0; i < 3; i++) {
      reactor.register(descriptors.socketpair()[0], Writable, recorder);
      reactor.register(descriptors.socketpair()[0], Writable, recorder);
      reactor.attach({ driver });
      await passUntil(() => order.length >= 6);
      expect(order.splice(0)).toEqual(['handler', 'handler', 'tick', 'tick', 'job', 'job']);
    }
  });

  it('hands to onError what is thrown anywhere in a batch', async () => {
    const errors: unknown[] = [];
    const reactor = make({ onError: (error: unknown) => errors.push(error) });
    const fail = (what: string) => () => {
      throw what;
    };
    const recorder = new Recorder((_readiness, registration) => {
      registration.close();
      throw 'handler';
    });
    reactor.register(descriptors.socketpair()[0], Writable, recorder);
    reactor.createWaker(fail('waker')).wake();
    reactor.setTimeout(fail('timer'), 0);
    reactor.defer(fail('deferred'));
    reactor.attach({ driver });
    await passUntil(() => errors.length === 4);
    expect([...errors].sort()).toEqual(['deferred', 'handler', 'timer', 'waker']);
  });

  it('refuses to be driven by hand beside it, but for turn(0)', async () => {
    const reactor = make();
    const recorder = new Recorder((_readiness, registration) => {
      registration.close();
      expect(reactor.turn(0)).toBe(0);
    });
    reactor.register(descriptors.socketpair()[0], Writable, recorder);
    reactor.attach({ driver });
    for (const timeoutMs of [-1, 1]) {
      expect(() => reactor.turn(timeoutMs)).toThrow(coded('ERR_REACTOR_ATTACHED'));
    }
    reactor.turn(0);
    expect(recorder.count).toBe(1);
    const inside = new Recorder((_readiness, registration) => {
      registration.close();
      expect(() => reactor.turn(5)).toThrow(coded('ERR_REACTOR_ATTACHED'));
      reactor.turn(0);
    });
    reactor.register(descriptors.socketpair()[0], Writable, inside);
    await passUntil(() => inside.count === 1);
  });

  it('attaches and detaches as often as one likes', async () => {
    const reactor = make();
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder((_readiness, { fd }) => void drain(fd));
    reactor.register(ours, Readable, recorder);
    for (let round = 1; round <= 20; round++) {
      reactor.attach({ driver });
      reactor.attach({ driver });
      send(theirs, 'x');
      await passUntil(() => recorder.count === round);
      reactor.detach();
      reactor.detach();
      expect(reactor.driverMode).toBeUndefined();
    }
    send(theirs, 'x');
    for (let i = 0; i < 10; i++) await nextLoopPass();
    expect(recorder.count).toBe(20);
    reactor.turn(0);
    expect(recorder.count).toBe(21);
    reactor.turn(2); // watches Node's loop from here on
    reactor.attach({ driver });
    send(theirs, 'x');
    await passUntil(() => recorder.count === 22);
  });

  it.each([
    ['detach', (reactor: Reactor) => reactor.detach()],
    ['stop', (reactor: Reactor) => reactor.stop()],
    ['close', (reactor: Reactor) => reactor.close()],
  ])('lets a handler %s, after which its batch goes on', async (_name, end) => {
    const reactor = make();
    const recorder = new Recorder((_readiness, registration) => {
      if (recorder.count === 1) end(reactor);
      registration.close();
    });
    for (let i = 0; i < 5; i++) {
      reactor.register(descriptors.socketpair()[0], Writable, recorder);
    }
    reactor.attach({ driver });
    await passUntil(() => recorder.count > 0);
    expect(reactor.driverMode).toBeUndefined();
    expect(recorder.count).toBe(reactor.isClosed ? 1 : 5);
    for (let i = 0; i < 10; i++) await nextLoopPass();
  });

  it('lets a handler detach and attach again, in another mode too', async () => {
    const reactor = make();
    const modes = DRIVERS.filter((each) => each.backend === backend).map((each) => each.driver);
    const recorder = new Recorder(() => {
      reactor.detach();
      reactor.attach({ driver: modes[recorder.count % modes.length] as typeof driver });
    });
    const registration = reactor.register(descriptors.socketpair()[0], Writable, recorder);
    reactor.attach({ driver });
    await passUntil(() => recorder.count >= 10);
    registration.close();
    for (let i = 0; i < 10; i++) await nextLoopPass();
  });

  it('runs until stop, and until nothing referenced is left', async () => {
    const reactor = make();
    const [ours] = descriptors.socketpair();
    const recorder = new Recorder(() => reactor.stop());
    const registration = reactor.register(ours, Writable, recorder);
    const running = reactor.run({ driver });
    expect(reactor.run({ driver })).toBe(running);
    await running;
    expect([recorder.count, reactor.driverMode]).toEqual([1, undefined]);
    reactor.defer(() => registration.close());
    await reactor.run({ driver });
    await reactor.run({ driver });
    reactor.setTimeout(() => reactor.close(), 1);
    await reactor.run({ driver });
    expect(() => reactor.run({ driver })).toThrow(coded('ERR_CLOSED'));
  });

  it('resolves run when the last reference is given up outside a batch', async () => {
    for (const giveUp of ['close', 'unref', 'clear', 'reactor']) {
      const reactor = make();
      const registration = reactor.register(descriptors.socketpair()[0], Readable, new Recorder());
      const timer = reactor.setTimeout(() => undefined, 1e6);
      const running = reactor.run({ driver });
      setImmediate(() => {
        timer.clear();
        if (giveUp === 'close') registration.close();
        else if (giveUp === 'reactor') reactor.unref();
        else registration.unref();
      });
      await Promise.race([running, passed(2000).then(() => expect.fail(giveUp))]);
      reactor.close();
    }
  });

  it('has a second reactor of the thread nested beside an inverted one', async () => {
    const reactor = make();
    const second = descriptors.using(new Reactor());
    reactor.attach({ driver });
    second.attach();
    expect(second.driverMode).toBe(driver === 'inverted' ? 'nested' : 'inverted');
    const third = make();
    const taken = expect.objectContaining({
      code: 'ERR_DRIVER_UNAVAILABLE',
      cause: coded('EBUSY'),
    });
    expect(() => third.attach({ driver: 'inverted' })).toThrow(taken);
    expect(third.driverMode).toBeUndefined();
    const order: string[] = [];
    for (const [name, each] of Object.entries({ first: reactor, second })) {
      const [ours, theirs] = descriptors.socketpair();
      const recorder = new Recorder((_readiness, { fd }) => {
        drain(fd);
        order.push(name);
        if (recorder.count < 20) send(theirs, 'x');
      });
      each.register(ours, Readable, recorder);
      send(theirs, 'x');
    }
    await passUntil(() => order.length === 40);
    expect(order.filter((name) => name === 'first').length).toBe(20);
  });

  it('goes on after a ghost has been removed', async () => {
    const reactor = make();
    const [gone, theirs] = descriptors.socketpair();
    const [ours, peer] = descriptors.socketpair();
    const recorder = new Recorder((_readiness, { fd }) => void drain(fd));
    reactor.register(ours, Readable, recorder);
    const registration = reactor.register(gone, Readable, recorder);
    reactor.attach({ driver });
    descriptors.dup(gone);
    descriptors.close(gone);
    registration.close();
    send(theirs, 'x');
    send(peer, 'x');
    await passUntil(() => recorder.count === 1);
    for (let i = 0; i < 5; i++) await nextLoopPass();
    expect(reactor.stats.ghostsRemoved).toBe(keepsInterestInKernel(backend) ? 1 : 0);
    send(peer, 'y');
    await passUntil(() => recorder.count === 2);
    send(peer, 'z'); // Node's own descriptors are heard as well:
    await passed(5);
    expect(recorder.count).toBe(3);
  });
});

it.each(Poller.backends)('%s says when it cannot be nested', (backend) => {
  const reactor = descriptors.using(new Reactor({ backend }));
  if (Poller.capabilitiesOf(backend).nestable) {
    reactor.attach({ driver: 'nested' });
    return;
  }
  const cannot = expect.objectContaining({
    code: 'ERR_DRIVER_UNAVAILABLE',
    cause: coded('ENOTSUP'),
  });
  expect(() => reactor.attach({ driver: 'nested' })).toThrow(cannot);
  expect(reactor.driverMode).toBeUndefined();
  reactor.attach();
  expect(reactor.driverMode).toBe('inverted');
});
