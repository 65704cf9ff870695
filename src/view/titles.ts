// Where docs/semantics.md explains what an event is.
import { Kind } from '../trace/kinds.ts';

/** A heading of docs/semantics.md. */
export interface Title {
  readonly heading: string;
  /** For a link. */
  readonly anchor: string;
}

const BITS = 'The bits that you ask for, and those that you get unasked';
const TRIGGERS = ['Level', 'Edge', 'Oneshot and edge-oneshot', 'Oneshot and edge-oneshot'];
const PAUSING = 'Pausing, and hang-ups that no handler takes';
const TURNS = 'Turns';
const OWNER = 'The owner of a descriptor';
const WAITS = 'Timers and waits';

const HEADINGS: Readonly<Record<number, string>> = {
  [Kind.WaitBegin]: WAITS,
  [Kind.WaitEnd]: WAITS,
  [Kind.Stale]: TURNS,
  [Kind.Ghost]: OWNER,
  [Kind.HandlerBegin]: BITS,
  [Kind.Register]: BITS,
  [Kind.Release]: OWNER,
  [Kind.Requeue]: TURNS,
  [Kind.Timers]: WAITS,
  [Kind.Wakers]: WAITS,
  [Kind.Deferred]: TURNS,
  [Kind.Queue]: 'Level',
  [Kind.Signal]: 'Signals',
  [Kind.Role]: OWNER,
};
/** What they are depends on the trigger. */
const BY_TRIGGER: ReadonlySet<number> = new Set([
  Kind.Report,
  Kind.HandlerEnd,
  Kind.Modify,
  Kind.Call,
  Kind.Level,
  Kind.Lint,
]);

/**
 * The heading that explains an event; undefined: none does, as of a mark.
 *
 * @param trigger - how its readiness repeats, by number; of `Kind.Register` and `Kind.Modify` it is `b`.
 */
export function titleOf(
  { kind, a, b }: { readonly kind: number; readonly a: number; readonly b: number },
  trigger?: number,
): Title | undefined {
  if (kind === Kind.Modify) return titled(a === 0 ? PAUSING : TRIGGERS[b]);
  if (BY_TRIGGER.has(kind)) return titled(trigger === undefined ? BITS : TRIGGERS[trigger]);
  return titled(HEADINGS[kind]);
}

function titled(heading: string | undefined): Title | undefined {
  if (heading === undefined) return undefined;
  return {
    heading,
    anchor: heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  };
}
