// Checks of arguments, and the words for what native code refused. Hot calls pass their arguments
// straight to native code, which takes only what is exactly right and answers REFUSED otherwise;
// `refuse…` then finds the argument to name. Cold calls check first. (docs/adr/0002)
import { invalidType, outOfRange } from './errors.ts';

/** What native code answers for arguments that it cannot take (native/addon/args.h). */
export const REFUSED = -0x80000000;

export function checkInteger(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(name, `a whole number from ${min} to ${max}`, value);
  }
  return value;
}

export function checkFd(value: unknown, name = 'fd'): number {
  return checkInteger(name, value, 0, 0x7fffffff);
}

export function checkUint32(name: string, value: unknown): number {
  return checkInteger(name, value, 0, 0xffffffff);
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalidType(name, 'a function', value);
}

export function checkObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) throw invalidType(name, 'an object', value);
}

/** Milliseconds to wait: -1 (for ever), 0, or any finite number above it, fractions included. */
export function checkTimeoutMs(value: unknown, name = 'timeoutMs'): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!(value === -1 || (value >= 0 && Number.isFinite(value)))) {
    throw outOfRange(name, '-1 or a finite number from 0', value);
  }
  return value;
}
