// What a review of the whole found, each as the scenario that showed it.
import { once } from 'node:events';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { Interest } from '../src/poller/interest.ts';
import { Reactor } from '../src/reactor/reactor.ts';
import * as sys from '../src/sys/index.ts';
import { must, useDescriptors } from './helpers/descriptors.ts';
import { Recorder, send } from './helpers/handlers.ts';

const descriptors = useDescriptors();
const coded = (code: string) => expect.objectContaining({ code });

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

it('a worker that turns can be ended when it was inspected before', async () => {
  const url = new URL('./workers/terminated.mjs', import.meta.url);
  const fds = new Int32Array(new SharedArrayBuffer(8)).fill(-1);
  const turns = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { backend: 'epoll', state: 'blocked', fds, turns };
  const worker = new Worker(url, { workerData });
  await once(worker, 'message');
  const snapshot = await worker.getHeapSnapshot();
  snapshot.destroy();
  // What the host announced is consumed by now, and is not served: a turn must end all the same.
  const seen = Atomics.load(turns, 0);
  const isBlocked = () => Atomics.load(turns, 0) < seen + 3;
  const giveUp = performance.now() + 5000;
  while (isBlocked() && performance.now() < giveUp) await nextLoopPass();
  expect(isBlocked()).toBe(false);
  expect(await worker.terminate()).toBe(1);
});

it('an exclusive registration pauses, goes on, and survives what is refused', () => {
  const reactor = descriptors.using(new Reactor({ backend: 'epoll' }));
  const [reader, writer] = descriptors.socketpair();
  const handler = new Recorder();
  const registration = reactor.register(reader, Interest.Readable, handler, { exclusive: true });
  send(writer, 'x');
  expect(() => registration.setInterest(99)).toThrow(coded('ERR_OUT_OF_RANGE'));
  expect(reactor.turn(0)).toBe(1); // at once: the next refusal puts it back as well
  expect(() => registration.setTrigger('oneshot')).toThrow(coded('EINVAL'));
  expect(reactor.turn(0)).toBe(1);
  registration.setInterest(Interest.None);
  expect(reactor.turn(0)).toBe(0);
  registration.setInterest(Interest.Readable);
  expect(reactor.turn(0)).toBe(1);
});

it('lint does not break the batch of a handler that closes its descriptor', () => {
  const reactor = descriptors.using(new Reactor({ lint: true }));
  const [reader, writer] = descriptors.socketpair();
  const onReady = () => descriptors.close(reader);
  reactor.register(reader, Interest.Readable, { onReady }, { trigger: 'edge' });
  send(writer, 'x');
  reactor.turn(0);
  let isDeferred = false;
  reactor.defer(() => {
    isDeferred = true;
  });
  reactor.turn(0);
  expect(isDeferred).toBe(true);
});

it('run() after detach() attaches again and resolves', async () => {
  const reactor = descriptors.using(new Reactor());
  reactor.setTimeout(() => undefined, 1);
  const first = reactor.run();
  reactor.detach();
  expect(reactor.run()).toBe(first);
  await first;
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

it('every error reaches onError, also when onError throws', () => {
  const told: unknown[] = [];
  const reactor = descriptors.using(
    new Reactor({
      onError: (error) => {
        told.push(error);
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
  expect(told).toEqual(['a', 'b']);
});

it('any number of reactors watch signals with one pair of listeners', () => {
  const before = process.listenerCount('newListener');
  const reactors = Array.from({ length: 12 }, () => descriptors.using(new Reactor()));
  for (const reactor of reactors) reactor.onSignal('SIGUSR2', () => undefined);
  expect(process.listenerCount('newListener')).toBe(before + 1);
  for (const reactor of reactors) reactor.close();
  expect(process.listenerCount('newListener')).toBe(before);
});
