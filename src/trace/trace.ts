// The trace of one reactor, from `reactor.trace()` to `close()`.
import os from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { threadId } from 'node:worker_threads';
import { ClosedError, invalidType, invalidValue, outOfRange } from '../errors.ts';
import { SHOWN, shown } from '../inspect.ts';
import { kernelCalls } from '../kernel-calls.ts';
import { native } from '../native.ts';
import { checkInteger, checkObject } from '../validate.ts';
import { writeWhole } from '../whole-file.ts';
import { Counter } from './counter.ts';
import type { TraceData, TraceStream } from './data.ts';
import { eventsOf, type TraceEvent } from './events.ts';
import { encodeTrace } from './file.ts';
import { Kind } from './kinds.ts';
import { StreamParts } from './parts.ts';
import { type EventRecorder, type Recorded, Recorder } from './recorder.ts';

/**
 * How much a trace records. `counts`: only how often what happened, in totals. `events`: what the kernel
 * reports, which handlers run, what is registered, re-queued and called, with the time of each batch.
 * `timed`: also the time at which each handler began and returned. `calls`: also the calls of the kernel
 * that this thread makes, with descriptor, bytes and result. `probe`: also what is ready after each
 * batch, whether it was reported or not, for teaching: all descriptors are looked at each time.
 */
export type TraceLevel = 'counts' | 'events' | 'timed' | 'calls' | 'probe';

/** @internal each with all of those before it, but those of `counts` */
export const LEVELS: readonly TraceLevel[] = ['counts', 'events', 'timed', 'calls', 'probe'];

/** The names of errors of this system, by number. */
const ERRORS: Readonly<Record<string, string>> = Object.fromEntries(
  [...getSystemErrorMap()].map(([number, [name]]) => [-number, name]),
);
/** Events that a finding shows. */
const RECENT_MAX = 8;
const CAPACITY = 65_536;
const CAPACITY_MAX = 1 << 26;
const NS_PER_MS = 1e6;

/** Options of `reactor.trace`. */
export interface TraceOptions {
  /** Default `'events'`. */
  readonly level?: TraceLevel | undefined;
  /** Events that are kept at least, 1 to 2^26; 32 bytes each. Default 65,536. */
  readonly capacity?: number | undefined;
  /** What is kept when there are more: the last ones, which is the default, or the first. */
  readonly keep?: 'last' | 'first' | undefined;
}

/** Which part of a trace. */
export interface SnapshotOptions {
  /**
   * Milliseconds, above 0: only the blocks that reach into the last so many. A block is dropped whole, so
   * some of what was before is kept. Default: all.
   */
  readonly lastMs?: number | undefined;
}

/** @internal what sets a registration apart */
export interface Place {
  readonly fd: number;
  readonly slot: number;
  readonly generation: number;
}

/** @internal what happened last to a registration */
export interface Recent {
  /** Its name; undefined: none was given, or that is too long ago. */
  readonly label: string | undefined;
  /** Oldest first. */
  readonly events: readonly TraceEvent[];
}

const NO_PLACE: Place = { fd: -1, slot: 0, generation: 0 };

/** What a trace asks of its reactor. */
export interface TraceHost extends Recorded {
  readonly backend: string;
  /** Puts the time to the clock. */
  stamp(): void;
  /** The open registration of a descriptor. */
  registrationOf(fd: number): { readonly slot: number; readonly generation: number } | undefined;
  /** The trace has ended: nothing is recorded any more. */
  onTraceClosed(): void;
}

/**
 * Records what happens in a reactor, made by `reactor.trace`. It costs nothing while there is none.
 *
 * @example
 * const trace = reactor.trace({ level: 'timed' });
 * // …
 * trace.write('slow.edgetrace'); // then: edgewise view slow.edgetrace
 */
export class Trace {
  /** How much it records. */
  readonly level: TraceLevel;
  /** @internal */
  readonly recorder: EventRecorder;
  /** @internal what other threads can read */
  readonly parts: StreamParts;
  readonly #host: TraceHost;
  readonly #textNumbers = new Map<string, number>();
  #isClosed = false;

  /** @internal use `reactor.trace` */
  constructor(host: TraceHost, options: TraceOptions) {
    checkObject('options', options);
    const { level = 'events', capacity = CAPACITY, keep = 'last' } = options;
    if (!LEVELS.includes(level)) throw invalidValue('options.level', LEVELS.join(', '), level);
    if (keep !== 'last' && keep !== 'first') {
      throw invalidValue('options.keep', "'last' or 'first'", keep);
    }
    checkInteger('options.capacity', capacity, 1, CAPACITY_MAX);
    this.#host = host;
    this.level = level;
    this.parts = new StreamParts({ thread: threadId, backend: host.backend, level });
    const keeping = { capacity, keepsFirst: keep === 'first' };
    this.recorder =
      level === 'counts' ? new Counter(host, this.parts) : new Recorder(host, this.parts, keeping);
  }

