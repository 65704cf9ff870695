// Every error that edgewise makes is built here: operating-system errors as Node makes them, and
// the few codes of our own. A leaf: imports nothing of ours.
import { constants } from 'node:os';
import { getSystemErrorName, types } from 'node:util';

/** What an {@link ErrnoError} is about, where there is one. */
export interface ErrorContext {
  /** The descriptor. */
  readonly fd?: number;
  /** The IP address, as text. */
  readonly address?: string;
  /** The port, 0 to 65535. */
  readonly port?: number;
  /** The path of a file or of a Unix socket; an abstract name with `@` in front. */
  readonly path?: string;
  /** The IP address of this end, where it was asked for. */
  readonly localAddress?: string;
  /** The port of this end, where it was asked for. */
  readonly localPort?: number;
  /** EMSGSIZE from the network: what the path takes, in bytes, headers of IP included. */
  readonly mtu?: number;
  /** The process. */
  readonly pid?: number;
}

// Names of errors by number, where Node has none: ETOOMANYREFS, for one.
const systemNames = new Map<number, string>();

/** @internal learns the names of the system's own headers, which only the layers above can read */
export function learnErrorNames(numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (/^E(?!POLL)[A-Z0-9]+$/.test(name) && !systemNames.has(value)) systemNames.set(value, name);
  }
}

/** @internal names a negative result: `'ECONNRESET'` */
export function errnoCode(errno: number): string {
  // Deno has none for some numbers.
  const name = (getSystemErrorName(errno) as string | undefined) ?? `Unknown system error ${errno}`;
  if (name.startsWith('E')) return name;
  // Node names what libuv knows; EINPROGRESS, for one, is only among the constants.
  const known = Object.entries(constants.errno).find(([, value]) => value === -errno);
  return known?.[0] ?? systemNames.get(-errno) ?? name;
}

/** An error that the operating system reported, with the fields of Node's own system errors. */
export class ErrnoError extends Error {
  /** `'ErrnoError'`. */
  override readonly name = 'ErrnoError';
  /** The name of the error: `'ECONNRESET'`. */
  readonly code: string;
  /** The number of the error, negative as in Node: `-104`. */
  readonly errno: number;
  /** The system call that failed: `'connect'`. */
  readonly syscall: string;
  /** The descriptor that it is about, if it is about one; so for the fields below. */
  declare readonly fd?: number;
  /** The IP address, as text. */
  declare readonly address?: string;
  /** The port, 0 to 65535. */
  declare readonly port?: number;
  /** The path of a file or of a Unix socket; an abstract name with `@` in front. */
  declare readonly path?: string;
  /** The IP address of this end, where it was asked for. */
  declare readonly localAddress?: string;
  /** The port of this end, where it was asked for. */
  declare readonly localPort?: number;
  /** EMSGSIZE from the network: what the path takes, in bytes, headers of IP included. */
  declare readonly mtu?: number;
  /** The process. */
  declare readonly pid?: number;

  /** @internal use {@link errnoError} */
  constructor(errno: number, syscall: string, context: ErrorContext) {
    const code = errnoCode(errno);
    super(`${syscall} ${code}${describe(context)}`);
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
    Object.assign(this, context);
  }
}

function describe({ fd, address, port, path, pid, ...local }: ErrorContext): string {
  if (path !== undefined) return ` ${path}`;
  if (address !== undefined) {
    return ` ${address}${port === undefined ? '' : `:${port}`}${describeLocal(local)}`;
  }
  if (pid !== undefined) return ` pid ${pid}`;
  return fd === undefined ? '' : ` fd ${fd}`;
}

function describeLocal({ localAddress, localPort }: ErrorContext): string {
  return localPort === undefined ? '' : ` - Local (${localAddress}:${localPort})`;
}

/**
 * Makes the error for a negative result of a system call.
 *
 * @param result - -errno, as every function of `edgewise/sys` returns it.
 * @param syscall - the name of the call, for `error.syscall` and the message.
 * @param context - the descriptor or address that it was about.
 */
export function errnoError(
  result: number,
  syscall: string,
  context: ErrorContext = {},
): ErrnoError {
  return new ErrnoError(result, syscall, context);
}

/**
 * Returns `result` when it is >= 0, else throws.
 *
 * @throws ErrnoError - the call's own code.
 */
export function check(result: number, syscall: string, context?: ErrorContext): number {
  if (result >= 0) return result;
  throw errnoError(result, syscall, context);
}

