// Time that only moves when nothing is left to do: a list of what happens later, in order.

const START_NS = 1e9;

/** Something that happens later. */
export interface Scheduled {
  readonly atNs: number;
  /** It does not happen after all. Does nothing when it has. */
  cancel(): void;
}

interface Entry extends Scheduled {
  readonly action: () => void;
}

/** The time of a simulated machine, in nanoseconds of its monotonic clock. */
export class Clock {
  /** When the machine was started. */
  readonly startNs: number = START_NS;
  #nowNs = START_NS;
  readonly #entries: Entry[] = [];

  /** Since then. */
  get elapsedNs(): number {
    return this.#nowNs - START_NS;
  }

  /** Now. */
  get nowNs(): number {
    return this.#nowNs;
  }

  /** When the next thing happens; Infinity: nothing will. */
  get nextNs(): number {
    return this.#entries[0]?.atNs ?? Number.POSITIVE_INFINITY;
  }

  /** Has something happen at a time, behind what was planned for that time before. */
  at(atNs: number, action: () => void): Scheduled {
    const entry: Entry = {
      atNs: Math.max(atNs, this.nowNs),
      action,
      cancel: () => {
        const index = this.#entries.indexOf(entry);
        if (index >= 0) this.#entries.splice(index, 1);
      },
    };
    let at = this.#entries.length;
    while (at > 0 && (this.#entries[at - 1] as Entry).atNs > entry.atNs) at--;
    this.#entries.splice(at, 0, entry);
    return entry;
  }

  /** The same, a while from now. */
  after(delayNs: number, action: () => void): Scheduled {
    return this.at(this.nowNs + delayNs, action);
  }

  /** Time has passed, and nothing that was due has happened yet: it comes all at once. */
  jump(ns: number): void {
    this.#nowNs += ns;
  }

  /** Lets time pass, and what is due then happen. Time never goes back. @returns how much happened. */
  advanceTo(atNs: number): number {
    let count = 0;
    for (let entry = this.#entries[0]; entry !== undefined && entry.atNs <= atNs; ) {
      this.#entries.shift();
      this.#nowNs = Math.max(this.#nowNs, entry.atNs);
      entry.action();
      count++;
      entry = this.#entries[0];
    }
    this.#nowNs = Math.max(this.#nowNs, atNs);
    return count;
  }
}
