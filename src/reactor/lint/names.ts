// Names that an object has and that no one reads: a misspelt option or handler does nothing, silently.

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

/** A name that no one reads, and what may be meant. */
export interface UnknownName {
  /** A sentence: `listen has no "prot"`. */
  readonly what: string;
  /** `is "port" meant?` */
  readonly hint: string;
  /** The name. */
  readonly misspelt: string;
  /** The one that may be meant; undefined: none is near. */
  readonly nearest: string | undefined;
}

/**
 * The names of `object` that are not among `known`. Of handlers, which may be an object of the caller's
 * with fields of its own, only functions count; of the handler of a registration, which is one as a rule,
 * only what is near to a name that it lacks.
 */
export function unknownNames(
  what: string,
  object: object,
  known: readonly string[],
): UnknownName[] {
  const entries = Object.entries(object);
  const isHandler = what === 'handler';
  const isOthers = isHandler || what === 'handlers';
  const names = entries
    .filter(([name, value]) => !known.includes(name) && (!isOthers || isCallable(value, isHandler)))
    .map(([name]) => name);
  const present = entries.map(([name]) => name);
  const candidates = isHandler ? known.filter((name) => !present.includes(name)) : known;
  return names.flatMap((name) => {
    const nearest = nearestOf(name, candidates);
    if (isHandler && nearest === undefined) return [];
    const hint = nearest === undefined ? `known: ${known.join(', ')}` : `is "${nearest}" meant?`;
    return [{ what: `${what} has no "${name}"`, hint, misspelt: name, nearest }];
  });
}

// `lintIgnore` is a list.
function isCallable(value: unknown, orList: boolean): boolean {
  return typeof value === 'function' || (orList && Array.isArray(value));
}
