// Functions around those of the kernel, each with as many arguments as its own: with rest arguments
// there would be an array for each call that is watched.
import type { KernelCall } from './kernel-calls.ts';

/** A function of the kernel, by whatever arguments. */
export type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/** Called after a call with what it returned, and with its first five arguments. @returns `result` */
export type AfterCall = (
  call: KernelCall,
  result: unknown,
  a?: unknown,
  b?: unknown,
  c?: unknown,
  d?: unknown,
  e?: unknown,
) => unknown;

/** Those of node:fs throw; those of the addon throw nothing. */
const THROWING = /Sync$/;

/** `original`, with `after` behind each call. */
export function wrapCall(call: KernelCall, original: AnyFunction, after: AfterCall): AnyFunction {
  if (THROWING.test(call.name)) return wrapThrowing(call, original, after);
  switch (call.arity) {
    case 0:
      return function () {
        return after(call, original.call(this));
      };
    case 1:
      return function (a) {
        return after(call, original.call(this, a), a);
      };
    case 2:
      return function (a, b) {
        return after(call, original.call(this, a, b), a, b);
      };
    case 3:
      return function (a, b, c) {
        return after(call, original.call(this, a, b, c), a, b, c);
      };
    case 4:
      return function (a, b, c, d) {
        return after(call, original.call(this, a, b, c, d), a, b, c, d);
      };
    case 5:
      return function (a, b, c, d, e) {
        return after(call, original.call(this, a, b, c, d, e), a, b, c, d, e);
      };
    default:
      return function (a, b, c, d, e, f) {
        return after(call, original.call(this, a, b, c, d, e, f), a, b, c, d, e);
      };
  }
}

// Two arguments at most.
function wrapThrowing(call: KernelCall, original: AnyFunction, after: AfterCall): AnyFunction {
  return function (a, b) {
    let result: unknown;
    try {
      result = original.call(this, a, b);
    } catch (error) {
      after(call, (error as NodeJS.ErrnoException).errno ?? 0, a, b);
      throw error;
    }
    return after(call, result, a, b);
  };
}
