// The Reactor's own surface: options, deferred functions, Node's loop beside turns by hand.
import { stat } from 'node:fs';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Interest } from '../../src/poller/interest.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import type { Handler } from '../../src/reactor/registration.ts';
import { countDescriptors, useDescriptors } from '../helpers/descriptors.ts';
import { Recorder, send, turnIdly } from '../helpers/handlers.ts';
import { eachBackend } from '../helpers/matrix.ts';

const descriptors = useDescriptors();
const coded = (code: string) => expect.objectContaining({ code });
const NO_OBJECTS: unknown[] = [null, 1, 'x', true, 1n];

it('refuses options that it does not know', () => {
  for (const options of NO_OBJECTS as object[]) {
    expect(() => new Reactor(options)).toThrow(coded('ERR_INVALID_ARG_TYPE'));
  }
  expect(() => new Reactor({ backend: 'iocp' as 'epoll' })).toThrow(coded('ERR_INVALID_ARG_VALUE'));
  for (const value of [0, -1, 1.5, Number.NaN]) {
    expect(() => new Reactor({ capacity: value })).toThrow(coded('ERR_OUT_OF_RANGE'));
    expect(() => new Reactor({ budget: { bytes: value } })).toThrow(coded('ERR_OUT_OF_RANGE'));
    expect(() => new Reactor({ budget: { operations: value } })).toThrow(coded('ERR_OUT_OF_RANGE'));
  }
  const onError = 'no function' as unknown as () => void;
  expect(() => new Reactor({ onError })).toThrow(coded('ERR_INVALID_ARG_TYPE'));
});

eachBackend((backend) => {
  const make = () => descriptors.using(new Reactor({ backend }));

  it('refuses wrong arguments, and changes nothing', () => {
    const reactor = make();
    const [fd] = descriptors.socketpair();
    const handler = new Recorder();
    for (const wrong of [-1, 2 ** 31, 1.5, Number.NaN]) {
      expect(() => reactor.register(wrong, 1, handler)).toThrow(coded('ERR_OUT_OF_RANGE'));
      expect(() => reactor.register(fd, wrong, handler)).toThrow(coded('ERR_OUT_OF_RANGE'));
    }
    for (const wrong of [...NO_OBJECTS, {}, { onReady: 1 }] as Handler[]) {
      expect(() => reactor.register(fd, 1, wrong)).toThrow(coded('ERR_INVALID_ARG_TYPE'));
    }
    for (const wrong of NO_OBJECTS as object[]) {
      expect(() => reactor.register(fd, 1, handler, wrong)).toThrow(coded('ERR_INVALID_ARG_TYPE'));
      expect(() => reactor.attach(wrong)).toThrow(coded('ERR_INVALID_ARG_TYPE'));
    }
    for (const wrong of [-2, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => reactor.turn(wrong)).toThrow(coded('ERR_OUT_OF_RANGE'));
    }
    for (const method of ['defer', 'createWaker'] as const) {
      expect(() => reactor[method](1 as never)).toThrow(coded('ERR_INVALID_ARG_TYPE'));
    }
    expect(reactor.registrationCount).toBe(0);
    expect(reactor.turn(0)).toBe(0);
  });

  it('calls deferred functions at the end of the turn, and those of theirs in the next', () => {
    const reactor = make();
    const order: number[] = [];
    reactor.defer(() => {
      order.push(1);
      reactor.defer(() => order.push(3));
    });
    reactor.defer(() => order.push(2));
    reactor.turn(-1); // it does not block while there is work
    expect(order).toEqual([1, 2]);
    reactor.turn(-1);
    expect(order).toEqual([1, 2, 3]);
  });

  it('throws what deferred functions throw, after all of them', () => {
    const reactor = make();
    const fail = (message: string) => () => {
      throw new Error(message);
    };
    for (const message of ['one', 'two']) reactor.defer(fail(message));
    let wasCalled = false;
    reactor.defer(() => {
      wasCalled = true;
    });
    const both = [{ message: 'one' }, { message: 'two' }].map((each) =>
      expect.objectContaining(each),
    );
    expect(() => reactor.turn(0)).toThrow(expect.objectContaining({ errors: both }));
    expect(wasCalled).toBe(true);
  });

  it('is independent of a second reactor on the thread', () => {
    const [one, two] = [make(), make()];
    const [ours, theirs] = descriptors.socketpair();
    const recorders = [one, two].map((reactor) => {
      const recorder = new Recorder();
      reactor.register(ours, Interest.Readable, recorder);
      return recorder;
    });
    send(theirs, 'x');
    one.turn(-1);
    expect(recorders.map(({ count }) => count)).toEqual([1, 0]);
    two.turn(-1);
    expect(recorders.map(({ count }) => count)).toEqual([1, 1]);
    one.close();
    expect(two.turn(0)).toBe(1);
  });

  it('returns from a blocking turn when Node has something, once for each', async () => {
    const reactor = make();
    let isDone = false;
    reactor.turn(1);
    stat('.', () => {
      isDone = true;
    });
    expect(reactor.turn(-1)).toBe(0); // a thread of Node's pool is done: its loop is ready
    let fullWaits = 0;
    for (let i = 0; i < 6; i++) {
      const start = process.hrtime.bigint();
      reactor.turn(3);
      if (process.hrtime.bigint() - start >= 3_000_000n) fullWaits++;
    }
    expect(fullWaits).toBeGreaterThanOrEqual(4); // it stays ready, and yet we may sleep
    expect(isDone).toBe(false);
    for (let i = 0; i < 1000 && !isDone; i++) await nextLoopPass();
    expect(isDone).toBe(true);
  });

  it('opens a few descriptors and closes them all, whatever it was used for', () => {
    const before = countDescriptors();
    for (let i = 0; i < 20; i++) {
      const reactor = new Reactor({ backend, lint: i % 2 === 0 });
      reactor.onSignal('SIGWINCH', () => undefined);
      reactor.createWaker(() => undefined);
      reactor.turn(0.01);
      reactor.attach();
      if (i % 3 === 0) reactor.detach();
      expect(countDescriptors() - before).toBeLessThan(12);
      reactor.close();
      reactor.close();
      expect(countDescriptors()).toBe(before);
    }
  });

  it('disposes of itself', () => {
    const held: Reactor[] = [];
    {
      using reactor = new Reactor({ backend });
      using registration = reactor.register(
        descriptors.socketpair()[0],
        Interest.Writable,
        new Recorder(),
      );
      held.push(reactor);
      turnIdly(reactor, 1);
      expect(registration.isClosed).toBe(false);
    }
    expect(held[0]?.isClosed).toBe(true);
  });
});

it('run() after detach() attaches again and resolves', async () => {
  const reactor = descriptors.using(new Reactor());
  reactor.setTimeout(() => undefined, 1);
  const first = reactor.run();
  reactor.detach();
  expect(reactor.run()).toBe(first);
  await first;
});

it('every error reaches onError, also when onError throws', () => {
  const reported: unknown[] = [];
  const reactor = descriptors.using(
    new Reactor({
      onError: (error) => {
        reported.push(error);
        throw new Error('of onError');
      },
    }),
  );
  for (const name of ['a', 'b']) {
    reactor.defer(() => {
      throw name;
    });
  }
  expect(() => reactor.turn(0)).toThrow(AggregateError);
  expect(reported).toEqual(['a', 'b']);
});
