// Random scripts: what is done between turns, and what handlers do when they are called. An
// operation names descriptors and registrations by a number that is taken modulo how many there
// are, so any operation can be left out of a script and the rest still means something.
import { TRIGGERS } from '../../src/poller/interest.ts';
import type { Random } from '../helpers/random.ts';

export const OPERATIONS = [
  'open',
  'write',
  'fill',
  'read',
  'drain',
  'shutdown',
  'register',
  'registerClosed',
  'setInterest',
  'setTrigger',
  'rearm',
  'requeue',
  'closeRegistration',
  'closeFd',
  'closeBoth',
  'reuseFd',
  'dup',
  'turn',
  'charge',
  'throw',
] as const;
export type OperationName = (typeof OPERATIONS)[number];

export interface Operation {
  readonly name: OperationName;
  /** Which descriptor or registration. */
  readonly target: number;
  /** Bytes, interest, kind and the like: 0 to 63. */
  readonly value: number;
  readonly trigger: number;
}

/** `reactions[n]` is what the handler does in the n-th call of any handler. */
export interface Script {
  readonly steps: readonly Operation[];
  readonly reactions: readonly (readonly Operation[])[];
}

const STEPS_MAX = 36;
const REACTIONS_MAX = 16;
const REACTION_STEPS_MAX = 4;

// How likely each operation is, in the order of OPERATIONS; each script weighs them anew, so that
// some are full of what others hardly have.
const WEIGHTS = [8, 12, 1, 5, 6, 2, 12, 1, 5, 3, 2, 3, 3, 3, 3, 3, 4, 16, 1, 1];
const FEATURE_WEIGHTS = [0, 1, 1, 1, 4];

function randomOperation(random: Random, weights: readonly number[]): Operation {
  const name = random.pickWeighted(OPERATIONS, weights);
  const trigger = random.below(TRIGGERS.length);
  return { name, target: random.below(64), value: random.below(64), trigger };
}

function randomOperations(random: Random, countMax: number, weights: readonly number[]) {
  return Array.from({ length: random.below(countMax + 1) }, () => randomOperation(random, weights));
}

export function randomScript(random: Random): Script {
  const weights = WEIGHTS.map((weight) => weight * random.pick(FEATURE_WEIGHTS) + 1);
  const start = ['open', 'register', 'register'] as const;
  const steps = [
    ...start.map((name) => ({ ...randomOperation(random, weights), name })),
    ...randomOperations(random, STEPS_MAX, weights),
    { name: 'turn', target: 0, value: 0, trigger: 0 } as const,
  ];
  const reactions = Array.from({ length: random.below(REACTIONS_MAX + 1) }, () =>
    randomOperations(random, REACTION_STEPS_MAX, weights),
  );
  return { steps, reactions };
}

function without<Item>(items: readonly Item[], index: number): Item[] {
  return items.filter((_, i) => i !== index);
}

/** The scripts that lack one operation of this one, or all of one call of a handler. */
function* smaller(script: Script): Generator<Script> {
  const { steps, reactions } = script;
  for (let i = steps.length - 1; i >= 0; i--) yield { steps: without(steps, i), reactions };
  for (let n = reactions.length - 1; n >= 0; n--) {
    const reaction = reactions[n] as readonly Operation[];
    yield { steps, reactions: without(reactions, n) };
    if (reaction.length > 0) yield { steps, reactions: reactions.with(n, []) };
    for (let i = 0; reaction.length > 1 && i < reaction.length; i++) {
      yield { steps, reactions: reactions.with(n, without(reaction, i)) };
    }
  }
}

/** Leaves out, greedily, what a failing script does not need to fail. */
export function shrink(script: Script, fails: (smaller: Script) => boolean): Script {
  let current = script;
  for (let round = 0; round < 500; round++) {
    let next: Script | undefined;
    for (const candidate of smaller(current)) {
      if (!fails(candidate)) continue;
      next = candidate;
      break;
    }
    if (next === undefined) return current;
    current = next;
  }
  return current;
}
