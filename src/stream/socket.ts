// A connection as a stream of Node: a Duplex with what clients expect of a net.Socket besides. It
// reads on demand and by events only, so that the backpressure of the stream is that of the kernel.
import type { AddressInfo } from 'node:net';
import { addAbortSignal, Duplex, type DuplexOptions } from 'node:stream';
import { ErrnoError, invalidType } from '../errors.ts';
import {
  checkIdleMs,
  type EncodableChunk,
  gatherShort,
  IdleTimer,
  Mark,
  ReadDemand,
  readMemory,
  readView,
  type Writable,
} from '../flow/index.ts';
import type { Connection, ConnectionDriver, TcpOptions } from '../net/index.ts';
import { Interest, Readiness } from '../poller/index.ts';
import { defaultReactor, type Reactor } from '../reactor/index.ts';
import { checkObject } from '../validate.ts';
import { KnownAddresses } from './addresses.ts';
import { bytesOf, keptLength } from './chunks.ts';
import { keepAliveOf } from './keep-alive.ts';

type Callback = (error?: Error | null) => void;

// biome-ignore lint/suspicious/noExplicitAny: it does not look at the user's data
type AnyConnection = Connection<any>;

/**
 * A stream over a connection, made by `toDuplex`. Besides a Duplex it has the members of net.Socket
 * that clients use. Destroying one destroys the other.
 *
 * Events besides those of streams: `connect` and `ready`, `timeout`, and `close` with whether there
 * was an error.
 */
export class SocketDuplex extends Duplex {
  /** @internal a stream bounds what is written by its own watermark */
  readonly isUnlimited = true;
  #connection: AnyConnection | undefined = undefined;
  #former: ConnectionDriver | undefined = undefined;
  readonly #addresses = new KnownAddresses();
  #demand: ReadDemand | undefined = undefined;
  #wantsData = false;
  #options: TcpOptions | undefined = undefined; // to be set when it is connected
  #final: Callback | undefined = undefined; // it was ended before there was a connection
  #failed: Callback | undefined = undefined;
  #isReferenced = true;
  #idle: IdleTimer | undefined = undefined; // when a timeout was set

  constructor(options: DuplexOptions = {}) {
    checkObject('options', options);
    const { signal, ...others } = options;
    super({ allowHalfOpen: true, ...others, decodeStrings: false, emitClose: false });
    // Not by the Duplex: one that is aborted already would destroy what has no members yet.
    if (signal !== undefined) addAbortSignal(signal, this);
  }

  /**
   * @internal the stream is that of `connection` from here on, which may still be connecting
   * @param readAhead - what was read from it already
   * @param former - what waits there for room, or for the close, is notified
   */
  attach(connection: AnyConnection, readAhead?: Buffer, former?: ConnectionDriver): void {
    this.#connection = connection;
    this.#former = former;
    if (connection.isClosed) {
      this.destroy(connection.error);
      return;
    }
    if (!this.#isReferenced) connection.unref();
    this.#demand = new ReadDemand(connection, this.#wantsData ? Interest.Readable : Interest.None);
    connection.setDriver(this);
    if (connection.isPaused) connection.resume(); // as in promises/connection.ts
    if (readAhead !== undefined) this.push(readAhead);
    if (connection.isReadEnded) this.push(null); // it was reported before, and once only
    if (!connection.isConnecting) this.#start();
  }

  /** @internal so that it can be attached again; only of one that is destroyed */
  detach(): void {
    this.#connection = undefined;
    this.#demand = undefined;
    this.#addresses.learn(undefined);
  }

  /** @internal */
  onOpen(): void {
    this.#start();
    this.emit('connect');
    this.emit('ready');
  }

  /** The peer's IP address; undefined before it is connected, and of a Unix socket. */
  get remoteAddress(): string | undefined {
    return this.#addresses.remote?.address;
  }

  /** The peer's port; undefined as `remoteAddress`. */
  get remotePort(): number | undefined {
    return this.#addresses.remote?.port;
  }

  /** `'IPv4'` or `'IPv6'`; undefined as `remoteAddress`. */
  get remoteFamily(): string | undefined {
    return this.#addresses.remote?.family;
  }

  /** Our IP address; undefined before it is connected, and of a Unix socket. */
  get localAddress(): string | undefined {
    return this.#addresses.local?.address;
  }

  /** Our port; undefined as `localAddress`. */
  get localPort(): number | undefined {
    return this.#addresses.local?.port;
  }

  /** `'IPv4'` or `'IPv6'`; undefined as `localAddress`. */
  get localFamily(): string | undefined {
    return this.#addresses.local?.family;
  }

  /** Our address; an empty object without one, as of a Unix socket. */
  address(): Partial<AddressInfo> {
    const { address, family, port } = this.#addresses.local ?? {};
    return address === undefined || family === undefined || port === undefined
      ? {}
      : { address, family, port };
  }

  /** Milliseconds of silence until `timeout` is emitted; 0, undefined: never. */
  get timeout(): number | undefined {
    return this.#idle?.idleMs;
  }

  /** Whether it is not connected yet. */
  get connecting(): boolean {
    return this.#connection?.isConnecting === true;
  }

  /** Whether there is no connection, not yet or not any more. */
  get pending(): boolean {
    return this.#connection === undefined || this.connecting || this.destroyed;
  }

  /** As of net.Socket: which sides are open. */
  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable && this.writable) return 'open';
    if (this.readable) return 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  /** Bytes received since it was connected. */
  get bytesRead(): number {
    return this.#connection?.bytesRead ?? 0;
  }

