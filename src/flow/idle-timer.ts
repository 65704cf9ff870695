// Reports silence: nothing happened for a time. One timer of the reactor is set; when it fires, it is
// set again for what is missing since the last activity. An activity therefore sets no timer. Its
// time comes from the reactor, which reads the clock once for all activity of a turn.
import { invalidType, outOfRange } from '../errors.ts';
import { native } from '../native.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type { Timer } from '../reactor/timers/timer.ts';

const NS_PER_MS = 1e6;
const TIMER_MAX_MS = 0x7fffffff;

/** @throws TypeError, RangeError - not a finite number of milliseconds from 0. */
export function checkIdleMs(name: string, value: unknown): void {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (value >= 0 && value < Number.POSITIVE_INFINITY) return;
  throw outOfRange(name, 'a finite number from 0', value);
}

/** What has an idle timer. */
export interface IdleTimerOwner {
  /** Where the timer runs. */
  readonly reactor: Reactor;
  /** Called in a turn, not before `idleMs` without activity. The next activity sets it again. */
  onIdle(): void;
}

/** The idle timer of a connection or of a stream. It does not keep the reactor alive. */
export class IdleTimer {
  /** Milliseconds of silence until it is reported; 0: never. */
  idleMs = 0;
  readonly #owner: IdleTimerOwner;
  #timer: Timer | undefined = undefined;
  #timerDueNs = 0;
  #lastActivityNs = 0;
  readonly #onDue = (): void => this.#onTimer(); // one for all timers that are set
  #isNoted = false; // an activity of this turn; the reactor says the time at its end

  constructor(owner: IdleTimerOwner) {
    this.#owner = owner;
  }

  /**
   * Begins to wait for silence, from now on.
   *
   * @param idleMs - milliseconds, also fractions; 0 ends it.
   */
  set(idleMs: number): void {
    this.idleMs = idleMs;
    // The timer is left where it is, also by 0: a server of HTTP ends the silence with each request and
    // begins it with each answer, and a timer that is due earlier looks back when it fires.
    if (idleMs > 0) this.restart();
  }

  /** As if something happened now, whatever the turn. */
  restart(): void {
    this.#lastActivityNs = native.now();
    this.#plan(this.#lastActivityNs);
  }

  /** Something has happened. */
  touch(): void {
    if (this.#isNoted || this.idleMs === 0) return;
    this.#isNoted = true;
    this.#owner.reactor.noteActivity(this);
  }

  /** Called by the reactor: when that was. Never before the activity. */
  onActivity(nowNs: number): void {
    this.#isNoted = false;
    this.#lastActivityNs = nowNs;
    if (this.idleMs > 0 && this.#timer?.isPending !== true) this.#plan(nowNs);
  }

  clear(): void {
    this.idleMs = 0;
    this.#timer?.clear();
  }

  // A timer that is due too early is left: it looks back when it fires.
  #plan(nowNs: number): void {
    const dueNs = this.#lastActivityNs + this.idleMs * NS_PER_MS;
    if (this.#timer?.isPending === true && this.#timerDueNs <= dueNs) return;
    this.#timer?.clear();
    const { reactor } = this.#owner;
    if (reactor.isClosed) return;
    const delayMs = Math.min(Math.max((dueNs - nowNs) / NS_PER_MS, 0), TIMER_MAX_MS);
    this.#timerDueNs = dueNs;
    this.#timer = reactor.setTimeout(this.#onDue, delayMs).unref();
  }

  #onTimer(): void {
    if (this.idleMs === 0 || this.#isNoted) return; // noted: it is set again at the end of the turn
    const nowNs = native.now();
    if (nowNs - this.#lastActivityNs < this.idleMs * NS_PER_MS) this.#plan(nowNs);
    else this.#owner.onIdle();
  }
}
