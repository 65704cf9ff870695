// Socket of node:net over the reactor: the stream of edgewise/stream that can connect by itself.
import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { constants as os } from 'node:os';
import type { DuplexOptions } from 'node:stream';
import { errnoError } from '../errors.ts';
import { type ConnectOptions, connect, type Resolve } from '../net/connect/index.ts';
import type { Connection } from '../net/connection/connection.ts';
import type { Reactor } from '../reactor/reactor.ts';
import { SocketDuplex } from '../stream/socket.ts';
import { checkFunction } from '../validate.ts';
import { given, normalize, portOf } from './arguments.ts';
import { asNodeError, coded, invalidAddress } from './errors.ts';

/** Options of `new Socket`, as in node:net. */
export interface SocketOptions extends Pick<DuplexOptions, 'signal' | 'highWaterMark'> {
  readonly allowHalfOpen?: boolean;
}

/** Options of `connect`, as in node:net. */
export interface SocketConnectOptions extends SocketOptions {
  readonly port?: number | string;
  readonly host?: string;
  readonly path?: string;
  readonly localAddress?: string;
  readonly localPort?: number;
  /** 4 or 6; 0, the default: both. */
  readonly family?: number;
  readonly hints?: number;
  readonly lookup?: typeof dnsLookup;
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
  readonly keepAliveInitialDelay?: number;
  readonly autoSelectFamilyAttemptTimeout?: number;
  readonly timeout?: number;
  /** `'level'`, the default, or `'edge'`: not in node:net. */
  readonly trigger?: 'level' | 'edge';
  /** Default: the reactor of this thread. Not in node:net. */
  readonly reactor?: Reactor;
}

const { EALREADY, ECONNREFUSED, EISCONN } = os.errno;
/** Milliseconds: what connect() of `edgewise` takes. */
const ATTEMPT_DELAY_MS_MIN = 10;
const ATTEMPT_DELAY_MS_MAX = 60_000;
const CONNECT_OPTIONS = [
  ...(['port', 'host', 'path', 'localAddress', 'localPort', 'family', 'hints', 'lookup'] as const),
  ...(['noDelay', 'keepAlive', 'keepAliveInitialDelay', 'timeout'] as const),
  ...(['autoSelectFamilyAttemptTimeout', 'trigger', 'reactor'] as const),
];

/** As Socket of node:net; docs/compat.md says what is not there. */
export class Socket extends SocketDuplex {
  constructor(options: SocketOptions = {}) {
    const { signal, highWaterMark, allowHalfOpen } = options ?? {}; // null as in node:net
    super({
      allowHalfOpen: allowHalfOpen === true,
      ...given({ signal, highWaterMark }, ['signal', 'highWaterMark']),
    });
  }

  /**
   * (options), (port, host), (path), each with a listener of `connect` behind it. A socket that is
   * closed can connect again.
   *
   * @throws TypeError, RangeError - ERR_MISSING_ARGS, ERR_SOCKET_BAD_PORT, or as `connect` of
   *   `edgewise`; what goes wrong later is emitted as `error`.
   */
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
    if (!this.pending || this.connecting) return this.#refuse(wanted);
    if (wanted.timeout !== undefined) this.setTimeout(wanted.timeout);
    if (wanted.noDelay !== undefined) this.setNoDelay(wanted.noDelay);
    if (wanted.keepAlive === true) this.setKeepAlive(true, wanted.keepAliveInitialDelay);
    try {
      if (target.port === 0) throw errnoError(-ECONNREFUSED, 'connect', { address: host });
      this.attach(connect({ ...target, handlers: {} }));
    } catch (error) {
      if (!(error instanceof Error) || !('syscall' in error)) throw error;
      process.nextTick(() => this.destroy(error));
    }
    return this;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    super._destroy(error === null ? null : asNodeError(error), callback);
  }

  // As net.Socket does; without it both sides of the stream would stay ended.
  #revive(): void {
    this.detach();
    (this as unknown as { _undestroy(): void })._undestroy();
  }

  #refuse({ host, port }: SocketConnectOptions): this {
    const address = { ...(host === undefined ? {} : { address: host }), port: Number(port) };
    const result = this.connecting ? -EALREADY : -EISCONN;
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
      // As in node:net, Nagle's waiting is on unless it is asked for otherwise.
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
        if (!this.connecting) return; // closed meanwhile
        const addresses = Array.isArray(found) ? (found as LookupAddress[]) : [];
        // A lookup of the user's may ignore `all`.
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

// `isIP` would ask an object what it is.
function isAddress(value: unknown): boolean {
  return typeof value === 'string' && isIP(value) !== 0;
}

// As node:net, which takes less for the least; what is no time is refused there as here.
function attemptDelayOf(delayMs: number): number {
  if (!(delayMs >= 1)) return delayMs;
  return Math.min(Math.max(delayMs, ATTEMPT_DELAY_MS_MIN), ATTEMPT_DELAY_MS_MAX);
}

/** A socket over a connection that was accepted. */
export function socketOf(connection: Connection, options: SocketOptions): Socket {
  const socket = new Socket(options);
  socket.attach(connection);
  return socket;
}