  /** Bytes written, with what waits to be sent here and in the connection. */
  get bytesWritten(): number {
    const connection = this.#connection;
    return (connection?.bytesWritten ?? 0) + (connection?.writableLength ?? 0) + keptLength(this);
  }

  /** Switches Nagle's algorithm off (true, the default) or on. */
  setNoDelay(noDelay = true): this {
    return this.#setLater({ noDelay: Boolean(noDelay) });
  }

  /**
   * Sends probes while the connection is silent, or not.
   *
   * @param initialDelayMs - milliseconds of silence before the first probe; the system's when it is
   *   less than a second, or more than the system takes.
   * @throws TypeError - neither a number nor text.
   */
  setKeepAlive(enable = false, initialDelayMs = 0): this {
    return this.#setLater({ keepAlive: keepAliveOf(enable, initialDelayMs) });
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
    this.#idle ??= new IdleTimer(this);
    this.#idle.set(timeoutMs);
    if (callback === undefined) return this;
    return timeoutMs > 0 ? this.once('timeout', callback) : this.off('timeout', callback);
  }

  /** Keeps the process alive, which is so from the start. */
  ref(): this {
    this.#isReferenced = true;
    this.#connection?.ref();
    return this;
  }

  /** Lets the process end although the stream is open. */
  unref(): this {
    this.#isReferenced = false;
    this.#connection?.unref();
    return this;
  }

  /** Whether it keeps the process alive while it is open. Not in node:net. */
  hasRef(): boolean {
    return this.#isReferenced;
  }

