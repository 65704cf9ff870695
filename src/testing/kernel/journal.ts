// What happens in one run, in order: the calls of the program, and what was unkind. It is kept as it comes, and
// becomes text only where that is asked for.
import type { OpenFile } from './open-file.ts';

/** Entries that are kept at least: the last ones. */
const KEPT = 100_000;

/** A call of the program, or something unkind that is none of a call. */
export interface Entry {
  /** Nanoseconds since the run began. */
  readonly atNs: number;
  /** The call, by its name in `edgewise/sys`; '' when it is none. */
  readonly call: string;
  /** -1: it has none. */
  readonly fd: number;
  /** What the descriptor was of; undefined: it was not open, or there is none. */
  readonly file: OpenFile | undefined;
  /** Bytes that were asked for, or that were there; -1: none, or not known. */
  asked: number;
  /** What it returned; undefined: it has not returned, or is no call. */
  result: number | undefined;
  /** What was unkind, such as `'short read'`; of what is no call, a sentence. '': nothing. */
  unkind: string;
}

/** The entries of one run. */
export class Journal {
  /** Is called when something unkind has happened. */
  onUnkind: ((entry: Entry) => void) | undefined;
  readonly #now: () => number;
  #entries: Entry[] = [];
  #running: Entry | undefined;

  /** @param now - nanoseconds since the run began. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** What is kept, oldest first. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** A call begins. @returns what `end` takes. */
  begin(call: string, fd: number, file: OpenFile | undefined, asked: number): Entry {
    const entry = { atNs: this.#now(), call, fd, file, asked, result: undefined, unkind: '' };
    this.#running = entry;
    return this.#add(entry);
  }

  /** It has returned. @returns its result. */
  end(entry: Entry, result: number): number {
    entry.result = result;
    this.#running = undefined;
    if (entry.unkind !== '') this.onUnkind?.(entry);
    return result;
  }

  /** The call that is running is not treated kindly. @param available - bytes of which it moves fewer. */
  blame(unkind: string, available?: number): void {
    const running = this.#running;
    if (running === undefined) return;
    running.unkind = unkind;
    if (available !== undefined) running.asked = available;
  }

  /** Something unkind happens that is none of a call. */
  add(unkind: string): void {
    const atNs = this.#now();
    const none = { call: '', fd: -1, file: undefined, asked: -1, result: undefined };
    this.onUnkind?.(this.#add({ atNs, ...none, unkind }));
  }

  #add(entry: Entry): Entry {
    this.#entries.push(entry);
    if (this.#entries.length >= 2 * KEPT) this.#entries = this.#entries.slice(KEPT);
    return entry;
  }
}
