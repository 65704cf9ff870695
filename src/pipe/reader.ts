// Reading a pipe, a FIFO, a terminal, an inotify descriptor, … by handlers.

import { constants as os } from 'node:os';
import { conflict, errnoError } from '../errors.ts';
import { readMemory, readView } from '../flow/read-memory.ts';
import { SHOWN, shown } from '../inspect.ts';
import type { Method } from '../method.ts';
import { Interest } from '../poller/index.ts';
import * as sys from '../sys/index.ts';
import { Endpoint, type EndpointOptions, type Opening, openingOf, type Role } from './endpoint.ts';

const { EAGAIN, EINTR, EIO } = os.errno;
const READING: Role = {
  syscall: 'read',
  unfit: sys.constants.O_WRONLY,
  handlers: ['data', 'end', 'close'],
  options: ['borrow'],
};

/** Receives what a descriptor gives. Every member is optional; one object serves any number. */
export interface ReaderHandlers<Data = unknown> {
  /**
   * Bytes came. `bytes` is a view of memory that the next read overwrites: copy what you keep
   * (`Buffer.from(bytes)`). Of a terminal it is a line, of inotify whole events, of an eventfd or a
   * timerfd its count.
   */
  data?: Method<[reader: DescriptorReader<Data>, bytes: Buffer]> | undefined;
  /** The last writer has closed its end; the reader is closed after this. */
  end?: Method<[reader: DescriptorReader<Data>]> | undefined;
  /** It is closed, the last call. `error`: why, when it was not the end or your own `destroy()`. */
  close?: Method<[reader: DescriptorReader<Data>, error?: NodeJS.ErrnoException]> | undefined;
}

/** What `openReader` can be given. */
export interface ReaderOptions<Data = unknown> extends EndpointOptions<Data> {
  /** What is called. */
  readonly handlers: ReaderHandlers<Data>;
  /**
   * Others use the descriptor as well, such as standard input: it is not closed, and its flags stay
   * as they are. It may block then, so it is read once per event, with the trigger `'level'`; when
   * another process reads the same pipe, a read may have to wait for it. Default false: the reader
   * takes it over.
   */
  readonly borrow?: boolean | undefined;
}

/** A descriptor that is read as a stream of bytes. It owns the descriptor, unless that is borrowed. */
export class DescriptorReader<Data = unknown> {
  /** What the caller keeps with it. */
  data: Data;
  /** Bytes read since it was made. */
  bytesRead = 0;
  readonly #endpoint: Endpoint;
  readonly #handlers: ReaderHandlers<Data>;
  readonly #readsOnce: boolean;
  #isPaused = false;
  #isEnded = false;

  /** @internal use `openReader` */
  constructor(fd: number, opening: Opening, options: ReaderOptions<Data>) {
    this.data = options.data as Data;
    this.#handlers = options.handlers;
    this.#readsOnce = opening.trigger === 'level';
    this.#endpoint = new Endpoint(fd, opening, Interest.Readable, {
      transfer: () => this.#read(),
      close: () => this.#handlers.close?.(this, this.error),
    });
  }

  /** The descriptor; -1 after it is closed. */
  get fd(): number {
    return this.#endpoint.fd;
  }

  /** Why it ended, when that was not orderly. */
  get error(): NodeJS.ErrnoException | undefined {
    return this.#endpoint.error;
  }

  /** Whether it is closed, in whatever way. */
  get isClosed(): boolean {
    return this.#endpoint.isClosed;
  }

  /** Whether reading was stopped by `pause`. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Stops reading: the pipe fills, and its writer is slowed down. */
  pause(): void {
    this.#setPaused(true);
  }

  /** Reads again. */
  resume(): void {
    this.#setPaused(false);
  }

  /** As `destroy()`: a reader has nothing to flush. */
  close(): void {
    this.destroy();
  }

  /** Closes at once; what was not read is lost. `error` reaches the `close` handler. */
  destroy(error?: Error): void {
    this.#endpoint.destroy(error);
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { fd, bytesRead, isPaused: paused, isClosed: closed, error } = this;
    return shown('DescriptorReader', { fd, bytesRead, paused, closed, error });
  }

  /** As `destroy()`. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** As `close()`; resolves when the `close` handler was called. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return this.#endpoint.whenClosed();
  }

  /** Keeps the reactor alive, which is so from the start. */
  ref(): this {
    this.#endpoint.registration.ref();
    return this;
  }

  /** Lets the reactor end although this is open. */
  unref(): this {
    this.#endpoint.registration.unref();
    return this;
  }

  /** Whether it keeps the reactor alive while it is open. */
  hasRef(): boolean {
    return this.#endpoint.registration.hasRef();
  }

  #setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#endpoint.setInterest(isPaused ? Interest.None : Interest.Readable);
  }

  // A short read is no proof that all is read: a terminal gives a line at a time.
  #read(): void {
    while (!this.#isPaused && !this.isClosed) {
      const result = this.#isEnded ? 0 : sys.read(this.fd, readMemory());
      if (result > 0) {
        this.bytesRead += result;
        this.#handlers.data?.(this, readView(result));
        if (this.isClosed || this.#readsOnce) return;
        if (!this.#endpoint.registration.charge(result)) return;
      } else if (result === 0 || this.#isHungUp(result)) {
        this.#onEnd();
      } else if (result !== -EINTR) {
        if (result !== -EAGAIN) this.destroy(errnoError(result, 'read', { fd: this.fd }));
        return;
      }
    }
  }

  // How Linux reports the end of a pseudo-terminal when the other side is closed.
  #isHungUp(result: number): boolean {
    return result === -EIO && sys.isatty(this.fd) === 1;
  }

  // Called once, also when the handler throws.
  #onEnd(): void {
    const wasEnded = this.#isEnded;
    this.#isEnded = true;
    try {
      if (!wasEnded) this.#handlers.end?.(this);
    } finally {
      this.destroy();
    }
  }
}

/**
 * Reads a descriptor and hands what it gives to `options.handlers`: the reading end of a pipe or
 * FIFO, a terminal, or anything else that can be waited for and read. The reader takes it over: it
 * sets O_NONBLOCK and closes it; when this throws, it is still the caller's. O_NONBLOCK is shared
 * by all duplicates of a descriptor: `borrow` what was inherited, or `sys.reopen` it.
 *
 * @throws EdgewiseError - ERR_NOT_POLLABLE: a regular file, a folder, `/dev/null`. ERR_CLOSED: the
 *   reactor is closed.
 * @throws ErrnoError - EBADF: not open, or not for reading. EEXIST: the reactor watches it already.
 * @throws TypeError, RangeError - an option of the wrong kind.
 * @see read(2), pipe(7), fifo(7); docs/sources.md
 */
export function openReader<Data = unknown>(
  fd: number,
  options: ReaderOptions<Data>,
): DescriptorReader<Data> {
  const isBorrowed = options?.borrow === true;
  const opening = openingOf(fd, options, READING, isBorrowed);
  if (isBorrowed && opening.trigger === 'edge') {
    throw conflict('borrow', 'trigger');
  }
  return new DescriptorReader<Data>(fd, opening, options);
}
