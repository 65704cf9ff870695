// The reports of a batch and what each became, in words: for the panel of batches.ts.
import { namesOfBits } from '../src/readiness-names.ts';
import { Kind, Outcome } from '../src/trace/kinds.ts';
import { reportsOf } from '../src/view/batches.ts';
import type { BatchReport, HandlerSpan, Lane, StreamModel } from '../src/view/model.ts';

const FATES: Readonly<Record<BatchReport['fate'], string>> = {
  handled: 'its handler was called',
  masked: 'dropped: no longer asked for',
  stale: 'dropped: closed earlier in this batch',
  ghost: 'dropped: its registration had ended before',
};

/** A report of a batch, in words. */
export interface BatchRow {
  readonly at: number;
  readonly lane: Lane;
  readonly readiness: string;
  /** What it became. */
  readonly fate: string;
  /** Of its handler: nanoseconds, when it was timed; bytes; how it returned. */
  readonly handlerNs: number | undefined;
  readonly bytes: number | undefined;
  readonly outcome: string;
}

/** The rows of a batch, by its place in `batches`. */
export function rowsOfBatch(stream: StreamModel, batch: number): BatchRow[] {
  const isTimed = stream.stream.level !== 'events';
  return reportsOf(stream, batch).map(({ at, lane: index, readiness, fate }) => {
    const lane = stream.lanes[index] as Lane;
    const span = fate === 'handled' ? spanFrom(lane, at + 1) : undefined;
    const isWhole = span !== undefined && isTimed && span.to < stream.count;
    return {
      at,
      lane,
      readiness: namesOfBits(readiness),
      fate: FATES[fate],
      handlerNs: isWhole ? stream.timeAt(span.to) - stream.timeAt(span.from) : undefined,
      bytes: span?.bytes,
      outcome: span === undefined ? '' : outcomeOf(span),
    };
  });
}

function spanFrom({ spans }: Lane, from: number): HandlerSpan | undefined {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle] as HandlerSpan).from < from) low = middle + 1;
    else high = middle;
  }
  const span = spans[low];
  return span?.from === from ? span : undefined;
}

function outcomeOf({ outcome }: HandlerSpan): string {
  const words = [
    (outcome & Outcome.Threw) === 0 ? '' : 'threw',
    (outcome & Outcome.Requeued) === 0 ? '' : 're-queued',
    (outcome & Outcome.Closed) === 0 ? '' : 'closed',
  ].filter((word) => word !== '');
  return words.length === 0 ? 'returned' : words.join(', ');
}

/** What else the batch did: timers, deferred functions, wake-ups; '' when nothing. */
export function othersOf(stream: StreamModel, batch: number): string {
  const { kind, a } = stream.columns;
  const { from, to } = stream.batches[batch] ?? { from: 0, to: 0 };
  const found: string[] = [];
  for (let at = from; at < to; at++) {
    if (kind[at] === Kind.Timers) found.push('timers were called');
    if (kind[at] === Kind.Wakers) found.push('callbacks of wakers were called');
    if (kind[at] === Kind.Deferred) found.push(`${a[at]} deferred functions were called`);
    if (kind[at] === Kind.Signal) found.push(`handlers of signal ${a[at]} were called`);
  }
  return found.length === 0 ? '' : ` Beside these, ${[...new Set(found)].join(', ')}.`;
}
