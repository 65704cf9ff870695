// The way between two hosts: how long what is sent takes, in which pieces it goes, and what is lost.
import type { Clock } from './clock.ts';
import type { Journal } from './journal.ts';
import { describePacket, type Packet, type Rules } from './packet.ts';
import type { Tape } from './tape.ts';

const NS_PER_MS = 1e6;
/** Of loopback, where a segment is as large as it can be. */
export const SEGMENT = 65_536;
/** By which a datagram is late when those that were sent behind it overtake it. */
const REORDER_MS = 1;

/** What a link may do to what it carries. */
export interface LinkFaults {
  /** A probability, and the most that a segment is late by. */
  readonly delay: { readonly probability: number; readonly maxMs: number };
  /** That a segment is cut. */
  readonly cut: number;
  /** That a segment of TCP never arrives, as the connection is reset. */
  readonly resets: number;
  /** That a datagram never arrives. */
  readonly loss: number;
  /** That it arrives behind those that were sent after it. */
  readonly reorder: number;
  /** That it arrives twice. */
  readonly duplicate: number;
}

/** Nothing goes wrong. */
export const NO_FAULTS: LinkFaults = {
  delay: { probability: 0, maxMs: 0 },
  cut: 0,
  resets: 0,
  loss: 0,
  reorder: 0,
  duplicate: 0,
};

/** What links are made of. */
export interface LinkParts {
  readonly clock: Clock;
  readonly tape: Tape;
  readonly journal: Journal;
  readonly rules: Rules;
}

/** What a packet arrives behind. */
export interface Behind {
  /** When what was sent before it arrives. */
  readonly notBeforeNs: number;
  /** That has not arrived yet. */
  readonly isBehind: boolean;
  /** How long it stays behind that, and behind now. */
  readonly gapNs: number;
}

/** It overtakes what was sent before it. */
export const ALONE: Behind = { notBeforeNs: 0, isBehind: false, gapNs: 0 };

/** One way between two hosts; local: inside of one machine's memory, as a Unix socket. */
export class Link {
  readonly isLocal: boolean;
  /** Milliseconds that everything takes. */
  latencyMs = 0;
  /** Nothing arrives before; Infinity: until it is healed. */
  #closedUntilNs = 0;
  #held: (() => void)[] = [];
  readonly #parts: LinkParts;
  readonly #faults: LinkFaults;

  constructor(parts: LinkParts, faults: LinkFaults, isLocal = false) {
    this.#parts = parts;
    this.#faults = faults;
    this.isLocal = isLocal;
  }

  /** @param count - at most SEGMENT. @returns how many of them go in one piece. */
  segment(count: number, { from, to }: Pick<Packet, 'from' | 'to'>): number {
    const part = this.#parts.tape.cut(count, this.#faults.cut);
    if (part < count) {
      this.#parts.journal.add(`of ${count} bytes from ${from} to ${to} the first ${part} go alone`);
    }
    return part;
  }

  /** Whether a connection is reset now, by chance. */
  isReset(): boolean {
    return this.#parts.tape.happens(this.#faults.resets);
  }

  /** Notes that a connection was reset. */
  noteReset({ from, to }: Pick<Packet, 'from' | 'to'>, why: string): void {
    this.#parts.journal.add(`the connection from ${from} to ${to} is reset (${why})`);
  }

  /** Has something happen after a while, at this end. */
  later(delayNs: number, action: () => void): void {
    this.#parts.clock.after(delayNs, action);
  }

  /** What the rules say: milliseconds that it is late. */
  verdictOn(packet: Packet): 'drop' | 'duplicate' | number {
    const verdict = this.isLocal ? 'pass' : this.#parts.rules.verdictOn(packet);
    if (verdict === 'pass') return 0;
    if (typeof verdict === 'object') return verdict.delayMs;
    const how = verdict === 'drop' ? 'dropped' : 'twice';
    this.#note(packet, `${how} (by a rule)`);
    return verdict;
  }

  /** Has a datagram arrive: once, as it is usual, or twice, or never. */
  carryDatagram(packet: Packet, arrive: () => void): void {
    const { loss, reorder, duplicate } = this.#faults;
    const verdict = this.verdictOn(packet);
    if (verdict === 'drop' || this.#happens(loss, packet, 'lost')) return;
    const isOvertaken = this.#happens(reorder, packet, 'overtaken by those behind it');
    const delayMs = (verdict === 'duplicate' ? 0 : verdict) + (isOvertaken ? REORDER_MS : 0);
    const isTwice = this.#happens(duplicate, packet, 'twice') || verdict === 'duplicate';
    this.carry(packet, delayMs, ALONE, arrive);
    if (isTwice) this.carry(packet, delayMs, ALONE, arrive);
  }

  /**
   * Has something arrive at the other end.
   *
   * @param delayMs - that it is late, beside what the link takes.
   * @returns when it arrives.
   */
  carry(packet: Packet, delayMs: number, behind: Behind, arrive: () => void): number {
    const { clock } = this.#parts;
    const lateMs = delayMs + this.#chooseDelay();
    if (lateMs > 0) {
      this.#note(packet, `${lateMs} ms late`);
    }
    const { nowNs } = clock;
    if (this.#closedUntilNs === Number.POSITIVE_INFINITY) {
      this.#held.push(arrive);
      return nowNs;
    }
    const soonestNs = Math.max(behind.notBeforeNs, this.#closedUntilNs);
    const ownNs = nowNs + (this.latencyMs + lateMs) * NS_PER_MS;
    const atNs = Math.max(ownNs, soonestNs) + behind.gapNs;
    if (atNs <= nowNs && !behind.isBehind) arrive();
    else clock.at(atNs, arrive);
    return atNs;
  }

  /** Nothing arrives for a while; Infinity: until `heal`. */
  partition(ms: number): void {
    this.#closedUntilNs = this.#parts.clock.nowNs + ms * NS_PER_MS;
  }

  /** What was held back arrives. */
  heal(): void {
    this.#closedUntilNs = 0;
    for (const arrive of this.#held.splice(0)) arrive();
  }

  #chooseDelay(): number {
    const { probability, maxMs } = this.#faults.delay;
    return this.#parts.tape.choose(Math.max(1, Math.ceil(maxMs)) + 1, probability);
  }

  #happens(chance: number, packet: Packet, what: string): boolean {
    const happens = this.#parts.tape.happens(chance);
    if (happens) this.#note(packet, what);
    return happens;
  }

  #note(packet: Packet, what: string): void {
    this.#parts.journal.add(`${describePacket(packet)}: ${what}`);
  }
}
