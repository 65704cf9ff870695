// Goes through the events of one lane: bands of readiness, calls of the handler, and edges that were
// left. What it may claim depends on what was recorded: src/view/sides.ts.
import { callOf, Kind, Outcome, Role } from '../trace/kinds.ts';
import type { Batches } from './batches.ts';
import { isEdge, LEVEL, READ_BITS, READ_CLOSED, READABLE, WRITABLE, WRITE_BITS } from './bits.ts';
import type { CallTable } from './calls.ts';
import type { LaneDraft } from './lanes.ts';
import type { Band, Columns, HandlerSpan, Hatch } from './model.ts';
import { Side } from './sides.ts';

/** What a walk through a lane needs of its stream. */
export interface LaneSource {
  readonly columns: Columns;
  readonly batches: Batches;
  readonly calls: CallTable;
  /** Whether calls are recorded. */
  readonly hasCalls: boolean;
  /** Whether a probe looks at the end of each turn. */
  readonly isProbed: boolean;
}

/** What is found in a lane. */
export interface LaneReadiness {
  readonly bands: readonly Band[];
  readonly hatches: readonly Hatch[];
  readonly spans: readonly HandlerSpan[];
}

/** Goes through the events of one lane. */
export function readinessIn(
  source: LaneSource,
  draft: LaneDraft,
  events: Int32Array,
): LaneReadiness {
  const walk = new Walk(source, draft);
  for (const at of events) walk.take(at);
  return walk.end();
}

type OpenSpan = { -readonly [Key in keyof HandlerSpan]: HandlerSpan[Key] };

class Walk {
  readonly #source: LaneSource;
  readonly #draft: LaneDraft;
  readonly #read: Side;
  readonly #write: Side;
  readonly #spans: OpenSpan[] = [];
  readonly #running: OpenSpan[] = [];
  #hasEnded = false;
  #isHungUp = false;

  constructor(source: LaneSource, draft: LaneDraft) {
    const { batches } = source.batches;
    const settings = {
      hasCalls: source.hasCalls,
      isProbed: source.isProbed,
      startOf: (batch: number) => batches[batch]?.from,
    };
    this.#source = source;
    this.#draft = draft;
    this.#read = new Side({ ...settings, direction: 'read' }, draft.wasRead);
    this.#write = new Side({ ...settings, direction: 'write' });
    this.#watch(draft.interests[0]?.value ?? 0, draft.triggers[0]?.value ?? LEVEL);
  }

  take(at: number): void {
    const { columns, batches } = this.#source;
    const a = columns.a[at] as number;
    const b = columns.b[at] as number;
    const batch = batches.batchOf[at] as number;
    switch (columns.kind[at]) {
      case Kind.Report:
        if ((a & READ_CLOSED) !== 0) this.#isHungUp = true;
        if ((a & READ_BITS) !== 0) this.#read.report(at, batch);
        if ((a & WRITE_BITS) !== 0) this.#write.report(at, batch);
        break;
      case Kind.HandlerBegin:
        this.#begin(at, a);
        break;
      case Kind.HandlerEnd:
        this.#return(at, batch, a, b);
        break;
      case Kind.Call:
        this.#call(at, batch, a, b);
        break;
      case Kind.Register:
      case Kind.Modify:
        this.#again(batch);
        this.#watch(a, b);
        break;
      case Kind.Requeue:
        this.#again(batch);
        break;
      case Kind.Queue:
        this.#write.queue(a);
        break;
      case Kind.Level:
        this.#read.probe(at, batch, (a & READ_BITS) !== 0);
        this.#write.probe(at, batch, (a & WRITE_BITS) !== 0);
        break;
      case Kind.Release:
        this.#end(at, batch, false);
        break;
      default:
    }
  }

  end(): LaneReadiness {
    const { columns, batches } = this.#source;
    // One that ended where nothing was recorded has ended there.
    const { isOpen, life } = this.#draft;
    const batch = isOpen ? batches.batches.length : (batches.batchOf[life.to] ?? -1);
    this.#end(isOpen ? columns.count : life.to, batch, isOpen);
    const byPlace = (one: Band | Hatch, other: Band | Hatch) => one.from - other.from;
    return {
      spans: this.#spans,
      bands: [...this.#read.bands, ...this.#write.bands].sort(byPlace),
      hatches: [...this.#read.hatches, ...this.#write.hatches].sort(byPlace),
    };
  }

  #begin(at: number, readiness: number): void {
    const span = { from: at, to: this.#source.columns.count, readiness, bytes: 0, outcome: 0 };
    this.#spans.push(span);
    this.#running.push(span);
  }

  #return(at: number, batch: number, bytes: number, outcome: number): void {
    const span = this.#running.pop();
    if (span === undefined) return; // its beginning is not in the trace
    span.to = at;
    span.bytes = bytes;
    span.outcome = outcome;
    if ((outcome & (Outcome.Requeued | Outcome.Closed)) !== 0) return;
    this.#read.leave(at, batch);
    this.#write.leave(at, batch);
  }

  #call(at: number, batch: number, result: number, b: number): void {
    const { calls } = this.#source;
    const direction = calls.directions[callOf(b).call];
    if (direction === undefined) return;
    const answer = calls.answerOf(result, b);
    // Behind the last bytes of a stream its end may be, and behind a datagram the next one.
    const mayHaveMore = this.#isHungUp || this.#draft.role === Role.Datagram;
    const isShort = direction === 'read' && answer === 'short' && mayHaveMore;
    const side = direction === 'read' ? this.#read : this.#write;
    side.call(at, batch, isShort ? 'full' : answer, this.#running.length > 0);
  }

  #again(batch: number): void {
    this.#read.again(batch);
    this.#write.again(batch);
  }

  #watch(interest: number, trigger: number): void {
    for (const [side, bit] of [
      [this.#read, READABLE],
      [this.#write, WRITABLE],
    ] as const) {
      const isAsked = (interest & bit) !== 0;
      side.isEdge = isEdge(trigger) && isAsked;
      side.isRepeated = trigger === LEVEL && isAsked;
    }
  }

  #end(at: number, batch: number, isTraceEnd: boolean): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#read.end(at, batch, isTraceEnd);
    this.#write.end(at, batch, isTraceEnd);
  }
}
