// The loop of a simulation: what is ready is called, what that has begun in promises goes on, and when nothing is
// left to do now, time passes until something is.
import { setImmediate, setTimeout } from 'node:timers/promises';
import { EdgewiseError } from '../errors.ts';
import { describeEscape, type Escape, type Escapes, REQUESTS } from './escapes.ts';
import type { Machine } from './kernel/machine.ts';
import type { NodeTimers } from './node-timers.ts';

/** Turns at one moment, after which there is no end to them: seconds of real time. */
const TURNS_MAX = 50_000;
/** Of real time, for what the program does beside the machine. */
const REAL_WAIT_MS = 1;
/** Times, before nothing is taken to come: threads of Node work for zlib and crypto, which no list of Node's has. */
const REAL_WAITS = 5;

/** Runs the reactors of a machine while something waits for them. */
export class RunLoop {
  readonly #machine: Machine;
  readonly #nodeTimers: NodeTimers | undefined;
  readonly #escapes: Escapes;
  readonly #allowed: readonly Escape[];
  /** Of these, what always ends. */
  readonly #awaited: readonly Escape[];
  readonly #settleRounds: number;
  #settling: (() => void)[] = [];
  /** Since time has passed. */
  #turns = 0;

  /**
   * @param allowed - what of Node is waited for, in real time.
   * @param settleRounds - passes of Node's loop without a simulated call, after which promises are taken to
   *   have come to rest.
   */
  constructor(
    machine: Machine,
    nodeTimers: NodeTimers | undefined,
    escapes: Escapes,
    allowed: readonly Escape[],
    settleRounds: number,
  ) {
    this.#machine = machine;
    this.#nodeTimers = nodeTimers;
    this.#escapes = escapes;
    this.#allowed = allowed;
    this.#awaited = REQUESTS.filter((each) => allowed.includes(each));
    this.#settleRounds = settleRounds;
  }

  /** Resolves when all that is on its way has arrived and was handled; timers are not waited for. */
  settle(): Promise<void> {
    return new Promise((resolve) => {
      this.#settling.push(resolve);
    });
  }

  /** Time passes in which nothing happens: all that was due is late. */
  suspend(ns: number): void {
    this.#machine.clock.jump(ns);
    this.#nodeTimers?.catchUp();
  }

  /**
   * Runs until `isDone`.
   *
   * @param describe - what is open, for the message.
   * @throws EdgewiseError - ERR_SIM_DEADLOCK: nothing can come any more. ERR_SIM_ESCAPED.
   */
  async run(isDone: () => boolean, describe: () => string): Promise<void> {
    for (;;) {
      await this.#rest(isDone);
      if (isDone()) return;
      if (this.#turn(describe) || this.#hasRequests) continue;
      if (this.#settleNow() || this.#passTime()) continue;
      if (await this.#waitOutside(isDone)) continue;
      throw new EdgewiseError('ERR_SIM_DEADLOCK', `nothing can come any more: ${describe()}`);
    }
  }

  // Promises, nextTicks and immediates of Node go on, until they make no call any more.
  async #rest(isDone: () => boolean): Promise<void> {
    for (let quiet = 0; quiet < this.#settleRounds && !isDone(); ) {
      const before = this.#machine.callCount;
      await setImmediate();
      quiet = this.#machine.callCount === before ? quiet + 1 : 0;
    }
  }

  // An answer of the real world that is on its way: what passes of time meanwhile would be another each time.
  get #hasRequests(): boolean {
    if (this.#awaited.length === 0) return false;
    const { active } = this.#escapes;
    return this.#awaited.some((each) => active.includes(each));
  }

  // @returns whether there was something to do.
  #turn(describe: () => string): boolean {
    const { clock, drivers } = this.#machine;
    const happened = clock.advanceTo(clock.nowNs);
    const ready = [...drivers].filter((driver) => driver.isReady);
    for (const driver of ready) driver.run();
    this.#turns += ready.length;
    if (this.#turns > TURNS_MAX) {
      const text = `it spins: ${TURNS_MAX} turns, and no time has passed; ${describe()}`;
      throw new EdgewiseError('ERR_SIM_DEADLOCK', text);
    }
    return happened + ready.length > 0;
  }

  #settleNow(): boolean {
    if (this.#settling.length === 0) return false;
    if (this.#machine.clock.nextNs !== Number.POSITIVE_INFINITY) return false;
    const settling = this.#settling;
    this.#settling = [];
    for (const resolve of settling) resolve();
    return true;
  }

  #passTime(): boolean {
    const { clock, drivers } = this.#machine;
    const planned = [...drivers].map(({ plannedNs }) => plannedNs);
    const ownNs = Math.min(clock.nextNs, ...planned);
    const nextNs = this.#nodeTimers?.passTo(ownNs) ?? ownNs;
    if (nextNs === Number.POSITIVE_INFINITY) return false;
    clock.advanceTo(nextNs);
    this.#turns = 0;
    return true;
  }

  async #waitOutside(isDone: () => boolean): Promise<boolean> {
    const { callCount, clock } = this.#machine;
    for (let waits = 0; waits < REAL_WAITS; waits++) {
      const { active } = this.#escapes;
      const escaped = active.filter((each) => !this.#allowed.includes(each));
      if (escaped.length > 0) throw new EdgewiseError('ERR_SIM_ESCAPED', describeEscape(escaped));
      await setTimeout(REAL_WAIT_MS);
      const hasGoneOn = this.#machine.callCount !== callCount || this.#settling.length > 0;
      const isPlanned = clock.nextNs !== Number.POSITIVE_INFINITY;
      if (active.length > 0 || hasGoneOn || isPlanned || isDone()) return true;
    }
    return false;
  }
}
