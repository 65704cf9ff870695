// Which known word a mistyped one was meant to be.

/** The word with the fewest letters changed, added or left out; undefined: none is near. */
export function nearest(
  word: string,
  words: readonly string[],
  distanceMax = 2,
): string | undefined {
  const ranked = words.map((each) => ({ each, distance: distance(word, each) }));
  ranked.sort((one, other) => one.distance - other.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= distanceMax ? best.each : undefined;
}

// Levenshtein's, a row at a time.
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1];
    for (const [j, against] of [...other].entries()) {
      const replaced = (row[j] as number) + (letter === against ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[other.length] as number;
}
