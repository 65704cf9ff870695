// Timers and their handles on a clock that the test moves.
import { inspect } from 'node:util';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Timers } from '../../../src/reactor/timers/timers.ts';

const START_NS = 7_000_000_000_001;
const MS = 1e6;

let nowNs: number;
let changeCount: number;
let timers: Timers;
let log: string[];

beforeEach(() => {
  nowNs = START_NS;
  changeCount = 0;
  log = [];
  timers = new Timers(
    () => nowNs,
    () => changeCount++,
  );
});

const say = (word: string) => () => void log.push(word);

function failOn(error: unknown): void {
  throw error;
}

/** Moves the clock and makes a pass; returns what was said in it. */
function advance(ms: number, onError = failOn): string[] {
  log.length = 0;
  nowNs += ms * MS;
  timers.runDue(nowNs, onError);
  return [...log];
}

describe('setTimeout', () => {
  test('fires once, at its nanosecond and not one before', () => {
    const timer = timers.setTimeout(say('a'), 0.25);
    expect(timers.nextDeadlineNs).toBe(START_NS + 250_000);
    expect(advance(0.249999)).toEqual([]);
    expect(timer.isPending).toBe(true);
    expect(advance(0.000001)).toEqual(['a']);
    expect(timer.isPending).toBe(false);
    expect(advance(1000)).toEqual([]);
  });

  test('starts at the clock of the call, not of the last pass', () => {
    timers.runDue(nowNs, failOn);
    nowNs += 300;
    timers.setTimeout(say('a'), 1);
    expect(timers.nextDeadlineNs).toBe(START_NS + 300 + MS);
  });

  test.each([0.000_000_1, 0.3, 1.1, 1 / 3, 12.345_678_9])('rounds %d ms up', (delayMs) => {
    timers.setTimeout(say('a'), delayMs);
    const delayNs = timers.nextDeadlineNs - START_NS;
    expect(Number.isInteger(delayNs)).toBe(true);
    expect(delayNs).toBeGreaterThanOrEqual(delayMs * MS);
    expect(delayNs).toBeLessThan(delayMs * MS + 1);
  });

  test('is not early where doubles are coarser than a nanosecond', () => {
    nowNs = 2 ** 53 + 2;
    for (const delayNs of [1, 3, 5, 999_999, 2 ** 54 + 4]) {
      const timer = timers.setTimeout(say('a'), delayNs / MS);
      expect(BigInt(timers.nextDeadlineNs) - BigInt(nowNs)).toBeGreaterThanOrEqual(delayNs);
      timer.clear();
    }
  });

  test('of 0 and of the past waits for the next pass when set inside one', () => {
    let count = 0;
    const again = () => {
      count++;
      timers.setTimeout(again, 0);
    };
    again();
    advance(1);
    expect(count).toBe(2);
    expect(timers.nextDeadlineNs).toBe(nowNs);
    advance(0);
    expect(count).toBe(3);
  });

  test('a pass inside a callback fires what that callback set', () => {
    timers.setTimeout(() => {
      timers.setTimeout(say('inner'), 0);
      timers.runDue(nowNs, failOn);
      log.push('outer');
    }, 1);
    timers.setTimeout(say('next'), 1);
    expect(advance(1)).toEqual(['next', 'inner', 'outer']);
  });
});

describe('setInterval', () => {
  test('keeps its phase however late the passes are', () => {
    timers.setInterval(say('tick'), 10);
    expect(advance(12)).toEqual(['tick']);
    expect(timers.nextDeadlineNs).toBe(START_NS + 20 * MS);
    expect(advance(8)).toEqual(['tick']);
    expect(timers.nextDeadlineNs).toBe(START_NS + 30 * MS);
  });

  test('leaves out what a stall missed', () => {
    timers.setInterval(say('tick'), 10);
    expect(advance(1_000_005)).toEqual(['tick']);
    expect(timers.nextDeadlineNs).toBe(START_NS + 1_000_010 * MS);
    expect(advance(5)).toEqual(['tick']);
    expect(advance(9.999999)).toEqual([]);
    expect(advance(0.000001)).toEqual(['tick']);
  });

  test.each([0, 0.25, 1])('of %d ms has a period of 1 ms', (periodMs) => {
    timers.setInterval(say('tick'), periodMs);
    expect(timers.nextDeadlineNs).toBe(START_NS + MS);
  });

  test('can end or restart itself in its callback', () => {
    let count = 0;
    const timer = timers.setInterval(() => {
      expect(timer.isPending).toBe(true);
      if (++count === 2) timer.clear();
      else timer.refresh();
    }, 10);
    advance(13);
    expect(timers.nextDeadlineNs).toBe(START_NS + 23 * MS);
    advance(100);
    expect({ count, pending: timers.pendingCount }).toEqual({ count: 2, pending: 0 });
    expect(timers.referencedCount).toBe(0);
  });
});

