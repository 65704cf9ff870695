// How things are called on the page: lanes, kinds, roles, triggers, calls.
import { namesOfBits } from '../src/readiness-names.ts';
import type { TraceData } from '../src/trace/data.ts';
import type { TraceEvent } from '../src/trace/events.ts';
import { callOf, KIND_NAMES, Kind, Role } from '../src/trace/kinds.ts';
import { LEVEL, TRIGGER_NAMES } from '../src/view/bits.ts';
import { valueAt } from '../src/view/intervals.ts';
import type { FindingCode, Lane } from '../src/view/model.ts';

/** The groups of lanes, in the order of the page. */
export const GROUPS: readonly { readonly role: number; readonly title: string }[] = [
  { role: Role.Listener, title: 'Listeners' },
  { role: Role.Connection, title: 'Connections' },
  { role: Role.Datagram, title: 'Datagram sockets' },
  { role: Role.Pipe, title: 'Pipes' },
  { role: Role.Signals, title: 'Signals' },
  { role: 0, title: 'Descriptors' },
];

/** The key of the lane of what is of no descriptor. */
export const REACTOR_KEY = 'reactor';

const FINDING_TITLES: Readonly<Record<FindingCode, string>> = {
  UNDRAINED: 'Lost edge',
  SPINNING: 'Spin',
  STARVED: 'Starved',
  STALE: 'Stale event',
  GHOST: 'Ghost',
  SLOW_HANDLER: 'Slow handler',
  LINT: 'Lint',
};

/** What a finding is, in a word or two. */
export function findingTitle(code: FindingCode): string {
  return FINDING_TITLES[code];
}

const GRAVE: readonly FindingCode[] = ['UNDRAINED', 'SPINNING', 'STARVED'];

/** Whether a finding is one that makes a server hang, or a core busy. */
export function isGrave(code: FindingCode): boolean {
  return GRAVE.includes(code);
}

/** The numbers that several lanes have, one after the other. */
export function reusedIn(lanes: readonly Pick<Lane, 'fd'>[]): ReadonlySet<number> {
  const seen = new Set<number>();
  return new Set(lanes.map(({ fd }) => fd).filter((fd) => seen.size === seen.add(fd).size));
}

/** `'fd 9'`, `'reactor'`; `'fd 9 [3.1]'` when its number is not enough, or not known. */
export function nameOf({ key, fd }: Pick<Lane, 'key' | 'fd'>, reused: ReadonlySet<number>): string {
  if (key === REACTOR_KEY) return 'reactor';
  if (fd < 0) return `slot ${key}`;
  return reused.has(fd) ? `fd ${fd} [${key}]` : `fd ${fd}`;
}

/** What sets a lane apart from others, and its label. */
export function fullNameOf({ key, fd, label }: Lane): string {
  if (key === REACTOR_KEY) return 'the reactor';
  return `fd ${fd < 0 ? 'unknown' : fd}${label === '' ? '' : ` “${label}”`} [${key}]`;
}

/** `'Readable, edge'`: what a lane is registered for at an event; '' when it is not. */
export function watchOf({ interests, triggers }: Lane, at: number): string {
  const interest = valueAt(interests, at);
  if (interest === undefined) return '';
  return `${namesOfBits(interest)}, ${TRIGGER_NAMES[valueAt(triggers, at) ?? LEVEL]}`;
}

/** `'report'`, and of a call its name: `'recv'`. */
export function eventNameOf({ kind, b }: Pick<TraceEvent, 'kind' | 'b'>, trace: TraceData): string {
  if (kind === Kind.Call) return trace.calls[callOf(b).call] ?? 'call';
  return KIND_NAMES[kind] ?? `kind ${kind}`;
}
