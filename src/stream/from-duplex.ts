// fromDuplex(): the awaited operations of a promise connection over any Duplex of Node, such as a
// TLS socket, so that a protocol is written once.
import type { Duplex } from 'node:stream';
import { types } from 'node:util';
import { ClosedError, EdgewiseError, invalidType } from '../errors.ts';
import { type CloseOptions, chunksOf, closeTimeoutMs, type Writable } from '../flow/index.ts';
import { type WaitingReader, WOULD_BLOCK } from '../promises/pending-read.ts';
import { ByteReader, type ByteSource } from '../promises/reader.ts';
import { signalIn, Waiter, type WaitOptions } from '../promises/waiter.ts';
import { checkBytes, checkError, throwIfAborted } from '../validate.ts';

// What is read from a stream of Node.
class DuplexSource implements ByteSource {
  readonly #duplex: Duplex;
  readonly #wake = (): void => {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.onReadable();
  };
  #reader: WaitingReader | undefined = undefined;
  #left: Buffer | undefined = undefined;

  constructor(duplex: Duplex) {
    this.#duplex = duplex;
    for (const event of ['readable', 'end', 'error', 'close']) duplex.on(event, this.#wake);
  }

  receive(memory: Uint8Array): number | typeof WOULD_BLOCK {
    const duplex = this.#duplex;
    this.#left ??= (duplex.read() as Buffer | null) ?? undefined;
    const bytes = this.#left;
    if (bytes !== undefined) {
      const count = Math.min(bytes.length, memory.length);
      memory.set(bytes.subarray(0, count));
      this.#left = count < bytes.length ? bytes.subarray(count) : undefined;
      return count;
    }
    if (duplex.readableEnded) return 0;
    assertOpen(duplex);
    return WOULD_BLOCK;
  }

  wait(reader: WaitingReader): void {
    this.#reader = reader;
  }

  leave(): void {
    this.#reader = undefined;
  }

  // The stream reports each chunk by an event of its own.
  takeCredit(): boolean {
    return true;
  }

  /** Reads what still comes, and forgets it. */
  discard(): void {
    this.#duplex.off('readable', this.#wake);
    this.#duplex.resume();
  }
}

/**
 * A Duplex with operations that are awaited, made by `fromDuplex`. Every failure is a rejection, of
 * wrong arguments too.
 */
export class AwaitedDuplex extends ByteReader implements AsyncDisposable, Disposable {
  /** The stream beneath. */
  readonly raw: Duplex;
  readonly #source: DuplexSource;

  /** @internal use `fromDuplex` */
  constructor(duplex: Duplex) {
    const source = new DuplexSource(duplex);
    super(source);
    this.raw = duplex;
    this.#source = source;
  }

  /** Whether the stream is destroyed. */
  get isClosed(): boolean {
    return this.raw.destroyed;
  }

  /**
   * Writes, and resolves when the stream has room again.
   *
   * @param options - aborting ends the waiting; what was given is written nevertheless.
   * @throws what the stream fails with. EdgewiseError - ERR_WRITE_AFTER_END, ERR_CLOSED.
   */
  async write(data: Writable, options: WaitOptions = {}): Promise<void> {
    const signal = signalIn(options);
    throwIfAborted(signal);
    this.#assertWritable();
    if (this.#writeAll(data)) return;
    await this.#until(['drain', 'finish'], signal); // one that was ended meanwhile never drains
    if (!this.raw.writableFinished) assertOpen(this.raw);
  }

  /**
   * Ends the writable side, and resolves when all has left.
   *
   * @throws as `write`.
   */
  async end(data?: Writable, options: WaitOptions = {}): Promise<void> {
    const signal = signalIn(options);
    throwIfAborted(signal);
    if (data !== undefined) await this.write(data, { signal });
    if (this.raw.writableFinished) return;
    assertOpen(this.raw);
    this.raw.end();
    await this.#until(['finish'], signal);
    if (!this.raw.writableFinished) assertOpen(this.raw);
  }

  /**
   * Closes in order: ends the writable side, forgets what still comes, and resolves when the stream
   * is closed: when the other side has ended too, or after the time limit, as by `destroy`.
   *
   * @param options - `timeoutMs`: milliseconds from 0; default 30,000.
   * @throws TypeError, RangeError - no such time.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const timeoutMs = closeTimeoutMs(options);
    if (this.raw.closed) return;
    const closed = new Waiter();
    const done = () => closed.resolve();
    const timer = setTimeout(() => {
      this.raw.destroy();
      setImmediate(done); // `close` comes before, if at all: `emitClose` may be false
    }, timeoutMs);
    // The stream destroys itself behind the last of these.
    const look = () => setImmediate(() => this.raw.closed && done());
    for (const event of ['end', 'finish', 'error']) this.raw.once(event, look);
    this.raw.once('close', done);
    this.#source.discard();
    if (!this.raw.writableEnded) this.raw.end();
    await closed.promise;
    clearTimeout(timer);
  }

  /**
   * Destroys the stream. Operations that wait fail with `error`.
   *
   * @throws TypeError - no Error.
   */
  destroy(error?: Error): void {
    checkError(error);
    this.raw.destroy(error);
  }

  /** As `destroy()`. */
  [Symbol.dispose](): void {
    this.raw.destroy();
  }

  /** As `close()`: `await using connection = fromDuplex(…)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #writeAll(data: Writable): boolean {
    if (typeof data === 'string') return this.raw.write(data);
    const chunks = types.isUint8Array(data) ? [data] : chunksOf(data);
    // Now that no getter of a list runs any more: Node's own error has no code.
    for (const chunk of chunks) checkBytes('data', chunk);
    if (types.isUint8Array(data)) return this.raw.write(data);
    const bytes = Buffer.concat(chunks);
    return bytes.length === 0 || this.raw.write(bytes);
  }

  // Until one of the events, or the stream's end by another way.
  async #until(
    those: readonly ('drain' | 'finish')[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const waiter = new Waiter(signal);
    const wake = () => waiter.resolve();
    const events = [...those, 'error', 'close'];
    for (const each of events) this.raw.once(each, wake);
    try {
      await waiter.promise;
    } finally {
      for (const each of events) this.raw.off(each, wake);
    }
  }

  #assertWritable(): void {
    assertOpen(this.raw);
    if (!this.raw.writableEnded) return;
    throw new EdgewiseError('ERR_WRITE_AFTER_END', 'write after end');
  }
}

function assertOpen({ errored, destroyed }: Duplex): void {
  if (errored !== null) throw errored;
  if (destroyed) throw new ClosedError('the Duplex');
}

/**
 * Lets a stream of bytes be awaited like a connection of `edgewise/promises`. The stream is the
 * result's from here on.
 *
 * @param duplex - not in object mode, without an encoding.
 * @throws TypeError - something else.
 */
export function fromDuplex(duplex: Duplex): AwaitedDuplex {
  const isStream = typeof duplex?.read === 'function' && typeof duplex.write === 'function';
  if (!isStream || duplex.readableObjectMode || duplex.readableEncoding !== null) {
    throw invalidType('duplex', 'a Duplex of bytes', duplex);
  }
  return new AwaitedDuplex(duplex);
}
