// fromDuplex(): the awaited operations of a promise connection over any Duplex of Node, such as a
// TLS socket, so that a protocol is written once.
import type { Duplex } from 'node:stream';
import { types } from 'node:util';
import { ClosedError, EdgewiseError, invalidType } from '../errors.ts';
import type { Writable } from '../flow/write-queue.ts';
import { chunksOf } from '../flow/write-queue.ts';
import { ByteReader, WOULD_BLOCK } from '../promises/reader.ts';
import { signalIn, throwIfAborted, Waiter, Waiters, type WaitOptions } from '../promises/waiter.ts';
import { checkBytes, checkError, checkInteger } from '../validate.ts';

const TIMEOUT_MAX_MS = 0x7fffffff;

/** A Duplex whose operations are awaited, made by `fromDuplex`. */
export class AwaitedDuplex extends ByteReader implements AsyncDisposable {
  /** The stream beneath. */
  readonly raw: Duplex;
  readonly #readable = new Waiters();
  readonly #wake = (): void => this.#readable.wakeAll();
  #left: Buffer | undefined = undefined;

  /** @internal use `fromDuplex` */
  constructor(duplex: Duplex) {
    super();
    this.raw = duplex;
    for (const event of ['readable', 'end', 'error', 'close']) duplex.on(event, this.#wake);
  }

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
    if (!this.raw.writableFinished) this.#assertOpen();
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
    this.#assertOpen();
    this.raw.end();
    await this.#until(['finish'], signal);
    if (!this.raw.writableFinished) this.#assertOpen();
  }

  /**
   * Ends the writable side, lets go what still comes, and resolves when the stream is closed: when
   * the other side has ended too, or after `timeoutMs`.
   *
   * @param timeoutMs - milliseconds from 0. Default 2000.
   * @throws TypeError, RangeError - no such time.
   */
  async close(timeoutMs = 2000): Promise<void> {
    checkInteger('timeoutMs', timeoutMs, 0, TIMEOUT_MAX_MS);
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
    this.raw.off('readable', this.#wake);
    this.raw.resume();
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

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  protected override receive(memory: Uint8Array): number | typeof WOULD_BLOCK {
    this.#left ??= (this.raw.read() as Buffer | null) ?? undefined;
    const bytes = this.#left;
    if (bytes !== undefined) {
      const count = Math.min(bytes.length, memory.length);
      memory.set(bytes.subarray(0, count));
      this.#left = count < bytes.length ? bytes.subarray(count) : undefined;
      return count;
    }
    if (this.raw.readableEnded) return 0;
    this.#assertOpen();
    return WOULD_BLOCK;
  }

  /** @internal */
  protected override waitReadable(signal: AbortSignal | undefined): Promise<void> {
    return this.#readable.wait(signal);
  }

  /** @internal the stream tells of each chunk by an event of its own */
  protected override takeCredit(): boolean {
    return true;
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
    this.#assertOpen();
    if (!this.raw.writableEnded) return;
    throw new EdgewiseError('ERR_WRITE_AFTER_END', 'write after end');
  }

  #assertOpen(): void {
    const { errored, destroyed } = this.raw;
    if (errored !== null) throw errored;
    if (destroyed) throw new ClosedError('the Duplex');
  }
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
