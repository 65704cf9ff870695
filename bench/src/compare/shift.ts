// How far one set of samples lies from another, and whether chance explains it: the two-sided rank-sum
// test of Wilcoxon, Mann and Whitney with its exact distribution, the shift of Hodges and Lehmann, and
// the interval that belongs to the test. Strata (cases) are tested together by the sum of their U
// (van Elteren): a shift that is in all of them is found from few rounds. Nothing here is random.

/** Samples that may be compared with each other: one case, before and after. */
export interface Stratum {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export interface Shift {
  /** Median of all differences `after - before` inside the strata. */
  readonly estimate: number;
  /** The interval of 95 %; infinite where there are too few samples for one. */
  readonly low: number;
  readonly high: number;
  /** Two-sided. Ties count half, which makes it somewhat larger than it is. */
  readonly pValue: number;
}

const CONFIDENCE = 0.95;

/** @param strata - at least one, each with at least one sample on both sides. */
export function shiftOf(strata: readonly Stratum[]): Shift {
  return judged(differencesOf(strata), chancesOf(strata));
}

/**
 * The same of samples that belong together, sample i of one side with sample i of the other: the
 * signed-rank test of Wilcoxon with its exact distribution. Its statistic is the count of pairwise
 * means of differences above zero, and their median the estimate (Hodges and Lehmann).
 */
export function pairedShiftOf(strata: readonly Stratum[]): Shift {
  const means = strata.flatMap(({ before, after }) => {
    const differences = pairsOf(before, after);
    return differences.flatMap((a, at) => differences.slice(at).map((b) => (a + b) / 2));
  });
  const chances = strata
    .map(({ before, after }) => chancesOfSignedRank(pairsOf(before, after).length))
    .reduce(convolve);
  return judged(Float64Array.from(means).sort(), chances);
}

function pairsOf(before: readonly number[], after: readonly number[]): number[] {
  const length = Math.min(before.length, after.length);
  return Array.from({ length }, (_, at) => (after[at] ?? 0) - (before[at] ?? 0));
}

function judged(differences: Float64Array, chances: readonly number[]): Shift {
  const above = differences.filter((difference) => difference > 0).length;
  const ties = differences.filter((difference) => difference === 0).length;
  const outside = quantileOf(chances, (1 - CONFIDENCE) / 2);
  return {
    estimate: middleOf(differences),
    low: differences[outside - 1] ?? -Infinity,
    high: differences[differences.length - outside] ?? Infinity,
    pValue: twoSided(chances, above + ties / 2),
  };
}

/** The estimate alone, as `shiftOf` has it. */
export function estimateOf(strata: readonly Stratum[]): number {
  return middleOf(differencesOf(strata));
}

/** All of `after - before` inside the strata, in order. */
function differencesOf(strata: readonly Stratum[]): Float64Array {
  return Float64Array.from(
    strata.flatMap(({ before, after }) => after.flatMap((b) => before.map((a) => b - a))),
  ).sort();
}

const known = new Map<string, readonly number[]>();

/** The chance of each sum of U. It hangs on the counts of rounds only, and these are few. */
function chancesOf(strata: readonly Stratum[]): readonly number[] {
  const sizes = strata.map(({ before, after }) => [before.length, after.length] as const);
  const key = sizes.join(' ');
  const chances = known.get(key) ?? sizes.map(([n, m]) => chancesOfU(n, m)).reduce(convolve);
  known.set(key, chances);
  return chances;
}

/** The least p that a stratum with so many rounds on both sides can have. */
export function leastPValue(rounds: number): number {
  return 2 * (chancesOfU(rounds, rounds)[0] ?? 1);
}

/** The same for {@link pairedShiftOf}. */
export function leastPairedPValue(rounds: number): number {
  return 2 ** (1 - rounds);
}

/** The chance of each sum of ranks 1..n with a sign by chance: 0..n(n+1)/2. */
function chancesOfSignedRank(n: number): number[] {
  let chances = [1];
  for (let rank = 1; rank <= n; rank++) {
    const next = new Array<number>(chances.length + rank).fill(0);
    for (const [sum, chance] of chances.entries()) {
      next[sum] = (next[sum] ?? 0) + chance / 2;
      next[sum + rank] = (next[sum + rank] ?? 0) + chance / 2;
    }
    chances = next;
  }
  return chances;
}

function middleOf(sorted: Float64Array): number {
  const at = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(at)] ?? 0) + (sorted[Math.ceil(at)] ?? 0)) / 2;
}

/** The chance of each value of U, 0..n*m, when both sides come from one distribution. */
function chancesOfU(n: number, m: number): number[] {
  // Ways to choose n of n + m ranks by what they exceed: a sample of `after` beats 0..m of `before`.
  let ways: number[][] = Array.from({ length: n + 1 }, (_, chosen) => (chosen === 0 ? [1] : []));
  for (let beaten = 0; beaten <= m; beaten++) {
    for (let chosen = 1; chosen <= n; chosen++) {
      const longer = [...(ways[chosen] ?? [])];
      for (const [sum, count] of (ways[chosen - 1] ?? []).entries()) {
        longer[sum + beaten] = (longer[sum + beaten] ?? 0) + count;
      }
      ways = ways.with(
        chosen,
        Array.from(longer, (count) => count ?? 0),
      );
    }
  }
  const last = ways[n] ?? [];
  const total = last.reduce((sum, count) => sum + count, 0);
  return last.map((count) => count / total);
}

function convolve(a: readonly number[], b: readonly number[]): number[] {
  const sums = new Array<number>(a.length + b.length - 1).fill(0);
  for (const [i, left] of a.entries()) {
    for (const [j, right] of b.entries()) sums[i + j] = (sums[i + j] ?? 0) + left * right;
  }
  return sums;
}

function twoSided(chances: readonly number[], u: number): number {
  const middle = (chances.length - 1) / 2;
  const distance = Math.abs(u - middle);
  const p = chances.reduce((sum, chance, value) => {
    return Math.abs(value - middle) >= distance ? sum + chance : sum;
  }, 0);
  return Math.min(1, p);
}

/** The count of least values of U that together have at most this chance. */
function quantileOf(chances: readonly number[], chance: number): number {
  let sum = 0;
  const at = chances.findIndex((one) => {
    sum += one;
    return sum > chance;
  });
  return Math.max(0, at);
}
