// What reads and writes the connection of a stream, and what the reactor and the connection call. It is
// an object of its own, so that none of its names is on the socket: users extend sockets, and assign
// to them. It reads on demand and by events only, so that the backpressure of the stream is that of
// the kernel.
import { constants as os } from 'node:os';
import type { Duplex } from 'node:stream';
import { ErrnoError, errnoError } from '../errors.ts';
import {
  type EncodableChunk,
  IdleTimer,
  type IdleTimerOwner,
  Mark,
  ReadDemand,
  readCopy,
  readMemory,
  type Writable,
} from '../flow/index.ts';
import type { Connection, ConnectionDriver, TcpOptions } from '../net/index.ts';
import { Interest, Readiness } from '../poller/index.ts';
import { defaultReactor, type Reactor } from '../reactor/index.ts';
import { KnownAddresses } from './addresses.ts';
import { bytesOf, bytesOfRead, gathered, keptLength, lengthOf } from './chunks.ts';
import { equip, type Sink, sinkOf, type Wrapped, wrapperOf } from './wrapper.ts';

/** What a stream of Node gives to its `_write`, `_final` and `_destroy`. */
export type Callback = (error?: Error | null) => void;

// biome-ignore lint/suspicious/noExplicitAny: it does not look at the user's data
type AnyConnection = Connection<any>;

const { ENOBUFS } = os.errno;

interface Before {
  readonly readAhead?: Buffer | undefined;
  readonly former?: ConnectionDriver;
}

/** The stream of a driver. */
type Stream = Duplex & { connecting: boolean };

/** Drives one connection for one stream. */
export class StreamDriver implements ConnectionDriver, IdleTimerOwner, Wrapped {
  /** A stream bounds what is written by its own watermark. */
  readonly isUnlimited = true;
  /** Those of the connection. */
  readonly addresses = new KnownAddresses();
  /** Undefined: what is read is pushed. */
  sink: Sink | undefined = undefined;
  /** As in node:net: that a peer which has ended resets, with all written before, is no error. */
  forgivesReset = false;
  /** The stream is destroyed when all has left. */
  isDestroyedSoon = false;
  readonly #stream: Stream;
  #isWrapped = false; // the sink is that of what is around it
  #resetsOnOpen = false;
  #isExpected = false; // there will be a connection: what is written waits for it
  #unsent: { chunks: readonly EncodableChunk[]; callback: Callback } | undefined = undefined;
  #reason: Error | undefined = undefined; // why there is no connection
  #connection: AnyConnection | undefined = undefined;
  #former: ConnectionDriver | undefined = undefined;
  #demand: ReadDemand | undefined = undefined;
  #wantsData = false;
  #options: TcpOptions | undefined = undefined; // to be set when it is connected
  #final: Callback | undefined = undefined; // it was ended before there was a connection
  #failed: Callback | undefined = undefined;
  #isReferenced = true;
  #idle: IdleTimer | undefined = undefined; // when a timeout was set

  /** @param stream - where what is read is pushed; it is ended and destroyed as the connection is. */
  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** Whether there is a connection, in whatever state. */
  get isAttached(): boolean {
    return this.#connection !== undefined;
  }

  /** Whether it is not connected yet. */
  get isConnecting(): boolean {
    return this.#isExpected || this.#connection?.isConnecting === true;
  }

  /** Whether there is no connection, not yet or not any more. */
  get isPending(): boolean {
    return this.#connection === undefined || this.isConnecting || this.#stream.destroyed;
  }

  /** Bytes received since it was connected. */
  get bytesRead(): number {
    return this.#connection?.bytesRead ?? 0;
  }

