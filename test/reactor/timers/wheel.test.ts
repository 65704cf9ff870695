// The wheel alone: every level and its edges to the nanosecond, far deadlines, a million entries.
import { describe, expect, test } from 'vitest';
import { DueHeap, SEQUENCE_MASK } from '../../../src/reactor/timers/heap.ts';
import { NOT_PENDING, TimingWheel, type WheelEntry } from '../../../src/reactor/timers/wheel.ts';

class Entry implements WheelEntry<Entry> {
  deadlineNs = 0;
  sequence = 0;
  slot = NOT_PENDING;
  next: Entry | null = null;
  prev: Entry | null = null;
  child: Entry | null = null;
}

const TICK_NS = 2 ** 20;
const START_NS = 1_234_567_890_123;
const DAY_NS = 86_400e9;

function insertAll(wheel: TimingWheel<Entry>, deadlines: readonly number[]): Entry[] {
  return deadlines.map((deadlineNs) => {
    const entry = new Entry();
    wheel.insert(entry, deadlineNs);
    return entry;
  });
}

function takeAllDue(wheel: TimingWheel<Entry>, nowNs: number): Entry[] {
  const taken: Entry[] = [];
  wheel.startPass(nowNs);
  for (let entry = wheel.takeDue(nowNs); entry !== null; entry = wheel.takeDue(nowNs)) {
    taken.push(entry);
  }
  wheel.endPass();
  return taken;
}

describe('edges of the levels', () => {
  for (let level = 0; level < 7; level++) {
    const spanNs = TICK_NS * 64 ** level;
    // A wheel at a multiple of the level's span, one just before it, and one in the middle.
    for (const startNs of [spanNs * 3, spanNs * 64 - 1, spanNs * 64, START_NS]) {
      test(`level ${level} from ${startNs}: due at its nanosecond, not one before`, () => {
        for (const count of [1, 2, 63, 64, 65]) {
          for (const offsetNs of [-1, 0, 1]) {
            // Beyond 2^53 the next nanosecond is the next double.
            const deadlineNs = startNs + spanNs * count + offsetNs;
            const beforeNs = Math.min(deadlineNs - 1, deadlineNs * (1 - 2 ** -53));
            const wheel = new TimingWheel<Entry>(startNs);
            const [entry] = insertAll(wheel, [deadlineNs]);
            expect(wheel.nextDeadlineNs()).toBe(deadlineNs);
            expect(takeAllDue(wheel, beforeNs)).toHaveLength(0);
            expect(wheel.nextDeadlineNs()).toBe(deadlineNs);
            expect(takeAllDue(wheel, deadlineNs)).toEqual([entry]);
            expect(wheel.nextDeadlineNs()).toBe(Number.POSITIVE_INFINITY);
          }
        }
      });
    }
  }
});

test('deadlines around one another on all levels come out sorted, in small steps of time', () => {
  const deadlines: number[] = [];
  for (let bit = 0; bit < 46; bit++) {
    for (const offsetNs of [-1, 0, 1]) deadlines.push(START_NS + 2 ** bit + offsetNs);
  }
  const wheel = new TimingWheel<Entry>(START_NS);
  insertAll(wheel, deadlines.toReversed());
  const taken: number[] = [];
  for (let bit = 0; bit <= 46; bit += 0.25) {
    const nowNs = START_NS + Math.floor(2 ** bit);
    for (const entry of takeAllDue(wheel, nowNs)) {
      expect(entry.deadlineNs).toBeLessThanOrEqual(nowNs);
      taken.push(entry.deadlineNs);
    }
    expect(wheel.nextDeadlineNs()).toBeGreaterThan(nowNs);
  }
  expect(taken).toEqual(deadlines.toSorted((a, b) => a - b));
});

test.each([
  ['30 days', 30 * DAY_NS],
  ['10 years', 3653 * DAY_NS],
  ['1,000 years', 365_250 * DAY_NS],
  ['100,000 years, past the last level', 36_525_000 * DAY_NS],
  ['the largest double', Number.MAX_VALUE],
])('a deadline in %s waits for its time', (_name, delayNs) => {
  const wheel = new TimingWheel<Entry>(START_NS);
  const deadlineNs = START_NS + delayNs;
  const [near, far] = insertAll(wheel, [START_NS + 5, deadlineNs]);
  expect(takeAllDue(wheel, START_NS + DAY_NS)).toEqual([near]);
  expect(takeAllDue(wheel, deadlineNs * (1 - 2 ** -52))).toHaveLength(0);
  expect(wheel.nextDeadlineNs()).toBe(deadlineNs);
  expect(takeAllDue(wheel, deadlineNs)).toEqual([far]);
});

test('deadlines of long ago are due at once, in order', () => {
  const halfNs = TICK_NS * 64 ** 4;
  const deadlines = [0, 1, halfNs - 1, halfNs, 199 * halfNs, 200 * halfNs - 1, 200 * halfNs];
  const wheel = new TimingWheel<Entry>(200 * halfNs);
  insertAll(wheel, deadlines.toReversed());
  expect(wheel.nextDeadlineNs()).toBe(0);
  const taken = takeAllDue(wheel, 200 * halfNs).map((entry) => entry.deadlineNs);
  expect(taken).toEqual(deadlines);
});

