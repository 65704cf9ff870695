// Finds a kinder run that fails as well: fewer choices, and smaller ones.

/**
 * @param fails - whether a run with these choices fails.
 * @param limitMs - of real time.
 * @returns the kindest choices that were found.
 */
export async function shrink(
  choices: readonly number[],
  fails: (choices: readonly number[]) => Promise<boolean>,
  limitMs: number,
): Promise<readonly number[]> {
  const endMs = performance.now() + limitMs;
  let best = withoutZeros(choices);
  for (let hasShrunk = true; hasShrunk; ) {
    hasShrunk = false;
    for (const candidate of candidatesOf(best)) {
      if (performance.now() > endMs) return best;
      if (!(await fails(candidate))) continue;
      best = withoutZeros(candidate);
      hasShrunk = true;
      break;
    }
  }
  return best;
}

/** Without those behind the last one that is not 0: all of them are. */
export function withoutZeros(choices: readonly number[]): readonly number[] {
  return choices.slice(0, choices.findLastIndex((choice) => choice !== 0) + 1);
}

function* candidatesOf(choices: readonly number[]): Generator<number[]> {
  const unkind = choices.flatMap((choice, index) => (choice === 0 ? [] : [index]));
  // Whole groups of them become kind, first the larger ones.
  for (let size = unkind.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < unkind.length; at += size) {
      const group = new Set(unkind.slice(at, at + size));
      yield choices.map((choice, index) => (group.has(index) ? 0 : choice));
    }
  }
  // Parts are left out.
  for (let size = Math.floor(choices.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < choices.length; at += size) {
      yield [...choices.slice(0, at), ...choices.slice(at + size)];
    }
  }
  for (const index of unkind) {
    const choice = choices[index] as number;
    for (const smaller of [1, Math.floor(choice / 2), choice - 1]) {
      if (smaller > 0 && smaller < choice) yield choices.with(index, smaller);
    }
  }
}
