// What handlers throw: all of it reaches `onError`, wherever it is thrown and whatever drives the reactor.
import { describe, expect, it } from 'vitest';
import { Interest } from '../../src/poller/interest.ts';
import { Poller } from '../../src/poller/poller.ts';
import type { DriverMode } from '../../src/reactor/driver.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { loopUntil } from '../helpers/loop-passes.ts';
import { DRIVERS, eachBackend } from '../helpers/matrix.ts';

const descriptors = useDescriptors();
const { Writable } = Interest;

const fail = (what: unknown) => () => {
  throw what;
};

/** Calls `onReady` once, for a descriptor that is ready already. */
function whenReady(reactor: Reactor, onReady: () => void): void {
  reactor.register(descriptors.socketpair()[0], Writable, {
    onReady(_readiness, registration) {
      registration.close();
      onReady();
    },
  });
}

/** Every place in which a handler may throw; each throws its name. */
const PLACES: Readonly<Record<string, (reactor: Reactor, name: string) => void>> = {
  handler: (reactor, name) => whenReady(reactor, fail(name)),
  're-queued': (reactor, name) =>
    reactor
      .register(descriptors.socketpair()[0], Interest.Readable, {
        onReady(_readiness, registration) {
          registration.close();
          throw name;
        },
      })
      .requeue(),
  waker(reactor, name) {
    const waker = reactor.createWaker(() => {
      waker.close();
      throw name;
    });
    waker.wake();
  },
  timer: (reactor, name) => reactor.setTimeout(fail(name), 1),
  interval(reactor, name) {
    const timer = reactor.setInterval(() => {
      timer.clear();
      throw name;
    }, 1);
  },
  deferred: (reactor, name) => reactor.defer(fail(name)),
  signal(reactor, name) {
    const subscription = reactor.onSignal('SIGWINCH', () => {
      subscription.close();
      throw name;
    });
    process.kill(process.pid, 'SIGWINCH');
  },
  'a turn of another reactor': (reactor, name) =>
    whenReady(reactor, () => {
      const inner = descriptors.using(new Reactor());
      inner.defer(fail(name));
      inner.turn(0);
    }),
  'a turn of its own': (reactor, name) =>
    whenReady(reactor, () => {
      reactor.defer(fail(name));
      reactor.turn(0);
    }),
  'a layer above, outside a turn': (reactor, name) => reactor.report(name),
  'a handler that detaches': (reactor, name) =>
    whenReady(reactor, () => {
      const { driverMode } = reactor;
      reactor.detach();
      if (driverMode !== undefined) reactor.attach({ driver: driverMode });
      throw name;
    }),
};

const NAMES = Object.keys(PLACES);

/** Has turns made until `isDone`. */
async function drive(
  reactor: Reactor,
  driver: DriverMode | undefined,
  isDone: () => boolean,
): Promise<void> {
  if (driver !== undefined) reactor.attach({ driver });
  await loopUntil(isDone, () => {
    if (driver === undefined) reactor.turn(1);
  });
}

const BY_HAND = Poller.backends.map((backend) => ({ backend, driver: undefined }));

describe.each([...BY_HAND, ...DRIVERS])('$backend, $driver', ({ backend, driver }) => {
  it.each([false, true])('all of it, with async contexts: %s', async (asyncContext) => {
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const reactor = descriptors.using(new Reactor({ backend, asyncContext, onError }));
    for (const name of NAMES) PLACES[name]?.(reactor, name);
    await drive(reactor, driver, () => errors.length >= NAMES.length);
    expect(errors.sort()).toEqual([...NAMES].sort());
  });

  it('a handler that closes the reactor', async () => {
    const errors: unknown[] = [];
    const reactor = new Reactor({ backend, onError: (error) => void errors.push(error) });
    reactor.dependents.add({ close: fail('dependent') });
    whenReady(reactor, () => {
      reactor.close();
      throw 'handler';
    });
    await drive(reactor, driver, () => reactor.isClosed);
    expect(errors).toEqual(['dependent', 'handler']);
  });
});

eachBackend((backend) => {
  it('an inner turn throws what its own handlers threw, and keeps that of the outer', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const caught: unknown[] = [];
    reactor.defer(fail('before'));
    reactor.defer(() => {
      reactor.defer(fail('inner'));
      try {
        reactor.turn(0);
      } catch (error) {
        caught.push(error);
      }
    });
    reactor.defer(fail('after'));
    const errors = ['before', 'after'];
    expect(() => reactor.turn(0)).toThrow(expect.objectContaining({ errors }));
    expect(caught).toEqual(['inner']);
  });

  it('close throws what dependents threw, or hands it to onError', () => {
    const errors: unknown[] = [];
    const reactor = new Reactor({ backend });
    for (const name of ['one', 'two']) reactor.dependents.add({ close: fail(name) });
    expect(() => reactor.close()).toThrow(expect.objectContaining({ errors: ['one', 'two'] }));
    const other = new Reactor({ backend, onError: (error) => void errors.push(error) });
    other.dependents.add({ close: fail('three') });
    other.close();
    expect(errors).toEqual(['three']);
  });
});