  /** Bytes written, with what waits to be sent in the connection and in the stream. */
  get bytesWritten(): number {
    const connection = this.#connection;
    const ours = (connection?.bytesWritten ?? 0) + (connection?.writableLength ?? 0);
    return ours + lengthOf(this.#unsent?.chunks ?? []) + keptLength(this.#stream);
  }

  /** Whether the stream holds bytes that no one has taken. */
  get hasUnread(): boolean {
    return this.#stream.readableLength > 0;
  }

  /** Whether it keeps the process alive while it is open. */
  get isReferenced(): boolean {
    return this.#isReferenced;
  }

  set isReferenced(isReferenced: boolean) {
    this.#isReferenced = isReferenced;
    if (isReferenced) this.#connection?.ref();
    else this.#connection?.unref();
  }

  /** Milliseconds of silence until `timeout` is emitted; 0, undefined: never. */
  get idleMs(): number | undefined {
    return this.#idle?.idleMs;
  }

  /** Emits `timeout` after so many milliseconds of silence; 0: never. */
  setIdle(idleMs: number): void {
    this.#idle ??= new IdleTimer(this);
    this.#idle.set(idleMs);
  }

  /** Where its idle timer runs. */
  get reactor(): Reactor {
    return this.#connection?.reactor ?? defaultReactor();
  }

  /** Something has happened: the silence begins anew. */
  touch(): void {
    this.#idle?.touch();
  }

  /** `attach` will be called: what is written meanwhile waits for it. */
  expect(): void {
    this.#isExpected = true;
    this.#stream.connecting = true;
    this.#idle?.touch();
  }

  /**
   * The stream is that of `connection` from here on, which may still be connecting.
   *
   * @param before - `readAhead`: what was read from it already; `former`: what waits there for room,
   *   or for the close, is notified.
   */
  attach(connection: AnyConnection, { readAhead, former }: Before = {}): void {
    this.#isExpected = false;
    this.#stream.connecting = connection.isConnecting;
    this.#connection = connection;
    this.#former = former;
    if (connection.isClosed) {
      this.#stream.destroy(connection.error);
      return;
    }
    if (!this.#isReferenced) connection.unref();
    // As it is registered: where nothing reads, the first event ends that (read-demand.ts).
    this.#demand = new ReadDemand(connection, Interest.Readable);
    connection.setDriver(this);
    if (connection.isPaused) connection.resume(); // as in promises/connection.ts
    if (readAhead !== undefined) this.#stream.push(readAhead);
    if (connection.isReadEnded) this.#stream.push(null); // it was reported before, and once only
    if (!connection.isConnecting) this.#start();
  }

  /**
   * It has no connection any more, and can be attached again.
   *
   * @param reason - what is written until then fails with it.
   */
  detach(reason?: Error): void {
    this.isDestroyedSoon = false;
    this.#connection = undefined;
    this.#demand = undefined;
    this.#reason = reason;
    if (this.#isWrapped) this.sink = undefined;
    this.#isWrapped = false;
    this.addresses.learn(undefined);
  }

  /** Closes by a reset (RST); one that is connecting when it is connected. */
  reset(): void {
    if (this.isConnecting) {
      this.#resetsOnOpen = true;
      return;
    }
    if (this.#connection === undefined) {
      this.#stream.destroy(notConnected());
      return;
    }
    if (!this.isPending) this.#set({ lingerSeconds: 0 });
    this.#stream.destroy();
  }

  /** Sets options of the socket, when it is connected. */
  setOptions(options: TcpOptions): void {
    if (this.isPending) this.#options = { ...this.#options, ...options };
    else this.#set(options);
  }

  // ---- what the stream calls ----

  /** The stream has room: its `_read`. */
  read(): void {
    this.#setWantsData(true);
    const demand = this.#demand;
    if (demand === undefined) return; // until there is a connection
    if (!demand.isWanted) demand.want();
    else if (!demand.isDrained && !this.isPending) this.#requeueEdge();
  }

  /** Its `resume`: where nothing is pushed, the stream itself does not ask for more. */
  resume(): void {
    if (!this.#isWrapped && this.#stream.readableFlowing === false) this.#wrap();
    if (this.sink !== undefined) this.read();
  }

  /** Its `pause`. */
  pause(): void {
    if (this.sink !== undefined) this.stopReading();
  }

  /** Nothing more is read until `read`. */
  stopReading(): void {
    this.#setWantsData(false);
  }

  // As with a net.Socket whose handle was taken over: listeners of the stream get nothing more, its
  // encoding does not matter, and when to end our side is the wrapper's to say.
  #wrap(): void {
    const stream = this.#stream;
    const wrapper = wrapperOf(stream);
    if (wrapper === undefined) return;
    this.#isWrapped = true;
    this.sink = sinkOf(wrapper);
    equip(wrapper, this);
    const own = stream.listeners('data').at(-1); // it is being constructed: this is its own
    if (own !== undefined) stream.off('data', own as () => void);
    process.nextTick(() => {
      if (stream.destroyed) return;
      stream.allowHalfOpen = true; // not earlier: it is looked at for what is wrapped around it
      for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) {
        wrapper.readBuffer(bytesOfRead(chunk, stream.readableEncoding));
      }
      this.read();
    });
  }

  /** Its `_write`. */
  write(chunk: string | Uint8Array, encoding: BufferEncoding, callback: Callback): void {
    const connection = this.#connection;
    if (this.#isExpected || connection === undefined)
      this.writeAll([{ chunk, encoding }], callback);
    else this.#send(connection, bytesOf(chunk, encoding), callback);
  }

  /** Its `_writev`. */
  writeAll(chunks: readonly EncodableChunk[], callback: Callback): void {
    const connection = this.#connection;
    if (this.#isExpected) this.#unsent = { chunks, callback };
    else if (connection === undefined) callback(this.#reason ?? notConnected());
    else this.#send(connection, gathered(chunks), callback);
  }

  /** Its `_final`. */
  end(callback: Callback): void {
    this.#end((error) => {
      callback(error);
      // Behind `finish`. No listener of our own: users remove all there are.
      process.nextTick(() => {
        if (this.isDestroyedSoon) this.#stream.destroy();
      });
    });
  }

  #end(callback: Callback): void {
    const connection = this.#connection;
    if (this.#isExpected) {
      this.#final = callback;
      return;
    }
    if (connection === undefined) {
      callback(null); // `#start` ends our side, should there be one later
      return;
    }
    if (connection.isClosed) {
      callback(connection.error ?? null);
      return;
    }
    this.#mark(connection, callback);
    connection.end();
  }

  /** Its `_destroy`: what waits is called back. */
  destroy(error: Error | null): void {
    this.#idle?.clear();
    this.#wantsData = false;
    this.#isExpected = false;
    this.#resetsOnOpen = false;
    this.#stream.connecting = false;
    const waiting = [this.#failed, this.#final];
    const unsent = this.#unsent;
    this.#failed = undefined;
    this.#final = undefined;
    this.#unsent = undefined;
    if (this.#connection?.isClosed === false) this.#connection.destroy(error ?? undefined);
    for (const each of waiting) this.#callBack(each, error);
    if (unsent !== undefined) this.#callBack(unsent.callback, neverConnected());
  }

  // What one of the user's callbacks throws does not keep the others from being called.
  #callBack(callback: Callback | undefined, error: Error | null): void {
    try {
      callback?.(error);
    } catch (thrown) {
      this.reactor.report(thrown);
    }
  }

  // ---- what the connection, its queue and the idle timer call ----

  /** As of net.Socket: a socket that nothing reads, or that is read full, holds nothing. */
  get isReading(): boolean {
    return this.#wantsData && this.#connection?.isReadEnded === false;
  }

  get interest(): Interest {
    return this.#demand?.interest ?? Interest.None;
  }

  onOpen(): void {
    this.#stream.connecting = false;
    this.#start();
    this.announce();
  }

  /** Emits that it is connected. */
  announce(): void {
    try {
      this.#stream.emit('connect');
    } finally {
      this.#sendWaiting(); // also when a listener throws: nothing else would send it
      if (this.#resetsOnOpen) this.reset();
      this.#resetsOnOpen = false;
    }
    this.#stream.emit('ready');
  }

  onReady(readiness: Readiness): void {
    const connection = this.#connection as AnyConnection;
    const demand = this.#demand as ReadDemand;
    demand.onReady(this.#wantsData);
    if (!this.#wantsData) return;
    // One read in a turn, as in node:net: what the user defers at some bytes, an answer for one, is
    // done before the end behind them is reported.
    const memory = this.sink?.memory() ?? readMemory();
    if (memory.length === 0) {
      this.#stream.destroy(errnoError(-ENOBUFS, 'recv')); // a read of nothing looks like the end
      return;
    }
    const count = connection.receive(memory);
    demand.note(count, memory.length);
    if (count > 0) this.#deliver(count);
    else if (count === 0) this.#deliverEnd(connection);
    if (count > 0 && this.#wantsData) this.#requeueEdge(readiness);
  }

  /** Nothing has happened for the time of `setIdle`: reported once for each silence. */
  onIdle(): void {
    this.#stream.emit('timeout');
  }

  onSent(): void {
    this.#idle?.touch();
  }

  onDrain(): void {
    this.#former?.onDrain?.();
  }

  onClosed(error: Error | undefined): void {
    this.#former?.onClosed(error);
    this.#idle?.clear();
    const connection = this.#connection;
    if (connection === undefined) return; // closed beneath the stream
    // In order: what is left to be read is read, then the stream destroys itself.
    const isOver = connection.isReadEnded && connection.isWriteEnded;
    if (isOver && (error === undefined || this.#isForgiven(error))) {
      this.#stream.end();
    } else {
      this.#stream.destroy(error);
    }
  }

  // The peer has reset what it had ended: the system says so when our side is ended.
  #isForgiven(error: Error & { readonly code?: string }): boolean {
    const isReset = error.code === 'EPIPE' || error.code === 'ECONNRESET';
    return this.forgivesReset && isReset && this.#stream.writableLength === 0;
  }

  // Under the edge trigger what has come already is not reported again.
  #requeueEdge(readiness: Readiness = Readiness.Readable): void {
    if (this.#connection?.trigger === 'edge') this.#connection.requeue(readiness);
  }

  #start(): void {
    if (this.#options !== undefined) this.#set(this.#options);
    this.#options = undefined;
    this.addresses.learn(this.#connection);
    this.#idle?.touch();
    if (this.#stream.writableFinished) this.#connection?.end();
    if (!this.#stream.isPaused()) this.#stream.read(0);
  }

  // What was written, and perhaps ended, while there was no connection yet.
  #sendWaiting(): void {
    const [unsent, final] = [this.#unsent, this.#final];
    this.#unsent = undefined;
    this.#final = undefined;
    if (unsent !== undefined) this.writeAll(unsent.chunks, unsent.callback);
    if (final !== undefined) this.#end(final);
  }

  #deliver(count: number): void {
    this.#idle?.touch();
    if (this.sink === undefined) this.#setWantsData(this.#stream.push(readCopy(count)));
    else if (!this.sink.deliver(count)) this.#setWantsData(false);
  }

  #setWantsData(wantsData: boolean): void {
    if (wantsData === this.#wantsData) return;
    this.#wantsData = wantsData;
    this.#connection?.updateInterest(); // for what holds the reactor
  }

  #deliverEnd(connection: AnyConnection): void {
    this.#wantsData = false;
    this.#stream.push(null);
    this.#stream.read(0); // nothing may be reading: the end is emitted all the same
    connection.updateInterest();
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
      else if (this.#stream.destroyed || connection.isClosed) callback(error);
      else this.#failed = callback;
    };
    connection.enqueue(new Mark(settle));
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
export function notConnected(): Error {
  return Object.assign(new Error('Socket is closed'), { code: 'ERR_SOCKET_CLOSED' });
}

function neverConnected(): Error {
  const error = new Error('Socket closed before the connection was established');
  return Object.assign(error, { code: 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION' });
}
