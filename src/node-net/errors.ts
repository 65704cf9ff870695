// Errors in the shape of node:net: programs look at `code`, `syscall`, `address` and `port`, and
// print the message.
import { constants } from 'node:os';
import { getSystemErrorMap, inspect } from 'node:util';
import { ErrnoError, errnoCode } from '../errors.ts';
import { native } from '../native.ts';
import { coded } from '../node-errors.ts';

const { EACCES, EAFNOSUPPORT, EBADF, EINVAL, ENOENT, ENOTSOCK, EOPNOTSUPP } = constants.errno;

/** How Node names the system calls of its streams. */
const SYSCALLS: Readonly<Record<string, string>> = { recv: 'read', send: 'write' };

/** Where a socket was bound: an error of connecting names it besides. */
export interface LocalPlace {
  readonly localAddress: string;
  readonly localPort: number;
}

/** An error as node:net makes it; anything that is not an error of the system is left alone. */
export function asNodeError(error: Error, boundTo?: LocalPlace): Error {
  if (!(error instanceof ErrnoError)) return error;
  const isBind = error.syscall === 'bind';
  const local = isBind ? undefined : boundTo; // it is about that place itself
  const { address, port, path } = error;
  // As libuv, for an address of the other family.
  const errno = isBind && error.errno === -EAFNOSUPPORT ? -EINVAL : error.errno;
  const code = errnoCode(errno);
  const syscall = SYSCALLS[error.syscall] ?? error.syscall;
  const place = path ?? (address === undefined ? '' : `${address}${port ? `:${port}` : ''}`);
  const ours = local === undefined ? '' : ` - Local (${local.localAddress}:${local.localPort})`;
  const message = `${syscall} ${code}${place === '' ? '' : ` ${place}`}${ours}`;
  const where = path === undefined ? { address, port } : { address: path };
  const given = Object.entries({ ...where, ...local }).filter(([, value]) => value !== undefined);
  const shape = { errno, code, syscall, ...Object.fromEntries(given) };
  return Object.assign(new Error(message, { cause: error }), shape);
}

/** The error of a server that cannot listen, which node:net describes besides. */
export function asListenError(error: Error, address: string | undefined, port: number): Error {
  if (!(error instanceof ErrnoError)) return error;
  const isPath = port < 0;
  // As libuv, which has it from Windows.
  const errno = isPath && error.errno === -ENOENT ? -EACCES : error.errno;
  const [code, description] = getSystemErrorMap().get(errno) ?? [error.code, error.code];
  const place = address === undefined ? '' : ` ${address}${port > 0 ? `:${port}` : ''}`;
  const message = `listen ${code}: ${description}${place}`;
  const where = { ...(address && { address }), ...(port !== 0 && { port }) };
  return Object.assign(new Error(message, { cause: error }), {
    code,
    errno,
    syscall: 'listen',
    ...where,
  });
}

/** Several addresses have failed. */
export function asAggregateError(errors: readonly Error[]): Error {
  const { code } = errors[0] as NodeJS.ErrnoException;
  return Object.assign(new AggregateError(errors), { code });
}

/** The error for an address that is not a numeric one: ERR_INVALID_IP_ADDRESS. */
export function invalidAddress(address: unknown): Error {
  const text = typeof address === 'string' ? address : inspect(address);
  return coded(new TypeError(`Invalid IP address: ${text}`), 'ERR_INVALID_IP_ADDRESS');
}

/** What is written or set on a socket without a connection: ERR_SOCKET_CLOSED. */
export function socketClosed(): Error {
  return coded(new Error('Socket is closed'), 'ERR_SOCKET_CLOSED');
}

/** What libuv makes of the result of listen(2): it listens on stream sockets and pipes only. */
export function listenResultOf(result: number, fd: number): number {
  const isOther =
    result === -EBADF ||
    result === -EOPNOTSUPP ||
    (result === -ENOTSOCK && !native.fstatSync(fd).isFIFO());
  return isOther ? -EINVAL : result;
}
