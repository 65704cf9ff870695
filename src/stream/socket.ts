// A connection as a stream of Node: a Duplex with what clients expect of a net.Socket besides. It
// has the names of net.Socket and no others; what the connection calls is in driver.ts.
import type { AddressInfo } from 'node:net';
import { addAbortSignal, Duplex, type DuplexOptions } from 'node:stream';
import { invalidType } from '../errors.ts';
import { checkIdleMs, type EncodableChunk } from '../flow/index.ts';
import { SHOWN, shown } from '../inspect.ts';
import { checkObject } from '../validate.ts';
import { adopting } from './callable.ts';
import { type Callback, StreamDriver } from './driver.ts';
import { keepAliveOf } from './keep-alive.ts';

// Not a #private one: sockets are also reached through proxies, and the prototype itself is looked at.
const DRIVER = Symbol('driver');

/** What a net.Server counts its connections by. */
export interface CountingServer {
  _connections: number;
  _emitCloseIfDrained?(): void;
}

/**
 * A stream over a connection, made by `toDuplex`. Besides a Duplex it has the members of net.Socket
 * that clients use. Destroying one destroys the other.
 *
 * Events besides those of streams: `connect` and `ready`, `timeout`, and `close` with whether there
 * was an error.
 */
export class SocketDuplex extends adopting(Duplex) {
  /** Whether it is not connected yet. As in node:net it may be assigned to, which changes nothing. */
  connecting = false;
  /** Milliseconds of silence until `timeout` is emitted; 0, undefined: never. As `connecting`. */
  declare timeout?: number | undefined;
  /** @internal the server that counts it */
  _server: CountingServer | null = null;
  /** @internal */
  readonly [DRIVER]: StreamDriver;

  constructor(options: DuplexOptions = {}) {
    checkObject('options', options);
    const { signal, ...others } = options;
    super({ allowHalfOpen: true, ...others, decodeStrings: false, emitClose: false });
    this[DRIVER] = new StreamDriver(this);
    // Not by the Duplex: one that is aborted already would destroy what has no members yet.
    if (signal !== undefined) addAbortSignal(signal, this);
  }

  /** The peer's IP address; undefined before it is connected, and of a Unix socket. */
  get remoteAddress(): string | undefined {
    return this[DRIVER]?.addresses.remote?.address;
  }

  /** The peer's port; undefined as `remoteAddress`. */
  get remotePort(): number | undefined {
    return this[DRIVER]?.addresses.remote?.port;
  }

  /** `'IPv4'` or `'IPv6'`; undefined as `remoteAddress`. */
  get remoteFamily(): string | undefined {
    return this[DRIVER]?.addresses.remote?.family;
  }

  /** Our IP address; undefined before it is connected, and of a Unix socket. */
  get localAddress(): string | undefined {
    return this[DRIVER]?.addresses.local?.address;
  }

  /** Our port; undefined as `localAddress`. */
  get localPort(): number | undefined {
    return this[DRIVER]?.addresses.local?.port;
  }

  /** `'IPv4'` or `'IPv6'`; undefined as `localAddress`. */
  get localFamily(): string | undefined {
    return this[DRIVER]?.addresses.local?.family;
  }

  /** Our address; an empty object without one, as of a Unix socket. */
  address(): Partial<AddressInfo> {
    const { address, family, port } = this[DRIVER].addresses.local ?? {};
    return address === undefined || family === undefined || port === undefined
      ? {}
      : { address, family, port };
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { remote, local } = this[DRIVER]?.addresses ?? {};
    const { readyState, bytesRead, writableLength: unsent, destroyed, errored } = this;
    const state = { [readyState]: !destroyed, paused: this.isPaused(), destroyed };
    const error = errored ?? undefined;
    return shown(this.constructor.name, { remote, local, ...state, bytesRead, unsent, error });
  }

  /** Whether there is no connection, not yet or not any more. */
  get pending(): boolean {
    return this[DRIVER]?.isPending !== false;
  }

