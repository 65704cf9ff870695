// What the calls that wait for descriptors have in common: how long, and behind which signal mask.
import { invalidType, outOfRange } from '../errors.ts';
import { checkInteger, checkTimeoutMs } from '../validate.ts';

const SIGNALS_MAX = 1024;

/** Numbers of signals, as `os.constants.signals` of Node has them. */
export type SignalMask = readonly number[];

/** Milliseconds to wait, fractions included: -1 (for ever), or 0 to 2^31 - 1. */
export function checkWaitMs(timeoutMs: unknown): void {
  checkInteger('timeoutMs', Math.ceil(checkTimeoutMs(timeoutMs)), -1, 0x7fffffff);
}

/** A mask as native code takes it; undefined: that of the thread stays. */
export function signalsOf(sigmask: unknown): Int32Array | undefined {
  if (sigmask === null || sigmask === undefined) return undefined;
  if (!Array.isArray(sigmask))
    throw invalidType('sigmask', 'an array of numbers, or null', sigmask);
  if (sigmask.length > SIGNALS_MAX) {
    throw outOfRange('sigmask.length', `at most ${SIGNALS_MAX}`, sigmask.length);
  }
  const signals = new Int32Array(sigmask.length);
  for (let i = 0; i < signals.length; i++) {
    signals[i] = checkInteger(`sigmask[${i}]`, sigmask[i], 0, 0x7fffffff);
  }
  return signals;
}
