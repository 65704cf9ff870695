// Which events come before and behind another one: in the table, by a key, and from finding to finding.
import type { TraceFinding } from '../src/view/model.ts';
import { isGrave } from './names.ts';

/** Rows before and behind the selected event. */
const BEFORE = 12;
const BEHIND = 38;

/**
 * The numbers of the events around one that pass a filter: some before, some behind.
 *
 * @param matches - 1 for each that passes; undefined: all do.
 */
export function eventsAround(at: number, count: number, matches: Uint8Array | undefined): number[] {
  const passes = (event: number) => matches === undefined || matches[event] === 1;
  const before: number[] = [];
  for (let event = at - 1; event >= 0 && before.length < BEFORE; event--) {
    if (passes(event)) before.unshift(event);
  }
  const behind: number[] = [];
  for (let event = at; event < count && behind.length < BEHIND; event++) {
    if (passes(event)) behind.push(event);
  }
  return [...before, ...behind];
}

/** The next event that passes, in a direction; the same one when there is none. */
export function nextEvent(
  at: number,
  direction: 1 | -1,
  count: number,
  passes: (event: number) => boolean,
): number {
  for (let event = at + direction; event >= 0 && event < count; event += direction) {
    if (passes(event)) return event;
  }
  return at;
}

/** The finding behind an event, or the first one when there is none. */
export function findingAfter(
  findings: readonly TraceFinding[],
  at: number,
): TraceFinding | undefined {
  return findings.find(({ from }) => from > at) ?? findings[0];
}

/** The findings, the grave ones first. */
export function graveFirst(findings: readonly TraceFinding[]): TraceFinding[] {
  return findings.toSorted((one, other) => Number(isGrave(other.code)) - Number(isGrave(one.code)));
}
