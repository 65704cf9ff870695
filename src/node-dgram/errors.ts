// Errors in the shape of node:dgram: programs look at `code`, `errno`, `syscall`, `address` and `port`,
// and print the message.
import { constants as os } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { ErrnoError, errnoCode } from '../errors.ts';
import { coded, received } from '../node-errors.ts';

/**
 * An error of the system: of the handle beneath, by the name of the call that the user made.
 *
 * @param errno - negative.
 * @param place - the address and the port that it is about; the port may be absent or 0.
 */
export function systemError(
  errno: number,
  syscall: string,
  place?: readonly [address: unknown, port: unknown],
): Error {
  const code = errnoCode(errno);
  const shape = { errno, code, syscall };
  if (place === undefined) return Object.assign(new Error(`${syscall} ${code}`), shape);
  const [address, port] = place;
  const isPort = (typeof port === 'number' || typeof port === 'string') && Number(port) > 0;
  const where = isPort ? ` ${address}:${port}` : address ? ` ${address}` : '';
  const error = Object.assign(new Error(`${syscall} ${code}${where}`), shape, { address });
  return port ? Object.assign(error, { port }) : error;
}

/** What a call of the layer beneath has thrown, as -errno; what is no error of the system is thrown. */
export function errnoOf(error: unknown): number {
  if (error instanceof ErrnoError) return error.errno;
  // An address that is none: Node hands them to the system, which refuses them.
  if ((error as NodeJS.ErrnoException).code === 'ERR_INVALID_ARG_VALUE') return -os.errno.EINVAL;
  throw error;
}

/** ERR_SOCKET_BUFFER_SIZE, with what the system says. */
export function bufferSizeError(errno: number, syscall: string): Error {
  const code = errnoCode(errno);
  const reason = getSystemErrorMap().get(errno)?.[1] ?? code;
  const message = `Could not get or set buffer size: ${syscall} returned ${code} (${reason})`;
  const error = coded(new Error(message), 'ERR_SOCKET_BUFFER_SIZE');
  const info = { errno, code, message: reason, syscall };
  return Object.assign(error, { name: 'SystemError', info, errno, syscall });
}

/** ERR_SOCKET_BAD_PORT. `least` is a phrase: `> 0`. */
export function badPort(name: string, least: string, value: unknown): Error {
  const message = `${name} should be ${least} and < 65536. Received ${received(value)}.`;
  return coded(new RangeError(message), 'ERR_SOCKET_BAD_PORT');
}

/** ERR_BUFFER_OUT_OF_BOUNDS. */
export function outOfBounds(name: string): Error {
  return coded(new RangeError(`"${name}" is outside of buffer bounds`), 'ERR_BUFFER_OUT_OF_BOUNDS');
}

/** ERR_SOCKET_DGRAM_NOT_RUNNING. */
export function notRunning(): Error {
  return coded(new Error('Not running'), 'ERR_SOCKET_DGRAM_NOT_RUNNING');
}

/** ERR_SOCKET_ALREADY_BOUND. */
export function alreadyBound(): Error {
  return coded(new Error('Socket is already bound'), 'ERR_SOCKET_ALREADY_BOUND');
}

/** ERR_SOCKET_DGRAM_IS_CONNECTED. */
export function isConnected(): Error {
  return coded(new Error('Already connected'), 'ERR_SOCKET_DGRAM_IS_CONNECTED');
}

/** ERR_SOCKET_DGRAM_NOT_CONNECTED. */
export function notConnected(): Error {
  return coded(new Error('Not connected'), 'ERR_SOCKET_DGRAM_NOT_CONNECTED');
}

/** ERR_IP_BLOCKED: a list of the user's forbids the address. */
export function blocked(ip: string): Error {
  return coded(new Error(`IP(${ip}) is blocked by net.BlockList`), 'ERR_IP_BLOCKED');
}
