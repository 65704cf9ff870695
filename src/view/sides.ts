// What is known of one direction of a descriptor, event by event: while it is ready, and where an edge
// was left that nothing reports again. src/view/readiness.ts goes through the events of a lane.
import type { Answer, Direction } from './calls.ts';
import type { Band, Hatch } from './model.ts';

/** What a side needs to know of the stream. */
export interface SideSettings {
  readonly direction: Direction;
  /** Whether calls are recorded. */
  readonly hasCalls: boolean;
  /** Whether a probe looks at the end of each turn, and records what has changed since the last one. */
  readonly isProbed: boolean;
  /** Where a batch begins. */
  readonly startOf: (batch: number) => number | undefined;
}

const NOWHERE = -1;

/** A handler has returned, and perhaps left something. */
interface Left {
  readonly at: number;
  readonly batch: number;
}

/** One direction of one lane. An event is `at`, its number, and of a `batch`, by its place. */
export class Side {
  /** What was found so far. */
  readonly bands: Band[] = [];
  /** Without what the program turned out to remember. */
  hatches: Hatch[] = [];
  /** Whether an edge reports it, and nothing reports it again. */
  isEdge = false;
  /** Whether the kernel reports it at each wait for as long as it is ready. */
  isRepeated = false;
  readonly #settings: SideSettings;
  #from = NOWHERE;
  #sureTo = 0;
  /** The last batch that has reported it, or in which the kernel was asked to look again. */
  #batch = NOWHERE;
  #isReported = false;
  #mayHaveMore = false;
  #remembers: boolean;
  #left: Left | undefined;
  /** What the last probe has found. */
  #level = false;
  /** Bytes that wait to be written. */
  #queuedBytes = 0;

  /** @param remembers - it was read before it was registered. */
  constructor(settings: SideSettings, remembers = false) {
    this.#settings = settings;
    this.#remembers = remembers;
  }

  /** The kernel reports it. */
  report(at: number, batch: number): void {
    this.#settle(batch);
    // In the very next wait: more had come before it, and nothing has waited.
    if (this.#left !== undefined && batch > this.#left.batch + 1) {
      this.#judge(this.#left, at);
    }
    this.#left = undefined;
    this.#open(at, batch);
    this.#isReported = true;
    this.#mayHaveMore = false;
  }

  /** A call in this direction has returned. */
  call(at: number, batch: number, answer: Answer, isInHandler: boolean): void {
    this.#settle(batch);
    this.#left = undefined; // it comes back by itself: it had not forgotten it
    if (!isInHandler && this.#settings.direction === 'read') this.#remembers = true;
    this.#mayHaveMore = answer === 'full';
    if (answer === 'full') this.#sureTo = at + 1;
    if (answer !== 'nothing' && answer !== 'short') return;
    this.#close(at, true);
    this.#isReported = false;
  }

  /** The handler has returned; the program did nothing to be called again. */
  leave(at: number, batch: number): void {
    if (this.isEdge && this.#isReported && this.#mayHaveMore) this.#left = { at, batch };
  }

  /** So many bytes wait to be written. */
  queue(bytes: number): void {
    this.#queuedBytes = bytes;
  }

  /** The program is called again by itself, or has the kernel look again. */
  again(batch: number): void {
    this.#settle(batch);
    this.#left = undefined;
    this.#isReported = false;
    this.#batch = batch;
  }

  /** A probe has found another level than the last time. */
  probe(at: number, batch: number, isReady: boolean): void {
    const wasReady = this.#level;
    this.#level = isReady;
    if (isReady) {
      this.#open(at, batch);
      this.#sureTo = at + 1;
      return;
    }
    this.#close(at, true);
    this.#isReported = false;
    const left = this.#left;
    this.#left = undefined;
    // Found by an earlier look, and gone now: something else has taken it.
    if (left !== undefined && wasReady && batch > left.batch) this.#hatch(left, at);
  }

  /** The registration ends; or, at the last event, the trace does. */
  end(at: number, batch: number, isTraceEnd: boolean): void {
    this.#settle(batch);
    const left = this.#left;
    if (left !== undefined && (isTraceEnd || batch > left.batch)) this.#judge(left, at);
    this.#left = undefined;
    this.#close(at, false);
    // It reads when it likes, also much later: what it left is not forgotten.
    if (this.#remembers) this.hatches = [];
  }

  #open(at: number, batch: number): void {
    if (this.#from === NOWHERE) {
      this.#from = at;
      this.#sureTo = at;
    }
    this.#batch = batch;
  }

  // It was not reported by a wait that would have: it has ended by then, and it is not known when.
  #settle(batch: number): void {
    const isOver = this.isRepeated || !this.#settings.hasCalls;
    if (!isOver || this.#from === NOWHERE || batch < this.#batch + 2) return;
    this.#close(this.#settings.startOf(this.#batch + 1) ?? this.#from, false);
  }

  #close(to: number, isSeen: boolean): void {
    const from = this.#from;
    this.#from = NOWHERE;
    if (from === NOWHERE) return;
    const sureTo = isSeen ? to : Math.min(Math.max(this.#sureTo, from), to);
    this.#push(from, sureTo, true);
    this.#push(sureTo, to, false);
  }

  #push(from: number, to: number, isCertain: boolean): void {
    const { direction } = this.#settings;
    if (from < to) this.bands.push({ from, to, direction, isCertain });
  }

  #judge(left: Left, to: number): void {
    const isThere = !this.#settings.isProbed || this.#level;
    if (isThere) this.#hatch(left, to);
  }

  // Room in the kernel is for nothing when nothing waits for it.
  #hatch({ at: from }: Left, to: number): void {
    const { direction } = this.#settings;
    const bytesLeft = direction === 'write' ? this.#queuedBytes : undefined;
    if (bytesLeft !== 0) this.hatches.push({ from, to, direction, bytesLeft });
  }
}