  /** As of net.Socket: which sides are open. */
  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this[DRIVER]?.isConnecting) return 'opening';
    if (this.readable && this.writable) return 'open';
    if (this.readable) return 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  /** Bytes received since it was connected. */
  get bytesRead(): number {
    return this[DRIVER]?.bytesRead ?? 0;
  }

  /** Bytes written, with what waits to be sent here and in the connection. */
  get bytesWritten(): number {
    return this[DRIVER]?.bytesWritten as number; // of the prototype itself: undefined, as in node:net
  }

  /** Switches Nagle's algorithm off (true, the default) or on. */
  setNoDelay(noDelay = true): this {
    this[DRIVER].setOptions({ noDelay: Boolean(noDelay) });
    return this;
  }

  /**
   * Sends probes while the connection is silent, or not.
   *
   * @param initialDelayMs - milliseconds of silence before the first probe; the system's when it is
   *   less than a second, or more than the system takes.
   * @throws TypeError - neither a number nor text.
   */
  setKeepAlive(enable = false, initialDelayMs = 0): this {
    this[DRIVER].setOptions({ keepAlive: keepAliveOf(enable, initialDelayMs) });
    return this;
  }

  /**
   * Emits `timeout` after so much silence. The stream stays open. Without effect on one that is
   * destroyed.
   *
   * @param timeoutMs - milliseconds, also fractions; 0: never.
   * @param callback - a listener for the next `timeout`; with 0 one that is removed.
   */
  setTimeout(timeoutMs: number, callback?: () => void): this {
    checkIdleMs('timeoutMs', timeoutMs);
    if (callback !== undefined && typeof callback !== 'function') {
      throw invalidType('callback', 'a function', callback);
    }
    if (this.destroyed) return this;
    this.timeout = timeoutMs;
    this[DRIVER].setIdle(timeoutMs);
    if (callback === undefined) return this;
    return timeoutMs > 0 ? this.once('timeout', callback) : this.off('timeout', callback);
  }

  /** Keeps the process alive while it connects or reads, which is so from the start. */
  ref(): this {
    this[DRIVER].isReferenced = true;
    return this;
  }

  /** Lets the process end although the stream is open, when all that was written has left. */
  unref(): this {
    this[DRIVER].isReferenced = false;
    return this;
  }

  /** Whether it keeps the process alive: false after `unref`. Not in node:net. */
  hasRef(): boolean {
    return this[DRIVER].isReferenced;
  }

  /** Ends our side, and destroys the stream when all has left. */
  destroySoon(): void {
    this[DRIVER].isDestroyedSoon = true;
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
  }

  /** Closes by a reset (RST); on a Unix socket as `destroy`. */
  resetAndDestroy(): this {
    this[DRIVER].reset();
    return this;
  }

  /** As of any Readable. */
  override resume(): this {
    this[DRIVER].resume();
    return super.resume();
  }

  /** As of any Readable. */
  override pause(): this {
    this[DRIVER].pause();
    return super.pause();
  }

  /** @internal */
  override _read(): void {
    this[DRIVER].read();
  }

  /** @internal */
  override _write(chunk: string | Buffer, encoding: BufferEncoding, callback: Callback): void {
    this[DRIVER].write(chunk, encoding, callback);
  }

  /** @internal */
  override _writev(chunks: readonly EncodableChunk[], callback: Callback): void {
    this[DRIVER].writeAll(chunks, callback);
  }

  /** @internal */
  override _final(callback: Callback): void {
    this[DRIVER].end(callback);
  }

  /** @internal */
  override _destroy(error: Error | null, callback: Callback): void {
    this[DRIVER].destroy(error);
    callback(error);
    process.nextTick(() => this.emit('close', error !== null));
    const server = this._server;
    this._server = null;
    if (server === null) return;
    server._connections--; // here, and by no listener: users remove all there are
    server._emitCloseIfDrained?.();
  }
}

/** What reads and writes the connection of a socket. */
export function driverOf(socket: SocketDuplex): StreamDriver {
  return socket[DRIVER];
}
