// Socket of node:net over the reactor: the stream of edgewise/stream that can connect by itself.
import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { constants as os } from 'node:os';
import { errnoError } from '../errors.ts';
import { type Connection, type ConnectOptions, connect, type Resolve } from '../net/index.ts';
import type { Reactor } from '../reactor/index.ts';
import { driverOf, SocketDuplex } from '../stream/socket.ts';
import { checkFunction } from '../validate.ts';
import { given, normalize, portOf } from './arguments.ts';
import { asNodeError, coded, invalidAddress } from './errors.ts';

/** Options of `new Socket`, as in node:net. */
export interface SocketOptions {
  /** Keep our side open when the peer has ended its own. Default false. */
  readonly allowHalfOpen?: boolean | undefined;
  /** Aborting destroys the socket. */
  readonly signal?: AbortSignal | undefined;
  /** Of the stream, in bytes. */
  readonly highWaterMark?: number | undefined;
}

/** Options of `connect`, as in node:net: a `port` or a `path` is required. */
export interface SocketConnectOptions extends SocketOptions {
  /** 1 to 65535; also as text. */
  readonly port?: number | string | undefined;
  /** A name or a numeric address. Default `'localhost'`. */
  readonly host?: string | undefined;
  /** A Unix socket instead of TCP. */
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
  /** Switches Nagle's algorithm off. Default false. */
  readonly noDelay?: boolean | undefined;
  /** Sends probes while the connection is silent. Default false. */
  readonly keepAlive?: boolean | undefined;
  /** Milliseconds of silence before the first probe. Default 0: the system's. */
  readonly keepAliveInitialDelay?: number | undefined;
  /** Milliseconds until the next address is tried besides. Default 250. */
  readonly autoSelectFamilyAttemptTimeout?: number | undefined;
  /** As `setTimeout`, from the start; milliseconds. */
  readonly timeout?: number | undefined;
  /** `'level'`, the default, or `'edge'`: not in node:net. */
  readonly trigger?: 'level' | 'edge' | undefined;
  /** Default: the reactor of this thread. Not in node:net. */
  readonly reactor?: Reactor | undefined;
}

const { EALREADY, ECONNREFUSED, EISCONN } = os.errno;
/** Milliseconds: what connect() of `edgewise` takes. */
const ATTEMPT_DELAY_MS_MIN = 10;
const ATTEMPT_DELAY_MS_MAX = 60_000;
const CONNECT_OPTIONS = [
  'port',
  'host',
  'path',
  'localAddress',
  'localPort',
  'family',
  'hints',
  'lookup',
  'noDelay',
  'keepAlive',
  'keepAliveInitialDelay',
  'timeout',
  'autoSelectFamilyAttemptTimeout',
  'trigger',
  'reactor',
] as const;

/** As Socket of node:net; docs/compat.md lists what is not there. */
export class Socket extends SocketDuplex {
  /**
   * Makes a socket that is not connected.
   *
   * @throws TypeError - an option of the wrong kind.
   */
  constructor(options: SocketOptions = {}) {
    const { signal, highWaterMark, allowHalfOpen } = options ?? {}; // null as in node:net
    super({
      allowHalfOpen: allowHalfOpen === true,
      ...given({ signal, highWaterMark }, ['signal', 'highWaterMark']),
    });
  }

