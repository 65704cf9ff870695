// Checks of arguments, and the words for what native code refused. Hot calls pass their arguments
// straight to native code, which takes only what is exactly right and answers REFUSED otherwise;
// `refuse…` then finds the argument to name. Cold calls check first. (docs/adr/0002)
import { types } from 'node:util';
import {
  type ArgumentError,
  conflict,
  invalidType,
  invalidValue,
  isError,
  outOfRange,
} from './errors.ts';

/** What native code answers for arguments that it cannot take (native/addon/args.h). */
export const REFUSED = -0x80000000;

/** Most buffers in one readv, writev, recvmsg or sendmsg: IOV_MAX, the same on all our systems. */
export const IOV_MAX = 1024;

/**
 * Checks a whole number from `min` to `max`.
 *
 * @param name - what the error calls it; so for all checks here.
 * @returns the number.
 * @throws TypeError - ERR_INVALID_ARG_TYPE: no number. RangeError - ERR_OUT_OF_RANGE.
 */
export function checkInteger(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(name, `a whole number from ${min} to ${max}`, value);
  }
  return value;
}

/** A number of a descriptor: 0 to 2^31 - 1. Whether it is open, the kernel knows. */
export function checkFd(value: unknown, name = 'fd'): number {
  return checkInteger(name, value, 0, 0x7fffffff);
}

/** A whole number from 0 to 2^32 - 1. */
export function checkUint32(name: string, value: unknown): number {
  return checkInteger(name, value, 0, 0xffffffff);
}

/** Checks a function. @throws TypeError - ERR_INVALID_ARG_TYPE */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalidType(name, 'a function', value);
}

/** Checks an object; null is none. @throws TypeError - ERR_INVALID_ARG_TYPE */
export function checkObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) throw invalidType(name, 'an object', value);
}

/**
 * Checks options that cannot be given together, of which one would be ignored. What is undefined or false
 * is not given.
 *
 * @throws RangeError - ERR_OPTIONS_CONFLICT: `name` is given, and so is one of `others`.
 */
export function checkApart(options: object, name: string, others: readonly string[]): void {
  const given = options as Readonly<Record<string, unknown>>;
  const isGiven = (each: string): boolean => given[each] !== undefined && given[each] !== false;
  if (!isGiven(name)) return;
  const other = others.find(isGiven);
  if (other !== undefined) throw conflict(name, other);
}

/** The members of `options` that are not undefined: to be laid over others. */
export function given<Options extends object>(options: Options): Options {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Options;
}

/** Checks that `handlers` is an object, and each of `names` that it has a function. */
export function checkHandlers(handlers: unknown, names: readonly string[]): void {
  checkObject('handlers', handlers);
  for (const name of names) {
    const handler = (handlers as Record<string, unknown>)[name];
    if (handler !== undefined) checkFunction(`handlers.${name}`, handler);
  }
}

/** Checks an AbortSignal, of whatever realm or library, or undefined. */
export function checkSignal(signal: unknown, name = 'signal'): void {
  if (signal === undefined) return;
  if (typeof signal === 'object' && signal !== null && 'aborted' in signal) {
    const { addEventListener, removeEventListener } = signal as AbortSignal;
    if (typeof addEventListener === 'function' && typeof removeEventListener === 'function') return;
  }
  throw invalidType(name, 'an AbortSignal', signal);
}

/**
 * Checks a signal before something begins.
 *
 * @throws TypeError - no AbortSignal. The reason of the signal, when it is aborted.
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  checkSignal(signal);
  if (signal?.aborted) throw signal.reason;
}

/** Why something is destroyed: an Error, or undefined. */
export function checkError(value: unknown): void {
  if (value !== undefined && !isError(value)) throw invalidType('error', 'an Error', value);
}

/** Milliseconds to wait: -1 (for ever), 0, or any finite number above it, fractions included. */
export function checkTimeoutMs(value: unknown, name = 'timeoutMs'): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!(value === -1 || (value >= 0 && Number.isFinite(value)))) {
    throw outOfRange(name, '-1 or a finite number from 0', value);
  }
  return value;
}

/** A time of a kernel's clock: 0 to 9e12, fractions included, some 285 years (source_wrap.cc). */
export function checkMilliseconds(name: string, value: unknown): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!(value >= 0 && value <= 9e12)) throw outOfRange(name, 'from 0 to 9e12', value);
  return value;
}

/** Flags, levels, option names and the like: 0 to 2^31 - 1. */
export function checkFlags(name: string, value: unknown): number {
  return checkInteger(name, value, 0, 0x7fffffff);
}

// The accessors of typed arrays themselves: an object may carry properties of the same names.
const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;
function typedArrayGetter(name: 'buffer' | 'byteOffset' | 'length'): (this: unknown) => unknown {
  const getter = Object.getOwnPropertyDescriptor(typedArrayPrototype, name)?.get;
  return getter as (this: unknown) => unknown;
}
const lengthOf = typedArrayGetter('length');
const bufferOf = typedArrayGetter('buffer');
const offsetOf = typedArrayGetter('byteOffset');

/**
 * Checks the memory under a typed array of an accepted type. Runs no code of the value: not a
 * getter, not a trap of a proxy.
 *
 * @throws TypeError - ERR_INVALID_ARG_TYPE: of another type, or over shared memory;
 * ERR_INVALID_ARG_VALUE: detached.
 * @returns its length in elements.
 */