/** Codes of errors that are not the operating system's. */
export type EdgewiseErrorCode =
  | 'ERR_CLOSED'
  | 'ERR_ADDON_MISSING'
  | 'ERR_ADDON_UNLOADABLE'
  | 'ERR_PLATFORM_UNSUPPORTED'
  | 'ERR_BACKEND_UNAVAILABLE'
  | 'ERR_BUFFER_DETACHED'
  | 'ERR_TRIGGER_UNSUPPORTED'
  | 'ERR_DRIVER_UNAVAILABLE'
  | 'ERR_OPTION_UNSUPPORTED'
  | 'ERR_AUDIT_UNSUPPORTED'
  | 'ERR_LIMIT_EXCEEDED'
  | 'ERR_READ_IN_PROGRESS'
  | 'ERR_WAIT_IN_PROGRESS'
  | 'ERR_TIMEOUT'
  | 'ERR_UNEXPECTED_END'
  | 'ERR_WRITE_AFTER_END'
  | 'ERR_WRITE_QUEUE_FULL'
  | 'ERR_FILE_SHRANK'
  | 'ERR_CONNECTION_IN_USE'
  | 'ERR_MEMORY_UNAVAILABLE'
  | 'ERR_MAILBOX_INVALID'
  | 'ERR_MESSAGE_TOO_LARGE'
  | 'ERR_MESSAGE_UNSUPPORTED'
  | 'ERR_MODULE_INVALID'
  | 'ERR_SUB_REACTOR_START'
  | 'ERR_SUB_REACTOR_DIED'
  | 'ERR_ACTIVATION_INVALID'
  | 'ERR_HANDOVER_FAILED'
  | 'ERR_HANDED_OVER'
  | 'ERR_PATH_UNSAFE'
  | 'ERR_PROXY_HEADER_INVALID'
  | 'ERR_PROXY_HEADER_TIMEOUT'
  | 'ERR_NOTIFY_INVALID'
  | 'ERR_LIBRARY_MISSING'
  | 'ERR_THREAD_FILE_MISSING'
  | 'ERR_OFFLOAD_ABORTED'
  | 'ERR_OFFLOAD_FAILED'
  | 'ERR_NOT_POLLABLE'
  | 'ERR_EDGE_STALE'
  | 'ERR_EDGE_UNSETTLED'
  | 'ERR_LINT'
  | 'ERR_REACTOR_ATTACHED'
  | 'ERR_TRACE_ACTIVE'
  | 'ERR_SIM_DEADLOCK'
  | 'ERR_SIM_ESCAPED'
  | 'ERR_SIM_INERT'
  | 'ERR_SIM_LEAK'
  | 'ERR_SIM_NESTED'
  | 'ERR_SIM_TAPE'
  | 'ERR_SIM_UNREPEATABLE'
  | 'ERR_TRACE_INVALID'
  | 'ERR_SERVER_ALREADY_LISTEN';

/** An error of edgewise itself: a state that does not allow the call, or what this system lacks. */
export class EdgewiseError extends Error {
  /** `'EdgewiseError'`. */
  override readonly name = 'EdgewiseError';
  /** The state or the lack: `'ERR_CLOSED'`. */
  readonly code: EdgewiseErrorCode;

  /**
   * @param message - a sentence without the code.
   * @param options - `cause`: the error behind this one.
   */
  constructor(code: EdgewiseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Thrown by every method of an object after its `close()`; its `code` is `'ERR_CLOSED'`. */
export class ClosedError extends EdgewiseError {
  /** @param what - the object, as the message names it: `'the Reactor'`. */
  constructor(what: string) {
    super('ERR_CLOSED', `${what} is closed`);
  }
}

/** A TypeError or RangeError with a code, as Node makes them for wrong arguments. */
export type ArgumentError = (TypeError | RangeError) & {
  readonly code:
    | 'ERR_INVALID_ARG_TYPE'
    | 'ERR_INVALID_ARG_VALUE'
    | 'ERR_OUT_OF_RANGE'
    | 'ERR_OPTIONS_CONFLICT';
};

/** @internal */
export function invalidType(name: string, expected: string, value: unknown): ArgumentError {
  const error = new TypeError(`"${name}" must be ${expected}; received ${show(value)}`);
  return Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' as const });
}

/** @internal */
export function invalidValue(name: string, expected: string, value: unknown): ArgumentError {
  const error = new TypeError(`"${name}" must be ${expected}; received ${show(value)}`);
  return Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' as const });
}

/** @internal */
export function outOfRange(name: string, expected: string, value: unknown): ArgumentError {
  const error = new RangeError(`"${name}" must be ${expected}; received ${show(value)}`);
  return Object.assign(error, { code: 'ERR_OUT_OF_RANGE' as const });
}

/** @internal two options that cannot both be meant */
export function conflict(first: string, second: string): ArgumentError {
  const error = new RangeError(
    `"${first}" and "${second}" contradict each other: give one of them`,
  );
  return Object.assign(error, { code: 'ERR_OPTIONS_CONFLICT' as const });
}

/** @internal whether it is an error, also one of another realm: a vm context, jest, jsdom */
export function isError(value: unknown): value is Error {
  if (types.isNativeError(value) || value instanceof Error) return true;
  return Object.prototype.toString.call(value) === '[object DOMException]'; // jsdom's own
}

/** @internal shows a value without calling into it: it may be a proxy, or have getters that throw */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `'${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`;
    case 'bigint':
      return `${value}n`;
    case 'symbol':
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'function':
      return 'a function';
    default:
      return value === null ? 'null' : 'an object';
  }
}
