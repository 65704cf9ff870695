// What send() of node:dgram may be given: (bytes, offset, length, port, address, callback) or
// (bytes, port, address, callback), without port and address when there is a peer.
import { types } from 'node:util';
import { wrongType } from '../node-errors.ts';
import { checkBytes } from '../validate.ts';
import { badPort, isConnected, outOfBounds } from './errors.ts';

const BYTES = 'of type string or an instance of Buffer, TypedArray, or DataView';

/** Called when a datagram has left, or cannot: then there is no second argument. */
export type SendCallback = (error: Error | null, bytes: number) => void;

/** The arguments of one call of `send`. */
export interface SendRequest {
  readonly bytes: Uint8Array;
  /** 0: the peer of the socket. */
  readonly port: number;
  /** A name or a numeric address; undefined: this machine. */
  readonly address: string | undefined;
  readonly callback: SendCallback | undefined;
}

/**
 * The port as a number.
 *
 * @param value - a number, or text that is one.
 * @param name - for the message.
 * @throws RangeError - ERR_SOCKET_BAD_PORT: it is not from `min` to 65535.
 */
export function portOf(value: unknown, name: string, min: 0 | 1): number {
  const isText = typeof value === 'string' && value.trim() !== '';
  const port = isText || typeof value === 'number' ? Number(value) : Number.NaN;
  if (Number.isInteger(port) && port >= min && port < 65_536) return port;
  throw badPort(name, min === 0 ? '>= 0' : '> 0', value);
}

/** @throws TypeError - ERR_INVALID_ARG_TYPE: no text. */
export function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw wrongType(name, 'of type string', value);
}

/** @throws TypeError - ERR_INVALID_ARG_TYPE: no number. */
export function numberOf(name: string, value: unknown): number {
  if (typeof value === 'number') return value;
  throw wrongType(name, 'of type number', value);
}

/** What a number, or text that is one, is in 32 bits; of anything else 0. Runs no code of the value. */
export function uint32Of(value: unknown): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) >>> 0 : 0;
}

/**
 * Gives the arguments of `send` their names.
 *
 * @param hasPeer - the socket is connected.
 * @throws TypeError, RangeError, Error - ERR_INVALID_ARG_TYPE, ERR_BUFFER_OUT_OF_BOUNDS,
 *   ERR_SOCKET_BAD_PORT; ERR_SOCKET_DGRAM_IS_CONNECTED: a port or an address in spite of the peer.
 */
export function sendRequestOf(args: readonly unknown[], hasPeer: boolean): SendRequest {
  let [bytes, , , port, address, callback] = args;
  const isSliced = hasPeer
    ? typeof args[2] === 'number'
    : Boolean(address || (port && typeof port !== 'function'));
  if (isSliced) bytes = sliceOf(bytes, args[1], args[2]);
  else if (hasPeer) callback = args[1];
  else [, port, address, callback] = args;
  if (hasPeer && isSliced && typeof port === 'function') [callback, port] = [port, undefined];
  if (hasPeer && (port || address)) throw isConnected();
  const joined = bytesOf(bytes);
  const number = hasPeer ? 0 : portOf(port, 'Port', 1);
  if (typeof address === 'function') [callback, address] = [address, undefined];
  return {
    bytes: joined,
    port: number,
    address: address === undefined || address === null ? undefined : textOf('address', address),
    callback: typeof callback === 'function' ? (callback as SendCallback) : undefined,
  };
}

function sliceOf(value: unknown, offset: unknown, length: unknown): Uint8Array {
  const bytes = viewOf('buffer', value);
  const start = uint32Of(offset);
  const count = uint32Of(length);
  if (start > bytes.length) throw outOfBounds('offset');
  if (start + count > bytes.length) throw outOfBounds('length');
  return bytes.subarray(start, start + count);
}

function bytesOf(value: unknown): Uint8Array {
  if (!Array.isArray(value)) return viewOf('buffer', value);
  const parts = Array.from(value as unknown[], (part) => {
    if (typeof part === 'string' || ArrayBuffer.isView(part)) return viewOf('buffer', part);
    throw wrongType('buffer list arguments', BYTES, value);
  });
  // Now that no getter of the list runs any more, which may have taken the memory of one before it.
  for (const part of parts) checkBytes('buffer', part);
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
}

// The bytes of text or of any view. The layer beneath takes no shared memory, and nothing that shrinks
// while it waits: these are copied.
function viewOf(name: string, value: unknown): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value);
  if (!ArrayBuffer.isView(value)) throw wrongType(name, BYTES, value);
  const { buffer, byteOffset, byteLength } = value;
  if (byteLength === 0) return new Uint8Array(0);
  const view = new Uint8Array(buffer, byteOffset, byteLength);
  const isFixed =
    !types.isSharedArrayBuffer(buffer) && !(buffer as { resizable?: boolean }).resizable;
  return isFixed ? view : view.slice();
}
