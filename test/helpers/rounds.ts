// How often a test repeats what is the same each time.

const isLong = process.env.EDGEWISE_ROUNDS === 'long';

/**
 * @param usual - what finds a mistake that shows each time, or nearly.
 * @param long - for races that show once in many rounds: `npm run test:long -- rounds`.
 */
export function rounds(usual: number, long: number): number {
  return isLong ? long : usual;
}
