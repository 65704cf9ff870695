// A stream connection for `await`. It reads when it is asked to: what is there is given at once,
// and only would-block makes a promise that waits for the reactor. The handler connection beneath
// it (net/connection.ts) writes, times out and closes.
import { constants as os } from 'node:os';
import type { SocketAddress } from '../address.ts';
import { EdgewiseError, outOfRange } from '../errors.ts';
import { Interest, Readiness } from '../interest.ts';
import type { Connection as HandlerConnection, Writable } from '../net/connection.ts';
import type { Pump } from '../net/pump.ts';
import { readMemory, readView } from '../net/scratch.ts';
import type { TcpOptions } from '../net/tcp.ts';
import { checkBytes, checkInteger } from '../validate.ts';
import { renewed } from './failure.ts';
import { ReadBuffer } from './read-buffer.ts';
import { type MaybePromise, Waiter, Waiters, type WaitOptions } from './waiter.ts';

const { EAGAIN } = os.errno;
const LENGTH_MAX = 0x7fffffff;
/** Default of `readUntil`: lines and heads of text protocols. */
const LIMIT = 64 * 1024;
/** So many operations in a row are done without waiting; then others get their turn. */
const OPERATIONS_IN_A_ROW_MAX = 64;
/** What an attempt answers that has to be made again when there is something to read. */
const WOULD_BLOCK = Symbol('would block');
type Attempt<T> = () => T | typeof WOULD_BLOCK;

/**
 * A connection whose operations are awaited, made by `connect` or accepted by a listener. It owns
 * its descriptor. An operation that can be done at once answers with the value itself, so `await`
 * it always.
 *
 * One operation may read at a time; any number may write, and leave in the order of the calls.
 * Errors are those of the handler connection: ECONNRESET, ETIMEDOUT, ERR_CLOSED and so on.
 */
export class Connection implements AsyncIterable<Buffer>, AsyncDisposable, Pump {
  /** The connection of handlers beneath: counters, watermarks, pause and all that is not here. */
  readonly raw: HandlerConnection<Connection>;
  readonly #trigger: 'level' | 'edge';
  #reader: Waiter | undefined = undefined;
  #drained: Waiters | undefined = undefined;
  #closed: Waiters | undefined = undefined;
  #buffer: ReadBuffer | undefined = undefined;
  #longWrite: Promise<void> | undefined = undefined;
  #interest: Interest = Interest.Readable;
  #isReading = false;
  #isDry = false; // the socket was emptied, and the next event tells when there is more
  #isLast = false; // the end or an error is queued: a short read does not prove that it is empty
  #isDiscarding = false;
  #credit = OPERATIONS_IN_A_ROW_MAX;

  /** @internal use `connect` or `listen` */
  constructor(raw: HandlerConnection<Connection>, trigger: 'level' | 'edge') {
    this.raw = raw;
    this.#trigger = trigger;
    raw.data = this;
    raw.copyWhatIsKept();
    raw.divert(this);
  }

  /** The descriptor; -1 after it is closed. */
  get fd(): number {
    return this.raw.fd;
  }

  get isClosed(): boolean {
    return this.raw.isClosed;
  }

  get remoteAddress(): SocketAddress | undefined {
    return this.raw.remoteAddress;
  }

  get localAddress(): SocketAddress | undefined {
    return this.raw.localAddress;
  }

  /** As `setOptions` of the handler connection. */
  setOptions(options: TcpOptions): void {
    this.raw.setOptions(options);
  }

