// What each event of a trace says, in a sentence.
import { readinessNames } from '../poller/index.ts';
import { errnoName } from '../sys/result.ts';
import {
  callOf,
  Kind,
  Outcome,
  type TraceData,
  type TraceEvent,
  type TraceStream,
} from '../trace/index.ts';

/** By the number that a trace has. */
const TRIGGERS = ['level', 'edge', 'oneshot', 'edge-oneshot'];
const CAUSES = ['', 'the kernel has reported it', 'it was re-queued', 'reported and re-queued'];

type Sentence = (event: TraceEvent, trace: TraceData, stream: TraceStream) => string;

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
const watched = ({ a, b }: TraceEvent) => `${readinessNames(a)}, ${TRIGGERS[b] ?? ''}`;

const SENTENCES: Readonly<Record<number, Sentence>> = {
  [Kind.WaitEnd]: ({ a, b }) =>
    `The wait has ended with ${plural(a, 'event')}${(b & 1) === 0 ? '' : ', and a wake-up'}${(b & 2) === 0 ? '' : ', and something for the loop of Node'}.`,
  [Kind.Report]: ({ a }) => `The kernel reports ${readinessNames(a)}.`,
  [Kind.Stale]: ({ a }) =>
    `The kernel reports ${readinessNames(a)}, but an earlier handler of this batch has closed it: dropped.`,
  [Kind.Ghost]: ({ a }) =>
    `The kernel reports ${readinessNames(a)} of a registration that has ended: dropped.`,
  [Kind.HandlerBegin]: ({ a, b }) =>
    `The handler is called with ${readinessNames(a)}: ${CAUSES[b] ?? ''}.`,
  [Kind.HandlerEnd]: ({ a, b }) =>
    `The handler ${(b & Outcome.Threw) === 0 ? 'returns' : 'throws'}; it has charged ${plural(a, 'byte')}${(b & Outcome.Requeued) === 0 ? '' : '; it is re-queued'}${(b & Outcome.Closed) === 0 ? '' : '; it is closed'}.`,
  [Kind.Register]: (event) => `It is registered: ${watched(event)}.`,
  [Kind.Modify]: (event) => `Its registration is changed: ${watched(event)}.`,
  [Kind.Release]: () => 'Its registration is closed.',
  [Kind.Requeue]: ({ a }) => `It is re-queued with ${readinessNames(a)}.`,
  [Kind.Timers]: ({ a }) => `Timers that are due are called; ${a} are pending.`,
  [Kind.Wakers]: () => 'The callbacks of wakers are called.',
  [Kind.Deferred]: ({ a }) => `${plural(a, 'deferred function')} called.`,
  [Kind.Call]: ({ a, b }, { calls }) => {
    const { call, asked } = callOf(b);
    const name = calls[call] ?? `call ${call}`;
    const size = asked < 0 ? '' : ` of ${plural(asked, 'byte')}`;
    return `${name}${size}: ${a < 0 ? errnoName(a) : a}.`;
  },
  [Kind.Mark]: ({ a }, _, { texts }) => `Mark: ${texts[a] ?? ''}`,
  [Kind.Label]: ({ a }, _, { texts }) =>
    `It is called ${JSON.stringify(texts[a] ?? '')} from here on.`,
};

/** What an event says, in one sentence. */
export function sentenceOf(event: TraceEvent, trace: TraceData, stream: TraceStream): string {
  return SENTENCES[event.kind]?.(event, trace, stream) ?? `An event of kind ${event.kind}.`;
}
