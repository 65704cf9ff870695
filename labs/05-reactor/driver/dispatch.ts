// Scenarios of checks 5.1 to 5.4: which handler is called, and what handlers may do meanwhile.
import { Interest, Readiness } from 'edgewise';
import { Miss } from '../../src/lab.ts';
import type { SimulatedTask } from '../../src/simulated/run.ts';
import { type Bench, onBoth } from './bench.ts';

const { Readable, Writable, None } = Interest;
const MANY = 20;

/** 5.1 */
export const dispatch = (task: SimulatedTask): Promise<void> =>
  onBoth(task, levelOfOne, someOfMany, interests, closing);

function levelOfOne(bench: Bench): void {
  const [fd, other] = bench.pair();
  const { calls } = bench.watch(fd, Readable);
  bench.reactor.turn(0);
  expectCalls(calls, 0, 'before there was anything to read');
  bench.write(other);
  const count = bench.reactor.turn(0);
  expectCalls(calls, 1, 'after a byte has come');
  if (((calls[0] ?? 0) & Readiness.Readable) === 0) {
    throw new Miss('wrong bits', `readiness ${calls[0]} for a descriptor that is readable`);
  }
  if (count !== 1) throw new Miss('wrong count', `turn gave ${count} after one call`);
  bench.reactor.turn(0);
  expectCalls(calls, 2, 'and it was not read');
  bench.drain(fd);
  bench.reactor.turn(0);
  expectCalls(calls, 2, 'and it was read');
}

function someOfMany(bench: Bench): void {
  const pairs = Array.from({ length: MANY }, () => bench.pair());
  const watched = pairs.map(([fd]) => bench.watch(fd, Readable));
  const isReady = (index: number): boolean => index % 3 === 0;
  for (const [index, [, other]] of pairs.entries()) if (isReady(index)) bench.write(other);
  bench.reactor.turn(0);
  for (const [index, { calls }] of watched.entries()) {
    expectCalls(calls, isReady(index) ? 1 : 0, `of ${MANY} descriptors, for number ${index}`);
  }
}

function interests(bench: Bench): void {
  const fd = bench.stream({ unread: true });
  const { registration, calls } = bench.watch(fd, None);
  bench.reactor.turn(0);
  expectCalls(calls, 0, 'with no interest');
  registration.setInterest(Writable);
  bench.reactor.turn(0);
  expectCalls(calls, 1, 'after setInterest(Writable)');
  if (calls[0] !== Writable) throw new Miss('wrong bits', `readiness ${calls[0]}, not Writable`);
  registration.setInterest(None);
  bench.reactor.turn(0);
  expectCalls(calls, 1, 'after setInterest(None)');
}

function closing(bench: Bench): void {
  const fd = bench.stream({ unread: true });
  const first = bench.watch(fd, Readable);
  first.registration.close();
  first.registration.close();
  if (!first.registration.isClosed) throw new Miss('not closed', 'isClosed is false after close()');
  bench.reactor.turn(0);
  expectCalls(first.calls, 0, 'after close()');
  const second = register(bench, fd, 'after the first registration of it was closed');
  bench.reactor.turn(0);
  expectCalls(second.calls, 1, 'registered anew');
}

/** 5.2 */
export const identity = (task: SimulatedTask): Promise<void> =>
  onBoth(task, ...[1, 2, 256, 1024, 65_536].map(reused), behindItsBack);

// One of two that are ready ends the other, and its number is a new descriptor then, which has nothing to read.
const reused =
  (times: number) =>
  (bench: Bench): void => {
    const both = [bench.stream({ unread: true }), bench.stream({ unread: true })] as const;
    const late: { calls: number[] }[] = [];
    const watched = both.map((fd, index) =>
      bench.watch(fd, Readable, () => {
        if (late.length > 0) return;
        const number = both[1 - index] as number;
        watched[1 - index]?.registration.close();
        bench.closeFd(number);
        const fds = bench.pair();
        if (!fds.includes(number)) throw new Error('the grader: another number');
        for (let time = 1; time < times; time++) bench.watch(number, Readable).registration.close();
        late.push(bench.watch(number, Readable));
      }),
    );
    bench.reactor.turn(0);
    if (late.length === 0)
      throw new Miss('not called', 'no handler was called for two that are ready');
    if (late[0]?.calls.length === 0) return;
    const what = `a handler was called for a descriptor with nothing to read: the event was of the closed one that had its number before, ${times} registrations ago`;
    throw new Miss('stale event', what, { times });
  };

