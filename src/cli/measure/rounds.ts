// The order of every comparison: all take part in every round, one after the other, and the order
// moves on by one from round to round. So a slow minute of the machine hits all of them.

/**
 * The order of one round.
 *
 * @param round - counts from 0.
 */
export function rotated<T>(all: readonly T[], round: number): T[] {
  const first = round % Math.max(all.length, 1);
  return [...all.slice(first), ...all.slice(0, first)];
}
