// Reading the results of `edgewise/sys`.
import { getSystemErrorName } from 'node:util';
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
  const name = getSystemErrorName(result);
  return name.startsWith('E') ? name : (headerName(-result) ?? name);
}

// Node knows the errors that libuv knows, and EINPROGRESS, for one, is none of them. The headers do.
function headerName(errno: number): string | undefined {
  const isError = /^E(?!POLL|V_|VFILT_|FD_)/;
  const named = Object.entries(constants).find(
    ([name, value]) => value === errno && isError.test(name),
  );
  return named?.[0];
}
