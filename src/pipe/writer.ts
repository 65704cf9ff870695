// Writing to a pipe, a FIFO or a terminal without waiting: what does not fit is kept, as a connection
// does it.
import { constants as os } from 'node:os';
import { ClosedError, EdgewiseError, errnoError } from '../errors.ts';
import { encodeShort, isScratch } from '../flow/read-memory.ts';
import { chunksOf, Outgoing, type Writable } from '../flow/write-queue.ts';
import { type QueueLimits, queueLimits } from '../net/connection/options.ts';
import { Interest, Readiness } from '../poller/interest.ts';
import * as sys from '../sys/index.ts';
import { Endpoint, type EndpointOptions, type Opening, openingOf, type Role } from './endpoint.ts';

const { EAGAIN, EINTR, EPIPE } = os.errno;
const WRITING: Role = {
  syscall: 'write',
  unfit: sys.constants.O_RDONLY,
  handlers: ['drain', 'close'],
};

/** Receives what becomes of a writer. Every member is optional; one object serves any number. */
export interface WriterHandlers<Data = unknown> {
  /** The queue has fallen to the low watermark after `write` had answered false. */
  drain?(writer: DescriptorWriter<Data>): void;
  /**
   * It is closed, the last call. `error`: why, when it was not your own `end()` or `destroy()`;
   * EPIPE, once: nobody reads any more.
   */
  close?(writer: DescriptorWriter<Data>, error?: Error): void;
}

export interface WriterOptions<Data = unknown> extends EndpointOptions<Data>, Partial<QueueLimits> {
  readonly handlers: WriterHandlers<Data>;
  /** `write` answers false from so many unwritten bytes on. Default 64 KiB. */
  readonly highWaterMark?: number;
  /** `drain` is called when no more than so many are left. Default 16 KiB. */
  readonly lowWaterMark?: number;
  /** Beyond so many unwritten bytes it is closed with ERR_WRITE_QUEUE_FULL. Default 64 MiB. */
  readonly queueMax?: number;
}

/** A descriptor that is written as a stream of bytes. It owns the descriptor. */
export class DescriptorWriter<Data = unknown> extends Endpoint {
  /** What the user keeps with it. */
  data: Data | undefined;
  bytesWritten = 0;
  readonly #handlers: WriterHandlers<Data>;
  readonly #limits: QueueLimits;
  readonly #outgoing = new Outgoing(sys.write);
  #isEnding = false;
  #needsDrain = false;

  /** @internal use `openWriter` */
  constructor(fd: number, opening: Opening, options: WriterOptions<Data>, limits: QueueLimits) {
    super(fd, opening, Interest.None);
    this.data = options.data;
    this.#handlers = options.handlers;
    this.#limits = limits;
  }

  /** Bytes that were given to `write` and that the kernel has not taken yet. */
  get writableLength(): number {
    return this.#outgoing.byteLength;
  }

  /** Whether `end` was called. */
  get isWriteEnded(): boolean {
    return this.#isEnding;
  }

  /**
   * Writes bytes, after all that was written before. What the kernel does not take is kept; bytes
   * of a `data` handler's view are copied then, any others must not be changed until they have left
   * (`writableLength`).
   *
   * @returns whether there is room: false from the high watermark on; `drain` tells when it has
   *   fallen to the low one. The bytes are kept either way, up to `queueMax`.
   * @throws EdgewiseError - ERR_WRITE_AFTER_END: after `end`. ERR_CLOSED.
   * @throws TypeError - neither text nor bytes, or memory that is shared or detached.
   */
  write(data: Writable): boolean {
    if (this.isClosed) throw new ClosedError('the DescriptorWriter');
    if (this.#isEnding) throw new EdgewiseError('ERR_WRITE_AFTER_END', 'write after end');
    const bytes = typeof data === 'string' ? (encodeShort(data) ?? Buffer.from(data)) : data;
    const chunks = chunksOf(bytes as Uint8Array | readonly Uint8Array[]);
    const [first] = chunks;
    const isAlone = chunks.length === 1 && first !== undefined && this.#outgoing.isEmpty;
    const written = isAlone ? this.#writeNow(first) : 0;
    if (this.isClosed) return false;
    const wasEmpty = this.#outgoing.isEmpty;
    if (!isAlone) for (const chunk of chunks) this.#keep(chunk);
    else if (written < first.length) this.#keep(first.subarray(written));
    if (wasEmpty && !isAlone) this.#flush();
    return this.#hasRoom();
  }

  /**
   * Closes when all that was written has left: how a pipe's reader learns of the end.
   *
   * @param data - written before the end.
   * @throws as `write`, when there is `data`.
   */
  end(data?: Writable): void {
    if (data !== undefined) this.write(data);
    if (this.isClosed) return;
    this.#isEnding = true;
    this.#finishIfWritten();
  }

  override destroy(error?: Error): void {
    super.destroy(error);
    this.#outgoing.discard(error ?? new ClosedError('the DescriptorWriter'));
  }

  protected override transfer(readiness: Readiness): void {
    if (!this.#outgoing.isEmpty) this.#flush();
    // The writing end of a pipe says nothing else than that it has lost its reader.
    else if ((readiness & (Readiness.Error | Readiness.WriteClosed)) !== 0) this.#fail(-EPIPE);
    if (!this.isClosed) this.#tellDrain();
  }

  // Returns what the kernel took.
  #writeNow(bytes: Uint8Array): number {
    if (bytes.length === 0) return 0;
    const result = sys.write(this.fd, bytes);
    if (result >= 0) this.bytesWritten += result;
    else if (result !== -EAGAIN && result !== -EINTR) this.#fail(result);
    return Math.max(result, 0);
  }

  #keep(chunk: Uint8Array): void {
    this.#outgoing.append(isScratch(chunk) ? Buffer.from(chunk) : chunk);
  }

