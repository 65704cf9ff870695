// Scenarios of checks 5.5 and 5.6: timers, and how long a turn waits. Time is that of the simulated kernel.
import { Interest } from 'edgewise';
import { randomFrom } from '../../src/exam/random.ts';
import { Miss } from '../../src/lab.ts';
import type { SimulatedTask } from '../../src/simulated/run.ts';
import { type Bench, onSimulated } from './bench.ts';

/** Times are sums of fractions, which a double rounds. */
const ROUNDING_MS = 1e-3;
/** A wait that is rounded up to whole milliseconds is right. */
const LATE_MS_MAX = 1;
const MANY = 20_000;
const RANGE_MS = 1000;

/** 5.5 */
export const timers = (task: SimulatedTask): Promise<void> =>
  onSimulated(task, inOrder, afterWork, cancelled, many(task), withoutEnd);

interface Fired {
  readonly index: number;
  readonly lateMs: number;
}

// Sets timers and turns until all have fired, or nothing more happens.
function fire(bench: Bench, delays: readonly number[]): Fired[] {
  const fired: Fired[] = [];
  for (const [index, delayMs] of delays.entries()) {
    const deadlineMs = bench.now + delayMs;
    bench.reactor.setTimeout(() => fired.push({ index, lateMs: bench.now - deadlineMs }), delayMs);
  }
  bench.turnUntil(() => fired.length === delays.length, 3 * new Set(delays).size);
  return fired;
}

function expectOnTime(fired: readonly Fired[], delays: readonly number[]): void {
  for (const { index, lateMs } of fired) {
    const which = `a timer of ${delays[index]} ms`;
    if (lateMs < -ROUNDING_MS) throw new Miss('early', `${which} fired ${-lateMs} ms early`);
    if (lateMs > LATE_MS_MAX) throw new Miss('late', `${which} fired ${lateMs} ms late`);
  }
  if (fired.length === delays.length) return;
  throw new Miss('not fired', `${fired.length} of ${delays.length} timers fired`);
}

function inOrder(bench: Bench): void {
  const delays = [30, 10, 20.5, 10, 0, 20.25];
  const fired = fire(bench, delays);
  expectOnTime(fired, delays);
  const order = fired.map(({ index }) => index).join(' ');
  const wanted = '4 1 3 5 2 0';
  if (order !== wanted) {
    throw new Miss(
      'order',
      `timers of ${delays.join(', ')} ms fired as ${order}, not as ${wanted}`,
    );
  }
}

// What a handler takes for itself is time as well.
function afterWork(bench: Bench): void {
  const fd = bench.stream({ unread: true });
  let setMs = 0;
  let firedMs: number | undefined;
  bench.watch(fd, Interest.Readable, () => {
    bench.drain(fd);
    bench.busyMs += 50;
    setMs = bench.now;
    bench.reactor.setTimeout(() => {
      firedMs = bench.now;
    }, 20);
  });
  bench.turnUntil(() => firedMs !== undefined);
  if (firedMs === undefined) throw new Miss('not fired', 'a timer of 20 ms that a handler has set');
  if (firedMs - setMs >= 20 - ROUNDING_MS) return;
  const what = `a timer of 20 ms fired after ${firedMs - setMs} ms; its handler had worked for 50 ms before it set it`;
  throw new Miss('early', what);
}

function cancelled(bench: Bench): void {
  const fired: string[] = [];
  const first = bench.reactor.setTimeout(() => fired.push('first'), 5);
  first.cancel();
  bench.reactor.setTimeout(() => second.cancel(), 10);
  const second = bench.reactor.setTimeout(() => fired.push('second'), 10);
  const last = bench.reactor.setTimeout(() => fired.push('last'), 15);
  bench.turnUntil(() => fired.includes('last'));
  last.cancel();
  if (!fired.includes('last'))
    throw new Miss('not fired', 'a timer behind two that were cancelled');
  const [wrong] = fired.filter((name) => name !== 'last');
  const when = wrong === 'second' ? 'by another timer of the same turn' : 'before its time';
  if (wrong !== undefined) throw new Miss('cancelled one fired', `it was cancelled ${when}`);
}

