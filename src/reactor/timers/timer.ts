// The handle of one timer, and at the same time its place in the wheel: links, deadline and slot
// are fields of this one object. It knows its owner only by the interface declared here.

import { SHOWN, shown } from '../../inspect.ts';
import { NOT_PENDING } from './wheel.ts';

/** What a timer asks of the `Timers` that made it. */
export interface TimerOwner {
  /** {@link Timer.clear} */
  clearTimer(timer: Timer): void;
  /** {@link Timer.refresh} */
  refreshTimer(timer: Timer): void;
  /** {@link Timer.ref} and {@link Timer.unref} */
  setReferenced(timer: Timer, isReferenced: boolean): void;
}

/**
 * A timer of a reactor, made by `reactor.setTimeout` and `reactor.setInterval`.
 *
 * It belongs to the thread of its reactor. No method throws, in whatever state the timer is.
 */
export class Timer {
  /** @internal Written by the wheel, like the five below. */
  deadlineNs: number;
  /** @internal */
  sequence: number;
  /** @internal */
  slot: number;
  /** @internal */
  next: Timer | null;
  /** @internal */
  prev: Timer | null;
  /** @internal */
  child: Timer | null;
  /** @internal Null once the timer is cleared: it is not called again. */
  callback: (() => void) | null;
  /** @internal The delay of a timeout, the period of an interval: as given, mostly an integer that
   * needs no box, which nanoseconds would. */
  readonly delayMs: number;
  /** @internal */
  readonly isInterval: boolean;
  /** @internal */
  isReferenced: boolean;
  /** @internal */
  readonly owner: TimerOwner;

  /** @internal use `reactor.setTimeout` or `reactor.setInterval` */
  constructor(owner: TimerOwner, callback: () => void, delayMs: number, isInterval: boolean) {
    this.deadlineNs = 0;
    this.sequence = 0;
    this.slot = NOT_PENDING;
    this.next = null;
    this.prev = null;
    this.child = null;
    this.callback = callback;
    this.delayMs = delayMs;
    this.isInterval = isInterval;
    this.isReferenced = true;
    this.owner = owner;
  }

  /**
   * Whether it will fire: false after a timeout has fired, and once it is cleared. Inside the
   * callback it is false for a timeout, true for an interval: its next deadline is set already.
   */
  get isPending(): boolean {
    return this.slot !== NOT_PENDING;
  }

  /** Ends the timer for good and lets go of its callback; nothing happens when it has ended. */
  clear(): void {
    this.owner.clearTimer(this);
  }

  /**
   * Starts the full delay or period again from now, also for a timeout that has fired. A cleared
   * timer stays cleared.
   */
  refresh(): this {
    this.owner.refreshTimer(this);
    return this;
  }

  /** Lets the timer keep the reactor alive while it is pending, which is so from the start. */
  ref(): this {
    this.owner.setReferenced(this, true);
    return this;
  }

  /** Lets the reactor end although the timer is pending. */
  unref(): this {
    this.owner.setReferenced(this, false);
    return this;
  }

  /** Whether the timer keeps the reactor alive while it is pending. */
  hasRef(): boolean {
    return this.isReferenced;
  }

  /** How console.log shows it: on one line, without its neighbours in the wheel. */
  [SHOWN](): string {
    const { delayMs, isInterval: interval, isPending: pending } = this;
    return shown('Timer', { delayMs, interval, pending, cleared: this.callback === null });
  }

  /** The same as `clear()`: `using timer = reactor.setTimeout(…)`. */
  [Symbol.dispose](): void {
    this.clear();
  }
}
