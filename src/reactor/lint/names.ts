// Names that an object has and that no one reads: a misspelt option or handler does nothing, silently.
import { nearestOf } from '../../nearest.ts';

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
