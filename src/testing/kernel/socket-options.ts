// getsockopt(2) and setsockopt(2): what says something of the socket itself is looked up, all else is what was
// set before.
import { constants } from 'node:os';
import { constants as names } from '../../sys/constants.ts';
import type { Socket } from './socket.ts';
import type { BufferSizes } from './stream.ts';

const { EINVAL, ENOPROTOOPT, EOPNOTSUPP } = constants.errno;
const { SOL_SOCKET, SO_ERROR, SO_TYPE, SO_ACCEPTCONN, SO_LINGER, SO_SNDBUF, SO_RCVBUF } = names;
const { SO_ZEROCOPY, SOCK_STREAM, SOCK_DGRAM, IPPROTO_TCP, IPPROTO_UDP, UDP_SEGMENT, UDP_GRO } =
  names;
const INT_BYTES = 4;

type Value = Int32Array | Uint8Array;

/** @returns the length of the value in bytes, or -errno. */
export function getOption(
  socket: Socket,
  level: number,
  option: number,
  into: Value,
  sizes: BufferSizes,
): number {
  const refusal = refusalOf(socket, level, option);
  return refusal === 0 ? putValue(currentValue(socket, level, option, sizes), into) : refusal;
}

/** @returns 0 or -errno. */
export function setOption(
  socket: Socket,
  level: number,
  option: number,
  value: Value | number,
): number {
  const refusal = refusalOf(socket, level, option);
  if (refusal !== 0) return refusal;
  const numbers = numbersOf(value);
  if (numbers.length === 0) return -EINVAL;
  if (level === SOL_SOCKET && (option === SO_ERROR || option === SO_TYPE)) return -ENOPROTOOPT;
  // As Linux: room for its own bookkeeping is added.
  const isSize = level === SOL_SOCKET && (option === SO_SNDBUF || option === SO_RCVBUF);
  socket.options.set(`${level} ${option}`, isSize ? numbers.map((size) => 2 * size) : numbers);
  if (level === SOL_SOCKET && option === SO_LINGER) socket.setLinger(numbers);
  return 0;
}

/** The buffers of a socket, which setsockopt may have set. */
export function sizesOf({ options }: Socket, sizes: BufferSizes): BufferSizes {
  return {
    send: options.get(`${SOL_SOCKET} ${SO_SNDBUF}`)?.[0] ?? sizes.send,
    receive: options.get(`${SOL_SOCKET} ${SO_RCVBUF}`)?.[0] ?? sizes.receive,
  };
}

// What the kernel does not have, or not for such a socket.
function refusalOf({ isUnix, isStream }: Socket, level: number, option: number): number {
  if (level === SOL_SOCKET) return option === SO_ZEROCOPY ? -EOPNOTSUPP : 0;
  if (isUnix) return -EOPNOTSUPP;
  if (level === (isStream ? IPPROTO_UDP : IPPROTO_TCP)) return -ENOPROTOOPT;
  const isOffload = level === IPPROTO_UDP && (option === UDP_SEGMENT || option === UDP_GRO);
  return isOffload ? -ENOPROTOOPT : 0;
}

function currentValue(
  socket: Socket,
  level: number,
  option: number,
  sizes: BufferSizes,
): Int32Array {
  const known = socket.options.get(`${level} ${option}`);
  if (level !== SOL_SOCKET) return known ?? new Int32Array(1);
  switch (option) {
    case SO_ERROR:
      return Int32Array.of(socket.takeError());
    case SO_TYPE:
      return Int32Array.of(socket.isStream ? SOCK_STREAM : SOCK_DGRAM);
    case SO_ACCEPTCONN:
      return Int32Array.of(socket.listening === undefined ? 0 : 1);
    case SO_SNDBUF:
      return Int32Array.of(sizesOf(socket, sizes).send);
    case SO_RCVBUF:
      return Int32Array.of(sizesOf(socket, sizes).receive);
    default:
      return known ?? new Int32Array(option === SO_LINGER ? 2 : 1);
  }
}

function numbersOf(value: Value | number): Int32Array {
  if (typeof value === 'number') return Int32Array.of(value);
  if (value instanceof Int32Array) return Int32Array.from(value);
  const whole = value.byteLength - (value.byteLength % INT_BYTES);
  return new Int32Array(Uint8Array.from(value.subarray(0, whole)).buffer);
}

function putValue(value: Int32Array, into: Value): number {
  const bytes = new Uint8Array(value.buffer);
  const room = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
  const part = bytes.subarray(0, room.length);
  room.set(part);
  return part.length;
}