describe('order and callbacks', () => {
  test('deadline first, then the order of setting', () => {
    for (const [word, ms] of Object.entries({ c: 5, d: 5, a: 1, e: 5.000001, b: 4 })) {
      timers.setTimeout(say(word), ms);
    }
    expect(advance(6)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('a deadline counts from its call, also when a callback works between two calls', () => {
    timers.setTimeout(() => {
      timers.setTimeout(say('first'), 20);
      nowNs += 15 * MS;
      timers.setTimeout(say('second'), 10);
    }, 0);
    expect(advance(0)).toEqual([]);
    expect(advance(5)).toEqual(['first']);
    expect(advance(5)).toEqual(['second']);
  });

  test('a callback clears another that is due in the same pass', () => {
    timers.setTimeout(() => second.clear(), 1);
    const second = timers.setTimeout(say('second'), 1);
    timers.setTimeout(say('third'), 1);
    expect(advance(1)).toEqual(['third']);
  });

  test('a callback that throws does not stop the others', () => {
    const thrown = new Error('of the callback');
    const errors: unknown[] = [];
    for (const word of ['a', 'b']) {
      timers.setTimeout(() => {
        throw thrown;
      }, 1);
      timers.setTimeout(say(word), 1);
    }
    expect(advance(1, (error) => errors.push(error))).toEqual(['a', 'b']);
    expect(errors).toEqual([thrown, thrown]);
  });

  test('when onError throws, the timers left over fire in the next pass', () => {
    timers.setTimeout(() => failOn(new Error('through')), 1);
    timers.setTimeout(say('later'), 1);
    expect(() => advance(1)).toThrow('through');
    timers.setTimeout(say('new'), 0);
    expect(advance(0)).toEqual(['later', 'new']);
  });

  test('callbacks are called without this and without arguments', () => {
    const callback = vi.fn(function (this: unknown) {
      expect(this).toBeUndefined();
    });
    timers.setTimeout(callback, 0);
    advance(0);
    expect(callback.mock.calls).toEqual([[]]);
  });

  test('runDue returns how many it called', () => {
    for (const ms of [1, 2, 3]) timers.setTimeout(say('x'), ms);
    expect(timers.runDue(START_NS + 2 * MS, failOn)).toBe(2);
    expect(timers.runDue(START_NS + 2 * MS, failOn)).toBe(0);
  });
});

describe('a handle', () => {
  test('refresh starts the delay again, also of a timeout that has fired', () => {
    const timer = timers.setTimeout(say('a'), 10);
    advance(9);
    expect(timer.refresh()).toBe(timer);
    expect(advance(9)).toEqual([]);
    expect(advance(1)).toEqual(['a']);
    timer.refresh();
    expect(advance(10)).toEqual(['a']);
  });

  test('a timeout of 0 that refreshes itself fires once per pass', () => {
    const timer = timers.setTimeout(() => {
      log.push('a');
      timer.refresh();
    }, 0);
    expect(advance(0)).toEqual(['a']);
    expect(advance(0)).toEqual(['a']);
  });

  test('clear is final and may be repeated, as is dispose', () => {
    const timer = timers.setTimeout(say('a'), 1);
    timer.clear();
    timer.clear();
    timer.refresh();
    expect(timer.isPending).toBe(false);
    timers.setTimeout(say('b'), 1)[Symbol.dispose]();
    expect(advance(10)).toEqual([]);
    expect(timers.pendingCount).toBe(0);
  });

  test('ref and unref count pending timers only', () => {
    const timer = timers.setTimeout(say('a'), 1);
    expect(timer.hasRef()).toBe(true);
    expect(timer.unref().hasRef()).toBe(false);
    expect(timers.referencedCount).toBe(0);
    expect(timer.ref().ref()).toBe(timer);
    expect(timers.referencedCount).toBe(1);
    advance(1);
    expect(timers.referencedCount).toBe(0);
    timer.unref().ref();
    expect(timers.referencedCount).toBe(0);
    timer.refresh();
    expect(timers.referencedCount).toBe(1);
  });

  test('prints in one line', () => {
    expect(inspect(timers.setTimeout(say('a'), 2.5))).toBe('Timer { delayMs: 2.5, pending }');
  });
});

describe('onChange', () => {
  test('notifies of an earlier deadline, not of a later one', () => {
    timers.setTimeout(say('a'), 10);
    expect(changeCount).toBe(1);
    timers.setTimeout(say('b'), 20);
    timers.setTimeout(say('b'), 10);
    expect(changeCount).toBe(1);
    timers.setTimeout(say('c'), 9.999999);
    expect(changeCount).toBe(2);
  });

  test('notifies of what is earlier than the deadline that was read last, cleared or not', () => {
    timers.setTimeout(say('a'), 10);
    timers.setTimeout(say('b'), 5).clear();
    expect(changeCount).toBe(2);
    timers.setTimeout(say('c'), 7); // a caller that was notified of 5 ms looks in time
    expect(changeCount).toBe(2);
    expect(timers.nextDeadlineNs).toBe(START_NS + 7 * MS);
    timers.setTimeout(say('d'), 6);
    expect(changeCount).toBe(3);
  });

  test('notifies when the reactor may end and when it may not', () => {
    const first = timers.setTimeout(say('a'), 10);
    const second = timers.setTimeout(say('b'), 20);
    changeCount = 0;
    first.unref();
    expect(changeCount).toBe(0);
    second.unref();
    expect(changeCount).toBe(1);
    first.ref();
    expect(changeCount).toBe(2);
    first.refresh();
    expect(changeCount).toBe(2);
    first.clear();
    expect(changeCount).toBe(3);
  });

  test('clear ends every timer', () => {
    const handles = [1, 5, 1e6, 1e12].map((ms) => timers.setTimeout(say('a'), ms));
    changeCount = 0;
    timers.clear();
    expect(changeCount).toBe(1);
    expect(handles.some((timer) => timer.refresh().isPending)).toBe(false);
    expect([timers.pendingCount, timers.referencedCount]).toEqual([0, 0]);
    expect(timers.nextDeadlineNs).toBe(Number.POSITIVE_INFINITY);
    expect(advance(1e15)).toEqual([]);
  });
});

describe('bad input', () => {
  const badNumbers: [unknown, string][] = [
    [Number.NaN, 'ERR_OUT_OF_RANGE'],
    [-1, 'ERR_OUT_OF_RANGE'],
    [-Number.MIN_VALUE, 'ERR_OUT_OF_RANGE'],
    [Number.POSITIVE_INFINITY, 'ERR_OUT_OF_RANGE'],
    [undefined, 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
    ['1', 'ERR_INVALID_ARG_TYPE'],
    [1n, 'ERR_INVALID_ARG_TYPE'],
    [Symbol('1'), 'ERR_INVALID_ARG_TYPE'],
    [{ valueOf: () => 1 }, 'ERR_INVALID_ARG_TYPE'],
  ];
  for (const method of ['setTimeout', 'setInterval'] as const) {
    test(`${method} refuses it with a code, and sets nothing`, () => {
      for (const [value, code] of badNumbers) {
        expect(() => timers[method](say('a'), value as number)).toThrow(
          expect.objectContaining({ code }),
        );
      }
      for (const callback of [undefined, null, 'code()', {}]) {
        expect(() => timers[method](callback as unknown as () => void, 1)).toThrow(
          expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
        );
      }
      expect(timers.pendingCount).toBe(0);
    });
  }

  test.each([2 ** 31, 1e12, Number.MAX_VALUE])('%d ms is a delay like any other', (delayMs) => {
    timers.setTimeout(say('far'), delayMs);
    expect(advance(2 ** 31 - 1)).toEqual([]);
    expect(timers.pendingCount).toBe(1);
  });
});
