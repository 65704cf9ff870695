// The idle timer: never early, and late only by what a turn takes. The time of its reactor
// is set by hand, except where the order of real timers shows it.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { IdleTimer } from '../../src/flow/idle-timer.ts';
import { native } from '../../src/native.ts';
import { adoptConnection } from '../../src/net/inherit/adopt.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import * as sys from '../../src/sys/index.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';

afterEach(() => vi.restoreAllMocks());

/** Turns of a reactor at times of the test. */
class Turns {
  timersSet = 0;
  isClosed = false;
  #nowMs = 0;
  #timers: { dueMs: number; callback: () => void; isPending: boolean }[] = [];
  #active: IdleTimer[] = [];
  readonly #clock = vi.spyOn(native, 'now').mockImplementation(() => this.#nowMs * 1e6);

  setTimeout(callback: () => void, delayMs: number) {
    this.timersSet++;
    const timer = { dueMs: this.#nowMs + delayMs, callback, isPending: true };
    this.#timers.push(timer);
    return {
      unref: () => ({
        get isPending() {
          return timer.isPending;
        },
        clear: () => {
          timer.isPending = false;
        },
      }),
    };
  }

  noteActivity(timer: IdleTimer): void {
    this.#active.push(timer);
  }

  /** One turn: something happens at `startMs`, and the turn goes on until `endMs`. */
  turn(startMs: number, happen: () => void = () => undefined, endMs = startMs): void {
    this.#nowMs = startMs;
    happen();
    const due = this.#timers.filter(({ dueMs, isPending }) => isPending && dueMs <= startMs);
    for (const timer of due) {
      timer.isPending = false;
      timer.callback();
    }
    this.#nowMs = endMs;
    for (const timer of this.#active.splice(0)) timer.onActivity(endMs * 1e6);
  }

  get callbacks(): Set<() => void> {
    return new Set(this.#timers.map(({ callback }) => callback));
  }

  get clockReads(): number {
    return this.#clock.mock.calls.length;
  }
}

function idleTimer() {
  const turns = new Turns();
  let count = 0;
  const timer = new IdleTimer({
    reactor: turns as unknown as Reactor,
    onIdle: () => void count++,
  });
  return { turns, timer, count: () => count };
}

describe('an idle timer', () => {
  it('reports after the time, and once for each silence', () => {
    const { turns, timer, count } = idleTimer();
    timer.set(10);
    turns.turn(9);
    expect(count()).toBe(0);
    turns.turn(10);
    turns.turn(50);
    expect(count()).toBe(1);
    turns.turn(60, () => timer.touch());
    turns.turn(69);
    expect(count()).toBe(1);
    turns.turn(70);
    expect(count()).toBe(2);
  });

  it('counts from the last activity, not from when its timer has fired', () => {
    const { turns, timer, count } = idleTimer();
    timer.set(10);
    turns.turn(7, () => timer.touch());
    turns.turn(10);
    turns.turn(16.9);
    expect(count()).toBe(0);
    turns.turn(17);
    expect(count()).toBe(1);
  });

  it('is not early by a handler that took long before or after the activity', () => {
    const { turns, timer, count } = idleTimer();
    timer.set(10);
    turns.turn(5, () => timer.touch(), 12);
    turns.turn(21);
    expect(count()).toBe(0);
    turns.turn(22);
    expect(count()).toBe(1);
  });

  it('sees an activity of the very turn in which its timer is due', () => {
    const { turns, timer, count } = idleTimer();
    timer.set(10);
    turns.turn(10, () => timer.touch());
    turns.turn(19);
    expect(count()).toBe(0);
    turns.turn(20);
    expect(count()).toBe(1);
  });

  it('an activity sets no timer and reads no clock', () => {
    const { turns, timer } = idleTimer();
    timer.set(1000);
    const { timersSet, clockReads } = turns;
    for (let at = 1; at < 500; at++) turns.turn(at, () => timer.touch());
    expect([turns.timersSet, turns.clockReads]).toEqual([timersSet, clockReads]);
  });

  it('sets no timer when it is ended and begun again, as with each request of HTTP', () => {
    const { turns, timer, count } = idleTimer();
    timer.set(1000);
    const { timersSet } = turns;
    for (let at = 1; at < 500; at++) {
      turns.turn(at, () => {
        timer.set(0);
        timer.set(1000);
      });
    }
    expect(turns.timersSet).toBe(timersSet);
    turns.turn(1498.9);
    expect(count()).toBe(0);
    turns.turn(1499);
    expect(count()).toBe(1);
  });

  it('makes one callback for all the timers that it sets', () => {
    const { turns, timer } = idleTimer();
    timer.set(10);
    for (let ms = 1; ms <= 50; ms++) turns.turn(ms, () => timer.touch());
    expect(turns.timersSet).toBeGreaterThan(2);
    expect(turns.callbacks.size).toBe(1);
  });

  it('is set to another time, also an earlier one, and ended', () => {
    const { turns, timer, count } = idleTimer();
    timer.set(1000);
    timer.set(10);
    turns.turn(10);
    expect(count()).toBe(1);
    timer.set(10);
    timer.set(0);
    turns.turn(30);
    timer.set(10);
    timer.clear();
    turns.turn(1_000_000, () => timer.touch());
    turns.turn(2_000_000);
    expect(count()).toBe(1);
  });
});

describe.each(['level', 'edge'] as const)('%s: the timeout of a connection', (trigger) => {
  const descriptors = useDescriptors();

  it('comes so long after the last activity, and again and again', () => {
    const reactor = descriptors.using(new Reactor());
    const [ours, theirs] = descriptors.socketpair();
    const calls: string[] = [];
    const connection = adoptConnection(descriptors.release(ours), {
      reactor,
      trigger,
      idleTimeoutMs: 200,
      handlers: {
        // Timers run in the order in which they are due, however late the turn is.
        data: () => void reactor.setTimeout(() => calls.push('275 ms after the data'), 275),
        timeout: () => void calls.push('timeout'),
      },
    });
    reactor.turn(0);
    const start = performance.now();
    reactor.setTimeout(() => must(sys.send(theirs, Buffer.from('x'))), 20);
    while (!calls.includes('275 ms after the data')) reactor.turn(100);
    expect(calls).toEqual(['timeout', '275 ms after the data']);
    while (calls.length < 3) reactor.turn(100);
    expect(calls[2]).toBe('timeout');
    expect(performance.now() - start).toBeGreaterThanOrEqual(420);
    connection.destroy();
  });
});