function checkMemory(name: string, value: unknown, expected: string, isType: boolean): number {
  if (!isType) throw invalidType(name, expected, value);
  const buffer = bufferOf.call(value);
  if (types.isSharedArrayBuffer(buffer)) {
    throw invalidType(name, `${expected} over memory that is not shared`, value);
  }
  const length = lengthOf.call(value) as number;
  if (length === 0 && isDetached(buffer as ArrayBuffer)) {
    throw invalidValue(name, `${expected} that is not detached`, value);
  }
  return length;
}

// `ArrayBuffer.prototype.detached` came after Node 20; no view can be laid over a detached buffer.
function isDetached(buffer: ArrayBuffer): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** A Uint8Array over memory that is neither shared nor detached. @returns its length */
export function checkBytes(name: string, value: unknown): number {
  return checkMemory(name, value, 'a Uint8Array', types.isUint8Array(value));
}

/**
 * Bytes of so many, whatever becomes of their buffer: what it grows by is not theirs. When it is
 * transferred, or shrinks so that one of them is lost, their length is 0.
 *
 * @param length - of `bytes` now, as {@link checkBytes} has it.
 * @returns `bytes` itself, unless its length could change otherwise.
 */
export function fixedView(bytes: Uint8Array, length: number): Uint8Array {
  const buffer = bufferOf.call(bytes) as ArrayBuffer & { readonly resizable?: boolean };
  // Shared memory has no such property, and may grow at any moment.
  if (buffer.resizable === false && bytes.length === length) return bytes;
  return new Uint8Array(buffer, offsetOf.call(bytes) as number, length);
}

/**
 * Checks bytes that are kept beyond the call, and takes their length, once: see {@link fixedView}.
 * Before each use look whether they are still there: {@link spoiled}.
 *
 * @throws as {@link checkBytes}.
 */
export function keepableBytes(name: string, value: unknown): Uint8Array {
  return fixedView(value as Uint8Array, checkBytes(name, value));
}

/** The error for bytes that were kept, and are of no length any more. */
export function spoiled(name: string, value: unknown): ArgumentError {
  return invalidValue(name, 'bytes that stay until they have left', value);
}

/** The length of any Uint8Array, also over shared memory. Runs no code of the value. */
export function lengthOfBytes(bytes: Uint8Array): number {
  return lengthOf.call(bytes) as number;
}

/** An Int32Array with room for at least `countMin` numbers. */
export function checkInt32s(name: string, value: unknown, countMin: number): number {
  const count = checkMemory(name, value, 'an Int32Array', types.isInt32Array(value));
  if (count < countMin) throw outOfRange(`${name}.length`, `at least ${countMin}`, count);
  return count;
}

/** A BigUint64Array with room for at least `countMin` numbers. */
export function checkBigUint64s(name: string, value: unknown, countMin: number): void {
  const count = checkMemory(name, value, 'a BigUint64Array', types.isBigUint64Array(value));
  if (count < countMin) throw outOfRange(`${name}.length`, `at least ${countMin}`, count);
}

/** The last word on refused arguments in which nothing wrong was found: they changed meanwhile. */
export function refuseUnnamed(): never {
  throw invalidValue('arguments', 'what the function takes, and stay so while it looks', undefined);
}

/** Names what is wrong with `(fd, bytes, offset?, length?, flags?)`. */
export function refuseTransfer(
  fd: unknown,
  bytes: unknown,
  offset: unknown,
  length: unknown,
  flags?: unknown,
): never {
  checkFd(fd);
  const size = checkBytes('bytes', bytes);
  const start = offset === undefined ? 0 : checkInteger('offset', offset, 0, size);
  if (length !== undefined) checkInteger('length', length, 0, size - start);
  if (flags !== undefined) checkFlags('flags', flags);
  refuseUnnamed();
}

/** Names what is wrong with `(fd, buffers, flags?)`. Getters of the array run once more. */
export function refuseBuffers(fd: unknown, buffers: unknown, flags?: unknown): never {
  checkFd(fd);
  if (flags !== undefined) checkFlags('flags', flags);
  if (!Array.isArray(buffers) || types.isProxy(buffers)) {
    throw invalidType('buffers', 'an array of Uint8Array', buffers);
  }
  if (buffers.length > IOV_MAX) {
    throw outOfRange('buffers.length', `at most ${IOV_MAX}`, buffers.length);
  }
  for (let i = 0; i < buffers.length; i++) checkBytes(`buffers[${i}]`, buffers[i]);
  refuseUnnamed();
}

/** The value of a socket option: memory, or where `mayBeNumber` an int. */
export function checkOption(name: string, value: unknown, mayBeNumber = false): void {
  if (mayBeNumber && typeof value === 'number') {
    checkInteger(name, value, -0x80000000, 0x7fffffff);
    return;
  }
  const expected = `${mayBeNumber ? 'a number, ' : ''}an Int32Array or a Uint8Array`;
  checkMemory(name, value, expected, types.isInt32Array(value) || types.isUint8Array(value));
}

/** A place in a file, or null for the file position. */
export function checkFileOffset(name: string, value: unknown): void {
  if (value !== null) checkInteger(name, value, 0, Number.MAX_SAFE_INTEGER);
}
