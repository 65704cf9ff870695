// The trace of one reactor, from `reactor.trace()` to `close()`.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { threadId } from 'node:worker_threads';
import { ClosedError, errnoError, invalidType, invalidValue } from '../errors.ts';
import { observeKernel } from '../kernel.ts';
import { kernelCalls } from '../kernel-calls.ts';
import { native } from '../native.ts';
import { checkInteger, checkObject } from '../validate.ts';
import type { TraceData, TraceStream } from './data.ts';
import type { TraceEvent } from './events.ts';
import { encodeTrace } from './file.ts';
import { CALL_BITS, Kind } from './kinds.ts';
import { type OpenRegistration, Recorder } from './recorder.ts';

/**
 * How much a trace records. `events`: what the kernel reports, which handlers run, what is registered,
 * re-queued and called, with the time of each batch. `timed`: also the time at which each handler began
 * and returned. `calls`: also the calls of the kernel that this thread makes, with descriptor, bytes
 * and result.
 */
export type TraceLevel = 'events' | 'timed' | 'calls';

/** The names of errors of this system, by number. */
const ERRORS: Readonly<Record<string, string>> = Object.fromEntries(
  [...getSystemErrorMap()].map(([number, [name]]) => [-number, name]),
);
const LEVELS: readonly TraceLevel[] = ['events', 'timed', 'calls'];
/** Events that a finding shows. */
const RECENT_MAX = 8;
const CAPACITY = 65_536;
const CAPACITY_MAX = 1 << 26;
const ASKED_MAX = 2 ** (31 - CALL_BITS) - 1;

/** Options of `reactor.trace`. */
export interface TraceOptions {
  /** Default `'events'`. */
  readonly level?: TraceLevel;
  /** Events that are kept at least, 1 to 2^26; 29 bytes each. Default 65,536. */
  readonly capacity?: number;
  /** What is kept when there are more: the last ones, which is the default, or the first. */
  readonly keep?: 'last' | 'first';
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
export interface TraceHost {
  readonly backend: string;
  /** The registrations that are open now. */
  openRegistrations(): readonly OpenRegistration[];
  /** Which of them is of a descriptor. */
  registrationOf(fd: number): OpenRegistration | undefined;
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
  readonly recorder: Recorder;
  /** @internal whether handlers are timed */
  readonly isTimed: boolean;
  readonly #host: TraceHost;
  readonly #texts: string[] = [];
  readonly #textNumbers = new Map<string, number>();
  #stopObserving: (() => void) | undefined;
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
    this.isTimed = level !== 'events';
    this.recorder = new Recorder(
      capacity,
      keep === 'first',
      () => host.openRegistrations(),
      native.now(),
    );
    if (level === 'calls') this.#observeCalls();
  }

  /** Events that were dropped, since there is no room for more than `capacity`. */
  get dropped(): number {
    return this.recorder.dropped;
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
    const events: TraceEvent[] = [];
    for (const event of this.recorder.backwards(slot, generation)) {
      if (events.length < RECENT_MAX) events.unshift(event);
      if (event.kind === Kind.Label) return { label: this.#texts[event.a], events };
    }
    return { label: undefined, events };
  }

  /** A copy of what was recorded, which can be sent to another thread. */
  snapshot(): TraceData {
    return traceOf([this.#stream()]);
  }

  /**
   * Writes what was recorded to a file: whole, or not at all.
   *
   * @throws ErrnoError - of the file, such as ENOENT, EACCES, ENOSPC.
   */
  write(path: string): void {
    writeTrace(path, this.snapshot());
  }

  /** Ends the recording. What was recorded can still be read. Does nothing the second time. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopObserving?.();
    this.#host.onTraceClosed();
  }

  /** As `close`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #stream(): TraceStream {
    return {
      thread: threadId,
      backend: this.#host.backend,
      level: this.level,
      dropped: this.dropped,
      texts: [...this.#texts],
      blocks: this.recorder.copyBlocks(),
    };
  }

  #recordText(kind: number, text: string, fd: number): void {
    if (typeof text !== 'string') throw invalidType('text', 'a string', text);
    if (this.#isClosed) throw new ClosedError('the Trace');
    const registration = fd < 0 ? undefined : this.#host.registrationOf(fd);
    this.#recordAt(registration ?? { ...NO_PLACE, fd }, kind, text);
  }

  #recordAt({ fd, slot, generation }: Place, kind: number, text: string): void {
    let number = this.#textNumbers.get(text);
    if (number === undefined) {
      number = this.#texts.push(text) - 1;
      this.#textNumbers.set(text, number);
    }
    this.recorder.timeNs = native.now();
    this.recorder.record(kind, fd, slot, generation, number, 0);
  }

  #observeCalls(): void {
    this.#stopObserving = observeKernel({
      onCall: ({ index }, fd, result, asked) => {
        const registration = fd < 0 ? undefined : this.#host.registrationOf(fd);
        const detail = Math.min(asked, ASKED_MAX) * 2 ** CALL_BITS + index;
        const { slot, generation } = registration ?? { slot: 0, generation: 0 };
        this.recorder.record(Kind.Call, fd, slot, generation, result, detail);
      },
    });
  }
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
  if (typeof path !== 'string') throw invalidType('path', 'a string', path);
  const bytes = encodeTrace(trace);
  const beside = `${path}.${process.pid}.${threadId}`;
  try {
    writeFileSync(beside, bytes);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    const { errno, syscall = 'open' } = error as NodeJS.ErrnoException;
    throw errno === undefined ? error : errnoError(errno, syscall, { path });
  }
}
