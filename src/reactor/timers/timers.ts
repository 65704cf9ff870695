// The timers of one reactor: the wheel, a clock, and the count of those that keep it alive. The
// reactor calls `runDue` once per turn and waits no longer than `nextDeadlineNs`; `onChange`
// notifies it when a wait that was planned before would be too long.

import { invalidType, outOfRange } from '../../errors.ts';
import { checkFunction } from '../../validate.ts';
import { Timer, type TimerOwner } from './timer.ts';
import { TimingWheel } from './wheel.ts';

const NS_PER_MS = 1e6;
const PERIOD_MIN_MS = 1;

function checkDelayMs(name: string, delayMs: unknown): number {
  if (typeof delayMs !== 'number') throw invalidType(name, 'a number', delayMs);
  if (!(delayMs >= 0 && delayMs < Number.POSITIVE_INFINITY)) {
    throw outOfRange(name, 'a finite number from 0', delayMs);
  }
  return delayMs;
}

function delayNsOf(timer: Timer): number {
  return Math.ceil(timer.delayMs * NS_PER_MS);
}

// The sum, and where a double cannot hold it (after 104 days of uptime, or for long delays) the
// next double above: the nearest one may be earlier than what was asked for.
function addRoundedUp(startNs: number, delayNs: number): number {
  const sum = startNs + delayNs;
  if (sum <= Number.MAX_SAFE_INTEGER) return sum;
  const added = sum - startNs;
  const lost = startNs - (sum - added) + (delayNs - added); // Knuth's exact error of a sum
  return lost > 0 ? sum + sum * Number.EPSILON : sum;
}

/** All timers of a reactor. Callbacks run inside `runDue` and nowhere else. */
export class Timers implements TimerOwner {
  readonly #wheel: TimingWheel<Timer>;
  readonly #now: () => number;
  readonly #onChange: () => void;
  #referencedCount = 0;
  // What the caller plans by: `nextDeadlineNs` when it was last read, or the earlier one since then
  // that it was notified of.
  #plannedNs = Number.POSITIVE_INFINITY;

  /**
   * @param now - reads the monotonic clock: nanoseconds, never going back. It is read for every
   *   timer that is set, since a time remembered from the start of the turn would fire it early.
   * @param onChange - called after a timer was set or refreshed to fire before `nextDeadlineNs` as
   *   it was last read, or before one that this has been called for since; and after
   *   `referencedCount` went from 0 to 1 or back. It must not throw.
   */
  constructor(now: () => number, onChange: () => void) {
    this.#now = now;
    this.#onChange = onChange;
    this.#wheel = new TimingWheel<Timer>(now());
  }

  /** The count of pending timers. */
  get pendingCount(): number {
    return this.#wheel.count;
  }

  /** The count of pending timers that keep the reactor alive. */
  get referencedCount(): number {
    return this.#referencedCount;
  }

  /**
   * When `runDue` is wanted next: nanoseconds of the monotonic clock, Infinity for never. It is
   * not later than the earliest timer, and may be earlier after that one's neighbour was cleared.
   * A far timer makes it larger than an int64 holds.
   */
  get nextDeadlineNs(): number {
    this.#plannedNs = this.#wheel.nextDeadlineNs();
    return this.#plannedNs;
  }

  /**
   * Calls `callback` once, when at least `delayMs` have passed, never earlier. Timers of one
   * deadline fire in the order in which they were set.
   *
   * @param delayMs - milliseconds, any finite number >= 0; fractions are honoured, and rounded up
   *   to whole nanoseconds. 0 fires in the next pass over the timers, not in one that is running.
   * @throws TypeError - ERR_INVALID_ARG_TYPE: no function, no number.
   * @throws RangeError - ERR_OUT_OF_RANGE: negative, NaN or infinite.
   */
  setTimeout(callback: () => void, delayMs: number): Timer {
    checkFunction('callback', callback);
    const timer = new Timer(this, callback, checkDelayMs('delayMs', delayMs), false);
    this.#start(timer, false);
    return timer;
  }

