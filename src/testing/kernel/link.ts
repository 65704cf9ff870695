// The way between two hosts: how long what is sent takes, and in which pieces it goes.
import type { Clock } from './clock.ts';
import type { Tape } from './tape.ts';

const NS_PER_MS = 1e6;
/** Of loopback, where a segment is as large as it can be. */
export const SEGMENT = 65_536;

/** What a link may do to what it carries. */
export interface LinkFaults {
  /** A probability, and the most that a segment is late by. */
  readonly delay: { readonly probability: number; readonly maxMs: number };
  /** That a segment is cut. */
  readonly cut: number;
}

/** One way between two hosts; local: inside of one machine's memory, as a Unix socket. */
export class Link {
  readonly isLocal: boolean;
  /** Milliseconds that everything takes. */
  latencyMs = 0;
  /** Nothing arrives before; Infinity: until it is healed. */
  #closedUntilNs = 0;
  #held: (() => void)[] = [];
  readonly #clock: Clock;
  readonly #tape: Tape;
  readonly #faults: LinkFaults;

  constructor(clock: Clock, tape: Tape, faults: LinkFaults, isLocal = false) {
    this.#clock = clock;
    this.#tape = tape;
    this.#faults = faults;
    this.isLocal = isLocal;
  }

  /** @param count - at most SEGMENT. @returns how many of them go in one piece. */
  segment(count: number): number {
    return this.#tape.choose(count, this.#faults.cut) || count;
  }

  /** Has something happen after a while, at this end. */
  later(delayNs: number, action: () => void): void {
    this.#clock.after(delayNs, action);
  }

  /** Has something arrive at the other end, perhaps before what was sent before it. */
  carry(arrive: () => void): void {
    this.carryBehind(0, 0, false, arrive);
  }

  /**
   * @param notBeforeNs - when what was sent before it arrives.
   * @param gapNs - and how long it stays behind that, and behind now.
   * @param isBehind - that has not arrived yet.
   * @returns when it arrives.
   */
  carryBehind(notBeforeNs: number, gapNs: number, isBehind: boolean, arrive: () => void): number {
    const { probability, maxMs } = this.#faults.delay;
    const lateMs = this.#tape.choose(Math.max(1, Math.ceil(maxMs)) + 1, probability);
    const { nowNs } = this.#clock;
    if (this.#closedUntilNs === Number.POSITIVE_INFINITY) {
      this.#held.push(arrive);
      return nowNs;
    }
    const soonestNs = Math.max(notBeforeNs, this.#closedUntilNs);
    const ownNs = nowNs + (this.latencyMs + lateMs) * NS_PER_MS;
    const atNs = Math.max(ownNs, soonestNs) + gapNs;
    if (atNs <= nowNs && !isBehind) arrive();
    else this.#clock.at(atNs, arrive);
    return atNs;
  }

  /** Nothing arrives for a while; Infinity: until `heal`. */
  partition(ms: number): void {
    this.#closedUntilNs = this.#clock.nowNs + ms * NS_PER_MS;
  }

  /** What was held back arrives. */
  heal(): void {
    this.#closedUntilNs = 0;
    for (const arrive of this.#held.splice(0)) arrive();
  }
}

/** What goes one way over a link, and arrives in the order in which it was sent. */
export class Lane {
  readonly #link: Link;
  #lastArrivalNs = 0;
  #onTheWay = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Has something arrive behind what was sent before it, so long at least. */
  send(arrive: () => void, gapNs = 0): void {
    const isBehind = this.#onTheWay > 0;
    this.#onTheWay++;
    const atNs = this.#link.carryBehind(this.#lastArrivalNs, gapNs, isBehind, () => {
      this.#onTheWay--;
      arrive();
    });
    // What has arrived at once may have sent something itself.
    this.#lastArrivalNs = Math.max(this.#lastArrivalNs, atNs);
  }
}
