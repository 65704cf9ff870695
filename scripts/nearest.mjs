// Which known name a mistyped one was meant to be, for what runs before anything is built; the package's
// own is src/nearest.ts, and a test holds both together.

const DISTANCE_MAX = 3;

// The edits (insert, delete, replace) from `a` to `b`, upper and lower case alike.
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a.toLowerCase()].entries()) {
    const next = [i + 1];
    for (const [k, other] of [...b.toLowerCase()].entries()) {
      next.push(Math.min(row[k] + (letter === other ? 0 : 1), row[k + 1] + 1, next[k] + 1));
    }
    row = next;
  }
  return row.at(-1);
}

/** The one of `known` that `name` is nearest to; undefined: none is near. */
export function nearestOf(name, known) {
  const [first] = known
    .map((each) => ({ each, far: distance(name, each) }))
    .sort((a, b) => a.far - b.far);
  const isNear = first !== undefined && first.far <= Math.min(DISTANCE_MAX, first.each.length - 1);
  return isNear ? first.each : undefined;
}

/**
 * `unknown name 'lnt'; did you mean 'lint'?`, and where none is near all that there are.
 *
 * @param {string} kind - `'name'`, `'scenario'`
 * @param {readonly string[]} known
 */
export function unknown(kind, word, known) {
  const nearest = nearestOf(word, known);
  const hint =
    nearest === undefined ? `there are ${known.join(', ')}` : `did you mean '${nearest}'?`;
  return `unknown ${kind} '${word}'; ${hint}`;
}
