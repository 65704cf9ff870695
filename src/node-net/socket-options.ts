// The options of a socket of node:net, checked as there: of `new Socket`, and of `connect`.
import type { BlockList, LookupFunction } from 'node:net';
import { types } from 'node:util';
import { wrongType, wrongValue } from '../node-errors.ts';
import type { Reactor } from '../reactor/index.ts';
import type { Sink } from '../stream/wrapper.ts';
import {
  blockListOf,
  booleanOf,
  familyOf,
  functionOf,
  integerOf,
  isAddress,
  numberOf,
  type Options,
  portOf,
  textOf,
} from './arguments.ts';
import type { Target } from './connecting.ts';
import {
  attemptTimeoutOf,
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
} from './defaults.ts';
import { invalidAddress } from './errors.ts';

/** Where bytes that come are read into, in place of `data` events. */
export interface OnReadOptions {
  /** Memory that is used again and again, or a function that gives some for each read. */
  readonly buffer: Uint8Array | (() => Uint8Array);
  /**
   * Bytes came.
   *
   * @returns false: nothing more is read until `resume`.
   */
  callback(bytesRead: number, buffer: Uint8Array): boolean | undefined;
}

/** Options of `new Socket`, as in node:net. */
export interface SocketOptions {
  /** Keep our side open when the peer has ended its own. Default false. */
  readonly allowHalfOpen?: boolean | undefined;
  /** Aborting destroys the socket. */
  readonly signal?: AbortSignal | undefined;
  /** Of the stream, in bytes; also for one direction. */
  readonly highWaterMark?: number | undefined;
  /** Of what was read. */
  readonly readableHighWaterMark?: number | undefined;
  /** Of what was written. */
  readonly writableHighWaterMark?: number | undefined;
  /** A connected stream socket, TCP or Unix: the socket's from here on. */
  readonly fd?: number | undefined;
  /** The `_handle` of another socket, whose connection is this one's from here on. */
  readonly handle?: object | undefined;
  /** Whether it can be read from. Default true. */
  readonly readable?: boolean | undefined;
  /** Whether it can be written to. Default true. */
  readonly writable?: boolean | undefined;
  /** Memory for what comes, in place of `data` events. */
  readonly onread?: OnReadOptions | null | undefined;
  /** Addresses that are not connected to: ERR_IP_BLOCKED. */
  readonly blockList?: BlockList | undefined;
  /** Switches Nagle's algorithm off. Default false. */
  readonly noDelay?: boolean | undefined;
  /** Sends probes while the connection is silent. Default false. */
  readonly keepAlive?: boolean | undefined;
  /** Milliseconds of silence before the first probe. Default 0: the system's. */
  readonly keepAliveInitialDelay?: number | undefined;
  /** Read nothing before `resume`. Default false. */
  readonly pauseOnCreate?: boolean | undefined;
  /** As `setTypeOfService`. */
  readonly typeOfService?: number | undefined;
}

/** Options of `connect`, as in node:net: a `port` or a `path` is required. */
export interface SocketConnectOptions extends SocketOptions {
  /** 1 to 65535; also as text. */
  readonly port?: number | string | undefined;
  /** A name or a numeric address. Default `'localhost'`. */
  readonly host?: string | undefined;
  /** A Unix socket instead of TCP; with a NUL in front one of Linux's abstract namespace. */
  readonly path?: string | undefined;
  /** A numeric address of this machine to connect from. */
  readonly localAddress?: string | undefined;
  /** 0 to 65535; 0, the default: a free one. */
  readonly localPort?: number | undefined;
  /** 4 or 6; 0, the default: both. */
  readonly family?: number | undefined;
  /** Of `dns.lookup`. */
  readonly hints?: number | undefined;
  /** Default: `dns.lookup`. */
  readonly lookup?: LookupFunction | undefined;
  /** Try all addresses of a name in turn. Default: see `getDefaultAutoSelectFamily`. */
  readonly autoSelectFamily?: boolean | undefined;
  /** Milliseconds for each of several addresses, from 10. Default 250 or 500, as this Node's. */
  readonly autoSelectFamilyAttemptTimeout?: number | undefined;
  /** As `setTimeout`, from the start; milliseconds. */
  readonly timeout?: number | undefined;
  /** `'level'`, the default, or `'edge'`: not in node:net. */
  readonly trigger?: 'level' | 'edge' | undefined;
  /** Default: the reactor of this thread. Not in node:net. */
  readonly reactor?: Reactor | undefined;
}

