// What each event of a trace says, in a sentence.
import { namesOfBits } from '../readiness-names.ts';
import type { TraceData, TraceStream } from '../trace/data.ts';
import type { TraceEvent } from '../trace/events.ts';
import { callOf, Kind, Outcome } from '../trace/kinds.ts';

/** By the number that a trace has. */
const TRIGGERS = ['level', 'edge', 'oneshot', 'edge-oneshot'];
const CAUSES = ['', 'the kernel has reported it', 'it was re-queued', 'reported and re-queued'];

const WAITS = [
  () => 'The next wait has no deadline.',
  (us: number) => `The next wait ends after ${us} µs at the latest, for a timer.`,
  () => 'The next wait returns at once: there is work left.',
];
const ROLES = ['', 'a listener', 'a connection', 'a datagram socket', 'a pipe', 'for signals'];

type Sentence = (event: TraceEvent, trace: TraceData, stream: TraceStream) => string;

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
const watched = ({ a, b }: TraceEvent) => `${namesOfBits(a)}, ${TRIGGERS[b] ?? ''}`;

const SENTENCES: Readonly<Record<number, Sentence>> = {
  [Kind.WaitEnd]: ({ a, b }) =>
    `The wait has ended with ${plural(a, 'event')}${(b & 1) === 0 ? '' : ', and a wake-up'}${(b & 2) === 0 ? '' : ', and something for the loop of Node'}.`,
  [Kind.Report]: ({ a }) => `The kernel reports ${namesOfBits(a)}.`,
  [Kind.Stale]: ({ a }) =>
    `The kernel reports ${namesOfBits(a)}, but an earlier handler of this batch has closed it: dropped.`,
  [Kind.Ghost]: ({ a }) =>
    `The kernel reports ${namesOfBits(a)} of a registration that has ended: dropped.`,
  [Kind.HandlerBegin]: ({ a, b }) =>
    `The handler is called with ${namesOfBits(a)}: ${CAUSES[b] ?? ''}.`,
  [Kind.HandlerEnd]: ({ a, b }) =>
    `The handler ${(b & Outcome.Threw) === 0 ? 'returns' : 'throws'}; it has charged ${plural(a, 'byte')}${(b & Outcome.Requeued) === 0 ? '' : '; it is re-queued'}${(b & Outcome.Closed) === 0 ? '' : '; it is closed'}.`,
  [Kind.Register]: (event) => `It is registered: ${watched(event)}.`,
  [Kind.Modify]: (event) => `Its registration is changed: ${watched(event)}.`,
  [Kind.Release]: () => 'Its registration is closed.',
  [Kind.Requeue]: ({ a }) => `It is re-queued with ${namesOfBits(a)}.`,
  [Kind.Timers]: ({ a }) => `Timers that are due are called; ${a} are pending.`,
  [Kind.Wakers]: () => 'The callbacks of wakers are called.',
  [Kind.Deferred]: ({ a }) => `${plural(a, 'deferred function')} called.`,
  [Kind.Call]: ({ a, b }, { calls, errors }) => {
    const { call, asked } = callOf(b);
    const name = calls[call] ?? `call ${call}`;
    const size = asked < 0 ? '' : ` of ${plural(asked, 'byte')}`;
    return `${name}${size}: ${a < 0 ? (errors[-a] ?? a) : a}.`;
  },
  [Kind.Mark]: ({ a }, _, { texts }) => `Mark: ${texts[a] ?? ''}`,
  [Kind.Label]: ({ a }, _, { texts }) =>
    `It is called ${JSON.stringify(texts[a] ?? '')} from here on.`,
  [Kind.WaitBegin]: ({ a, b }) => `The turn has ended. ${WAITS[b]?.(a) ?? ''}`,
  [Kind.Level]: ({ a }) => `It is ready now, reported or not: ${namesOfBits(a)}.`,
  [Kind.Queue]: ({ a }) => `${plural(a, 'byte')} wait to be written.`,
  [Kind.Lint]: ({ a }, _, { texts }) => `A mistake was found: ${texts[a] ?? ''}.`,
  [Kind.Signal]: ({ a }) => `The handlers of signal ${a} are called.`,
  [Kind.Role]: ({ a, b }) =>
    `It is ${ROLES[a] ?? 'a descriptor'}${b < 0 ? '' : `, accepted by ${b}`}.`,
};

/** What an event says, in one sentence. */
export function sentenceOf(event: TraceEvent, trace: TraceData, stream: TraceStream): string {
  return SENTENCES[event.kind]?.(event, trace, stream) ?? `An event of kind ${event.kind}.`;
}
