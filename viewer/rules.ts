// Which sentence of docs/semantics.md an event is an example of. A test holds the sentences to the text.
import type { TraceEvent } from '../src/trace/events.ts';
import { Kind, Outcome } from '../src/trace/kinds.ts';
import { WRITABLE } from '../src/view/bits.ts';

/** A sentence of docs/semantics.md, and the title that it is under. */
export interface Rule {
  readonly title: string;
  readonly sentence: string;
}

/** Triggers, by number. */
const EDGE = 1;
const ONESHOT = 2;
const EDGE_ONESHOT = 3;

const rule = (title: string, sentence: string): Rule => ({ title, sentence });

const RULES = {
  edge: rule('Edge', 'Edge reports a readable descriptor once, until new data arrives.'),
  edgeAdded: rule('Edge', 'Edge reports what is already there when the descriptor is added.'),
  drain: rule(
    'Edge',
    'An edge reader that stops early is not called again while the peer is silent.',
  ),
  budget: rule('Edge', 'An edge reader that stops at its budget is called again in the next turn.'),
  level: rule('Level', 'Level reports a readable descriptor at every wait until it is drained.'),
  levelWrite: rule('Level', 'Level reports a writable descriptor at every wait.'),
  oneshot: rule(
    'Oneshot and edge-oneshot',
    'Oneshot reports once and is silent until it is re-armed.',
  ),
  rearm: rule('Oneshot and edge-oneshot', 'Re-arming a oneshot reports what is still ready.'),
  stale: rule(
    'Turns',
    'A handler that closes a later registration of the batch keeps its event from being delivered.',
  ),
  identity: rule(
    'Turns',
    'A descriptor that gets the number of a closed one in the same batch does not get its event.',
  ),
  throws: rule('Turns', 'A handler that throws does not stop the batch.'),
  fair: rule('Turns', 'One busy descriptor does not keep the others from being served.'),
  ghost: rule(
    'The owner of a descriptor',
    'A description that a duplicate keeps alive is removed when it shows.',
  ),
  timers: rule(
    'Timers and waits',
    'A timer never fires early, and timers fire in the order of their deadlines.',
  ),
  wait: rule('Timers and waits', 'A wait never ends before its time because of a signal.'),
  wakers: rule(
    'Timers and waits',
    'Wake-ups from other threads are never lost, and those before a turn count as one.',
  ),
  signal: rule('Signals', 'A signal reaches both the reactor and process.on.'),
} as const;

/** What is known of an event. */
interface Facts {
  readonly a: number;
  readonly b: number;
  /** The trigger of its registration, by number. */
  readonly trigger: number;
  /** A lost edge begins here. */
  readonly isUndrained: boolean;
}

const BY_KIND: Readonly<Record<number, (facts: Facts) => Rule | undefined>> = {
  [Kind.Report]: ({ a, trigger }) => ofTrigger(trigger, a),
  [Kind.Register]: ({ b }) => ofRegistering(b),
  [Kind.Modify]: ({ b }) => (b >= ONESHOT ? RULES.rearm : ofRegistering(b)),
  [Kind.HandlerEnd]: (facts) => ofReturn(facts),
  [Kind.Requeue]: () => RULES.budget,
  [Kind.Stale]: () => RULES.stale,
  [Kind.Release]: () => RULES.identity,
  [Kind.Ghost]: () => RULES.ghost,
  [Kind.Timers]: () => RULES.timers,
  [Kind.WaitBegin]: () => RULES.wait,
  [Kind.WaitEnd]: ({ b }) => ((b & 1) === 0 ? undefined : RULES.wakers),
  [Kind.Wakers]: () => RULES.wakers,
  [Kind.Signal]: () => RULES.signal,
};

function ofTrigger(trigger: number, readiness: number): Rule {
  if (trigger === EDGE) return RULES.edge;
  if (trigger === ONESHOT || trigger === EDGE_ONESHOT) return RULES.oneshot;
  return readiness === WRITABLE ? RULES.levelWrite : RULES.level;
}

function ofRegistering(trigger: number): Rule {
  return trigger === EDGE ? RULES.edgeAdded : ofTrigger(trigger, 0);
}

function ofReturn({ b, isUndrained, trigger }: Facts): Rule | undefined {
  if (isUndrained) return RULES.drain;
  if ((b & Outcome.Threw) !== 0) return RULES.throws;
  if ((b & Outcome.Requeued) === 0) return undefined;
  return trigger === EDGE ? RULES.budget : RULES.fair;
}

/**
 * The sentence for an event; undefined: none is about it.
 *
 * @param trigger - of its registration, by number.
 * @param isUndrained - whether a lost edge begins here.
 */
export function ruleOf(
  { kind, a, b }: Pick<TraceEvent, 'kind' | 'a' | 'b'>,
  trigger: number,
  isUndrained: boolean,
): Rule | undefined {
  return BY_KIND[kind]?.({ a, b, trigger, isUndrained });
}

/** All sentences that are shown. */
export const ALL_RULES: readonly Rule[] = Object.values(RULES);
