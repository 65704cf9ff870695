// What users of edgewise/dgram write: options, in the names of node:dgram, and their checks.
import type { LookupOneOptions } from 'node:dns';
import { BlockList } from 'node:net';
import { coded, wrongRange, wrongType } from '../node-errors.ts';
import type { Reactor } from '../reactor/index.ts';

const UINT32_MAX = 0xffff_ffff;

/** The family of a socket. */
export type SocketType = 'udp4' | 'udp6';

/** Where a datagram came from. */
export interface RemoteInfo {
  /** Numeric. */
  address: string;
  /** The family of the address. */
  family: 'IPv4' | 'IPv6';
  /** 1 to 65535. */
  port: number;
  /** The bytes of the datagram. */
  size: number;
}

/** Finds the address of a name: `dns.lookup`, or a function in its place. */
export type Lookup = (
  hostname: string,
  options: LookupOneOptions,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
) => void;

/** Bytes over memory that is not shared: the types of Node have a name for them, or have not. */
export type Message = ReturnType<typeof Buffer.alloc>;

/** A listener of `message`. */
export type MessageListener = (message: Message, info: RemoteInfo) => void;

/** Options of `createSocket`, as in node:dgram. */
export interface SocketOptions {
  /** `'udp4'` or `'udp6'`. */
  readonly type: SocketType;
  /** Let other sockets bind the same address. Default false. */
  readonly reuseAddr?: boolean | undefined;
  /** Let other sockets of this user bind the same port, and share its datagrams. Default false. */
  readonly reusePort?: boolean | undefined;
  /** `'::'` for IPv6 only. Default false. */
  readonly ipv6Only?: boolean | undefined;
  /** SO_RCVBUF in bytes, set when the socket is bound. */
  readonly recvBufferSize?: number | undefined;
  /** SO_SNDBUF in bytes, set when the socket is bound. */
  readonly sendBufferSize?: number | undefined;
  /** Default: `dns.lookup`. */
  readonly lookup?: Lookup | undefined;
  /** Aborting closes the socket. */
  readonly signal?: AbortSignal | undefined;
  /** Datagrams from these addresses are not delivered. */
  readonly receiveBlockList?: BlockList | undefined;
  /** Nothing is sent to these addresses: ERR_IP_BLOCKED. */
  readonly sendBlockList?: BlockList | undefined;
  /** `'level'`, the default, or `'edge'`: not in node:dgram. */
  readonly trigger?: 'level' | 'edge' | undefined;
  /** Default: the reactor of this thread. Not in node:dgram. */
  readonly reactor?: Reactor | undefined;
}

/** Options of `bind`, as in node:dgram. */
export interface BindOptions {
  /** 0 to 65535; 0, the default: a free one. */
  readonly port?: number | undefined;
  /** A name or a numeric address. Default: every address. */
  readonly address?: string | undefined;
  /** Nothing changes by it: a worker of a cluster never shares a socket here. */
  readonly exclusive?: boolean | undefined;
  /** A UDP socket that exists already. The socket owns it from here on. */
  readonly fd?: number | undefined;
}

/** Options of `bindSync`, as in node:dgram. */
export interface BindSyncOptions {
  /** 0 to 65535; 0, the default: a free one. */
  readonly port?: number | undefined;
  /** A numeric address. Default: every address. */
  readonly address?: string | undefined;
}

/** The options of a socket, checked, but for `signal`. */
export type Settings = SocketOptions;

/**
 * Checks what `createSocket` was given.
 *
 * @throws TypeError, RangeError - ERR_SOCKET_BAD_TYPE, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
 */
export function settingsOf(type: unknown): Settings {
  const isObject = typeof type === 'object' && type !== null;
  const settings = { ...((isObject ? type : { type }) as SocketOptions) }; // its getters run once
  checkSize('options.recvBufferSize', settings.recvBufferSize);
  checkSize('options.sendBufferSize', settings.sendBufferSize);
  checkBlockList('options.receiveBlockList', settings.receiveBlockList);
  checkBlockList('options.sendBlockList', settings.sendBlockList);
  const { lookup } = settings;
  if (lookup !== undefined && typeof lookup !== 'function') {
    throw wrongType('lookup', 'of type function', lookup);
  }
  if (settings.type !== 'udp4' && settings.type !== 'udp6') {
    const message = 'Bad socket type specified. Valid types are: udp4, udp6';
    throw coded(new TypeError(message), 'ERR_SOCKET_BAD_TYPE');
  }
  return settings;
}

/** @throws TypeError - ERR_INVALID_ARG_TYPE: no AbortSignal. */
export function checkSignal(signal: unknown): void {
  if (typeof signal === 'object' && signal !== null && 'aborted' in signal) return;
  throw wrongType('options.signal', 'an instance of AbortSignal', signal);
}

function checkSize(name: string, value: unknown): void {
  if (!value) return;
  if (typeof value !== 'number') throw wrongType(name, 'of type number', value);
  if (!Number.isInteger(value)) throw wrongRange(name, 'an integer', value);
  if (value < 0 || value > UINT32_MAX) throw wrongRange(name, `>= 0 && <= ${UINT32_MAX}`, value);
}

function checkBlockList(name: string, value: unknown): void {
  if (!value || value instanceof BlockList) return;
  throw wrongType(name, 'an instance of net.BlockList', value);
}
