// fromDuplex(): the awaited operations of a promise connection over any Duplex of Node, such as a
// TLS socket, so that a protocol is written once.
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ClosedError, invalidType } from '../errors.ts';
import { ByteReader, WOULD_BLOCK } from '../promises/reader.ts';
import { Waiter, Waiters, type WaitOptions } from '../promises/waiter.ts';

/** A Duplex whose operations are awaited, made by `fromDuplex`. */
export class AwaitedDuplex extends ByteReader implements AsyncDisposable {
  /** The stream beneath. */
  readonly raw: Duplex;
  readonly #readable = new Waiters();
  #left: Buffer | undefined = undefined;
  #hasEnded = false;
  #error: Error | undefined = undefined;

  /** @internal use `fromDuplex` */
  constructor(duplex: Duplex) {
    super();
    this.raw = duplex;
    const wake = () => this.#readable.wakeAll();
    duplex.on('readable', wake);
    duplex.on('end', () => {
      this.#hasEnded = true;
      wake();
    });
    duplex.on('error', (error: Error) => {
      this.#error = error;
      wake();
    });
    duplex.on('close', wake);
  }

  get isClosed(): boolean {
    return this.raw.destroyed;
  }

  /**
   * Writes, and resolves when the stream has room again.
   *
   * @throws what the stream fails with; ClosedError.
   */
  async write(data: string | Uint8Array, { signal }: WaitOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    this.#assertOpen();
    if (this.raw.write(data)) return;
    const waiter = new Waiter(signal);
    const wake = () => waiter.resolve();
    this.raw.once('drain', wake).once('close', wake);
    try {
      await waiter.promise;
    } finally {
      this.raw.off('drain', wake).off('close', wake);
    }
    this.#assertOpen();
  }

  /** Ends the writable side, and resolves when all has left. */
  async end(data?: string | Uint8Array): Promise<void> {
    if (data !== undefined) await this.write(data);
    if (this.raw.writableFinished) return;
    this.#assertOpen();
    this.raw.end();
    await finished(this.raw, { readable: false });
  }

  /** Ends the writable side, lets go what still comes, and resolves when the stream is closed. */
  async close(): Promise<void> {
    if (this.raw.closed) return;
    this.raw.removeAllListeners('readable');
    this.raw.resume();
    if (!this.raw.writableEnded) this.raw.end();
    await once(this.raw, 'close');
  }

  destroy(error?: Error): void {
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
    if (this.#hasEnded) return 0;
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

  #assertOpen(): void {
    if (this.#error !== undefined) throw this.#error;
    if (this.raw.destroyed) throw new ClosedError('the Duplex');
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