const many =
  ({ seed }: SimulatedTask) =>
  (bench: Bench): void => {
    const random = randomFrom(seed);
    const delays = Array.from({ length: MANY }, () => Math.floor(random() * RANGE_MS));
    const fired = fire(bench, delays);
    expectOnTime(fired, delays);
    const isSorted = fired.every(({ index }, at) => {
      const { index: before } = fired[Math.max(at - 1, 0)] as Fired;
      return (delays[before] as number) <= (delays[index] as number);
    });
    if (!isSorted) throw new Miss('order', `${MANY} timers, not in the order of their deadlines`);
  };

// A timer of 0 ms that sets itself again, and a descriptor that is ready meanwhile.
function withoutEnd(bench: Bench): void {
  const [fd, other] = bench.pair();
  const { calls } = bench.watch(fd, Interest.Readable);
  let count = 0;
  const again = (): void => {
    if (++count < 1000) bench.reactor.setTimeout(again, 0);
  };
  bench.reactor.setTimeout(again, 0);
  bench.reactor.turn(0);
  bench.write(other);
  bench.turnUntil(() => calls.length > 0);
  const what = `a timer of 0 ms has set itself again ${count} times before a descriptor that is ready was looked at`;
  if (calls.length === 0 || count > 10) throw new Miss('starves', what, { count });
}

/** 5.6 */
export const waits = (task: SimulatedTask): Promise<void> =>
  onSimulated(task, fraction, limits, deferred, order);

function fraction(bench: Bench): void {
  let hasFired = false;
  bench.reactor.setTimeout(() => {
    hasFired = true;
  }, 0.3);
  bench.turnUntil(() => hasFired);
  const { length } = bench.poller.waits;
  const asked = bench.poller.waits.at(-1);
  if (hasFired && length <= 3) return;
  const how = hasFired ? 'fired' : 'has not fired';
  const what = `${length} waits for a timer of 0.3 ms, which ${how}; the last was for ${asked} ms`;
  const isNear = asked !== undefined && asked >= 0 && asked <= 1;
  if (!hasFired && !isNear) throw new Miss('not fired', what);
  throw new Miss('spins', what, { waits: length });
}

function limits(bench: Bench): void {
  let firedMs: number | undefined;
  const beginMs = bench.now;
  bench.reactor.setTimeout(() => {
    firedMs = bench.now - beginMs;
  }, 50);
  bench.reactor.turn(5);
  const passedMs = bench.now - beginMs;
  if (Math.abs(passedMs - 5) > ROUNDING_MS) {
    throw new Miss('waits wrongly', `turn(5) ended after ${passedMs} ms, with a timer at 50 ms`);
  }
  bench.reactor.turn(1000);
  if (firedMs === undefined) {
    const what = `turn(1000) ended at ${bench.now - beginMs} ms, and a timer of 50 ms has not fired`;
    throw new Miss('a turn too late', what);
  }
  if (Math.abs(firedMs - 50) > ROUNDING_MS) {
    throw new Miss('waits wrongly', `a timer of 50 ms fired at ${firedMs} ms, in turn(1000)`);
  }
}

function deferred(bench: Bench): void {
  const calls: string[] = [];
  const beginMs = bench.now;
  bench.reactor.defer(() => {
    calls.push('outer');
    bench.reactor.defer(() => calls.push('inner'));
  });
  bench.reactor.turn(1000);
  if (calls[0] !== 'outer') throw new Miss('not deferred', 'turn has not called it');
  if (calls.length > 1) throw new Miss('same turn', `one turn has called ${calls.join(' and ')}`);
  bench.reactor.turn(1000);
  if (calls.length < 2) throw new Miss('not deferred', 'what a deferred function has deferred');
  const passedMs = bench.now - beginMs;
  if (passedMs > 0) throw new Miss('waits wrongly', `${passedMs} ms, with functions deferred`);
}

function order(bench: Bench): void {
  const fd = bench.stream({ unread: true });
  const log: string[] = [];
  bench.reactor.defer(() => log.push('deferred'));
  bench.reactor.setTimeout(() => log.push('timer'), 0);
  bench.watch(fd, Interest.Readable, () => log.push('event'));
  bench.onWake = () => log.push('wake-up');
  bench.reactor.wake();
  bench.reactor.turn(0);
  const said = log.join(', ');
  const wanted = 'event, wake-up, timer, deferred';
  if (said !== wanted) throw new Miss('order of a turn', `${said || 'nothing'}; not ${wanted}`);
}
