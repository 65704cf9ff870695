// Reading the results of `edgewise/sys`.
import { errnoCode } from '../errors.ts';
import { checkInteger } from '../validate.ts';
import { constants } from './constants.ts';

/** The result of a call that would have had to wait: -EAGAIN, which is -EWOULDBLOCK as well. */
export const WOULD_BLOCK: number = -constants.EAGAIN;

/**
 * Names a result: `'ECONNRESET'` for -104 on Linux, `'OK'` for whatever is >= 0.
 *
 * @param result - what a function of `edgewise/sys` returned.
 * @throws TypeError, RangeError - not a whole number of 32 bits.
 */
export function errnoName(result: number): string {
  checkInteger('result', result, -0x80000000, 0x7fffffff);
  if (result >= 0) return 'OK';
  return errnoCode(result);
}
