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

// A red suite should be of the change that it tests, so that seeds are the same from run to run;
// new ones are for `npm run test:long -- random`.
const USUAL_SEED = 20_261_121;

/** The seed of a run: EDGEWISE_SEED, a number; else always the same. */
export function seedOfRun(): number {
  return Number(process.env.EDGEWISE_SEED ?? USUAL_SEED) >>> 0;
}
