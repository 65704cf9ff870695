// A small seeded generator (mulberry32), so that a failure can be replayed from one number.

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  /** One of `items`, each as likely as its weight. */
  pickWeighted<Item>(items: readonly Item[], weights: readonly number[]): Item {
    let at = this.below(weights.reduce((sum, weight) => sum + weight, 0));
    for (let i = 0; i < items.length; i++) {
      at -= weights[i] as number;
      if (at < 0) return items[i] as Item;
    }
    return items[items.length - 1] as Item;
  }
}

/** The seed of a run: EDGEWISE_SEED, else a new one. */
export function seedOfRun(): number {
  const given = process.env.EDGEWISE_SEED;
  return given === undefined ? (Date.now() ^ (process.pid << 16)) >>> 0 : Number(given) >>> 0;
}
