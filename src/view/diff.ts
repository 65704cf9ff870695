// What two traces differ in, for a bug report or a grader: descriptors are numbered in the order in
// which they appear, and times are left out, so that two runs of one program are the same.
import type { TraceData, TraceStream } from '../trace/data.ts';
import { eventsOf, type TraceEvent } from '../trace/events.ts';
import { callOf, Kind, WaitReason } from '../trace/kinds.ts';
import { sentenceOf } from './sentences.ts';

/** Lines that are shown before and behind what differs, and of what differs on each side. */
const CONTEXT = 3;
const DIFFERENT_MAX = 20;
/** Calls whose result is a new descriptor. */
const OPENING: readonly string[] = [
  'socket',
  'accept4',
  'dup',
  'reopen',
  'eventfd',
  'timerfd_create',
  'inotify_init1',
  'pidfd_open',
  'epoll_create1',
  'kqueue',
  'openSync',
];

/** Events that may be of a registration alone. */
const REPORTS: ReadonlySet<number> = new Set([Kind.Report, Kind.Stale, Kind.Ghost]);
/** Bits of the end of a wait: what Node's loop has is another one in each run. */
const WAKE_UP = 1;

interface Named {
  readonly number: number;
  isRegistered: boolean;
}

/** Numbers descriptors in the order in which they appear. */
class Numbering {
  readonly #byFd = new Map<number, Named>();
  readonly #byRegistration = new Map<string, Named>();
  #count = 0;

  /** What the descriptor of an event is called; '' when it is of none. */
  nameIn({ kind, fd, slot, generation }: TraceEvent): string {
    const key = `${slot}.${generation}`;
    if (fd < 0) return REPORTS.has(kind) ? nameOf(this.#byRegistration.get(key)) : '';
    let named = this.of(fd);
    if (kind === Kind.Register) {
      // A number that is registered again is another one.
      if (named.isRegistered) named = this.open(fd);
      named.isRegistered = true;
      this.#byRegistration.set(key, named);
    }
    return nameOf(named);
  }

  /** Which descriptor a number is now. */
  of(fd: number): Named {
    return this.#byFd.get(fd) ?? this.open(fd);
  }

  /** The same of a number that is another descriptor from here on. */
  open(fd: number): Named {
    const named = { number: ++this.#count, isRegistered: false };
    this.#byFd.set(fd, named);
    return named;
  }
}

function nameOf(named: Named | undefined): string {
  return named === undefined ? '' : `#${named.number}`;
}

// One line for each event, without what is another one in each run.
function linesOf(trace: TraceData, stream: TraceStream): string[] {
  const numbering = new Numbering();
  return [...eventsOf(stream)].map((event) => {
    const name = numbering.nameIn(event);
    return `${name.padEnd(4)} ${textOf(event, trace, stream, numbering)}`;
  });
}

function textOf(
  event: TraceEvent,
  trace: TraceData,
  stream: TraceStream,
  numbering: Numbering,
): string {
  // The number of its own descriptor is before the sentence.
  const same = { fd: -1, ...withoutNumbers(event, trace, numbering) };
  return sentenceOf({ ...event, ...same }, trace, stream);
}

// What a sentence has of other descriptors, of times, and of Node's loop.
function withoutNumbers(
  { kind, a, b }: TraceEvent,
  { calls }: TraceData,
  numbering: Numbering,
): Partial<TraceEvent> {
  if (kind === Kind.WaitEnd) return { b: b & WAKE_UP };
  if (kind === Kind.Role && b >= 0) return { b: numbering.of(b).number };
  if (kind === Kind.WaitBegin && b === WaitReason.Deadline) return { a: 0 };
  const isOpening = kind === Kind.Call && OPENING.includes(calls[callOf(b).call] ?? '');
  return isOpening && a >= 0 ? { a: numbering.open(a).number } : {};
}

/**
 * What differs between two traces, as lines for people: what begins with `-` is of the first one,
 * and what begins with `+` of the second. Empty when nothing differs.
 */
export function differenceOf(one: TraceData, other: TraceData): string[] {
  const count = Math.max(one.streams.length, other.streams.length);
  return Array.from({ length: count }, (_, index) => {
    const [mine, yours] = [one, other].map((trace) => {
      const stream = trace.streams[index];
      return stream === undefined ? [] : linesOf(trace, stream);
    });
    const lines = hunkOf(mine ?? [], yours ?? []);
    return lines.length === 0 ? [] : [`Reactor ${index + 1}`, ...lines];
  }).flat();
}

// Both have the same events before it, and the same behind it.
function hunkOf(mine: readonly string[], yours: readonly string[]): string[] {
  const shorter = Math.min(mine.length, yours.length);
  let before = 0;
  while (before < shorter && mine[before] === yours[before]) before++;
  if (before === mine.length && before === yours.length) return [];
  let behind = 0;
  while (behind < shorter - before && mine.at(-1 - behind) === yours.at(-1 - behind)) behind++;
  const end = mine.length - behind;
  return [
    ...countOf(before - CONTEXT, 'the same before'),
    ...mine.slice(Math.max(0, before - CONTEXT), before).map((line) => `  ${line}`),
    ...sideOf('-', mine.slice(before, end)),
    ...sideOf('+', yours.slice(before, yours.length - behind)),
    ...mine.slice(end, end + CONTEXT).map((line) => `  ${line}`),
    ...countOf(behind - CONTEXT, 'the same behind'),
  ];
}

function sideOf(sign: string, lines: readonly string[]): string[] {
  const shown = lines.slice(0, DIFFERENT_MAX).map((line) => `${sign} ${line}`);
  return [...shown, ...countOf(lines.length - DIFFERENT_MAX, 'more').map((line) => sign + line)];
}

function countOf(count: number, what: string): string[] {
  return count > 0 ? [`  … ${count} event${count === 1 ? '' : 's'} ${what}`] : [];
}
