// What each event of a trace says, in plain sentences for a reader that has seen none before.
import { countOf } from '../plural.ts';
import { namesOfBits } from '../readiness-names.ts';
import type { TraceData, TraceStream } from '../trace/data.ts';
import type { TraceEvent } from '../trace/events.ts';
import { Kind, Outcome, Role, WaitReason } from '../trace/kinds.ts';
import { isEdge, LEVEL, READ_CLOSED, READABLE, TRIGGER_NAMES } from './bits.ts';
import { callSentence } from './call-sentences.ts';
import { valueAt } from './intervals.ts';
import type { StreamModel, TraceModel } from './model.ts';

/** What is known beside the event. */
export interface Circumstances {
  /** The descriptor, where the event has none; -1 or absent: not known. */
  readonly fd?: number;
  /** The name that it was given; '' or absent: none. */
  readonly label?: string;
  /** How its readiness repeats, by number; absent: not known. */
  readonly trigger?: number | undefined;
}

interface Said {
  readonly event: TraceEvent;
  readonly trace: TraceData;
  readonly texts: readonly string[];
  /** `fd 9`, `fd 9 "client 7"`, or `a descriptor`. */
  readonly subject: string;
  readonly trigger: number | undefined;
}

const CAUSES = [
  '',
  'the kernel has reported it',
  'it was re-queued',
  'the kernel has reported it, and it was re-queued',
];
const WAITS: Readonly<Record<number, (us: number) => string>> = {
  [WaitReason.Idle]: () => 'The next wait lasts until something comes.',
  [WaitReason.Deadline]: (us) =>
    `The next wait ends after ${us / 1000} ms at the latest, for a timer.`,
  [WaitReason.Work]: () => 'The next wait returns at once: there is work left.',
};
const ROLES: Readonly<Record<number, string>> = {
  [Role.Listener]: 'a listener',
  [Role.Connection]: 'a connection',
  [Role.Datagram]: 'a datagram socket',
  [Role.Pipe]: 'a pipe',
  [Role.Signals]: 'what signals come through',
};

const quoted = (text = '') => JSON.stringify(text);