  /** Events that were dropped, since there is no room for more than `capacity`. */
  get dropped(): number {
    return this.parts.dropped;
  }

  /** Whether it has ended, by `close` or with its reactor. What was recorded is kept. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Marks this moment.
   *
   * @param fd - of which descriptor; none when absent.
   * @throws TypeError, RangeError. EdgewiseError - ERR_CLOSED.
   */
  mark(text: string, fd?: number): void {
    this.#recordText(
      Kind.Mark,
      text,
      fd === undefined ? -1 : checkInteger('fd', fd, 0, 2 ** 31 - 1),
    );
  }

  /**
   * Names a descriptor, from here on.
   *
   * @throws as `mark`.
   */
  label(fd: number, text: string): void {
    this.#recordText(Kind.Label, text, checkInteger('fd', fd, 0, 2 ** 31 - 1));
  }

  /** @internal records that a mistake was found. @param where - undefined: it is of no registration */
  recordLint(code: string, where: Place = NO_PLACE): void {
    this.#recordAt(where, Kind.Lint, code);
  }

  /** @internal what happened last to a registration */
  recentOf({ slot, generation }: Place): Recent {
    this.recorder.publish();
    const stream = this.read(0);
    const events: TraceEvent[] = [];
    let label: string | undefined;
    for (const event of eventsOf(stream)) {
      if (event.slot !== slot || event.generation !== generation || event.fd === -1) continue;
      if (event.kind === Kind.Label) label = stream.texts[event.a];
      if (events.push(event) > RECENT_MAX) events.shift();
    }
    return { label, events };
  }

  /**
   * A copy of what was recorded, which can be sent to another thread.
   *
   * @throws TypeError, RangeError - wrong options.
   */
  snapshot(part: SnapshotOptions = {}): TraceData {
    return traceOf([this.read(sinceNsOf(part))]);
  }

  /**
   * Writes what was recorded to a file: whole, or not at all.
   *
   * @throws ErrnoError - of the file, such as ENOENT, EACCES, ENOSPC. TypeError, RangeError - wrong options.
   */
  write(path: string, part: SnapshotOptions = {}): void {
    writeTrace(path, this.snapshot(part));
  }

  /** Ends the recording. What was recorded can still be read. Does nothing the second time. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#host.onTraceClosed();
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { level, dropped, isClosed: closed } = this;
    return shown('Trace', { level, dropped, closed });
  }

  /** As `close`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal what was recorded up to now, without the blocks that had ended before `sinceNs` */
  read(sinceNs: number): TraceStream {
    this.recorder.publish();
    return this.parts.read(sinceNs);
  }

  /** @internal the number of a text, for the `a` of an event */
  numberOf(text: string): number {
    let number = this.#textNumbers.get(text);
    if (number === undefined) {
      number = this.parts.addText(text);
      this.#textNumbers.set(text, number);
    }
    return number;
  }

  #recordText(kind: number, text: string, fd: number): void {
    if (typeof text !== 'string') throw invalidType('text', 'a string', text);
    if (this.#isClosed) throw new ClosedError('the Trace');
    const registration = fd < 0 ? undefined : this.#host.registrationOf(fd);
    this.#recordAt(
      registration === undefined ? { ...NO_PLACE, fd } : { ...registration, fd },
      kind,
      text,
    );
  }

  #recordAt({ fd, slot, generation }: Place, kind: number, text: string): void {
    this.#host.stamp();
    this.recorder.record(kind, fd, slot, generation, this.numberOf(text), 0);
    this.recorder.publish();
  }
}

/** @internal from when on, in nanoseconds. @throws TypeError, RangeError */
export function sinceNsOf(part: SnapshotOptions): number {
  checkObject('options', part);
  const { lastMs } = part;
  if (lastMs === undefined) return 0;
  if (typeof lastMs !== 'number') throw invalidType('options.lastMs', 'a number', lastMs);
  if (!(lastMs > 0)) throw outOfRange('options.lastMs', 'a number above 0', lastMs);
  return native.now() - lastMs * NS_PER_MS;
}

/** @internal */
export function traceOf(streams: readonly TraceStream[]): TraceData {
  return {
    format: 1,
    node: process.version,
    system: `${os.type()} ${os.release()} ${process.arch}`,
    pid: process.pid,
    takenAtMs: Date.now(),
    takenAtNs: native.now(),
    calls: kernelCalls.map(({ name }) => name),
    errors: ERRORS,
    streams,
  };
}

/**
 * Writes a trace to a file: whole, or not at all.
 *
 * @throws ErrnoError - of the file, such as ENOENT, EACCES, ENOSPC.
 */
export function writeTrace(path: string, trace: TraceData): void {
  writeWhole(path, encodeTrace(trace));
}
