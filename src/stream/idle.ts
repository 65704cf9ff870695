// The idle timeout of a stream. One timer looks back when it fires: what happens meanwhile costs a
// reading of the clock.
import { invalidType, outOfRange } from '../errors.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type { Timer } from '../reactor/timers/timer.ts';

const TIMEOUT_MAX_MS = 0x7fffffff;

/** @throws TypeError, RangeError - no number of milliseconds. */
export function checkIdle(timeoutMs: number): void {
  if (typeof timeoutMs !== 'number') throw invalidType('timeoutMs', 'a number', timeoutMs);
  if (timeoutMs >= 0 && timeoutMs < Number.POSITIVE_INFINITY) return;
  throw outOfRange('timeoutMs', 'a finite number from 0', timeoutMs);
}

export class IdleTimeout {
  /** Milliseconds of silence until it is told; 0: never; undefined: nobody has asked. */
  timeoutMs: number | undefined = undefined;
  readonly #onIdle: () => void;
  readonly #reactor: () => Reactor;
  readonly #bytesSent: () => number;
  #timer: Timer | undefined = undefined;
  #timerDueMs = 0;
  #lastActivityMs = 0;
  #bytesSeen = 0; // sent until then

  /** @param bytesSent - a count: what moves is no silence, though nobody says `touch`. */
  constructor(reactor: () => Reactor, bytesSent: () => number, onIdle: () => void) {
    this.#reactor = reactor;
    this.#bytesSent = bytesSent;
    this.#onIdle = onIdle;
  }

  set(timeoutMs: number): void {
    this.timeoutMs = timeoutMs;
    this.touch();
    if (timeoutMs > 0) this.#plan(); // it may be due earlier than before
  }

  /** Something has happened. */
  touch(): void {
    if (!this.timeoutMs) return;
    this.#lastActivityMs = performance.now();
    this.#bytesSeen = this.#bytesSent();
    if (this.#timer?.isPending !== true) this.#plan();
  }

  clear(): void {
    this.timeoutMs &&= 0;
    this.#timer?.clear();
  }

  #plan(): void {
    const dueMs = this.#lastActivityMs + (this.timeoutMs ?? 0);
    if (this.#timer?.isPending === true && this.#timerDueMs <= dueMs) return;
    this.#timer?.clear();
    const delayMs = Math.min(Math.max(dueMs - performance.now(), 0), TIMEOUT_MAX_MS);
    this.#timerDueMs = dueMs;
    this.#timer = this.#reactor()
      .setTimeout(() => this.#onTimer(), delayMs)
      .unref();
  }

  #onTimer(): void {
    if (!this.timeoutMs) return;
    // Told once; the next activity sets the timer again.
    if (this.#bytesSent() !== this.#bytesSeen) this.touch();
    else if (performance.now() - this.#lastActivityMs < this.timeoutMs) this.#plan();
    else this.#onIdle();
  }
}