  /**
   * Calls `callback` every `periodMs`. Deadlines keep their phase: each is the one before plus the
   * period, however late the callback was. Periods missed in a stall are left out, not made up.
   *
   * @param periodMs - milliseconds, any finite number >= 0; less than 1 counts as 1, so that an
   *   interval cannot keep the reactor from waiting. Fractions above it are honoured.
   * @throws TypeError - ERR_INVALID_ARG_TYPE: no function, no number.
   * @throws RangeError - ERR_OUT_OF_RANGE: negative, NaN or infinite.
   */
  setInterval(callback: () => void, periodMs: number): Timer {
    checkFunction('callback', callback);
    const delayMs = Math.max(PERIOD_MIN_MS, checkDelayMs('periodMs', periodMs));
    const timer = new Timer(this, callback, delayMs, true);
    this.#start(timer, false);
    return timer;
  }

  /** Whether `runDue(nowNs)` would call anything; `nextDeadlineNs` is exact after a false. */
  hasDue(nowNs: number): boolean {
    return this.#wheel.hasDue(nowNs);
  }

  /**
   * Calls what is due, in the order of deadline, then of setting. What a callback sets or
   * refreshes does not run in the same pass. Callbacks may do anything, this call included.
   *
   * @param nowNs - the time of the pass, read from the same clock.
   * @param onError - receives what a callback throws; the pass goes on. When it throws itself, the
   *   pass ends and the timers left over stay pending.
   * @returns count of callbacks called.
   */
  runDue(nowNs: number, onError: (error: unknown) => void): number {
    let firedCount = 0;
    this.#wheel.startPass(nowNs);
    try {
      let timer = this.#wheel.takeDue(nowNs);
      while (timer !== null) {
        firedCount++;
        this.#fire(timer, nowNs, onError);
        timer = this.#wheel.takeDue(nowNs);
      }
    } finally {
      this.#wheel.endPass();
    }
    return firedCount;
  }

  /** Clears every timer. */
  clear(): void {
    const wasReferenced = this.#referencedCount > 0;
    this.#referencedCount = 0;
    let timer = this.#wheel.takeAny();
    while (timer !== null) {
      timer.callback = null;
      timer = this.#wheel.takeAny();
    }
    if (wasReferenced) this.#onChange();
  }

  /** {@link Timer.clear} */
  clearTimer(timer: Timer): void {
    timer.callback = null;
    if (this.#wheel.cancel(timer) && timer.isReferenced) this.#release();
  }

  /** {@link Timer.refresh} */
  refreshTimer(timer: Timer): void {
    if (timer.callback === null) return;
    // Its count is not free in between: the reactor is notified only if it must wake earlier than
    // planned: a connection refreshes its limit with every message.
    const wasCounted = this.#wheel.cancel(timer) && timer.isReferenced;
    if (wasCounted) this.#referencedCount--;
    this.#start(timer, wasCounted);
  }

  /** {@link Timer.ref} and {@link Timer.unref} */
  setReferenced(timer: Timer, isReferenced: boolean): void {
    if (timer.isReferenced === isReferenced) return;
    timer.isReferenced = isReferenced;
    if (!timer.isPending) return;
    if (!isReferenced) this.#release();
    else if (++this.#referencedCount === 1) this.#onChange();
  }

  #start(timer: Timer, wasCounted: boolean): void {
    const deadlineNs = addRoundedUp(this.#now(), delayNsOf(timer));
    const isEarliest = deadlineNs < this.#plannedNs;
    if (isEarliest) this.#plannedNs = deadlineNs;
    this.#wheel.insert(timer, deadlineNs);
    const isFirst = timer.isReferenced && ++this.#referencedCount === 1 && !wasCounted;
    if (isEarliest || isFirst) this.#onChange();
  }

  #release(): void {
    if (--this.#referencedCount === 0) this.#onChange();
  }

  #fire(timer: Timer, nowNs: number, onError: (error: unknown) => void): void {
    // clear() alone unsets the callback, and takes the timer out of the wheel.
    const callback = timer.callback as () => void;
    if (timer.isInterval) this.#wheel.insert(timer, nextPeriodNs(timer, nowNs));
    else if (timer.isReferenced) this.#release();
    try {
      callback();
    } catch (error) {
      onError(error);
    }
  }
}

// The first deadline of an interval's phase that is after `nowNs`.
function nextPeriodNs(timer: Timer, nowNs: number): number {
  const { deadlineNs } = timer;
  const delayNs = delayNsOf(timer);
  const missedCount = Math.floor((nowNs - deadlineNs) / delayNs);
  const nextNs = addRoundedUp(deadlineNs, (missedCount + 1) * delayNs);
  return nextNs > nowNs ? nextNs : addRoundedUp(nextNs, delayNs);
}