  /** Resolves when the connection is closed, orderly or not; never rejects. */
  get closed(): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    this.#closed ??= new Waiters();
    return this.#closed.wait(undefined);
  }

  /**
   * Reads what has come: at least one byte.
   *
   * @returns memory of the caller's own; null when the peer has ended.
   * @throws EdgewiseError - ERR_READ_IN_PROGRESS: another operation reads. ERR_CLOSED.
   * @throws ErrnoError - ECONNRESET, ETIMEDOUT, …: the connection is closed.
   */
  read(options: WaitOptions = {}): MaybePromise<Buffer | null> {
    return this.#operate(this.#tryRead, options.signal);
  }

  /**
   * Reads what has come into memory of the caller's, at most `target.length` bytes.
   *
   * @returns how many; 0 when the peer has ended.
   * @throws as `read`; TypeError, RangeError - no Uint8Array, or one of no length.
   */
  readInto(target: Uint8Array, options: WaitOptions = {}): MaybePromise<number> {
    if (checkBytes('target', target) === 0) throw outOfRange('target.length', 'at least 1', 0);
    return this.#operate(() => this.#tryReadInto(target), options.signal);
  }

  /**
   * Reads exactly `length` bytes, 1 to 2^31 - 1. When it fails, what has come stays to be read.
   *
   * @throws as `read`; EdgewiseError - ERR_UNEXPECTED_END: the peer ended before.
   */
  readExactly(length: number, options: WaitOptions = {}): MaybePromise<Buffer> {
    checkInteger('length', length, 1, LENGTH_MAX);
    return this.#operate(() => this.#tryReadExactly(length), options.signal);
  }

  /**
   * Reads up to and with a delimiter. When it fails, what has come stays to be read.
   *
   * @param delimiter - text (UTF-8) or bytes, at least one.
   * @param limit - most bytes, with the delimiter; default 64 KiB.
   * @returns null when the peer has ended and nothing was left.
   * @throws as `read`; EdgewiseError - ERR_LIMIT_EXCEEDED: not within `limit` bytes.
   *   ERR_UNEXPECTED_END: the peer ended in the middle.
   */
  readUntil(
    delimiter: string | Uint8Array,
    limit: number = LIMIT,
    options: WaitOptions = {},
  ): MaybePromise<Buffer | null> {
    const bytes = typeof delimiter === 'string' ? Buffer.from(delimiter) : delimiter;
    if (checkBytes('delimiter', bytes) === 0) throw outOfRange('delimiter.length', 'at least 1', 0);
    checkInteger('limit', limit, bytes.length, LENGTH_MAX);
    const search = { delimiter: bytes, limit, from: 0 };
    return this.#operate(() => this.#tryReadUntil(search), options.signal);
  }

  /** What comes, piece by piece, until the peer ends. Leaving the loop leaves it open. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (let bytes = await this.read(); bytes !== null; bytes = await this.read()) yield bytes;
  }

  /**
   * Sends, after all that was written before. When it resolves, the memory is the caller's again,
   * and less waits to be sent than the high watermark.
   *
   * @param options - aborting ends the waiting; what was given is sent nevertheless, except of one
   *   buffer longer than the watermark, of which the rest is not sent.
   * @throws EdgewiseError - ERR_WRITE_AFTER_END, ERR_CLOSED. ErrnoError - EPIPE, ECONNRESET, ….
   */
  write(data: Writable, { signal }: WaitOptions = {}): MaybePromise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const isLong = data instanceof Uint8Array && data.length > this.raw.highWaterMark;
    if (isLong || this.#longWrite !== undefined) return this.#writeInTurn(data, signal);
    try {
      if (this.#send(data) && this.#credit-- > 0) return undefined;
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#waitForRoom(signal);
  }

  /**
   * Ends our side when all that was written has left, and resolves then. The peer can go on.
   *
   * @param data - written before the end.
   * @throws as `write`.
   */
  async end(data?: Writable, { signal }: WaitOptions = {}): Promise<void> {
    if (data !== undefined) await this.write(data, { signal });
    await this.#longWrite;
    if (this.raw.isWriteEnded) return;
    if (this.isClosed) throw this.#failure();
    const flushed = new Waiter(signal);
    const settle = () => flushed.resolve();
    this.raw.enqueue({ byteLength: 0, isSent: true, sendTo: () => 0, settle });
    this.raw.end();
    await flushed.promise;
    if (this.raw.error !== undefined) throw this.#failure();
  }

  /**
   * Ends our side, lets go what the peer still sends, and resolves when the connection is closed:
   * when the peer has ended too, or after `timeoutMs`.
   *
   * @param timeoutMs - milliseconds from 0. Default 2000.
   */
  async close(timeoutMs = 2000): Promise<void> {
    if (this.isClosed) return;
    const { closed } = this;
    this.#isDiscarding = true;
    this.#want(Interest.Readable);
    this.raw.closeGracefully(timeoutMs);
    if (!this.isClosed) this.#discard();
    await closed;
  }

  /** Closes at once; what was not sent is lost. Operations that wait fail with `error`. */
  destroy(error?: Error): void {
    this.raw.destroy(error);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Keeps the process alive, which is so from the start. */
  ref(): this {
    this.raw.ref();
    return this;
  }

  /** Lets the process end although the connection is open. */
  unref(): this {
    this.raw.unref();
    return this;
  }

  /** @internal */
  get interest(): Interest {
    return this.raw.isReadEnded ? Interest.None : this.#interest;
  }

  /** @internal */
  onReady(readiness: Readiness): void {
    this.#isDry = false;
    this.#isLast ||= (readiness & (Readiness.ReadClosed | Readiness.Error)) !== 0;
    this.#credit = OPERATIONS_IN_A_ROW_MAX;
    if (this.#isDiscarding) this.#discard();
    else if (this.#reader !== undefined) this.#wakeReader();
    else if (this.#trigger === 'level') this.#want(Interest.None); // until somebody reads
  }

  /** @internal */
  onDrain(): void {
    this.#drained?.wakeAll();
  }

  /** @internal */
  onClosed(): void {
    this.#wakeReader();
    this.#drained?.wakeAll();
    this.#closed?.wakeAll();
  }

  // Arguments were checked before: those throw at once, everything else rejects.
  #operate<T>(attempt: Attempt<T>, signal: AbortSignal | undefined): MaybePromise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    try {
      if (this.#isReading || this.#isDiscarding) throw this.#busy();
      const result = this.#credit-- > 0 ? attempt() : WOULD_BLOCK;
      if (result !== WOULD_BLOCK) return result;
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#operateLater(attempt, signal);
  }

  async #operateLater<T>(attempt: Attempt<T>, signal: AbortSignal | undefined): Promise<T> {
    this.#isReading = true;
    try {
      for (;;) {
        await this.#waitReadable(signal);
        const result = attempt();
        if (result !== WOULD_BLOCK) return result;
      }
    } finally {
      this.#isReading = false;
    }
  }

  #waitReadable(signal: AbortSignal | undefined): Promise<void> {
    if (this.#credit <= 0) return this.#waitForTurn(signal);
    this.#want(Interest.Readable);
    this.#reader = new Waiter(signal, this.#leave);
    return this.#reader.promise;
  }

  readonly #leave = (): void => {
    this.#reader = undefined;
  };

  #wakeReader(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve();
  }

  // In the next turn, whether anything comes or not.
  async #waitForTurn(signal: AbortSignal | undefined): Promise<void> {
    this.#credit = OPERATIONS_IN_A_ROW_MAX;
    const turn = new Waiter(signal);
    this.raw.reactor.defer(() => turn.resolve());
    await turn.promise;
  }

  readonly #tryRead: Attempt<Buffer | null> = () => {
    const buffer = this.#buffer;
    if (buffer !== undefined && buffer.length > 0) return buffer.take(buffer.length);
    const count = this.#receive(readMemory());
    if (count === WOULD_BLOCK) return WOULD_BLOCK;
    return count === 0 ? null : Buffer.from(readView(count));
  };

  #tryReadInto(target: Uint8Array): number | typeof WOULD_BLOCK {
    const buffer = this.#buffer;
    if (buffer !== undefined && buffer.length > 0) return buffer.takeInto(target);
    return this.#receive(target);
  }

  #tryReadExactly(length: number): Buffer | typeof WOULD_BLOCK {
    this.#buffer ??= new ReadBuffer();
    const buffer = this.#buffer;
    while (buffer.length < length) {
      const count = this.#fill(buffer);
      if (count === WOULD_BLOCK) return WOULD_BLOCK;
      if (count === 0) throw this.#unexpectedEnd(length);
    }
    return buffer.take(length);
  }

  #tryReadUntil(search: Search): Buffer | null | typeof WOULD_BLOCK {
    this.#buffer ??= new ReadBuffer();
    const buffer = this.#buffer;
    const { delimiter, limit } = search;
    for (;;) {
      const index = buffer.indexOf(delimiter, search.from);
      const end = index + delimiter.length;
      if (index >= 0 && end <= limit) return buffer.take(end);
      if (index >= 0 || buffer.length >= limit) throw limitExceeded(limit);
      search.from = Math.max(buffer.length - delimiter.length + 1, 0);
      const count = this.#fill(buffer);
      if (count === WOULD_BLOCK) return WOULD_BLOCK;
      if (count === 0 && buffer.length === 0) return null;
      if (count === 0) throw this.#unexpectedEnd(undefined);
    }
  }

  #fill(buffer: ReadBuffer): number | typeof WOULD_BLOCK {
    const count = this.#receive(buffer.room());
    if (count !== WOULD_BLOCK) buffer.commit(count);
    return count;
  }

  // Bytes, 0 at the end, or WOULD_BLOCK.
  #receive(memory: Uint8Array): number | typeof WOULD_BLOCK {
    const { raw } = this;
    if (raw.isReadEnded) return 0;
    if (raw.isClosed) throw this.#failure();
    if (this.#isDry) return WOULD_BLOCK;
    const count = raw.receive(memory);
    this.#isDry = count === -EAGAIN || (count < memory.length && !this.#isLast);
    if (count >= 0) return count;
    if (count === -EAGAIN && !raw.isClosed) return WOULD_BLOCK;
    throw this.#failure();
  }

  #discard(): void {
    while (this.#credit-- > 0 && !this.raw.isClosed && !this.raw.isReadEnded) {
      if (this.raw.receive(readMemory()) === -EAGAIN) return;
    }
    if (this.raw.isClosed || this.raw.isReadEnded) return;
    this.#waitForTurn(undefined).then(() => this.#discard());
  }

  #want(interest: Interest): void {
    if (interest === this.#interest || this.isClosed) return;
    this.#interest = interest;
    this.raw.updateInterest();
  }

  // Answers whether there is room.
  #send(data: Writable): boolean {
    const { raw } = this;
    if (raw.error !== undefined && !raw.isWriteEnded) throw this.#failure();
    const hasRoom = raw.write(data);
    if (raw.error !== undefined) throw this.#failure();
    return hasRoom;
  }

  async #waitForRoom(signal: AbortSignal | undefined): Promise<void> {
    if (this.#credit <= 0) await this.#waitForTurn(signal);
    this.#drained ??= new Waiters();
    while (this.raw.writableLength >= this.raw.highWaterMark && !this.isClosed) {
      await this.#drained.wait(signal);
    }
    if (this.isClosed) throw this.#failure();
  }

  // Long buffers go in pieces, so that only a piece of them is ever copied and kept; what is written
  // meanwhile waits for its turn.
  async #writeInTurn(data: Writable, signal: AbortSignal | undefined): Promise<void> {
    const before = this.#longWrite;
    const writing = (async () => {
      await before?.catch(() => undefined); // that call has told its own caller
      await this.#writePieces(data, signal);
    })();
    this.#longWrite = writing;
    try {
      await writing;
    } finally {
      if (this.#longWrite === writing) this.#longWrite = undefined;
    }
  }

  async #writePieces(data: Writable, signal: AbortSignal | undefined): Promise<void> {
    const size = this.raw.highWaterMark;
    const isLong = data instanceof Uint8Array && data.length > size;
    const length = isLong ? data.length : 1;
    for (let start = 0; start < length; start += size) {
      signal?.throwIfAborted();
      const piece = isLong ? data.subarray(start, start + size) : data;
      if (!this.#send(piece) || this.#credit-- <= 0) await this.#waitForRoom(signal);
    }
  }

  #failure(): Error {
    return renewed(this.raw.error, 'the Connection');
  }

  #busy(): Error {
    const what = this.#isDiscarding ? 'the connection is being closed' : 'another operation reads';
    return new EdgewiseError('ERR_READ_IN_PROGRESS', what);
  }

  #unexpectedEnd(wanted: number | undefined): Error {
    const what = wanted === undefined ? 'the delimiter' : `${wanted} bytes`;
    const message = `the peer ended after ${this.#buffer?.length} bytes, before ${what}`;
    return new EdgewiseError('ERR_UNEXPECTED_END', message);
  }
}

interface Search {
  readonly delimiter: Uint8Array;
  readonly limit: number;
  /** What lies before has been looked at. */
  from: number;
}

function limitExceeded(limit: number): Error {
  return new EdgewiseError('ERR_LIMIT_EXCEEDED', `no delimiter within ${limit} bytes`);
}
