// A stream connection for `await`. It reads on demand: what is there is given at once, and only
// would-block waits for the reactor. The handler connection beneath it (net/connection/) writes,
// times out and closes.
import { types } from 'node:util';
import type { SocketAddress } from '../address.ts';
import { EdgewiseError } from '../errors.ts';
import {
  type CloseOptions,
  chunksOf,
  closeTimeoutMs,
  restOf,
  type Writable,
} from '../flow/index.ts';
import { SHOWN } from '../inspect.ts';
import type { ConnectionDriver, Connection as HandlerConnection } from '../net/connection/index.ts';
import type { TcpOptions } from '../net/socket/index.ts';
import type { Timer } from '../reactor/index.ts';
import { checkError, spoiled, throwIfAborted } from '../validate.ts';
import { Ending } from './ending.ts';
import { ByteReader, TAKE_READ_AHEAD } from './reader.ts';
import { ConnectionSource } from './source.ts';
import { NO_OPTIONS, RESOLVED, signalIn, Waiter, type WaitOptions } from './waiter.ts';

/** The name of what gives a connection away: none that users might give to something of theirs. */
export const GIVE_AWAY = Symbol('giveAway');
/** Likewise. */
export const WHEN_FAILED = Symbol('whenFailed');
/** Longer buffers go in parts of this length where the watermark, 0, does not give one. */
const PART_LENGTH = 64 * 1024;

/**
 * A connection with operations that are awaited, made by `connect` or accepted by a listener. It owns
 * its descriptor. An operation that can be done at once is, and its promise is resolved already.
 * Every failure is a rejection, of wrong arguments too.
 *
 * One operation may read at a time; any number may write, and their bytes leave in the order of the
 * calls. The peer's end does not end our side.
 * Errors are those of the handler connection: ECONNRESET, ETIMEDOUT, ERR_CLOSED and so on.
 */
export class Connection extends ByteReader implements AsyncDisposable, Disposable {
  /** The connection of handlers beneath: counters, watermarks, pause and all that is not here. */
  readonly raw: HandlerConnection<Connection>;
  readonly #source: ConnectionSource;
  #longWrite: Promise<void> | undefined = undefined;
  #ending: Ending | undefined = undefined;
  /** The time limit of `close` while a long buffer is still being written. */
  #limit: Timer | undefined = undefined;

  /** @internal use `connect` or `listen` */
  constructor(raw: HandlerConnection<Connection>) {
    const source = new ConnectionSource(raw);
    super(source);
    this.raw = raw;
    this.#source = source;
    raw.copyKeptBytes();
    raw.setDriver(source);
    if (raw.isPaused) raw.resume(); // or the last words of a peer that is gone would not be read
  }

  /** The descriptor; -1 after it is closed. */
  get fd(): number {
    return this.raw.fd;
  }

  /** Whether it is closed, in whatever way. */
  get isClosed(): boolean {
    return this.raw.isClosed;
  }

  /** The peer's address; undefined when it has gone. */
  get remoteAddress(): SocketAddress | undefined {
    return this.raw.remoteAddress;
  }

  /** Our address; undefined when it is closed. */
  get localAddress(): SocketAddress | undefined {
    return this.raw.localAddress;
  }

  /**
   * As `setOptions` of the handler connection.
   *
   * @throws TypeError, RangeError - a value of the wrong kind. EdgewiseError -
   *   ERR_OPTION_UNSUPPORTED, ERR_CLOSED. ErrnoError - what the kernel returns.
   */
  setOptions(options: TcpOptions): void {
    this.raw.setOptions(options);
  }

  /** Resolves when the connection is closed, orderly or not; never rejects. */
  get closed(): Promise<void> {
    return this.#source.waitForClose();
  }

