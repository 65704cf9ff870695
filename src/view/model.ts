// What a trace shows, as the page, the text and the exports read it: lanes with what is known of their
// readiness, findings, batches and totals. Places are numbers of events of a stream, not times: at the
// level `events` all events of a batch have one time, and their order is all there is.
import type { TraceData, TraceStream } from '../trace/data.ts';
import type { TraceEvent } from '../trace/events.ts';

/** The events of a stream in columns, by number, oldest first. */
export interface Columns {
  /** How many there are. */
  readonly count: number;
  readonly kind: Uint8Array;
  readonly fd: Int32Array;
  readonly slot: Uint32Array;
  readonly generation: Uint32Array;
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** In nanoseconds. */
  readonly time: Float64Array;
}

/**
 * From one event to before another; `to` is the count of events when it goes on at the end. What holds
 * just after an event `at` has `from <= at` and `at < to`.
 */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/**
 * Something may be done without waiting: from a report to the call that found nothing more. The rest of
 * one that is certain up to some call only is another band.
 */
export interface Band extends Interval {
  readonly direction: 'read' | 'write';
  /** Seen by a call or a probe. Else it is what a report said, and nothing says otherwise. */
  readonly isCertain: boolean;
}

/** A call of the handler. */
export interface HandlerSpan extends Interval {
  /** Readiness bits. */
  readonly readiness: number;
  /** Bytes that it charged. */
  readonly bytes: number;
  /** Bits of `Outcome`. */
  readonly outcome: number;
}

/**
 * An edge was reported, and its handler returned before the end: nothing reports it again. From there to
 * the next report, the release or the end. What the program read later without a report, or queued, it
 * had not forgotten: that is none.
 */
export interface Hatch extends Interval {
  readonly direction: 'read' | 'write';
  /** Bytes that are known to be left; undefined: how many is not known. */
  readonly bytesLeft: number | undefined;
}

/** A value that holds for a while: interest bits with the trigger, or bytes in a queue. */
export interface Held extends Interval {
  readonly value: number;
}

/** What a descriptor was registered for: one registration, or the reactor itself. */
export interface Lane {
  /** `'slot.generation'`; `'reactor'` for what is of no descriptor. */
  readonly key: string;
  readonly slot: number;
  readonly generation: number;
  /** -1: of the reactor itself, or not known. */
  readonly fd: number;
  /** The last label that it was given; '' when there is none. */
  readonly label: string;
  /** Of `Role`; 0: not known. */
  readonly role: number;
  /** Its events, by number; also what the kernel reports of it after its end. */
  readonly events: Int32Array;
  /** From its registration, or what was open when the trace began, to its release. */
  readonly life: Interval;
  readonly bands: readonly Band[];
  readonly spans: readonly HandlerSpan[];
  readonly hatches: readonly Hatch[];
  /** Interest bits. */
  readonly interests: readonly Held[];
  /** Numbers of triggers: level, edge, oneshot, edge-oneshot. */
  readonly triggers: readonly Held[];
  /** Bytes that wait to be written. */
  readonly queues: readonly Held[];
}

/** What a finding is. */
export type FindingCode =
  | 'UNDRAINED'
  | 'SPINNING'
  | 'STARVED'
  | 'STALE'
  | 'GHOST'
  | 'SLOW_HANDLER'
  | 'LINT';

/** Something to look at. */
export interface TraceFinding extends Interval {
  readonly code: FindingCode;
  /** The key of the lane. */
  readonly lane: string;
  readonly fd: number;
  /** What is wrong, and what to do, in a sentence each. */
  readonly what: string;
  readonly fix: string;
}

/**
 * One wait and what came of it, from its end to that of the next one. A turn inside a handler has one of
 * its own, inside the one that the handler belongs to.
 */
export interface Batch extends Interval {
  /** How many events the kernel reported. */
  readonly count: number;
}

/** What a report of the kernel became. */
export type Fate = 'handled' | 'masked' | 'stale' | 'ghost';

/** One report of a batch. */
export interface BatchReport {
  /** The event. */
  readonly at: number;
  /** The place of its lane in `lanes`. */
  readonly lane: number;
  /** Readiness bits. */
  readonly readiness: number;
  /** `masked`: an earlier handler has taken out of the interest what was reported. */
  readonly fate: Fate;
}

/** What one descriptor did. */
export interface LaneTotals {
  /** The key of the lane. */
  readonly lane: string;
  readonly reports: number;
  readonly handlers: number;
  /** Nanoseconds in its handlers, and of the longest; undefined: they are not timed. */
  readonly handlerNs: number | undefined;
  readonly longestNs: number | undefined;
  readonly calls: number;
  readonly wouldBlocks: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly undrained: number;
}

/** What the whole did. */
export interface StreamTotals {
  readonly batches: number;
  /** Waits that brought nothing. */
  readonly emptyWaits: number;
  /** Shares of the time, 0 to 1; undefined: the level has no time for it. */
  readonly asleep: number | undefined;
  readonly inHandlers: number | undefined;
  readonly lanes: readonly LaneTotals[];
}

/** One reactor of a trace. */
export interface StreamModel {
  readonly stream: TraceStream;
  /** How many events there are. */
  readonly count: number;
  /** Their columns, to go through many. */
  readonly columns: Columns;
  /** The event of a number. */
  eventAt(at: number): TraceEvent;
  /** Its time, in nanoseconds. */
  timeAt(at: number): number;
  /** The lane of an event, by its place in `lanes`. */
  laneAt(at: number): number;
  /** The batch that an event is of, by its place in `batches`; -1: it is before the first. */
  batchAt(at: number): number;
  /** The lane whose handler runs just after an event, by its place in `lanes`; -1: none runs. */
  runningAt(at: number): number;
  /** In the order in which they appear; the first one is the reactor itself. */
  readonly lanes: readonly Lane[];
  readonly batches: readonly Batch[];
  readonly findings: readonly TraceFinding[];
  readonly totals: StreamTotals;
}

/** What the reactor knew just after an event. */
export interface ReactorState {
  /** What is registered. */
  readonly registrations: readonly {
    readonly lane: string;
    readonly fd: number;
    readonly interest: number;
    readonly trigger: number;
    /** Readiness bits that are known to hold now. */
    readonly ready: number;
    /** Bytes that wait to be written; undefined: not known. */
    readonly queuedBytes: number | undefined;
  }[];
  /** The reports of the batch, in the order in which they are delivered. */
  readonly batch: readonly (BatchReport & {
    /** The descriptor; -1: not known. */
    readonly fd: number;
  })[];
  /** Into `batch`: how many were delivered. */
  readonly delivered: number;
  /** The keys of lanes that are called in the next turn without a report. */
  readonly requeued: readonly string[];
  /** The lane whose handler runs. */
  readonly running: string | undefined;
}

/** A trace as it is shown. */
export interface TraceModel {
  readonly trace: TraceData;
  readonly streams: readonly StreamModel[];
}
