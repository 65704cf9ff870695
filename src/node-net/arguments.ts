// What connect() and listen() of node:net may be given: (options), (port, host, ...), (path, ...),
// and a callback last. The checks throw what those of Node throw.
import nodeNet, { BlockList, isIP } from 'node:net';
import { coded, wrongRange, wrongType, wrongValue } from '../node-errors.ts';

/** The options of a call of `connect` or `listen`, before they are looked at. */
export type Options = Record<string, unknown>;

/** The arguments of one call, whatever their order was. */
export type Normalized = [options: Options, callback: ((...args: unknown[]) => void) | null];

const UINT31_MAX = 0x7fffffff;
/** The mark of Node's on such arguments. Without it, `connect` takes an array for options. */
const NORMALIZED = markOfNode() ?? Symbol('normalizedArgs');

function markOfNode(): symbol | undefined {
  const { _normalizeArgs } = nodeNet as { _normalizeArgs?: (args: unknown[]) => object };
  return Object.getOwnPropertySymbols(_normalizeArgs?.([]) ?? {})[0];
}

/** A number that is not negative, as text or number; else false. Objects are not asked what they are. */
export function toNumber(value: unknown): number | false {
  if (typeof value !== 'number' && typeof value !== 'string') return value === null ? 0 : false;
  const number = Number(value);
  return number >= 0 ? number : false;
}

/** Whether a value names a Unix socket: text that is no number. */
export function isPath(value: unknown): value is string {
  return typeof value === 'string' && toNumber(value) === false;
}

/**
 * Gives the arguments of a call their names.
 *
 * @param args - options, or a path, or a port and perhaps a host; a callback last.
 */
export function normalize(args: readonly unknown[]): Normalized {
  const [first, second] = args;
  let options: Options = {};
  if (typeof first === 'object' && first !== null) options = first as Options;
  else if (isPath(first)) options = { path: first };
  else if (args.length > 0) options = { port: first };
  if (typeof second === 'string' && 'port' in options && options !== first) options.host = second;
  const last = args.at(-1);
  const normalized: Normalized = [
    options,
    typeof last === 'function' ? (last as () => void) : null,
  ];
  return Object.assign(normalized, { [NORMALIZED]: true });
}

/** Whether a value is what `normalize` has made, here or in Node. */
export function isNormalized(value: unknown): value is Normalized {
  return Array.isArray(value) && NORMALIZED in value;
}

/**
 * The port as a number.
 *
 * @param value - a number, or text that is one, also `'0x50'`.
 * @param name - for the message.
 * @returns 0 to 65535.
 * @throws RangeError - ERR_SOCKET_BAD_PORT.
 */
export function portOf(value: unknown, name = 'Port'): number {
  const isText = typeof value === 'string' && value.trim() !== '';
  const port = isText || typeof value === 'number' ? Number(value) : Number.NaN;
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  const shown = typeof value === 'string' ? `'${value}'` : String(value);
  const message = `${name} should be >= 0 and < 65536. Received type ${typeof value} (${shown}).`;
  throw coded(new RangeError(message), 'ERR_SOCKET_BAD_PORT');
}

/** @throws TypeError - ERR_INVALID_ARG_TYPE: no number. */
export function numberOf(name: string, value: unknown): number {
  if (typeof value !== 'number') throw wrongType(name, 'of type number', value);
  return value;
}

/** @throws TypeError, RangeError - no whole number from `min` to `max`. */
export function integerOf(name: string, value: unknown, min: number, max = UINT31_MAX): number {
  const number = numberOf(name, value);
  if (!Number.isInteger(number)) throw wrongRange(name, 'an integer', value);
  if (number < min || number > max) throw wrongRange(name, `>= ${min} && <= ${max}`, value);
  return number;
}

/** @throws TypeError - ERR_INVALID_ARG_TYPE: no function. */
export function functionOf<T>(name: string, value: T): T & ((...args: never[]) => unknown) {
  if (typeof value === 'function') return value as never;
  throw wrongType(name, 'of type function', value);
}

/** @throws TypeError - ERR_INVALID_ARG_TYPE: no boolean. */
export function booleanOf(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw wrongType(name, 'of type boolean', value);
}

/** @throws TypeError - ERR_INVALID_ARG_TYPE: no text. */
export function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw wrongType(name, 'of type string', value);
}

/** @throws TypeError - ERR_INVALID_ARG_TYPE: neither absent nor a BlockList. */
export function blockListOf(value: unknown): BlockList | undefined {
  if (!value) return undefined;
  if (value instanceof BlockList) return value;
  throw wrongType('options.blockList', 'an net.BlockList', value);
}

/** @throws TypeError - ERR_INVALID_ARG_TYPE: no AbortSignal. */
export function signalOf(name: string, value: unknown): AbortSignal {
  const isSignal = typeof value === 'object' && value !== null && 'aborted' in value;
  if (isSignal) return value as AbortSignal;
  throw wrongType(name, 'an instance of AbortSignal', value);
}

/** 4, 6, or 0 for both. @throws TypeError - ERR_INVALID_ARG_VALUE. */
export function familyOf(value: unknown): 0 | 4 | 6 {
  switch (value) {
    case undefined:
    case null:
    case 0:
      return 0;
    case 4:
    case 'IPv4':
      return 4;
    case 6:
    case 'IPv6':
      return 6;
    default:
      throw wrongValue('options.family', value, 'must be one of: 0, 4, 6');
  }
}

/** Whether a value is a numeric address. `isIP` would call `toString` of an object. */
export function isAddress(value: unknown): value is string {
  return typeof value === 'string' && isIP(value) !== 0;
}
