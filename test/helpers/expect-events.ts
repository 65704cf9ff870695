// Expectations on what a Poller reports: at least these bits, in a bounded count of waits, and in
// words. Nothing sleeps: each wait ends by an event, or by a deadline that is only met in failure.
import { expect } from 'vitest';
import { type Readiness, readinessNames } from '../../src/poller/interest.ts';
import type { Poller } from '../../src/poller/poller.ts';
import type { Token } from '../../src/poller/records.ts';

const WAITS_MAX = 20;
const FAILURE_MS = 250;

/** What is expected of each token. */
export type Expected = ReadonlyMap<Token, Readiness> | Readonly<Record<number, Readiness>>;

function addTo(seen: Map<Token, Readiness>, poller: Poller, count: number): void {
  for (let i = 0; i < count; i++) {
    const token = poller.events.token(i);
    seen.set(token, (seen.get(token) ?? 0) | poller.events.readiness(i));
  }
}

function inWords(bits: Iterable<readonly [Token, Readiness]>): Record<string, string> {
  return Object.fromEntries([...bits].map(([token, set]) => [String(token), readinessNames(set)]));
}

/**
 * Waits until every token has shown at least its bits, in as many events as it takes.
 *
 * @returns all bits that were seen, by token.
 */
export function expectEvents(poller: Poller, expected: Expected): Map<Token, Readiness> {
  const wanted =
    expected instanceof Map
      ? (expected as Map<Token, Readiness>)
      : new Map(Object.entries(expected).map(([token, bits]) => [Number(token), Number(bits)]));
  const seen = new Map<Token, Readiness>();
  const isMissing = ([token, bits]: [Token, Readiness]) => ((seen.get(token) ?? 0) & bits) !== bits;
  for (let i = 0; i < WAITS_MAX && [...wanted].some(isMissing); i++) {
    addTo(seen, poller, poller.wait(FAILURE_MS));
  }
  const relevant = [...wanted].map(
    ([token, bits]) => [token, (seen.get(token) ?? 0) & bits] as const,
  );
  expect(inWords(relevant), `of ${JSON.stringify(inWords(seen))}`).toEqual(inWords(wanted));
  return seen;
}

/** What a poll finds at once, in words: `{ '7': 'Readable|ReadClosed' }`. */
export function eventsNow(poller: Poller): Record<string, string> {
  const seen = new Map<Token, Readiness>();
  addTo(seen, poller, poller.wait(0));
  return inWords(seen);
}

/** Expects that nothing is ready, in several polls. */
export function expectQuiet(poller: Poller): void {
  for (let i = 0; i < 3; i++) expect(eventsNow(poller)).toEqual({});
}