const OBJECT_MODES = ['objectMode', 'readableObjectMode', 'writableObjectMode'] as const;
const TYPE_OF_SERVICE_MAX = 255;

/** @internal Seconds of keepAliveInitialDelay. */
export function checkSocketOptions(options: Options): number {
  for (const name of OBJECT_MODES) {
    if (options[name]) throw wrongValue(`options.${name}`, options[name], 'is not supported');
  }
  const { keepAliveInitialDelay: delayMs, typeOfService, fd } = options;
  if (delayMs !== undefined) numberOf('options.keepAliveInitialDelay', delayMs);
  if (typeOfService !== undefined) typeOfServiceOf('options.typeOfService', typeOfService);
  if (fd !== undefined && (options.handle === undefined || options.handle === null)) {
    integerOf('fd', fd, 0);
  }
  return Math.max(secondsOf(delayMs), 0);
}

/** @internal Whole ones, as node:net: 0 for what is no number. Objects are not asked what they are. */
export function secondsOf(ms: unknown): number {
  return typeof ms === 'number' || typeof ms === 'string' ? Math.trunc(Number(ms) / 1000) || 0 : 0;
}

/** @internal */
export function typeOfServiceOf(name: string, value: unknown): number {
  if (Number.isNaN(value)) throw wrongType(name, 'of type number', value);
  return integerOf(name, value, 0, TYPE_OF_SERVICE_MAX);
}

/** @internal As node:net: what is wrong is ignored, and memory is asked for again behind each read. */
export function sinkOf(socket: object, onRead: OnReadOptions | null | undefined): Sink | undefined {
  const { buffer, callback } = onRead ?? {};
  const next = types.isUint8Array(buffer) ? () => buffer : buffer;
  if (typeof next !== 'function' || typeof callback !== 'function') return undefined;
  let memory: Uint8Array | undefined;
  return {
    memory: () => {
      memory ??= Reflect.apply(next, undefined, []) as Uint8Array;
      return memory;
    },
    deliver: (count) => {
      const used = memory as Uint8Array;
      memory = undefined;
      return Reflect.apply(callback, socket, [count, used]) !== false;
    },
  };
}

/** @internal */
export function targetOf(options: Options, ownBlockList: BlockList | undefined): Target {
  const { path, localPort, trigger, reactor, autoSelectFamily, lookup } = options;
  const unix = path === undefined || path === null || path === '' ? undefined : path;
  const host =
    unix === undefined && options.host ? textOf('options.host', options.host) : 'localhost';
  const { autoSelectFamilyAttemptTimeout: timeoutMs, localAddress } = options;
  if (localAddress && !isAddress(localAddress)) throw invalidAddress(localAddress);
  if (localPort) numberOf('options.localPort', localPort);
  const isNumeric = isAddress(host);
  return {
    path: unix === undefined ? undefined : textOf('options.path', unix),
    host,
    port: unix === undefined ? connectPortOf(options.port) : 0,
    localAddress: localAddress ? (localAddress as string) : undefined,
    localPort: localPort ? (localPort as number) : undefined,
    family: isNumeric ? 0 : familyOf(options.family),
    hints: Number(options.hints) || 0,
    lookup:
      lookup == null || isNumeric ? undefined : (functionOf('options.lookup', lookup) as never),
    isAutoSelected:
      autoSelectFamily === undefined || autoSelectFamily === null
        ? getDefaultAutoSelectFamily()
        : booleanOf('options.autoSelectFamily', autoSelectFamily),
    attemptTimeoutMs:
      timeoutMs === undefined || timeoutMs === null
        ? getDefaultAutoSelectFamilyAttemptTimeout()
        : attemptTimeoutOf('options.autoSelectFamilyAttemptTimeout', timeoutMs),
    blockList: blockListOf(options.blockList) ?? ownBlockList,
    trigger: trigger as Target['trigger'],
    reactor: reactor as Target['reactor'],
  };
}

function connectPortOf(port: unknown): number {
  if (typeof port === 'number' || typeof port === 'string') return portOf(port);
  throw wrongType('options.port', 'one of type number or string', port);
}
