// Every decision of a simulated kernel is a number on a tape; 0 is the kindest one. A tape that was
// recorded gives the same run again, and one with more zeros a kinder run, which is how a failure is
// shrunk: an empty tape is a perfect machine.

/** A small seeded generator (mulberry32). */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** The decisions of one run. */
export class Tape {
  /** What was decided so far. */
  readonly choices: number[] = [];
  readonly #recorded: readonly number[] | undefined;
  readonly #random: Random;
  /** While it is true every decision is the kindest, whatever the tape has. */
  isCalm = false;

  /** @param from - a seed, or the choices of another run; behind their end all are 0. */
  constructor(from: number | readonly number[]) {
    this.#recorded = typeof from === 'number' ? undefined : from;
    this.#random = new Random(typeof from === 'number' ? from : 0);
  }

  /** How many decisions were not the kindest. */
  get unkindCount(): number {
    return this.choices.reduce((count, choice) => count + (choice === 0 ? 0 : 1), 0);
  }

  /**
   * Decides.
   *
   * @param count - of the possibilities, from 1; the first one is the kindest.
   * @param probability - that it is another one, 0 to 1.
   * @returns 0 to `count - 1`.
   */
  choose(count: number, probability: number): number {
    if (count <= 1 || probability === 0) return 0;
    const choice = this.#next(count, probability);
    this.choices.push(choice);
    return choice;
  }

  /** @returns whether the unkind thing happens. */
  happens(probability: number): boolean {
    return this.choose(2, probability) === 1;
  }

  /**
   * Decides how many of `count` are taken together: all is the kindest, then one, then half of them, and so on.
   * There are few possibilities of any count, so that a short tape has the interesting ones.
   *
   * @param probability - that it is not all of them.
   * @returns 1 to `count`; 0 of 0.
   */
  cut(count: number, probability: number): number {
    if (count <= 1 || probability === 0) return count;
    const cuts = cutsOf(count);
    return cuts[this.choose(cuts.length, probability)] ?? count;
  }

  #next(count: number, probability: number): number {
    if (this.#recorded !== undefined) {
      const recorded = this.#recorded[this.choices.length] ?? 0;
      return this.isCalm ? 0 : Math.min(recorded, count - 1);
    }
    const isUnkind = this.#random.next() < probability;
    const which = 1 + Math.floor(this.#random.next() * (count - 1));
    return isUnkind && !this.isCalm ? which : 0;
  }
}

/** All, 1, a half, all but one, a quarter, an eighth, … */
function cutsOf(count: number): number[] {
  const cuts = new Set([count, 1, count >> 1, count - 1]);
  for (let part = count >> 2; part > 1; part >>= 1) cuts.add(part);
  return [...cuts];
}
