// Which known name a mistyped one was meant to be: of options and handlers (lint, edgewise/testing), and of
// the words of the command line. scripts/nearest.mjs is the same for what runs before anything is built.

/** How many letters a name may differ in to be meant. */
const DISTANCE_MAX = 3;

// The edits (insert, delete, replace) from `a` to `b`, upper and lower case alike.
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let k = 1; k <= b.length; k++) {
      const isSame = a[i - 1]?.toLowerCase() === b[k - 1]?.toLowerCase();
      const replaced = (row[k - 1] as number) + (isSame ? 0 : 1);
      next.push(Math.min(replaced, (row[k] as number) + 1, (next[k - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** The one of `known` that `name` is nearest to; undefined: none is near. */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  const prefixed = /^on([A-Z]\w*)$/.exec(name)?.[1] ?? name; // `onData` where `data` is meant
  const ranked = known
    .map((each) => ({ each, far: Math.min(distance(name, each), distance(prefixed, each)) }))
    .sort((a, b) => a.far - b.far);
  const [first] = ranked;
  return first !== undefined && first.far <= Math.min(DISTANCE_MAX, first.each.length - 1)
    ? first.each
    : undefined;
}
