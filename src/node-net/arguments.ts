// What connect() and listen() of node:net may be given: (options), (port, host, ...), (path, ...),
// and a callback last.
import { show } from '../errors.ts';
import { coded } from './errors.ts';

interface Fields {
  port?: unknown;
  path?: unknown;
  [name: string]: unknown;
}

/** The arguments of one call, whatever their order was. */
export interface Normalized {
  /** The options, or what was given in their place, by name. */
  readonly options: Fields;
  /** The last argument, when it is a function. */
  readonly callback: (() => void) | undefined;
}

function isPort(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^\s*\d+\s*$/.test(value));
}

/**
 * Gives the arguments of a call their names.
 *
 * @param args - options, or a port or a path with what may follow it; a callback last.
 * @param extras - names of what may follow a port or a path: `'host'` is text, others are numbers.
 */
export function normalize(args: readonly unknown[], extras: readonly string[]): Normalized {
  const rest = [...args];
  const last = rest.at(-1);
  const callback = typeof last === 'function' ? (rest.pop() as () => void) : undefined;
  const [first, ...others] = rest;
  if (typeof first === 'object' && first !== null) return { options: first as Fields, callback };
  const options: Fields = {};
  if (isPort(first)) options.port = first;
  else if (typeof first === 'string') options.path = first;
  for (const value of others) {
    const name = extras.find((each) => typeof value === kindOf(each) && !(each in options));
    if (name !== undefined) options[name] = value;
  }
  return { options, callback };
}

/** The options that are given: programs pass null, undefined and '' for absent ones. */
export function given<Options extends object, Name extends keyof Options>(
  options: Options,
  names: readonly Name[],
): Partial<Pick<Options, Name>> {
  const found: Partial<Pick<Options, Name>> = {};
  for (const name of names) {
    const value: unknown = options[name];
    if (value !== undefined && value !== null && value !== '') found[name] = options[name];
  }
  return found;
}

function kindOf(name: string): 'string' | 'number' {
  return name === 'host' ? 'string' : 'number';
}

/**
 * The port as a number.
 *
 * @param value - a number, or text that is one.
 * @param name - for the message.
 * @returns 0 to 65535.
 * @throws RangeError - ERR_SOCKET_BAD_PORT.
 */
export function portOf(value: unknown, name = 'options.port'): number {
  const port = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  const message = `${name} should be >= 0 and < 65536. Received ${show(value)}.`;
  throw coded(new RangeError(message), 'ERR_SOCKET_BAD_PORT');
}
