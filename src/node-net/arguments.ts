// What connect() and listen() of node:net may be given: (options), (port, host, ...), (path, ...),
// and a callback last.
import { show } from '../errors.ts';
import { coded } from './errors.ts';

interface Fields {
  port?: unknown;
  path?: unknown;
  [name: string]: unknown;
}

export interface Normalized {
  readonly options: Fields;
  readonly callback: (() => void) | undefined;
}

function isPort(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^\s*\d+\s*$/.test(value));
}

/** @throws TypeError - ERR_MISSING_ARGS: neither a port, a path nor options. */
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

/** Of the options those that are given: programs pass null, undefined and '' for absent ones. */
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

/** @throws RangeError - ERR_SOCKET_BAD_PORT. */
export function portOf(value: unknown, name = 'options.port'): number {
  const port = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  const message = `${name} should be >= 0 and < 65536. Received ${show(value)}.`;
  throw coded(new RangeError(message), 'ERR_SOCKET_BAD_PORT');
}
