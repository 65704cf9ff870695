// Random programs for a reactor. A step names what it is about by a number that is taken modulo how many there
// are, so that any step can be left out and the rest still means something.

export const STEPS = [
  'open',
  'write',
  'drain',
  'endPeer',
  'register',
  'setInterest',
  'close',
  'closeAndReuse',
  'defer',
  'throw',
  'turn',
] as const;
export type StepName = (typeof STEPS)[number];

export interface Step {
  readonly name: StepName;
  /** Which descriptor, or which registration. */
  readonly target: number;
  /** Bits of an interest: 0 to 3. */
  readonly interest: number;
}

export interface Script {
  readonly steps: readonly Step[];
  /** What the n-th call of any handler does. */
  readonly reactions: readonly (readonly Step[])[];
}

const WEIGHTS: Readonly<Record<StepName, number>> = {
  open: 3,
  write: 8,
  drain: 4,
  endPeer: 1,
  register: 6,
  setInterest: 4,
  close: 3,
  closeAndReuse: 3,
  defer: 1,
  throw: 1,
  turn: 8,
};
const BAG = STEPS.flatMap((name) => Array.from({ length: WEIGHTS[name] }, () => name));
const STEPS_MAX = 24;
const REACTIONS_MAX = 10;
const REACTION_MAX = 4;

export function randomScript(random: () => number): Script {
  const below = (limit: number): number => Math.floor(random() * limit);
  const step = (): Step => {
    return { name: BAG[below(BAG.length)] as StepName, target: below(64), interest: below(4) };
  };
  const some = (max: number): Step[] => Array.from({ length: below(max + 1) }, step);
  const start: Step[] = ['open', 'open', 'register', 'register', 'register'].map((name) => {
    return { ...step(), name: name as StepName };
  });
  return {
    steps: [...start, ...some(STEPS_MAX), { name: 'turn', target: 0, interest: 0 }],
    reactions: Array.from({ length: below(REACTIONS_MAX + 1) }, () => some(REACTION_MAX)),
  };
}

const without = <Item>(items: readonly Item[], index: number): Item[] =>
  items.filter((_, at) => at !== index);

function* smaller({ steps, reactions }: Script): Generator<Script> {
  for (let at = steps.length - 1; at >= 0; at--) yield { steps: without(steps, at), reactions };
  for (const [at, reaction] of reactions.entries()) {
    yield { steps, reactions: without(reactions, at) };
    for (const index of reaction.keys()) {
      yield { steps, reactions: reactions.with(at, without(reaction, index)) };
    }
  }
}

/** Leaves out what a failing script does not need to fail. */
export function shrink(script: Script, fails: (script: Script) => boolean): Script {
  for (const candidate of smaller(script)) if (fails(candidate)) return shrink(candidate, fails);
  return script;
}
