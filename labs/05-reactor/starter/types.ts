// What a reactor is. Given: nothing is to be done here.
import type { Interest, Poller, Readiness } from 'edgewise';

/** What is called for a descriptor that is ready. */
export interface Handler {
  onReady(readiness: Readiness, registration: Registration): void;
}

/** One watched descriptor. */
export interface Registration {
  readonly fd: number;
  readonly isClosed: boolean;
  /** What it is called for from now on. */
  setInterest(interest: Interest): void;
  /** Ends it, and leaves the descriptor open. Does nothing the second time. */
  close(): void;
}

export interface Timer {
  /** It is not called any more. Does nothing when it was. */
  cancel(): void;
}

export interface MiniReactor {
  /** Watches a descriptor under the level trigger. What the poller throws, it throws. */
  register(fd: number, interest: Interest, handler: Handler): Registration;
  /** Calls `callback` once, not before `delayMs` milliseconds; fractions count. */
  setTimeout(callback: () => void, delayMs: number): Timer;
  /** Calls `callback` at the end of this turn, or of the next one when none is running. */
  defer(callback: () => void): void;
  /** The current or the next turn ends, and calls `onWake`. Many before it count as one. */
  wake(): void;
  /** Another thread that writes 8 bytes to it has done the same as `wake`. */
  readonly wakeFd: number;
  /**
   * One pass: waits, at most so many milliseconds (-1: as long as it takes), then calls handlers,
   * `onWake`, timers that are due, and deferred functions, in this order. Then it throws what they threw.
   *
   * @returns how many handlers it has called.
   */
  turn(timeoutMs: number): number;
  /** Ends it, with all that it has opened, and the poller. Watched descriptors stay open. */
  close(): void;
}

/** What a reactor is made of. */
export interface Parts {
  readonly poller: Poller;
  /** Milliseconds of a clock that never goes back. Default: performance.now. */
  readonly now?: () => number;
  readonly onWake?: () => void;
}
