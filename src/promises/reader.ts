// Reading a stream of bytes for `await`: an attempt is made at once, and only would-block waits.
// The bytes come from a connection (source.ts) or a stream of Node (stream/from-duplex.ts).
import { EdgewiseError, outOfRange } from '../errors.ts';
import { readCopy, readMemory } from '../flow/index.ts';
import { checkBytes, checkInteger, keepableBytes, spoiled } from '../validate.ts';
import { type Attempt, PendingRead, type Waitable, WOULD_BLOCK } from './pending-read.ts';
import { ReadBuffer } from './read-buffer.ts';
import { NO_OPTIONS, signalIn, type WaitOptions } from './waiter.ts';

const LENGTH_MAX = 0x7fffffff;
/** Default of `readUntil`: lines and heads of text protocols. */
const LIMIT = 64 * 1024;
/** The name of what takes it: none that users might give to something of theirs. */
export const TAKE_READ_AHEAD = Symbol('takeReadAhead');

/** Where the bytes of a reader come from. */
export interface ByteSource extends Waitable {
  /**
   * Reads at once.
   *
   * @returns count of bytes, at least one; 0 at the end; or WOULD_BLOCK.
   * @throws why it cannot be read.
   */
  receive(memory: Uint8Array): number | typeof WOULD_BLOCK;
  /** @returns false: wait before the next attempt, since others have to get their turn. */
  takeCredit(): boolean;
}

/**
 * What reads bytes for `await`. One operation may read at a time. Every failure is a rejection, of
 * wrong arguments too.
 */
export class ByteReader implements AsyncIterable<Buffer> {
  readonly #source: ByteSource;
  readonly #pending: PendingRead<ByteReader>;
  #buffer: ReadBuffer | undefined = undefined;

  /** @internal use `connect`, `listen` or `fromDuplex` */
  constructor(source: ByteSource) {
    this.#source = source;
    this.#pending = new PendingRead<ByteReader>(this, source);
  }

  /**
   * Reads what has come: at least one byte.
   *
   * @param options - `signal` ends the waiting.
   * @returns memory of the caller's own; null when the peer has ended.
   * @throws EdgewiseError - ERR_READ_IN_PROGRESS: another operation reads. ERR_CLOSED.
   * @throws ErrnoError - ECONNRESET, ETIMEDOUT, …: the connection is closed.
   * @throws TypeError - an option of the wrong kind. The reason of the signal.
   */
  read(options: WaitOptions = NO_OPTIONS): Promise<Buffer | null> {
    try {
      return this.#operate(this.#tryRead, undefined, signalIn(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Reads what has come into memory of the caller's, at most `target.length` bytes.
   *
   * @param target - at least one byte long; its bytes are the operation's until it settles.
   * @param options - `signal` ends the waiting.
   * @returns count of bytes, 1 to `target.length`; 0 when the peer has ended.
   * @throws as `read`; TypeError, RangeError - no Uint8Array, or one of no length.
   */
  readInto(target: Uint8Array, options: WaitOptions = NO_OPTIONS): Promise<number> {
    try {
      checkTarget(target);
      return this.#operate(this.#tryReadInto, target, signalIn(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Reads exactly `length` bytes. When it fails, what has come stays to be read.
   *
   * @param length - count of bytes, 1 to 2^31 - 1.
   * @param options - `signal` ends the waiting.
   * @returns memory of the caller's own.
   * @throws as `read`; EdgewiseError - ERR_UNEXPECTED_END: the peer ended before.
   */
  readExactly(length: number, options: WaitOptions = NO_OPTIONS): Promise<Buffer> {
    try {
      checkInteger('length', length, 1, LENGTH_MAX);
      return this.#operate(this.#tryReadExactly, length, signalIn(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Reads up to and with a delimiter. When it fails, what has come stays to be read.
   *
   * @param delimiter - text (UTF-8) or bytes, at least one.
   * @param limit - most bytes, with the delimiter; default 64 KiB.
   * @param options - `signal` ends the waiting.
   * @returns memory of the caller's own; null when the peer has ended and nothing was left.
   * @throws as `read`; EdgewiseError - ERR_LIMIT_EXCEEDED: not within `limit` bytes.
   *   ERR_UNEXPECTED_END: the peer ended in the middle.
   */
  readUntil(
    delimiter: string | Uint8Array,
    limit: number = LIMIT,
    options: WaitOptions = NO_OPTIONS,
  ): Promise<Buffer | null> {
    try {
      const search = searchFor(delimiter, limit);
      return this.#operate(this.#tryReadUntil, search, signalIn(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** What comes, as it comes, until the peer ends. Leaving the loop leaves it open. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (let bytes = await this.read(); bytes !== null; bytes = await this.read()) yield bytes;
  }

  /** @internal what was read and not given out, for what reads from here on */
  [TAKE_READ_AHEAD](): Buffer | undefined {
    if (this.#pending.isWaiting) throw busy();
    const buffer = this.#buffer;
    return buffer === undefined || buffer.length === 0 ? undefined : buffer.take(buffer.length);
  }

  // A promise that is resolved already costs what `await` would spend on the value itself.
  #operate<A, T>(
    attempt: Attempt<ByteReader, A, T>,
    argument: A,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    if (signal?.aborted) throw signal.reason;
    const pending = this.#pending;
    if (pending.isWaiting) throw busy();
    const result = this.#source.takeCredit() ? attempt.call(this, argument) : WOULD_BLOCK;
    if (result === WOULD_BLOCK) return pending.wait(attempt, argument, signal);
    return Promise.resolve(result);
  }

  #tryRead(): Buffer | null | typeof WOULD_BLOCK {
    const buffer = this.#buffer;
    if (buffer !== undefined && buffer.length > 0) return buffer.take(buffer.length);
    const count = this.#source.receive(readMemory());
    if (count === WOULD_BLOCK) return WOULD_BLOCK;
    return count === 0 ? null : readCopy(count);
  }

  #tryReadInto(target: Uint8Array): number | typeof WOULD_BLOCK {
    // Each time: it may have shrunk or been transferred, and nothing read would look like the end.
    checkTarget(target);
    const buffer = this.#buffer;
    if (buffer !== undefined && buffer.length > 0) return buffer.takeInto(target);
    return this.#source.receive(target);
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
    if (delimiter.length === 0) throw spoiled('delimiter', delimiter);
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
    const count = this.#source.receive(buffer.room());
    if (count !== WOULD_BLOCK) buffer.commit(count);
    return count;
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
  /** Where to search on: what lies before holds no delimiter. */
  from: number;
}

function searchFor(delimiter: string | Uint8Array, limit: number): Search {
  const given = typeof delimiter === 'string' ? Buffer.from(delimiter) : delimiter;
  const bytes = keepableBytes('delimiter', given);
  if (bytes.length === 0) throw outOfRange('delimiter.length', 'at least 1', 0);
  checkInteger('limit', limit, bytes.length, LENGTH_MAX);
  return { delimiter: bytes, limit, from: 0 };
}

function checkTarget(target: Uint8Array): void {
  if (checkBytes('target', target) === 0) throw outOfRange('target.length', 'at least 1', 0);
}

function busy(): Error {
  return new EdgewiseError('ERR_READ_IN_PROGRESS', 'another operation reads');
}

function limitExceeded(limit: number): Error {
  return new EdgewiseError('ERR_LIMIT_EXCEEDED', `no delimiter within ${limit} bytes`);
}
