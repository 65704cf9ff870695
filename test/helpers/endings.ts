// A table of endings: every operation that waits, times every way in which it can end. Each cell is a test
// of its own: the operation waits, the ending happens, and the operation settles once, by what the table
// says. What it leaves behind is counted by the caller's `useDescriptors`, and the listeners of its signal
// here.
import { getEventListeners } from 'node:events';
import { setImmediate as aPass } from 'node:timers/promises';
import { expect, it } from 'vitest';

/** What has not settled by then hangs. */
const HANGS_MS = 5000;
/** Passes of Node's loop in which a second settlement would be seen. */
const PASSES_AFTER = 3;

/** The error of `destroy(error)`. */
export class Mine extends Error {
  readonly code = 'MINE';
}

/** The reason of a signal that is aborted. */
export class Stop extends Error {
  readonly code = 'STOP';
}

/** Settles an operation: called back, resolved or rejected. */
export type Settle = (error: unknown, value?: unknown) => void;

/** Begins an operation that waits. It has a signal of its own, or calls back. */
export type Wait<Subject> = (subject: Subject, signal: AbortSignal, settle: Settle) => unknown;

/** Ends what the operation waits for. `abort` is that of the operation's own signal. */
export type Ending<Subject> = (subject: Subject, abort: AbortController) => unknown;

/** What a table consists of. */
export interface Endings<Subject, EndingName extends string> {
  /** Everything is closed after the test. */
  readonly open: (ending: EndingName) => Promise<Subject> | Subject;
  readonly endings: Readonly<Record<EndingName, Ending<Subject>>>;
  /** By name: how it begins, and what it settles with at each ending that it has. */
  readonly waits: Readonly<
    Record<
      string,
      {
        readonly begin: Wait<Subject>;
        readonly outcomes: Readonly<Partial<Record<EndingName, string>>>;
      }
    >
  >;
}

/** What came of it, in a word: the code of an error, or the value. */
export function outcomeOf(error: unknown, value: unknown): string {
  if (error !== undefined && error !== null) {
    const { code, name } = error as { code?: unknown; name?: unknown };
    return typeof code === 'string' ? code : String(name);
  }
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

async function settled(outcomes: readonly string[]): Promise<void> {
  const limit = performance.now() + HANGS_MS;
  while (outcomes.length === 0 && performance.now() < limit) await aPass();
  for (let pass = 0; pass < PASSES_AFTER; pass++) await aPass();
}

/** Has a promise settle an operation. */
export function bySettling(promise: Promise<unknown>, settle: Settle): void {
  promise.then(
    (value) => settle(undefined, value),
    (error) => settle(error ?? new Error('rejected with nothing')),
  );
}

/** One test for each cell of a table. In a `describe`. */
export function testEndings<Subject, EndingName extends string>(
  table: Endings<Subject, EndingName>,
): void {
  for (const [waitName, { begin, outcomes }] of Object.entries(table.waits)) {
    for (const [name, expected] of Object.entries(outcomes)) {
      it(`${waitName}, ${name}: ${expected}`, async () => {
        const subject = await table.open(name as EndingName);
        const abort = new AbortController();
        const seen: string[] = [];
        const settle: Settle = (error, value) => void seen.push(outcomeOf(error, value));
        const promise = begin(subject, abort.signal, settle);
        if (promise instanceof Promise) bySettling(promise, settle);
        for (let pass = 0; pass < PASSES_AFTER; pass++) await aPass();
        expect(seen, 'settled before the ending').toEqual([]);
        await table.endings[name as EndingName](subject, abort);
        await settled(seen);
        expect(seen.join()).toBe(expected);
        expect(getEventListeners(abort.signal, 'abort'), 'listeners of the signal').toEqual([]);
      });
    }
  }
}
