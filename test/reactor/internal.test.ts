// The descriptors that a poller and a reactor make for themselves, and callers that name them by
// the number of a file that they have closed.
import { readdirSync, stat } from 'node:fs';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { type Backend, Interest } from '../../src/poller/interest.ts';
import { Poller } from '../../src/poller/poller.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import type { Registration } from '../../src/reactor/registration.ts';
import { Waker } from '../../src/reactor/waker.ts';
import * as sys from '../../src/sys/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { Recorder } from '../helpers/handlers.ts';
import { DRIVERS, eachBackend } from '../helpers/matrix.ts';

const descriptors = useDescriptors();
const { Readable, Writable, None } = Interest;
const coded = (code: string) => expect.objectContaining({ code });
const BLOCKED_MS = 5000;
const FOLDER = process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd';

/** The numbers that are open, without the one by which the folder was read. */
const openNumbers = (): number[] =>
  readdirSync(FOLDER)
    .map(Number)
    .filter((fd) => sys.fcntl(fd, sys.constants.F_GETFD) >= 0);

/** @returns what `make` answers, and the numbers that are open since. */
function madeBy<T>(make: () => T): [T, number[]] {
  const before = new Set(openNumbers());
  const made = make();
  return [made, openNumbers().filter((fd) => !before.has(fd))];
}

/** How a caller uses a registration whose descriptor it has closed. */
const OLD_USES: Readonly<Record<string, (registration: Registration) => void>> = {
  close: (registration) => registration.close(),
  setInterest: (registration) => registration.setInterest(Writable),
  pause: (registration) => registration.setInterest(None),
  setTrigger: (registration) => registration.setTrigger('oneshot'),
  rearm: (registration) => registration.rearm(),
};

/** Files of each kind, which identify themselves in different ways. */
const KINDS: Readonly<Record<string, () => number>> = {
  socket: () => descriptors.udp().fd,
  pipe: () => descriptors.pipe()[0],
  'anonymous file': () => anonymous(),
};

/** Closes `fd`, the number of which the next descriptor gets. */
function closeAsLowest(fd: number): void {
  for (let next = sys.dup(1); ; next = sys.dup(1)) {
    descriptors.track(next);
    if (next < fd) continue;
    descriptors.close(next, fd);
    return;
  }
}

/** The set of another poller is one: a poller that is closed leaves its number free. */
function anonymous(): number {
  const [poller, numbers] = madeBy(() => new Poller());
  const fd = sys.dup(Math.min(...numbers));
  poller.close();
  return descriptors.track(fd);
}

eachBackend((backend) => {
  describe.each(Object.keys(KINDS))('a %s', (kind) => {
    it.each(Object.keys(OLD_USES))(
      'closed before its registration, which is used by %s',
      async (use) => {
        const reactor = descriptors.using(new Reactor({ backend }));
        const fd = (KINDS[kind] as () => number)();
        const recorder = new Recorder();
        const registration = reactor.register(fd, Readable, recorder);
        closeAsLowest(fd);
        reactor.turn(1); // the first blocking one makes what lets Node's loop end it
        expect([registration.isClosed, reactor.registrationCount]).toEqual([true, 0]);
        try {
          (OLD_USES[use] as (registration: Registration) => void)(registration);
        } catch (error) {
          expect(error).toEqual(coded('ERR_CLOSED'));
        }
        expect(() => reactor.register(fd, Readable, recorder)).toThrow(coded('EBADF'));
        await nextLoopPass(); // what has ended a turn does so once, until Node's loop has run
        stat('.', () => undefined);
        const startMs = performance.now();
        reactor.turn(BLOCKED_MS);
        expect(performance.now() - startMs).toBeLessThan(BLOCKED_MS / 2);
        expect(recorder.count).toBe(0);
      },
    );
  });

  it('none of its own can be registered, or changed by its number', () => {
    const [reactor, numbers] = madeBy(() => {
      const made = descriptors.using(new Reactor({ backend }));
      made.turn(0.01);
      return made;
    });
    const recorder = new Recorder();
    expect(numbers.length).toBeGreaterThan(1);
    for (const fd of numbers) {
      expect(() => reactor.register(fd, Readable, recorder)).toThrow(coded('EBADF'));
    }
    const calls: string[] = [];
    reactor.createWaker(() => calls.push('waker')).wake();
    expect(reactor.turn(BLOCKED_MS)).toBe(0);
    reactor.setTimeout(() => calls.push('timer'), 5);
    while (calls.length < 2) reactor.turn(BLOCKED_MS);
    expect(calls).toEqual(['waker', 'timer']);
    expect(recorder.count).toBe(0);
  });

  it('a poller refuses its own', () => {
    const [poller, numbers] = madeBy(() => descriptors.using(new Poller({ backend })));
    expect(numbers.length).toBeGreaterThan(0);
    for (const fd of numbers) {
      expect(() => poller.add(fd, 1, Readable)).toThrow(coded('EBADF'));
      expect(() => poller.modify(fd, 1, Readable)).toThrow(coded('EBADF'));
      expect(() => poller.remove(fd)).toThrow(coded('EBADF'));
    }
    poller.notify();
    expect(poller.wait(BLOCKED_MS)).toBe(0);
  });

  it('a thread can be ended whose registration was closed behind its descriptor', async () => {
    const url = new URL('../workers/closed-first.mjs', import.meta.url);
    const worker = new Worker(url, { workerData: { backend } });
    const id = await new Promise<number>((resolve) => worker.once('message', resolve));
    const ended = worker.terminate();
    const timer = setTimeout(() => new Waker(id).wake(), BLOCKED_MS);
    const startMs = performance.now();
    await ended;
    clearTimeout(timer);
    expect(performance.now() - startMs).toBeLessThan(BLOCKED_MS / 2);
  });
});

/** The descriptor of libuv's loop, which an inverted driver watches. */
function watchedFor(reactor: Reactor): number[] {
  const isRefused = (fd: number): boolean => {
    try {
      reactor.register(fd, Readable, new Recorder()).close();
      return false;
    } catch (error) {
      return (error as { code?: string }).code === 'EBADF';
    }
  };
  return openNumbers().filter(isRefused);
}

const INVERTED = DRIVERS.filter(({ driver }) => driver === 'inverted').map(
  ({ backend }) => backend,
);

it.each(INVERTED)(
  "Node's loop is served although a caller names its descriptor, %s",
  async (backend: Backend) => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const own = watchedFor(reactor);
    reactor.attach({ driver: 'inverted' });
    expect(watchedFor(reactor).length).toBe(own.length + 1);
    await new Promise((resolve) => stat('.', resolve));
  },
);

it('what watches signals is not found by its number', () => {
  const reactor = descriptors.using(new Reactor());
  const [, numbers] = madeBy(() => reactor.onSignal('SIGWINCH', () => undefined));
  expect(numbers.length).toBeGreaterThanOrEqual(2); // and what Node needs for its own
  for (const fd of numbers) expect(reactor.registrationOf(fd)).toBeUndefined();
});