const SENTENCES: Readonly<Record<number, (said: Said) => string>> = {
  [Kind.WaitEnd]: ({ event: { a, b } }) => {
    const brought = [
      ...(a > 0 ? [countOf(a, 'event')] : []),
      ...((b & 1) !== 0 ? ['a wake-up'] : []),
      ...((b & 2) !== 0 ? ['something for the loop of Node'] : []),
    ];
    return `The wait has ended with ${brought.join(', ') || 'no event'}.`;
  },
  [Kind.Report]: ({ event: { a }, subject, trigger }) => {
    const how = trigger === undefined ? '' : ` (${TRIGGER_NAMES[trigger] ?? ''})`;
    const hasEnded = (a & READ_CLOSED) !== 0;
    const end = hasEnded ? ' The peer will send no more: what is left is read until 0.' : '';
    return `The kernel reports ${subject}: ${namesOfBits(a)}${how}.${repetition(a, trigger)}${end}`;
  },
  [Kind.Stale]: ({ event: { a }, subject }) =>
    `The kernel reports ${subject}: ${namesOfBits(a)}. An earlier handler of this batch has closed that registration: the report is dropped.`,
  [Kind.Ghost]: ({ event: { a }, subject }) =>
    `The kernel reports ${namesOfBits(a)} of a registration of ${subject} that had ended before this wait: the report is dropped. A duplicate of the descriptor has kept it in the kernel's set.`,
  [Kind.HandlerBegin]: ({ event: { a, b }, subject }) =>
    `The handler of ${subject} is called with ${namesOfBits(a)}: ${CAUSES[b] ?? ''}.`,
  [Kind.HandlerEnd]: ({ event: { a, b }, subject }) => {
    const how = (b & Outcome.Threw) === 0 ? 'returns' : 'throws';
    const charged = a === 0 ? '' : ` It has charged ${countOf(a, 'byte')}.`;
    const next = (b & Outcome.Requeued) === 0 ? '' : ' It is called again in the next turn.';
    const closed = (b & Outcome.Closed) === 0 ? '' : ' The registration is closed.';
    return `The handler of ${subject} ${how}.${charged}${next}${closed}`;
  },
  [Kind.Register]: (said) => `${capital(said.subject)} is registered: ${watched(said.event)}.`,
  [Kind.Modify]: (said) =>
    `The registration of ${said.subject} is changed: ${watched(said.event)}.`,
  [Kind.Release]: ({ subject }) => `The registration of ${subject} is closed.`,
  [Kind.Requeue]: ({ event: { a }, subject }) =>
    `${capital(subject)} is re-queued: its handler is called with ${namesOfBits(a)} in the next turn, whatever the kernel reports.`,
  [Kind.Timers]: ({ event: { a } }) => `Timers that are due are called; ${a} are pending.`,
  [Kind.Wakers]: () => 'Another thread has called: the callbacks of wakers are called.',
  [Kind.Deferred]: ({ event: { a } }) =>
    `${countOf(a, 'deferred function')} ${a === 1 ? 'is' : 'are'} called.`,
  [Kind.Call]: ({ event, trace, subject }) => callSentence(event, trace, subject),
  [Kind.Mark]: ({ event: { a }, texts }) => `The program marks this moment: ${quoted(texts[a])}.`,
  [Kind.Label]: ({ event: { a, fd }, texts }) =>
    `From here on fd ${fd} is named ${quoted(texts[a])}.`,
  [Kind.WaitBegin]: ({ event: { a, b } }) => `The turn has ended. ${WAITS[b]?.(a) ?? ''}`.trim(),
  [Kind.Level]: ({ event: { a }, subject }) =>
    a === 0
      ? `A look at ${subject}: nothing can be done without waiting.`
      : `A look at ${subject}: it is ready, reported or not: ${namesOfBits(a)}.`,
  [Kind.Queue]: ({ event: { a }, subject }) =>
    a === 0
      ? `All that was written to ${subject} has left.`
      : `${countOf(a, 'byte')} wait${a === 1 ? 's' : ''} to be written to ${subject}.`,
  [Kind.Lint]: ({ event: { a }, texts, subject }) =>
    `A mistake was found at ${subject}: ${texts[a] ?? ''}.`,
  [Kind.Signal]: ({ event: { a } }) => `The handlers of signal ${a} are called.`,
  [Kind.Role]: ({ event: { a, b }, subject }) =>
    `${capital(subject)} is ${ROLES[a] ?? 'a descriptor'}${b < 0 ? '' : `, accepted by fd ${b}`}.`,
};

/** What an event says, in one sentence or two; with what is known beside it, it says more. */
export function sentenceOf(
  event: TraceEvent,
  trace: TraceData,
  { texts }: TraceStream,
  { fd = -1, label = '', trigger }: Circumstances = {},
): string {
  const number = event.fd < 0 ? fd : event.fd;
  const name = label === '' ? '' : ` ${quoted(label)}`;
  const subject = number < 0 ? 'a descriptor' : `fd ${number}${name}`;
  const sentence = SENTENCES[event.kind];
  return sentence?.({ event, trace, texts, subject, trigger }) ?? `Event ${event.kind}.`;
}

/** What event `at` of a stream says, with the name and the trigger of its lane. */
export function sentenceAt({ trace }: TraceModel, stream: StreamModel, at: number): string {
  return sentenceOf(stream.eventAt(at), trace, stream.stream, circumstancesAt(stream, at));
}

/** What is known beside event `at` of a stream. */
export function circumstancesAt({ lanes, laneAt }: StreamModel, at: number): Circumstances {
  const lane = lanes[laneAt(at)];
  if (lane === undefined) return {};
  return { fd: lane.fd, label: lane.label, trigger: valueAt(lane.triggers, at) };
}

function capital(text: string): string {
  return text.replace(/^a /, 'A ');
}

function watched({ a, b }: TraceEvent): string {
  if (a === 0) return 'it waits for nothing but a hang-up';
  return `it waits for ${namesOfBits(a)}, ${TRIGGER_NAMES[b] ?? ''}`;
}

function repetition(bits: number, trigger: number | undefined): string {
  if (trigger === undefined) return '';
  if (trigger === LEVEL) return ' It will report it at every wait for as long as it is so.';
  if (!isEdge(trigger)) return ' It will report nothing more until it is re-armed.';
  return (bits & READABLE) !== 0
    ? ' It will not report it again until more arrives.'
    : ' It will not report it again until there was no room, and there is some again.';
}