test('past the last level, entries go on coming out in order', () => {
  const startNs = 2 ** 69;
  const wheel = new TimingWheel<Entry>(startNs);
  const deadlines = [startNs, startNs * 2, startNs * 3, Number.POSITIVE_INFINITY];
  insertAll(wheel, deadlines.toReversed());
  const taken = takeAllDue(wheel, startNs * 2).map((entry) => entry.deadlineNs);
  expect(taken).toEqual(deadlines.slice(0, 2));
  expect(takeAllDue(wheel, startNs * 3)).toHaveLength(1);
  expect(wheel.count).toBe(1);
});

test('a deadline of Infinity never comes, and can be cancelled', () => {
  const wheel = new TimingWheel<Entry>(START_NS);
  const [entry] = insertAll(wheel, [Number.POSITIVE_INFINITY]) as [Entry];
  expect(takeAllDue(wheel, 2 ** 70)).toHaveLength(0);
  expect(wheel.cancel(entry)).toBe(true);
  expect(wheel.cancel(entry)).toBe(false);
  expect(wheel.count).toBe(0);
});

test.each([0, 1, TICK_NS, 64 * TICK_NS, 64 ** 4 * TICK_NS])(
  'entries of one deadline, %d ns away, come out as they were inserted',
  (delayNs) => {
    const wheel = new TimingWheel<Entry>(START_NS);
    const deadlineNs = START_NS + delayNs;
    const entries = insertAll(wheel, new Array(100).fill(deadlineNs));
    takeAllDue(wheel, deadlineNs - 1); // half of them take another way through the levels
    entries.push(...insertAll(wheel, new Array(100).fill(deadlineNs)));
    const taken = takeAllDue(wheel, deadlineNs);
    expect(taken.map((entry) => entries.indexOf(entry))).toEqual([...entries.keys()]);
  },
);

test('insertion order survives the wrap of the sequence', () => {
  const heap = new DueHeap<Entry>();
  const sequences = [SEQUENCE_MASK - 1, SEQUENCE_MASK, 0, 1];
  for (const sequence of [0, SEQUENCE_MASK, 1, SEQUENCE_MASK - 1]) {
    const entry = new Entry();
    entry.sequence = sequence;
    heap.push(entry);
  }
  for (const sequence of sequences) {
    const top = heap.top as Entry;
    expect(top.sequence).toBe(sequence);
    heap.remove(top);
  }
  expect(heap.top).toBeNull();
});

test('after the earliest of a slot is cancelled, few wakes find nothing', () => {
  for (let level = 0; level < 7; level++) {
    const spanNs = TICK_NS * 64 ** level;
    const wheel = new TimingWheel<Entry>(0);
    const [first, second] = insertAll(wheel, [spanNs * 5, spanNs * 6 - 1]) as [Entry, Entry];
    wheel.cancel(first);
    let wakeCount = 0;
    for (let taken: Entry[] = []; taken.length === 0; wakeCount++) {
      const wakeNs = wheel.nextDeadlineNs();
      expect(wakeNs).toBeLessThanOrEqual(second.deadlineNs);
      taken = takeAllDue(wheel, wakeNs);
    }
    expect(wakeCount).toBeLessThanOrEqual(level + 2);
  }
});

test('a cancelled entry holds no other', () => {
  const wheel = new TimingWheel<Entry>(START_NS);
  for (const delayNs of [0, 1e9]) {
    const entries = insertAll(wheel, new Array(3).fill(START_NS + delayNs));
    for (const entry of entries) wheel.cancel(entry);
    for (const entry of entries) {
      expect(entry).toMatchObject({ next: null, prev: null, child: null, slot: NOT_PENDING });
    }
  }
});

test('1,000,000 pending entries come out in order and never early', () => {
  const count = 1_000_000;
  const wheel = new TimingWheel<Entry>(START_NS);
  let state = 12_345;
  for (let index = 0; index < count; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    wheel.insert(new Entry(), START_NS + Math.floor((state / 2 ** 32) * 60e9));
  }
  expect(wheel.count).toBe(count);
  let takenCount = 0;
  let faultCount = 0;
  let lastNs = START_NS;
  for (let nowNs = START_NS; nowNs <= START_NS + 60e9; nowNs += 7_654_321) {
    for (const { deadlineNs } of takeAllDue(wheel, nowNs)) {
      takenCount++;
      if (deadlineNs < lastNs || deadlineNs > nowNs || deadlineNs <= nowNs - 7_654_321)
        faultCount++;
      lastNs = deadlineNs;
    }
  }
  takenCount += takeAllDue(wheel, START_NS + 60e9).length;
  expect({ takenCount, faultCount }).toEqual({ takenCount: count, faultCount: 0 });
});

test('1,000,000 entries of one tick come out in order, in one pass', () => {
  const wheel = new TimingWheel<Entry>(0);
  const deadlines = Array.from({ length: 1_000_000 }, (_, index) => (index * 7919) % 1_000_003);
  insertAll(wheel, deadlines);
  const taken = takeAllDue(wheel, 2_000_000).map((entry) => entry.deadlineNs);
  expect(taken.findIndex((ns, index) => ns < (taken[index - 1] ?? 0))).toBe(-1);
  expect(taken).toHaveLength(1_000_000);
});