  #flush(): void {
    try {
      this.#writeQueued();
    } catch (error) {
      this.destroy(error as Error); // the caller spoiled the memory: the rest cannot be written
    }
    if (!this.isClosed) this.#finishIfWritten();
  }

  #writeQueued(): void {
    const { registration } = this;
    while (!this.#outgoing.isEmpty) {
      const result = this.#outgoing.sendTo(this.fd);
      if (result === -EINTR) continue;
      if (result === -EAGAIN) return;
      if (result < 0) {
        this.#fail(result);
        return;
      }
      this.bytesWritten += result;
      this.#outgoing.consume(result);
      if (registration.charge(result)) continue;
      if (registration.trigger === 'edge') registration.requeue(Readiness.Writable);
      return;
    }
  }

  #fail(result: number): void {
    this.destroy(errnoError(result, 'write', { fd: this.fd }));
  }

  #finishIfWritten(): void {
    if (this.#isEnding && this.#outgoing.isEmpty) this.destroy();
    else this.#updateInterest();
  }

  // Before the handler the interest is back to what it was: under the edge trigger only a change
  // makes the kernel report again.
  #tellDrain(): void {
    if (!this.#needsDrain || this.#outgoing.byteLength > this.#limits.lowWaterMark) return;
    this.#needsDrain = false;
    this.#updateInterest();
    this.#handlers.drain?.(this);
  }

  #hasRoom(): boolean {
    if (this.isClosed) return false;
    const { queueMax, highWaterMark } = this.#limits;
    const { byteLength } = this.#outgoing;
    if (byteLength > queueMax) {
      const message = `more than ${queueMax} bytes wait to be written`;
      this.destroy(new EdgewiseError('ERR_WRITE_QUEUE_FULL', message));
      return false;
    }
    this.#needsDrain ||= byteLength >= highWaterMark;
    this.#updateInterest();
    return byteLength < highWaterMark;
  }

  #updateInterest(): void {
    if (this.isClosed) return;
    const hasWork = !this.#outgoing.isEmpty || this.#needsDrain;
    this.registration.setInterest(hasWork ? Interest.Writable : Interest.None);
  }

  protected override onClosed(): void {
    this.#handlers.close?.(this, this.error);
  }
}

/**
 * Writes to a descriptor: the writing end of a pipe or FIFO, a terminal, or whatever else can be
 * waited for and written. The writer takes it over: it sets O_NONBLOCK and closes it; when this
 * throws, it is still the caller's. O_NONBLOCK is shared with whoever has a duplicate: `sys.reopen`
 * what was inherited, such as standard output.
 *
 * @throws EdgewiseError - ERR_NOT_POLLABLE: a regular file, `/dev/null`. ERR_CLOSED: the reactor is
 *   closed.
 * @throws ErrnoError - EBADF: not open, or not for writing. EEXIST: the reactor watches it already.
 * @throws TypeError, RangeError - an option of the wrong kind.
 * @see write(2), pipe(7), fifo(7); docs/sources.md
 */
export function openWriter<Data = unknown>(
  fd: number,
  options: WriterOptions<Data>,
): DescriptorWriter<Data> {
  const opening = openingOf(fd, options, WRITING, false);
  return new DescriptorWriter<Data>(fd, opening, options, queueLimits(options));
}
