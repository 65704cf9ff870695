// Clocks and counters as descriptors. Both are read as one number of 64 bits: how often a timerfd
// has expired, or what an eventfd has counted. Linux only.
import { invalidType, outOfRange } from '../errors.ts';
import { native } from '../native.ts';
import { checkBigUint64s, checkFd, checkFlags, checkMilliseconds } from '../validate.ts';
import { constants } from './constants.ts';

const count = new BigUint64Array(1);
const countBytes = new Uint8Array(count.buffer);
const COUNT_MAX = 2n ** 64n - 2n;

/**
 * Makes a timer with a descriptor, close-on-exec. It is readable when the timer has expired. Linux
 * only.
 *
 * @param clock - `CLOCK_MONOTONIC`, `CLOCK_REALTIME`, `CLOCK_BOOTTIME`, …
 * @param flags - `TFD_NONBLOCK`; 0 when absent.
 * @returns the descriptor, which the caller closes, or -errno: -ENOSYS where there is none.
 * @see timerfd_create(2)
 */
export function timerfd_create(clock: number, flags = 0): number {
  checkFlags('clock', clock);
  checkFlags('flags', flags);
  return native.timerfd_create(clock, flags);
}

/**
 * Arms a timer, or disarms it. Linux only.
 *
 * @param fd - a timerfd.
 * @param flags - `TFD_TIMER_ABSTIME`: `firstMs` is a time of the timer's clock (for
 * `CLOCK_REALTIME` one like `Date.now()`); with it `TFD_TIMER_CANCEL_ON_SET`: a read is -ECANCELED
 * when that clock was set.
 * @param firstMs - milliseconds until it first expires, 0 to 9e12, fractions honoured to the
 * nanosecond. 0 disarms.
 * @param intervalMs - milliseconds between later ones; 0, the default: there are none.
 * @returns 0 or -errno.
 * @see timerfd_settime(2)
 */
export function timerfd_settime(
  fd: number,
  flags: number,
  firstMs: number,
  intervalMs = 0,
): number {
  checkFd(fd);
  checkFlags('flags', flags);
  checkMilliseconds('firstMs', firstMs);
  checkMilliseconds('intervalMs', intervalMs);
  return native.timerfd_settime(fd, flags, firstMs, intervalMs);
}

/**
 * Takes the count of an eventfd or of a timerfd, which is 0 then; of an eventfd with
 * `EFD_SEMAPHORE` it takes 1.
 *
 * @param value - `value[0]` becomes the count. A BigUint64Array of at least one number.
 * @returns 0 or -errno: {@link WOULD_BLOCK}: the count is 0. -EINVAL: it is neither of the two, and
 * what was read is lost.
 * @see eventfd_read(3), timerfd_create(2)
 */
export function eventfd_read(fd: number, value: BigUint64Array): number {
  checkFd(fd);
  checkBigUint64s('value', value, 1);
  const result = native.read(fd, countBytes);
  if (result < 0) return result;
  if (result !== countBytes.length) return -constants.EINVAL;
  value[0] = count[0] as bigint;
  return 0;
}

/**
 * Adds to the count of an eventfd.
 *
 * @param value - 0 to 2^64 - 2.
 * @returns 0 or -errno: {@link WOULD_BLOCK}: the sum would be more than that.
 * @see eventfd_write(3)
 */
export function eventfd_write(fd: number, value: bigint | number): number {
  checkFd(fd);
  const isNumber = typeof value === 'number';
  if (!isNumber && typeof value !== 'bigint') throw invalidType('value', 'a bigint', value);
  const isWhole = !isNumber || Number.isSafeInteger(value);
  if (!isWhole || BigInt(value) < 0n || BigInt(value) > COUNT_MAX) {
    throw outOfRange('value', 'a whole number from 0 to 2^64 - 2', value);
  }
  count[0] = BigInt(value);
  return Math.min(native.write(fd, countBytes), 0);
}
