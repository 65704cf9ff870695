// Timers against a model that is too simple to be wrong: an array, searched for its minimum. Both
// go through the same random calls, also inside callbacks. EDGEWISE_SEED=… takes another seed.
import { expect, test } from 'vitest';
import type { Timer } from '../../../src/reactor/timers/timer.ts';
import { Timers } from '../../../src/reactor/timers/timers.ts';
import { seedOfRun } from '../../helpers/random.ts';

const SCRIPT_COUNT = 60;
const STEP_COUNT = 1_000;
const PENDING_MAX = 200;
const NOW_MAX_NS = 2 ** 51; // past it, deadlines are no longer whole in a double
const WAKES_MAX = 10; // one per level, one for the heap, and the pass that fires

interface ModelTimer {
  readonly id: number;
  readonly delayNs: number;
  readonly isInterval: boolean;
  handle: Timer;
  deadlineNs: number;
  order: number;
  isPending: boolean;
  isCleared: boolean;
  isReferenced: boolean;
  /** The pass in which it was set or refreshed, 0 outside: it is not due in that pass. */
  pass: number;
}

function createRandom(seed: number): (limit: number) => number {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return (((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * limit;
  };
}

class Comparison {
  readonly #random: (limit: number) => number;
  #nowNs = 5e12;
  #order = 0;
  #pass = 0;
  #id = 0;
  #timers: ModelTimer[] = [];
  /** What a reactor would have written for its wait. */
  #plannedNs = Number.POSITIVE_INFINITY;
  #plannedAlive = false;
  readonly #errors: unknown[] = [];
  readonly #timersUnderTest: Timers;
  firedCount = 0;

  constructor(seed: number) {
    this.#random = createRandom(seed);
    this.#timersUnderTest = new Timers(
      () => this.#nowNs,
      () => this.#plan(),
    );
  }

  step(): void {
    if (this.#nowNs > NOW_MAX_NS) return;
    const choice = this.#random(100);
    if (choice < 75) this.#change();
    else if (choice < 85) this.#advance(this.#nowNs + this.#someDelayNs(36));
    else if (choice < 99.9) this.#waitForNext();
    else this.#clearAll();
    this.#check();
  }

  #plan(): void {
    this.#plannedNs = this.#timersUnderTest.nextDeadlineNs;
    this.#plannedAlive = this.#timersUnderTest.referencedCount > 0;
  }

  #pending(): ModelTimer[] {
    return this.#timers.filter((timer) => timer.isPending);
  }

  #earliest(timers: ModelTimer[]): ModelTimer | undefined {
    let first: ModelTimer | undefined;
    for (const timer of timers) {
      const isBefore =
        first === undefined ||
        timer.deadlineNs < first.deadlineNs ||
        (timer.deadlineNs === first.deadlineNs && timer.order < first.order);
      if (isBefore) first = timer;
    }
    return first;
  }

  #check(): void {
    const pending = this.#pending();
    const earliestNs = this.#earliest(pending)?.deadlineNs ?? Number.POSITIVE_INFINITY;
    expect(this.#timersUnderTest.pendingCount).toBe(pending.length);
    expect(this.#timersUnderTest.referencedCount).toBe(
      pending.filter((timer) => timer.isReferenced).length,
    );
    // Not in every step: what is read is what changes are compared with.
    if (this.#random(2) < 1) {
      expect(this.#timersUnderTest.nextDeadlineNs).toBeLessThanOrEqual(earliestNs);
    }
    expect(this.#plannedNs).toBeLessThanOrEqual(earliestNs);
    expect(this.#plannedAlive).toBe(pending.some((timer) => timer.isReferenced));
    const wrong = this.#timers.find((timer) => timer.handle.isPending !== timer.isPending);
    expect(wrong).toBeUndefined();
    this.#timers = this.#timers.filter((timer) => !timer.isCleared);
  }

  // Delays of every size, from the same nanosecond to a year, many of them equal.
  #someDelayNs(bitsMax = 50): number {
    const choice = this.#random(10);
    if (choice < 2) return [0, 1, 1e6, 2 ** 20, 2 ** 26][Math.floor(this.#random(5))] as number;
    return Math.floor(2 ** this.#random(choice < 9 ? 36 : bitsMax));
  }

  #change(): void {
    const choice = this.#random(10);
    const timer = this.#timers[Math.floor(this.#random(this.#timers.length))];
    if (timer === undefined || (choice < 5 && this.#timers.length < PENDING_MAX)) this.#set();
    else if (choice < 7) this.#clear(timer);
    else if (choice < 8.5) this.#refresh(timer);
    else this.#switchReference(timer);
  }

  #set(): void {
    const isInterval = this.#random(10) < 2;
    const delayNs = Math.max(this.#someDelayNs(), isInterval ? 1e6 : 0);
    const set = isInterval ? 'setInterval' : 'setTimeout';
    const id = this.#id++;
    const model = { id, delayNs: Math.ceil((delayNs / 1e6) * 1e6), isInterval } as ModelTimer;
    this.#start(model);
    model.isReferenced = true;
    model.isCleared = false;
    model.handle = this.#timersUnderTest[set](() => this.#onFired(model), delayNs / 1e6);
    this.#timers.push(model);
  }

  #start(timer: ModelTimer): void {
    timer.deadlineNs = this.#nowNs + timer.delayNs;
    timer.order = this.#order++;
    timer.isPending = true;
    timer.pass = this.#pass;
  }

  #clear(timer: ModelTimer): void {
    timer.isPending = false;
    timer.isCleared = true;
    timer.handle.clear();
  }

  #refresh(timer: ModelTimer): void {
    if (!timer.isCleared) this.#start(timer);
    timer.handle.refresh();
  }

  #switchReference(timer: ModelTimer): void {
    timer.isReferenced = !timer.isReferenced;
    if (timer.isReferenced) timer.handle.ref();
    else timer.handle.unref();
    expect(timer.handle.hasRef()).toBe(timer.isReferenced);
  }

  #clearAll(): void {
    for (const timer of this.#pending()) {
      timer.isPending = false;
      timer.isCleared = true;
    }
    this.#timersUnderTest.clear();
    this.#plan();
  }

  #due(): ModelTimer[] {
    const isInTime = (timer: ModelTimer) => timer.deadlineNs <= this.#nowNs;
    return this.#pending().filter((timer) => isInTime(timer) && timer.pass !== this.#pass);
  }

  #onFired(timer: ModelTimer): void {
    this.firedCount++;
    expect(timer.id).toBe(this.#earliest(this.#due())?.id);
    timer.isPending = false;
    if (timer.isInterval) {
      timer.isPending = true;
      timer.order = this.#order++;
      while (timer.deadlineNs <= this.#nowNs) timer.deadlineNs += this.#periodsNs(timer);
    }
    expect(timer.handle.isPending).toBe(timer.isPending);
    const choice = this.#random(10);
    if (choice < 3) this.#change();
    else if (choice < 4) this.#refresh(timer);
    else if (choice < 5) this.#clear(timer);
    else if (choice < 6) throw timer;
  }

  // Many periods at once, so that a stall of a year takes few steps.
  #periodsNs(timer: ModelTimer): number {
    const behindNs = this.#nowNs - timer.deadlineNs;
    return Math.max(1, Math.floor(behindNs / timer.delayNs) - 1) * timer.delayNs;
  }

  #advance(nowNs: number): void {
    this.#nowNs = nowNs;
    this.#pass++;
    const before = this.firedCount;
    const count = this.#timersUnderTest.runDue(this.#nowNs, (error) => this.#errors.push(error));
    expect(count).toBe(this.firedCount - before);
    for (const error of this.#errors.splice(0)) {
      if (error instanceof Error) throw error; // a failed expectation, not what callbacks throw
    }
    expect(this.#due()).toHaveLength(0);
    this.#pass++;
    this.#plan();
  }

  // Sleeps as a reactor does until something fires: few wakes must find nothing.
  #waitForNext(): void {
    const before = this.firedCount;
    const earliestNs = this.#earliest(this.#pending())?.deadlineNs;
    if (earliestNs === undefined) return;
    for (let wake = 1; this.firedCount === before; wake++) {
      expect(wake).toBeLessThanOrEqual(WAKES_MAX);
      const wakeNs = this.#timersUnderTest.nextDeadlineNs;
      expect(wakeNs).toBeLessThanOrEqual(earliestNs);
      this.#advance(Math.max(this.#nowNs, wakeNs));
    }
  }
}

const seed = seedOfRun();

test(`${SCRIPT_COUNT * STEP_COUNT} random calls, inside callbacks too, do what an array does, from seed ${seed}`, () => {
  let firedCount = 0;
  for (let script = 0; script < SCRIPT_COUNT; script++) {
    const comparison = new Comparison(seed + script);
    for (let step = 0; step < STEP_COUNT; step++) comparison.step();
    firedCount += comparison.firedCount;
  }
  expect(firedCount).toBeGreaterThan(SCRIPT_COUNT * 100);
});