function behindItsBack(bench: Bench): void {
  const fd = bench.stream({ unread: true });
  const before = bench.watch(fd, Readable);
  bench.closeFd(fd); // and not its registration
  const [again, other] = bench.pair();
  if (again !== fd) throw new Error('the grader: another number');
  const after = register(bench, fd, 'whose number was closed and is a new one');
  bench.write(other);
  bench.reactor.turn(0);
  expectCalls(before.calls, 0, 'of a descriptor that was closed behind its back');
  expectCalls(after.calls, 1, 'of the one with its number');
  before.registration.close();
  bench.reactor.turn(0);
  if (after.calls.length !== 2) {
    throw new Miss('took out another', 'the handler of the new descriptor is not called any more');
  }
}

/** 5.3 */
export const batch = (task: SimulatedTask): Promise<void> =>
  onBoth(task, closesAll, changesAll, turnsInside);

function closesAll(bench: Bench): void {
  const watched = Array.from({ length: MANY }, () =>
    bench.watch(bench.stream({ unread: true }), Readable, () => {
      for (const { registration } of watched) registration.close();
    }),
  );
  bench.reactor.turn(0);
  const count = watched.filter(({ calls }) => calls.length > 0).length;
  if (count === 0) throw new Miss('not called', `none of ${MANY} that are ready`);
  const what = `${count} handlers were called, though the first one has closed all ${MANY} registrations`;
  if (count > 1) throw new Miss('closed one called', what);
}

function changesAll(bench: Bench): void {
  const watched = Array.from({ length: MANY }, () =>
    bench.watch(bench.stream({ unread: true }), Readable, (self) => {
      for (const { registration } of watched) {
        if (registration !== self) registration.setInterest(Writable);
      }
    }),
  );
  bench.reactor.turn(0);
  const called = watched.filter(({ calls }) => calls.length > 0);
  if (called.length === 0) throw new Miss('not called', `none of ${MANY} that are ready`);
  const what = `${called.length} handlers were called for Readable, though the first one has taken that interest from all others`;
  if (called.length > 1) throw new Miss('unwanted', what);
}

// The inner turn has an event more than the outer one, so one that is taken twice or left out shows.
function turnsInside(bench: Bench): void {
  const [extra, other] = bench.pair();
  const spy = bench.watch(extra, Readable, () => bench.drain(extra));
  let hasTurned = false;
  const fds = Array.from({ length: MANY }, () => bench.stream({ unread: true }));
  const watched = fds.map((fd) =>
    bench.watch(fd, Readable, () => {
      bench.drain(fd);
      if (hasTurned) return;
      hasTurned = true;
      bench.write(other);
      bench.reactor.turn(0);
    }),
  );
  bench.reactor.turn(0);
  const never = watched.filter(({ calls }) => calls.length === 0).length;
  if (never > 0) throw new Miss('not called', `${never} of ${MANY} that are ready`);
  expectOuter(spy.calls.length, 'which had one event, in the inner turn');
  const once = watched.filter(({ calls }) => calls.length === 1).length;
  if (once === 0) throw new Miss('outer batch', 'the one that called turn(0) was called again');
}

function expectOuter(calls: number, which: string): void {
  if (calls === 1) return;
  throw new Miss('outer batch', `the handler of a descriptor ${which}, was called ${calls} times`);
}

function register(bench: Bench, fd: number, which: string): ReturnType<Bench['watch']> {
  try {
    return bench.watch(fd, Readable);
  } catch (error) {
    if (error instanceof Miss) throw error;
    throw new Miss('refused', `register has thrown for a descriptor ${which}: ${error}`);
  }
}

export function expectCalls(calls: readonly number[], count: number, when: string): void {
  if (calls.length === count) return;
  const why = calls.length < count ? 'not called' : 'called for nothing';
  throw new Miss(why, `${calls.length} calls, not ${count}, ${when}`);
}