  /** Ends our side, and destroys the stream when all has left. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Closes by a reset (RST); on a Unix socket as `destroy`. */
  resetAndDestroy(): this {
    if (this.#connection === undefined) return this.destroy(notConnected());
    if (this.connecting) return this.once('connect', () => this.resetAndDestroy());
    this.#set({ lingerSeconds: 0 });
    return this.destroy();
  }

  /** @internal */
  override _read(): void {
    this.#wantsData = true;
    const demand = this.#demand;
    if (demand === undefined) return; // until there is a connection
    if (!demand.isWanted) demand.want();
    else if (!demand.isDrained && !this.pending) this.#requeueEdge();
  }

  /** @internal */
  override _write(chunk: string | Buffer, encoding: BufferEncoding, callback: Callback): void {
    this.#sendChunks([{ chunk, encoding }], callback);
  }

  /** @internal */
  override _writev(chunks: readonly EncodableChunk[], callback: Callback): void {
    this.#sendChunks(chunks, callback);
  }

  /** @internal */
  override _final(callback: Callback): void {
    const connection = this.#connection;
    if (connection === undefined) {
      this.#final = callback;
      return;
    }
    if (connection.isClosed) {
      callback(connection.error ?? null);
      return;
    }
    this.#mark(connection, callback);
    connection.end();
  }

  /** @internal */
  override _destroy(error: Error | null, callback: Callback): void {
    this.#idle?.clear();
    this.#wantsData = false;
    const waiting = [this.#failed, this.#final];
    this.#failed = undefined;
    this.#final = undefined;
    if (this.#connection?.isClosed === false) this.#connection.destroy(error ?? undefined);
    for (const each of waiting) each?.(error);
    callback(error);
    process.nextTick(() => this.emit('close', error !== null));
  }

  /** @internal */
  get interest(): Interest {
    return this.#demand?.interest ?? Interest.None;
  }

  /** @internal */
  onReady(readiness: Readiness): void {
    const connection = this.#connection as AnyConnection;
    const demand = this.#demand as ReadDemand;
    demand.onReady(this.#wantsData);
    if (!this.#wantsData) return;
    // One read in a turn, as in node:net: what the user defers at some bytes, an answer for one, is
    // done before the end behind them is reported.
    const memory = readMemory();
    const count = connection.receive(memory);
    demand.note(count, memory.length);
    if (count > 0) this.#deliver(count);
    else if (count === 0) this.#deliverEnd(connection);
    if (count > 0 && this.#wantsData) this.#requeueEdge(readiness);
  }

  // Under the edge trigger what has come already is not reported again.
  #requeueEdge(readiness: Readiness = Readiness.Readable): void {
    if (this.#connection?.trigger === 'edge') this.#connection.requeue(readiness);
  }

  /** @internal where its idle timer runs */
  get reactor(): Reactor {
    return this.#connection?.reactor ?? defaultReactor();
  }

  /** @internal nothing has happened for the time of `setTimeout`: reported once for each silence */
  onIdle(): void {
    this.emit('timeout');
  }

  /** @internal bytes that had to wait have left */
  onSent(): void {
    this.#idle?.touch();
  }

  /** @internal */
  onDrain(): void {
    this.#former?.onDrain?.();
  }

  /** @internal the connection is closed: by the peer, an error, or by us */
  onClosed(error: Error | undefined): void {
    this.#former?.onClosed(error);
    this.#idle?.clear();
    const connection = this.#connection as AnyConnection;
    // In order: what is left to be read is read, then the stream destroys itself.
    if (error === undefined && connection.isReadEnded && connection.isWriteEnded) this.end();
    else this.destroy(error);
  }

  #start(): void {
    if (this.#options !== undefined) this.#set(this.#options);
    this.#options = undefined;
    this.#addresses.learn(this.#connection);
    this.#idle?.touch();
    if (this.#final !== undefined) this._final(this.#final);
    this.#final = undefined;
    if (!this.isPaused()) this.read(0);
  }

  #deliver(count: number): void {
    this.#idle?.touch();
    this.#wantsData = this.push(Buffer.from(readView(count)));
  }

  #deliverEnd(connection: AnyConnection): void {
    this.#wantsData = false;
    this.push(null);
    this.read(0); // nothing may be reading: the end is emitted all the same
    connection.updateInterest();
  }

  #sendChunks(chunks: readonly EncodableChunk[], callback: Callback): void {
    const connection = this.#connection;
    if (connection === undefined) callback(notConnected());
    else this.#send(connection, gatherShort(chunks) ?? bytesOf(chunks), callback);
  }

  #send(connection: AnyConnection, data: Writable, callback: Callback): void {
    try {
      connection.write(data);
      this.#idle?.touch();
    } catch (error) {
      callback(connection.error ?? (error as Error));
      return;
    }
    const hasLeft = connection.writableLength === 0 && connection.error === undefined;
    if (hasLeft && !connection.isConnecting) callback();
    else if (connection.isClosed || connection.error !== undefined) this.#failed = callback;
    else this.#mark(connection, callback);
  }

  // A failed write is reported when the connection is closed: what came before is read first.
  #mark(connection: AnyConnection, callback: Callback): void {
    const settle = (error?: Error) => {
      this.#idle?.touch();
      if (error === undefined) callback();
      else if (this.destroyed || connection.isClosed) callback(error);
      else this.#failed = callback;
    };
    connection.enqueue(new Mark(settle));
  }

  #setLater(options: TcpOptions): this {
    if (this.pending) this.#options = { ...this.#options, ...options };
    else this.#set(options);
    return this;
  }

  // As in node:net, what a socket does not have is no error: a Unix socket, one that has gone.
  #set(options: TcpOptions): void {
    if (this.#connection?.isClosed !== false) return;
    try {
      this.#connection.setOptions(options);
    } catch (error) {
      if (!(error instanceof ErrnoError)) throw error;
    }
  }
}

/** As node:net reports it. */
function notConnected(): Error {
  return Object.assign(new Error('Socket is closed'), { code: 'ERR_SOCKET_CLOSED' });
}
