// Waker and ReactorWaker; wake-ups from other threads are in test/behaviour/semantics/waits.test.ts.
import { expect, it } from 'vitest';
import { Interest } from '../../src/poller/interest.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { Waker } from '../../src/reactor/waker.ts';
import * as sys from '../../src/sys/index.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { send } from '../helpers/handlers.ts';
import { eachBackend } from '../helpers/matrix.ts';

const descriptors = useDescriptors();

eachBackend((backend) => {
  const make = () => descriptors.using(new Reactor({ backend }));

  it('ends a turn that would block, and calls back once', () => {
    const reactor = make();
    let calls = 0;
    const waker = reactor.createWaker(() => calls++);
    for (let round = 1; round <= 3; round++) {
      for (let i = 0; i < 10; i++) expect(new Waker(waker.id).wake()).toBe(true);
      expect(reactor.turn(-1)).toBe(0);
      reactor.turn(0);
      expect(calls).toBe(round);
    }
  });

  it('calls only those of several that were woken', () => {
    const reactor = make();
    const calls: number[] = [];
    const wakers = [0, 1, 2].map((index) => reactor.createWaker(() => calls.push(index)));
    wakers[2]?.wake();
    wakers[0]?.wake();
    reactor.turn(-1);
    expect(calls).toEqual([0, 2]);
  });

  it('sees a wake-up that comes inside the callback in the next turn', () => {
    const reactor = make();
    let calls = 0;
    const waker = reactor.createWaker(() => {
      if (++calls < 5) waker.wake();
    });
    waker.wake();
    for (let turn = 1; turn <= 5; turn++) {
      reactor.turn(1000);
      expect(calls).toBe(turn);
    }
    reactor.turn(1);
    expect(calls).toBe(5);
  });

  it('may be closed inside callbacks, and answers false from then on', () => {
    const reactor = make();
    const calls: string[] = [];
    const first = reactor.createWaker(() => {
      calls.push('first');
      first.close();
      second.close();
    });
    const second = reactor.createWaker(() => calls.push('second'));
    first.wake();
    second.wake();
    reactor.turn(-1);
    expect(calls).toEqual(['first']);
    expect([first.wake(), second.wake()]).toEqual([false, false]);
    reactor.turn(0);
    expect(calls).toEqual(['first']);
  });

  it('that throws does not keep the others from being called', () => {
    const reactor = make();
    let calls = 0;
    const bad = reactor.createWaker(() => {
      throw new Error('waker');
    });
    const good = reactor.createWaker(() => calls++);
    bad.wake();
    good.wake();
    expect(() => reactor.turn(-1)).toThrow(expect.objectContaining({ message: 'waker' }));
    expect(calls).toBe(1);
  });

  it('outlives its reactor by its number, which is never used again', () => {
    const old = make();
    const waker = old.createWaker(() => expect.fail('the old one'));
    const stranger = new Waker(waker.id);
    old.close();
    const reactor = make();
    const fresh = reactor.createWaker(() => undefined);
    expect(fresh.id).toBeGreaterThan(waker.id);
    expect(stranger.wake()).toBe(false);
    expect(reactor.turn(0)).toBe(0);
  });
});

it('takes whole numbers only', () => {
  for (const id of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
    expect(() => new Waker(id)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  }
  for (const id of ['1', null, {}, 1n] as unknown[] as number[]) {
    expect(() => new Waker(id)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
  }
  expect(new Waker(Number.MAX_SAFE_INTEGER).wake()).toBe(false);
});

it('a waker is not lost when a handler of its batch turns', () => {
  const reactor = descriptors.using(new Reactor());
  const [reader, writer] = descriptors.socketpair();
  let woken = 0;
  const waker = reactor.createWaker(() => woken++);
  const onReady = () => {
    must(sys.recv(reader, new Uint8Array(8)));
    reactor.turn(0);
  };
  reactor.register(reader, Interest.Readable, { onReady });
  send(writer, 'x');
  waker.wake();
  for (let i = 0; i < 10 && woken === 0; i++) reactor.turn(0);
  expect(woken).toBe(1);
  waker.wake();
  for (let i = 0; i < 10 && woken === 1; i++) reactor.turn(0);
  expect(woken).toBe(2);
});
