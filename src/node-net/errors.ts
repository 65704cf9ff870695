// Errors in the shape of node:net: programs look at `code`, `syscall`, `address` and `port`, and
// print the message.
import { getSystemErrorMap } from 'node:util';
import { ErrnoError, show } from '../errors.ts';

/** How Node names the system calls of its streams. */
const SYSCALLS: Readonly<Record<string, string>> = { recv: 'read', send: 'write', bind: 'listen' };

/** An error as node:net makes it; anything that is not an error of the system is left alone. */
export function asNodeError(error: Error): Error {
  if (error instanceof AggregateError) return asNodeErrors(error);
  if (!(error instanceof ErrnoError)) return error;
  const { code, errno, address, port, path } = error;
  const syscall = SYSCALLS[error.syscall] ?? error.syscall;
  const place = path ?? (address === undefined ? '' : `${address}${port ? `:${port}` : ''}`);
  // node:net describes what is wrong with a listener, and nothing else.
  const description =
    syscall === 'listen' ? `: ${getSystemErrorMap().get(errno)?.[1] ?? code}` : '';
  const message = `${syscall} ${code}${description}${place === '' ? '' : ` ${place}`}`;
  const where = path === undefined ? { address, port } : { address: path };
  const given = Object.entries(where).filter(([, value]) => value !== undefined);
  const shape = { errno, code, syscall, ...Object.fromEntries(given) };
  return Object.assign(new Error(message, { cause: error }), shape);
}

// Several addresses have failed.
function asNodeErrors(error: AggregateError & { readonly code?: string }): Error {
  const errors = error.errors.map((each: Error) => asNodeError(each));
  const { message, code } = error;
  return Object.assign(new AggregateError(errors, message, { cause: error }), { code });
}

/** The error for an address that is not a numeric one: ERR_INVALID_IP_ADDRESS. */
export function invalidAddress(address: unknown): Error {
  const text = typeof address === 'string' ? address : show(address);
  return coded(new TypeError(`Invalid IP address: ${text}`), 'ERR_INVALID_IP_ADDRESS');
}

/** Gives an error the `code` that node:net uses. */
export function coded<T extends Error>(error: T, code: string): T & { readonly code: string } {
  return Object.assign(error, { code });
}
