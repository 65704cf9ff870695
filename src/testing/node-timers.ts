// Node's own timers, Date, performance.now and Math.random on the clock and the seed of a simulation, by
// @sinonjs/fake-timers, which the program under test installs.
import { EdgewiseError } from '../errors.ts';
import type { Clock } from './kernel/clock.ts';

const NS_PER_MS = 1e6;
/** What Date.now gives when a run begins: the first moment of 2026. */
const BEGIN_MS = Date.UTC(2026, 0, 1);
const FAKED = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'];

type Callback = (...args: unknown[]) => void;

/** As much of a clock of fake-timers as is used. */
interface FakeClock {
  readonly now: number;
  countTimers(): number;
  next(): number;
  jump(ms: number): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  uninstall(): void;
}

interface FakeTimers {
  install(options: { now: number; toFake: readonly string[] }): FakeClock;
}

/** Node's timers while a run lasts. */
export interface NodeTimers {
  /** Calls the timer of Node that is due first, when it is due before. @returns how far time has come. */
  passTo(ns: number): number;
  /** The clock of the machine has jumped: each timer of Node that is due is called once. */
  catchUp(): void;
  /** Everything of Node is real again. */
  end(): void;
}

/**
 * @param random - from 0 to below 1, in place of Math.random.
 * @throws EdgewiseError - ERR_LIBRARY_MISSING: @sinonjs/fake-timers is not installed.
 */
export async function simulateNodeTimers(clock: Clock, random: () => number): Promise<NodeTimers> {
  const fake = (await load()).install({ now: BEGIN_MS, toFake: FAKED });
  const nowNs = (): number => clock.startNs + (fake.now - BEGIN_MS) * NS_PER_MS;
  for (const name of ['setTimeout', 'setInterval'] as const) {
    const start = globalThis[name] as (callback: Callback, ...rest: unknown[]) => unknown;
    // What the timer calls sees the machine at its own time.
    const started = (callback: Callback, ...rest: unknown[]): unknown =>
      start(
        (...args) => {
          clock.advanceTo(nowNs());
          callback(...args);
        },
        ...rest,
      );
    Object.assign(globalThis, { [name]: Object.assign(started, start) });
  }
  const jumpTo = (ns: number): void => {
    const ms = Math.ceil((ns - clock.startNs) / NS_PER_MS - (fake.now - BEGIN_MS));
    if (ms > 0) fake.jump(ms);
  };
  const { random: realRandom } = Math;
  Math.random = random;
  return {
    passTo(ns) {
      const untilMs = (ns - clock.startNs) / NS_PER_MS;
      if (fake.countTimers() === 0) {
        if (ns !== Number.POSITIVE_INFINITY) jumpTo(ns);
        return ns;
      }
      // The one that is due first is this one, unless it is one of the program's.
      const delayMs = Math.ceil(untilMs - (fake.now - BEGIN_MS));
      const end =
        ns === Number.POSITIVE_INFINITY ? undefined : fake.setTimeout(() => undefined, delayMs);
      fake.next();
      if (end !== undefined) fake.clearTimeout(end);
      return Math.min(ns, nowNs());
    },
    catchUp: () => jumpTo(clock.nowNs),
    end() {
      Math.random = realRandom;
      fake.uninstall();
    },
  };
}

async function load(): Promise<FakeTimers> {
  try {
    return (await import('@sinonjs/fake-timers')) as unknown as FakeTimers;
  } catch (cause) {
    const text = "timers: 'simulated' needs the package @sinonjs/fake-timers beside edgewise";
    throw new EdgewiseError('ERR_LIBRARY_MISSING', text, { cause });
  }
}
