// The defaults of connect() that programs can set, for this copy of the module.
import * as nodeNet from 'node:net';
import { booleanOf, integerOf } from './arguments.ts';

/** Milliseconds: as in Node, a shorter time is taken as this. */
const ATTEMPT_TIMEOUT_MIN = 10;
const ATTEMPT_TIMEOUT = 250;

// Those of the command line (--network-family-autoselection, ...), where this Node has them.
let isAutoSelected = nodeNet.getDefaultAutoSelectFamily?.() ?? true;
let attemptTimeout = nodeNet.getDefaultAutoSelectFamilyAttemptTimeout?.() ?? ATTEMPT_TIMEOUT;

/** Whether all addresses of a name are tried where `connect` is not given `autoSelectFamily`. */
export function getDefaultAutoSelectFamily(): boolean {
  return isAutoSelected;
}

/**
 * Sets what `getDefaultAutoSelectFamily` returns.
 *
 * @throws TypeError - ERR_INVALID_ARG_TYPE.
 */
export function setDefaultAutoSelectFamily(value: boolean): void {
  isAutoSelected = booleanOf('value', value);
}

/** Milliseconds that one address has to answer where `connect` is not given another time. */
export function getDefaultAutoSelectFamilyAttemptTimeout(): number {
  return attemptTimeout;
}

/**
 * Sets what `getDefaultAutoSelectFamilyAttemptTimeout` returns.
 *
 * @param value - milliseconds from 1; less than 10 is 10.
 * @throws TypeError, RangeError - ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
 */
export function setDefaultAutoSelectFamilyAttemptTimeout(value: number): void {
  attemptTimeout = attemptTimeoutOf('value', value);
}

/** @internal the time of one address, checked */
export function attemptTimeoutOf(name: string, value: unknown): number {
  return Math.max(integerOf(name, value, 1), ATTEMPT_TIMEOUT_MIN);
}