  /**
   * Sends, after all that was written before. When it resolves, the memory is the caller's again,
   * and less waits to be sent than the high watermark.
   *
   * @param options - aborting ends the waiting; what was given is sent nevertheless, except of one
   *   buffer longer than the watermark, of which the rest is not sent, and of what waits behind such
   *   a one, of which nothing is.
   * @throws EdgewiseError - ERR_WRITE_AFTER_END, ERR_CLOSED. ERR_WRITE_QUEUE_FULL: so much was
   *   written without waiting that the connection was closed. ErrnoError - EPIPE, ECONNRESET, ….
   * @throws TypeError - neither text nor bytes, or memory that is shared or detached.
   */
  write(data: Writable, options: WaitOptions = NO_OPTIONS): Promise<void> {
    try {
      const signal = signalIn(options);
      if (signal?.aborted) return Promise.reject(signal.reason);
      if (this.#limit !== undefined && !this.isClosed) {
        throw new EdgewiseError('ERR_WRITE_AFTER_END', 'write after close');
      }
      const isLong = data?.length > this.#partLength && types.isUint8Array(data);
      if (isLong || this.#longWrite !== undefined) return this.#writeInTurn(data, signal);
      if (this.#send(data) && this.#source.takeCredit()) return RESOLVED;
      return this.#waitForRoom(signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Ends our side when all that was written has left, and resolves then. The peer can go on.
   *
   * @param data - written before the end.
   * @param options - aborting ends the waiting; once it waits for nothing but the last bytes to
   *   leave, our side ends nevertheless.
   * @throws as `write`, also when bytes that were written are lost, such as by `destroy`.
   */
  async end(data?: Writable, options: WaitOptions = NO_OPTIONS): Promise<void> {
    const signal = signalIn(options);
    throwIfAborted(signal);
    if (data !== undefined) await this.write(data, { signal });
    await this.#written(signal);
    throwIfAborted(signal);
    const hasLeft = await this.#endSide()?.hasLeft(signal);
    if (hasLeft === false || this.raw.error !== undefined) throw this.#source.failure();
  }

  // Another call waits for the same; undefined: it was ended by `raw`.
  #endSide(): Ending | undefined {
    if (this.#ending !== undefined || this.raw.isWriteEnded) return this.#ending;
    this.#source.assertFree();
    if (this.isClosed) throw this.#source.failure();
    this.#ending = new Ending();
    this.raw.enqueue(this.#ending.mark);
    this.raw.end();
    return this.#ending;
  }

  /**
   * Closes in order: ends our side when all that was written has left, long buffers that are under
   * way too, forgets what the peer still sends, and resolves when the connection is closed: when the
   * peer has ended too, or after the time limit, as by `destroy`. Later writes reject.
   *
   * @param options - `timeoutMs`: milliseconds from 0; default 30,000. 0: at once, after what the
   *   kernel takes now. Called again, a `timeoutMs` that is given replaces the time limit.
   * @throws TypeError, RangeError - no such time.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const timeoutMs = closeTimeoutMs(options);
    if (this.isClosed) return;
    const { closed } = this;
    this.#source.endReading();
    if (this.#longWrite === undefined || timeoutMs === 0) this.#closeNow(options);
    else if (this.#limit === undefined || options.timeoutMs !== undefined) {
      this.#closeWhenWritten(this.#longWrite, timeoutMs);
    }
    await closed;
  }

  #closeNow(options: CloseOptions): void {
    const source = this.#source;
    if (!source.isInUse) this.#endSide();
    this.raw.close(options);
    if (!this.isClosed && !source.isInUse) source.discard();
  }

  // Nothing is written after it: the last long write is the last of all.
  #closeWhenWritten(longWrite: Promise<void>, timeoutMs: number): void {
    const isFirst = this.#limit === undefined;
    const start = performance.now();
    this.#limit?.clear();
    // The registration keeps the reactor alive as long as the connection is open.
    const limit = this.raw.reactor.setTimeout(() => this.destroy(), timeoutMs).unref();
    this.#limit = limit;
    if (isFirst) this.#source.discard();
    const onWritten = () => {
      limit.clear();
      const leftMs = Math.max(timeoutMs - Math.floor(performance.now() - start), 1);
      if (this.#limit === limit && !this.isClosed) this.#closeNow({ timeoutMs: leftMs });
    };
    longWrite.then(onWritten, onWritten); // that call rejects for its own caller
  }

  /**
   * Closes at once; what was not sent is lost. Operations that wait fail with `error`.
   *
   * @throws TypeError - no Error.
   */
  destroy(error?: Error): void {
    checkError(error);
    this.raw.destroy(error);
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    return this.raw[SHOWN]();
  }

  /** As `destroy()`: `using connection = await connect(…)`. */
  [Symbol.dispose](): void {
    this.raw.destroy();
  }

  /** As `close()`: `await using connection = await connect(…)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Keeps the process alive, which is so from the start: while an operation waits, and until
   * something comes that nothing reads, or the peer's end.
   */
  ref(): this {
    this.raw.ref();
    return this;
  }

  /** Lets the process end although the connection is open, when all that was written has left. */
  unref(): this {
    this.raw.unref();
    return this;
  }

  /** Whether it keeps the process alive: false after `unref`. */
  hasRef(): boolean {
    return this.raw.hasRef();
  }

  /** @internal has a call made when it is closed before both sides have ended. */
  [WHEN_FAILED](call: (error: Error) => void): void {
    const source = this.#source;
    const fail = () => {
      const { error, isReadEnded, isWriteEnded } = this.raw;
      if (error !== undefined || !isReadEnded || !isWriteEnded) call(source.failure());
    };
    if (this.isClosed) fail();
    else source.whenClosed(fail);
  }

  /**
   * @internal gives the connection away: a stream reads and writes it from here on, and calls
   * `former` for what waits here.
   *
   * @throws EdgewiseError - ERR_CONNECTION_IN_USE, ERR_READ_IN_PROGRESS, ERR_WAIT_IN_PROGRESS.
   */
  [GIVE_AWAY](): { readonly readAhead: Buffer | undefined; readonly former: ConnectionDriver } {
    this.#source.assertFree();
    if (this.#longWrite !== undefined) {
      throw new EdgewiseError('ERR_WAIT_IN_PROGRESS', 'a long buffer is being written');
    }
    const readAhead = this[TAKE_READ_AHEAD]();
    this.#source.setInUse();
    return { readAhead, former: this.#source };
  }

  // Returns whether there is room.
  #send(data: Writable): boolean {
    const { raw } = this;
    this.#source.assertFree();
    if (raw.error !== undefined && !raw.isWriteEnded) throw this.#source.failure();
    const hasRoom = raw.write(data);
    if (raw.error !== undefined) throw this.#source.failure();
    return hasRoom;
  }

  async #waitForRoom(signal: AbortSignal | undefined): Promise<void> {
    if (this.#source.isCreditUsed) await this.#source.waitForTurn(signal);
    const unsentMax = Math.max(this.raw.highWaterMark, 1); // 0: until all has left
    while (this.raw.writableLength >= unsentMax && !this.isClosed) {
      await this.#source.waitForDrain(signal);
    }
    if (this.#ending?.isDone === true) return; // it was closed after all had left
    if (this.isClosed || this.raw.error !== undefined) throw this.#source.failure();
  }

  // Long buffers go in parts, so that only a part of them is ever copied and kept; what is written
  // meanwhile waits for its turn.
  async #writeInTurn(data: Writable, signal: AbortSignal | undefined): Promise<void> {
    const given = typeof data === 'string' ? data : chunksOf(data).filter(isNotEmpty);
    const before = this.#longWrite;
    const turn = this.#written(signal);
    const writing = (async () => {
      await before?.catch(() => undefined); // that call rejects for its own caller
      await this.#writeParts(given, signal);
    })();
    this.#longWrite = writing;
    const forget = () => {
      if (this.#longWrite === writing) this.#longWrite = undefined;
    };
    writing.then(forget, forget); // behind what an abort ends: the order is kept
    await turn;
    await writing;
  }

  // Resolves when the long buffers that are under way are written, or lost, which is for their own
  // callers to know. Rejects with the reason of the signal.
  async #written(signal: AbortSignal | undefined): Promise<void> {
    const longWrite = this.#longWrite;
    if (longWrite === undefined) return;
    const waiter = new Waiter(signal);
    const done = () => waiter.resolve();
    longWrite.then(done, done);
    await waiter.promise;
  }

  get #partLength(): number {
    return this.raw.highWaterMark || PART_LENGTH;
  }

  async #writeParts(
    data: string | readonly Uint8Array[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const size = this.#partLength;
    const [only, second] = typeof data === 'string' ? [] : data;
    const isLong = only !== undefined && second === undefined && only.length > size;
    const length = isLong ? only.length : 1;
    for (let start = 0; start < length; start += size) {
      throwIfAborted(signal);
      if (typeof data !== 'string') this.#assertKept(data, start > 0);
      const part = isLong ? restOf(only, start).subarray(0, size) : data;
      if (!this.#send(part) || !this.#source.takeCredit()) await this.#waitForRoom(signal);
    }
  }

  // What follows bytes that are lost would be taken for them: nothing can follow.
  #assertKept(chunks: readonly Uint8Array[], isBegun: boolean): void {
    const lost = chunks.find((chunk) => !isNotEmpty(chunk));
    if (lost === undefined) return;
    const error = spoiled('data', lost);
    if (isBegun) this.destroy(error);
    throw error;
  }
}

function isNotEmpty({ length }: Uint8Array): boolean {
  return length > 0;
}
