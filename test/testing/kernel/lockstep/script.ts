// Random scripts of system calls. An operation names its descriptor by a number that is taken modulo how many
// there are, so any operation can be left out of a script and the rest still means something.
import type { Random } from '../../../helpers/random.ts';

export const OPERATIONS = [
  'open',
  'openPair',
  'listen',
  'connect',
  'accept',
  'bind',
  'associate',
  'sendTo',
  'write',
  'fill',
  'read',
  'drain',
  'peek',
  'shutdown',
  'linger',
  'error',
  'names',
  'dup',
  'close',
  'add',
  'modify',
  'remove',
  'wait',
] as const;
export type OperationName = (typeof OPERATIONS)[number];

export interface Operation {
  readonly name: OperationName;
  /** Which descriptor. */
  readonly target: number;
  /** Which other one. */
  readonly other: number;
  /** Bytes, interest, kind and the like: 0 to 63. */
  readonly value: number;
}

export type Script = readonly Operation[];

const STEPS_MAX = 60;
// How likely each is, in the order of OPERATIONS; each script weighs them anew.
const WEIGHTS = [8, 8, 5, 10, 8, 4, 3, 5, 14, 2, 10, 4, 2, 5, 3, 4, 2, 2, 6, 8, 3, 2, 14];
const FEATURE_WEIGHTS = [0, 1, 1, 1, 4];

export function randomScript(random: Random): Script {
  const weights = WEIGHTS.map((weight) => weight * random.pick(FEATURE_WEIGHTS) + 1);
  const operation = (): Operation => ({
    name: random.pickWeighted(OPERATIONS, weights),
    target: random.below(64),
    other: random.below(64),
    value: random.below(64),
  });
  return Array.from({ length: 4 + random.below(STEPS_MAX) }, operation);
}

/** The script without whatever it does not need to fail. */
export function shrink(script: Script, fails: (smaller: Script) => boolean): Script {
  let best = script;
  for (
    let size = Math.ceil(best.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < best.length; ) {
      const smaller = [...best.slice(0, at), ...best.slice(at + size)];
      if (fails(smaller)) best = smaller;
      else at += size;
    }
  }
  return best;
}
