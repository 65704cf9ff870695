// Names that an object has and that no one reads: a misspelt option or handler does nothing, silently.
import { nearestOf } from '../../nearest.ts';

/** A name that no one reads, and what may be meant. */
export interface UnknownName {
  /** A sentence: `listen has no "prot"`. */
  readonly what: string;
  /** `is "port" meant?` */
  readonly hint: string;
}

/**
 * The names of `object` that are not among `known`. Of handlers, which may be an object of the caller's
 * with fields of its own, only functions count.
 */
export function unknownNames(
  what: string,
  object: object,
  known: readonly string[],
): UnknownName[] {
  return Object.entries(object)
    .filter(([, value]) => what !== 'handlers' || typeof value === 'function')
    .map(([name]) => name)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const nearest = nearestOf(name, known);
      const hint = nearest === undefined ? `known: ${known.join(', ')}` : `is "${nearest}" meant?`;
      return { what: `${what} has no "${name}"`, hint };
    });
}
