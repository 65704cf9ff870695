// Writing to a pipe, a FIFO or a terminal without waiting: what does not fit is kept in a write queue
// (flow/write-queue.ts), as a connection does it.

import { constants as os } from 'node:os';
import { ClosedError, EdgewiseError, errnoError } from '../errors.ts';
import { type CloseOptions, closeTimeoutMs } from '../flow/close-options.ts';
import { encodeShort } from '../flow/read-memory.ts';
import {
  chunksOf,
  type QueueLimits,
  queueLimits,
  type Writable,
  WriteQueue,
} from '../flow/write-queue.ts';
import { SHOWN, shown } from '../inspect.ts';
import type { Method } from '../method.ts';
import { Interest, Readiness } from '../poller/index.ts';
import type { Reactor, Registration, Timer } from '../reactor/index.ts';
import * as sys from '../sys/index.ts';
import { Endpoint, type EndpointOptions, type Opening, openingOf, type Role } from './endpoint.ts';

const { EAGAIN, EINTR, EPIPE } = os.errno;
const WRITING: Role = {
  syscall: 'write',
  unfit: sys.constants.O_RDONLY,
  handlers: ['drain', 'close'],
  options: ['highWaterMark', 'lowWaterMark', 'queueBytesMax'],
};

/** Receives what becomes of a writer. Every member is optional; one object serves any number. */
export interface WriterHandlers<Data = unknown> {
  /** The queue has fallen to the low watermark after `write` had returned false. */
  drain?: Method<[writer: DescriptorWriter<Data>]> | undefined;
  /**
   * It is closed, the last call. `error`: why, when it was not your own `end()`, `close()` or
   * `destroy()`; EPIPE, once: the last reader has closed its end.
   */
  close?: Method<[writer: DescriptorWriter<Data>, error?: NodeJS.ErrnoException]> | undefined;
}

/** What `openWriter` can be given. */
export interface WriterOptions<Data = unknown> extends EndpointOptions<Data> {
  /** What is called. */
  readonly handlers: WriterHandlers<Data>;
  /** `write` returns false from so many unwritten bytes on. Default 64 KiB. */
  readonly highWaterMark?: number | undefined;
  /** `drain` is called when no more than so many are left. Default 16 KiB. */
  readonly lowWaterMark?: number | undefined;
  /** Beyond so many unwritten bytes it is closed with ERR_WRITE_QUEUE_FULL. Default 64 MiB. */
  readonly queueBytesMax?: number | undefined;
}

/** A descriptor that is written as a stream of bytes. It owns the descriptor. */
export class DescriptorWriter<Data = unknown> {
  /** What the caller keeps with it. */
  data: Data;
  /** Bytes that the kernel has taken since it was made. */
  bytesWritten = 0;
  readonly #endpoint: Endpoint;
  readonly #handlers: WriterHandlers<Data>;
  readonly #queue: WriteQueue;
  #isEnding = false;
  #isReferenced = true;
  #deadline: Timer | undefined = undefined;

