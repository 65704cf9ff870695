// The options of a server of node:net, checked as there: of `createServer`, and of `listen`.
import type { BlockList } from 'node:net';
import { checkProxyOptions, type ProxyOptions } from '../net/index.ts';
import { wrongType, wrongValue } from '../node-errors.ts';
import type { Reactor } from '../reactor/index.ts';
import {
  blockListOf,
  isPath,
  numberOf,
  type Options,
  portOf,
  signalOf,
  toNumber,
} from './arguments.ts';
import { duplicateOf } from './cluster.ts';
import { ServerHandle } from './handle.ts';

/** Options of `createServer`, as in node:net. */
export interface ServerOptions extends ProxyOptions {
  /** Keep our side of a connection open when the peer has ended its own. Default false. */
  readonly allowHalfOpen?: boolean | undefined;
  /** Do not read from a connection before `resume`. Default false. */
  readonly pauseOnConnect?: boolean | undefined;
  /** Switches Nagle's algorithm off. Default false. */
  readonly noDelay?: boolean | undefined;
  /** Sends probes while a connection is silent. Default false. */
  readonly keepAlive?: boolean | undefined;
  /** Milliseconds of silence before the first probe. Default 0: the system's. */
  readonly keepAliveInitialDelay?: number | undefined;
  /** Of the streams, in bytes. */
  readonly highWaterMark?: number | undefined;
  /** Peers whose connections are closed at once. */
  readonly blockList?: BlockList | undefined;
  /** `'level'`, the default, or `'edge'`: not in node:net. */
  readonly trigger?: 'level' | 'edge' | undefined;
  /** Default: the reactor of this thread. Not in node:net. */
  readonly reactor?: Reactor | undefined;
}

/** Options of `listen`, as in node:net: a `port`, a `path` or an `fd` is required. */
export interface ServerListenOptions {
  /** 0 to 65535; 0: a free one; also as text. */
  readonly port?: number | string | undefined;
  /** A name or a numeric address. Default: every address. */
  readonly host?: string | undefined;
  /** A Unix socket instead of TCP; with a NUL in front one of Linux's abstract namespace. */
  readonly path?: string | undefined;
  /** A bound socket. The server owns it from here on. */
  readonly fd?: number | undefined;
  /** Connections that may wait to be accepted. Default 511. */
  readonly backlog?: number | undefined;
  /** `'::'` for IPv6 only. Default false. */
  readonly ipv6Only?: boolean | undefined;
  /** Let other sockets of this user listen on the same port. Default false. */
  readonly reusePort?: boolean | undefined;
  /** In a worker of node:cluster: do not share the port with the others. Default false. */
  readonly exclusive?: boolean | undefined;
  /** Let every user read from the socket file. Default false. */
  readonly readableAll?: boolean | undefined;
  /** Let every user write to the socket file, which connecting needs. Default false. */
  readonly writableAll?: boolean | undefined;
  /** Aborting closes the server. */
  readonly signal?: AbortSignal | undefined;
}

/** What is listened on, checked. */
export interface Plan {
  readonly backlog: number;
  /** The host that was asked for; undefined: every address. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly path?: string | undefined;
  readonly fd?: number | undefined;
  /** Whether `fd` is a duplicate of ours, of what has a descriptor. */
  readonly isDuplicate?: boolean | undefined;
  /** What another server has. */
  readonly handle?: ServerHandle | undefined;
  readonly isExclusive?: boolean | undefined;
  readonly ipv6Only?: boolean | undefined;
  readonly reusePort?: boolean | undefined;
  /** Bits that the socket file gets besides. */
  readonly fileMode?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const BACKLOG = 511;
const BACKLOG_MAX = 0x7fffffff;
const READABLE_ALL = 0o444;
const WRITABLE_ALL = 0o222;

/** @internal */
export function serverOptions(options: unknown): ServerOptions {
  if (typeof options === 'function' || options === undefined || options === null) return {};
  if (typeof options !== 'object') throw wrongType('options', 'of type object', options);
  const given = options as ServerOptions & Options;
  for (const name of ['keepAliveInitialDelay', 'highWaterMark']) {
    if (given[name] !== undefined) numberOf(`options.${name}`, given[name]);
  }
  blockListOf(given.blockList);
  checkProxyOptions(given);
  return given;
}

/** @internal What is to be listened on. Everything is checked before anything is opened. */
export function planOf(args: readonly unknown[], given: Options): Plan {
  const [first, second, third] = args;
  const options = (given._handle || given.handle || given) as Options;
  const fromArgs = (args.length > 1 && toNumber(second)) || (args.length > 2 && toNumber(third));
  if (options instanceof ServerHandle) return { backlog: backlogOf(fromArgs), handle: options };
  const signal =
    options.signal === undefined ? {} : { signal: signalOf('options.signal', options.signal) };
  if (typeof options.fd === 'number' && options.fd >= 0) {
    const shared = { backlog: backlogOf(fromArgs), ...signal };
    if (options === given) return { ...shared, fd: options.fd };
    return { ...shared, fd: duplicateOf(options.fd), isDuplicate: true, isExclusive: true };
  }
  const isPortOmitted =
    args.length === 0 ||
    typeof first === 'function' ||
    (options.port === undefined && 'port' in options) ||
    options.port === null;
  const port = isPortOmitted ? 0 : options.port;
  const shared = { backlog: backlogOf(options.backlog || fromArgs), ...signal };
  const isExclusive = Boolean(options.exclusive);
  if (typeof port === 'number' || typeof port === 'string') {
    const host = options.host as string | undefined;
    return {
      ...shared,
      ...(host ? { host } : {}),
      port: portOf(port, 'options.port'),
      ipv6Only: options.ipv6Only === true,
      reusePort: options.reusePort === true,
      isExclusive: isExclusive || options.reusePort === true,
    };
  }
  if (options.path && isPath(options.path)) {
    const readable = options.readableAll === true ? READABLE_ALL : 0;
    const writable = options.writableAll === true ? WRITABLE_ALL : 0;
    return { ...shared, path: options.path, isExclusive, fileMode: readable | writable };
  }
  const isNamed = 'port' in options || 'path' in options;
  const reason = isNamed ? 'is invalid' : 'must have the property "port" or "path"';
  throw wrongValue('options', options, reason);
}

// As node:net: 0 is the default, and less is as long as the system allows.
function backlogOf(value: unknown): number {
  const backlog = Math.trunc(Number(value || BACKLOG)) || 0;
  return backlog < 0 ? BACKLOG_MAX : Math.min(backlog, BACKLOG_MAX);
}
