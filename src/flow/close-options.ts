// How long what closes in order may take: the one option of `close` of everything that flushes first.
import { checkInteger, checkObject } from '../validate.ts';

const TIMEOUT_DEFAULT_MS = 30_000;
const TIMEOUT_MAX_MS = 0x7fffffff;

/** What `close` can be given. */
export interface CloseOptions {
  /**
   * After so many milliseconds what has not left is lost. 0: at once, after what the kernel takes
   * now. Default 30,000.
   */
  readonly timeoutMs?: number | undefined;
}

/**
 * The time-out of a close, checked.
 *
 * @throws TypeError, RangeError - no object, or not a whole number from 0.
 */
export function closeTimeoutMs(options: CloseOptions): number {
  checkObject('options', options);
  return checkInteger('timeoutMs', options.timeoutMs ?? TIMEOUT_DEFAULT_MS, 0, TIMEOUT_MAX_MS);
}