  /**
   * Connects; emits `connect` and `ready` then. A socket that is closed can connect again.
   *
   * @param options - a `port` or a `path` at least.
   * @param connectionListener - a listener for the next `connect`.
   * @throws TypeError, RangeError - ERR_MISSING_ARGS, ERR_SOCKET_BAD_PORT, or as `connect` of
   *   `edgewise`; what goes wrong later is emitted as `error`.
   */
  connect(options: SocketConnectOptions, connectionListener?: () => void): this;
  /** Connects to a port of a host. */
  connect(port: number, host: string, connectionListener?: () => void): this;
  /** Connects to a port of this machine. */
  connect(port: number, connectionListener?: () => void): this;
  /** Connects to a Unix socket. */
  connect(path: string, connectionListener?: () => void): this;
  connect(...args: unknown[]): this {
    const { options, callback } = normalize(args, ['host']);
    const wanted = given(options as SocketConnectOptions, CONNECT_OPTIONS);
    if (wanted.port === undefined && wanted.path === undefined) {
      const message = 'The "options" or "port" or "path" argument must be specified';
      throw coded(new TypeError(message), 'ERR_MISSING_ARGS');
    }
    const { host = 'localhost' } = wanted;
    const target = this.#targetOf(wanted);
    if (callback !== undefined) this.once('connect', callback);
    if (this.destroyed) this.#revive();
    if (!driverOf(this).isPending || driverOf(this).isConnecting) return this.#refuse(wanted);
    if (wanted.timeout !== undefined) this.setTimeout(wanted.timeout);
    if (wanted.noDelay !== undefined) this.setNoDelay(wanted.noDelay);
    if (wanted.keepAlive === true) this.setKeepAlive(true, wanted.keepAliveInitialDelay);
    try {
      if (target.port === 0) throw errnoError(-ECONNREFUSED, 'connect', { address: host });
      driverOf(this).attach(connect({ ...target, handlers: {}, keepsAlive: 'active' }));
    } catch (error) {
      if (!(error instanceof Error) || !('syscall' in error)) throw error;
      process.nextTick(() => this.destroy(error));
    }
    return this;
  }

  /** @internal errors in the shape of node:net */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    super._destroy(error === null ? null : asNodeError(error), callback);
  }

  // As net.Socket does; without it both sides of the stream would stay ended.
  #revive(): void {
    driverOf(this).detach();
    (this as unknown as { _undestroy(): void })._undestroy();
  }

  #refuse({ host, port }: SocketConnectOptions): this {
    const address = { ...(host === undefined ? {} : { address: host }), port: Number(port) };
    const result = driverOf(this).isConnecting ? -EALREADY : -EISCONN;
    process.nextTick(() => this.destroy(errnoError(result, 'connect', address)));
    return this;
  }

  #targetOf(options: SocketConnectOptions): Omit<ConnectOptions, 'handlers'> {
    const { path, host = 'localhost', localAddress, localPort, trigger, reactor } = options;
    const ours = {
      ...(trigger === undefined ? {} : { trigger }),
      ...(reactor === undefined ? {} : { reactor }),
    };
    if (path !== undefined) return { path, ...ours };
    if (localAddress !== undefined && !isAddress(localAddress)) throw invalidAddress(localAddress);
    if (options.lookup !== undefined && !isAddress(host)) checkFunction('lookup', options.lookup);
    return {
      ...ours,
      host,
      port: portOf(options.port),
      resolve: this.#resolver(options),
      // As in node:net, Nagle's algorithm is on unless `noDelay` is set.
      tcp: { noDelay: options.noDelay === true },
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(localPort === undefined ? {} : { localPort }),
      ...(options.autoSelectFamilyAttemptTimeout === undefined
        ? {}
        : { attemptDelayMs: attemptDelayOf(options.autoSelectFamilyAttemptTimeout) }),
    };
  }

  #resolver({ family = 0, hints = 0, lookup = dnsLookup }: SocketConnectOptions): Resolve {
    return (host, callback) => {
      lookup(host, { all: true, family, hints }, (error, found: unknown, one?: unknown) => {
        if (!driverOf(this).isConnecting) return; // closed meanwhile
        const addresses = Array.isArray(found) ? (found as LookupAddress[]) : [];
        // A lookup function of the caller may ignore `all`.
        if (typeof found === 'string') {
          addresses.push({ address: found, family: Number(one) || isIP(found) });
        }
        for (const each of addresses) this.emit('lookup', error, each.address, each.family, host);
        if (error !== null) this.emit('lookup', error, undefined, undefined, host);
        const wrong = addresses.find(({ address }) => !isAddress(address));
        callback(wrong === undefined ? error : invalidAddress(wrong.address), addresses);
      });
    };
  }
}

// `isIP` would call `toString` of an object.
function isAddress(value: unknown): boolean {
  return typeof value === 'string' && isIP(value) !== 0;
}

// As node:net, which raises what is less than the least; what is no time is refused there as here.
function attemptDelayOf(delayMs: number): number {
  if (!(delayMs >= 1)) return delayMs;
  return Math.min(Math.max(delayMs, ATTEMPT_DELAY_MS_MIN), ATTEMPT_DELAY_MS_MAX);
}

/** A socket over a connection that was accepted. */
export function socketOf(connection: Connection, options: SocketOptions): Socket {
  const socket = new Socket(options);
  driverOf(socket).attach(connection);
  return socket;
}