  /** @internal use `openWriter` */
  constructor(fd: number, opening: Opening, options: WriterOptions<Data>, limits: QueueLimits) {
    this.data = options.data as Data;
    this.#handlers = options.handlers;
    this.#queue = new WriteQueue({ ...limits, send: sys.write });
    this.#endpoint = new Endpoint(fd, opening, Interest.None, {
      transfer: (readiness) => this.#transfer(readiness),
      close: () => {
        this.#deadline?.clear();
        this.#queue.discard(this.error ?? new ClosedError('the DescriptorWriter'), this.reactor);
        this.#handlers.close?.(this, this.error);
      },
      queuedBytes: () => {
        if (!this.#queue.isEmpty) return Math.max(this.#queue.byteLength, 1);
        return this.#queue.hasWork ? undefined : 0; // `drain` is still to be reported
      },
    });
  }

  /** The descriptor; -1 after it is closed. */
  get fd(): number {
    return this.#endpoint.fd;
  }

  /** @internal */
  get registration(): Registration<undefined> {
    return this.#endpoint.registration;
  }

  /** @internal */
  get reactor(): Reactor {
    return this.#endpoint.reactor;
  }

  /** Why it ended, when that was not orderly. */
  get error(): NodeJS.ErrnoException | undefined {
    return this.#endpoint.error;
  }

  /** Whether it is closed, in whatever way. */
  get isClosed(): boolean {
    return this.#endpoint.isClosed;
  }

  /** Whether `end` or `close` was called. */
  get isWriteEnded(): boolean {
    return this.#isEnding;
  }

  /** Bytes that were given to `write` and that the kernel has not taken yet. */
  get writableLength(): number {
    return this.#queue.byteLength;
  }

  /**
   * Writes bytes, after all that was written before. What the kernel does not take is kept; bytes
   * of a `data` handler's view are copied then, any others must not be changed until they have left
   * (`writableLength`).
   *
   * @returns whether there is room: false from the high watermark on; `drain` is called when it has
   *   fallen to the low one. The bytes are kept either way, up to `queueBytesMax`.
   * @throws EdgewiseError - ERR_WRITE_AFTER_END: after `end`. ERR_CLOSED.
   * @throws TypeError - neither text nor bytes, or memory that is shared or detached.
   */
  write(data: Writable): boolean {
    if (this.isClosed) throw new ClosedError('the DescriptorWriter');
    if (this.#isEnding) throw new EdgewiseError('ERR_WRITE_AFTER_END', 'write after end');
    const bytes = typeof data === 'string' ? (encodeShort(data) ?? Buffer.from(data)) : data;
    const chunks = chunksOf(bytes as Uint8Array | readonly Uint8Array[]);
    const [first] = chunks;
    const wasEmpty = this.#queue.isEmpty;
    if (wasEmpty && first !== undefined && chunks.length === 1) {
      const written = this.#writeNow(first);
      if (!this.isClosed && written < first.length) this.#queue.keep(first, written, false);
    } else {
      this.#queue.keep(chunks, 0, false);
      if (wasEmpty) this.#flush();
    }
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

  /**
   * As `end()`, with a time limit. Called again, it does nothing, except that a `timeoutMs` that is
   * given replaces the limit.
   *
   * @param options - `timeoutMs`: after that time it is closed as by `destroy`. 0: at once, after
   *   what the kernel takes now; so it is too while the reactor closes. Default 30,000.
   * @throws TypeError, RangeError - no such time.
   */
  close(options: CloseOptions = {}): void {
    const timeoutMs = closeTimeoutMs(options);
    this.end();
    const { reactor } = this;
    if (timeoutMs === 0 || reactor.isClosed) {
      if (!this.isClosed) this.#flush(true);
      this.destroy();
    }
    if (this.isClosed) return;
    if (this.#deadline !== undefined && options.timeoutMs === undefined) return;
    this.#deadline?.clear();
    // The registration keeps the reactor alive, as long as it has to.
    this.#deadline = reactor.setTimeout(() => this.destroy(), timeoutMs).unref();
  }

  /** Closes at once; what was not written is lost. `error` reaches the `close` handler. */
  destroy(error?: Error): void {
    this.#endpoint.destroy(error);
    this.#deadline?.clear();
    this.#queue.discard(error ?? new ClosedError('the DescriptorWriter'), this.reactor);
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { fd, bytesWritten, writableLength: unwritten, isClosed: closed, error } = this;
    return shown('DescriptorWriter', { fd, bytesWritten, unwritten, closed, error });
  }

  /** As `destroy()`. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** As `close()`; resolves when it is closed and the `close` handler was called. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return this.#endpoint.whenClosed();
  }

  /** Keeps the reactor alive, which is so from the start. */
  ref(): this {
    this.#isReferenced = true;
    this.#updateHold();
    return this;
  }

  /** Lets the reactor end although this is open, when all that was written has left. */
  unref(): this {
    this.#isReferenced = false;
    this.#updateHold();
    return this;
  }

  /** Whether it keeps the reactor alive while it is open. */
  hasRef(): boolean {
    return this.#isReferenced;
  }

  /** @internal the queue has written so many bytes */
  onSent(bytes: number): void {
    this.bytesWritten += bytes;
  }

  #transfer(readiness: Readiness): void {
    if (!this.#queue.isEmpty) this.#flush();
    // The writing end of a pipe reports nothing else than that it has lost its reader.
    else if ((readiness & (Readiness.Error | Readiness.WriteClosed)) !== 0) this.#fail(-EPIPE);
    if (!this.isClosed) this.#reportDrain();
  }

  // Returns what the kernel took.
  #writeNow(bytes: Uint8Array): number {
    if (bytes.length === 0) return 0;
    const result = sys.write(this.fd, bytes);
    if (result >= 0) this.onSent(result);
    else if (result !== -EAGAIN && result !== -EINTR) this.#fail(result);
    return Math.max(result, 0);
  }

  #flush(isLast = false): void {
    try {
      const result = this.#queue.flush(this, isLast);
      if (result < 0) this.#fail(result);
    } catch (error) {
      this.destroy(error as Error); // the caller spoiled the memory: the rest cannot be written
    }
    if (!this.isClosed) this.#finishIfWritten();
  }

  #fail(result: number): void {
    this.destroy(errnoError(result, 'write', { fd: this.fd }));
  }

  #finishIfWritten(): void {
    if (this.#isEnding && this.#queue.isEmpty) this.destroy();
    else this.#updateInterest();
  }

  // Before the handler the interest is back to what it was: under the edge trigger only a change
  // makes the kernel report again.
  #reportDrain(): void {
    if (!this.#queue.takeDrain()) return;
    this.#updateInterest();
    this.#handlers.drain?.(this);
  }

  #hasRoom(): boolean {
    if (this.isClosed) return false;
    const { overflow, hasRoom } = this.#queue;
    if (overflow !== undefined) {
      this.destroy(overflow);
      return false;
    }
    if (!hasRoom) this.#queue.awaitDrain();
    this.#updateInterest();
    return hasRoom;
  }

  #updateInterest(): void {
    if (this.isClosed) return;
    this.#endpoint.setInterest(this.#queue.hasWork ? Interest.Writable : Interest.None);
    this.#updateHold();
  }

  // As in libuv, what waits to be written holds the reactor, `unref` or not.
  #updateHold(): void {
    if (this.#isReferenced || !this.#queue.isEmpty) this.registration.ref();
    else this.registration.unref();
  }
}

/**
 * Writes to a descriptor: the writing end of a pipe or FIFO, a terminal, or anything else that can be
 * waited for and written. The writer takes it over: it sets O_NONBLOCK and closes it; when this
 * throws, it is still the caller's. O_NONBLOCK is shared by all duplicates of a descriptor:
 * `sys.reopen` what was inherited, such as standard output.
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
