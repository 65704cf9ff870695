// A range of a file in the write queue of a connection: sendfile(2), which moves pages from the page
// cache to the socket, or a plain copy where the system (OpenBSD, NetBSD) or the file's file system
// does not offer it.
//
// A file can shrink while it is sent. Then the kernel has no bytes for a place that was promised to
// the peer, and the connection cannot go on.
import { constants as os } from 'node:os';
import { check, EdgewiseError, errnoError, invalidValue, outOfRange } from '../../errors.ts';
import { copyMemory } from '../../flow/read-memory.ts';
import type { WriteQueueEntry } from '../../flow/write-queue.ts';
import { native } from '../../native.ts';
import * as sys from '../../sys/index.ts';
import { checkFd, checkFunction, checkInteger } from '../../validate.ts';

const { EBADF, EINVAL, EIO, EISDIR, EOVERFLOW, ESPIPE, ESTALE } = os.errno;
const { ENOSYS, ENOTSUP, EOPNOTSUPP } = os.errno;

/**
 * Most bytes of one call, which is then more than a dispatch may use up (ReactorOptions `budget`). A
 * peer that reads as fast as we send would keep the kernel in one call up to the end of the file.
 */
const TRANSFER_MAX = 1024 * 1024;

/** This system has no sendfile, or not for this file or this kind of socket. */
const MUST_COPY: ReadonlySet<number> = new Set([ENOSYS, EINVAL, ENOTSUP, EOPNOTSUPP]);

/** Errors of the file; all others are the socket's, and the peer may have caused them. */
const FILE_ERRORS = [EBADF, EINVAL, EIO, EISDIR, EOVERFLOW, ESPIPE, ESTALE];
const OF_FILE: ReadonlySet<number> = new Set(FILE_ERRORS);

/** Bytes of a file: `length` of them from `offset` on. */
export interface FileRange {
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
}

/**
 * Checks what `sendFile` was given. One system call, fstat(2).
 *
 * @throws TypeError - not numbers, or ERR_INVALID_ARG_VALUE: not a regular file.
 * @throws RangeError - ERR_OUT_OF_RANGE: the range ends behind the file.
 * @throws ErrnoError - EBADF: not open.
 */
export function checkFileRange(fd: number, offset: number, length: number | undefined): FileRange {
  checkFd(fd);
  checkInteger('offset', offset, 0, Number.MAX_SAFE_INTEGER);
  if (length !== undefined) checkInteger('length', length, 0, Number.MAX_SAFE_INTEGER);
  const size = native.fileSize(fd);
  if (size === -EISDIR || size === -ESPIPE) {
    throw invalidValue('fd', 'that of a regular file', fd);
  }
  check(size, 'fstat', { fd });
  if (offset > size) throw outOfRange('offset', `at most the file's length, ${size}`, offset);
  if (length === undefined) return { fd, offset, length: size - offset };
  if (length <= size - offset) return { fd, offset, length };
  throw outOfRange('length', `at most what follows the offset, ${size - offset}`, length);
}

/** Called once: it was sent whole, or, with the error, the connection was closed before. */
export type SentHandler = (error?: NodeJS.ErrnoException) => void;

/** @throws TypeError - neither a function nor undefined. */
export function checkSentHandler(onSent: unknown): void {
  if (onSent !== undefined) checkFunction('onSent', onSent);
}

/** A range of a file that is still to be sent. */
export class FileRangeEntry implements WriteQueueEntry {
  /** None of the file is in our memory. */
  readonly byteLength = 0;
  readonly #fd: number;
  readonly #onSettled: SentHandler;
  readonly #sendfile: typeof sys.sendfile;
  #offset: number;
  #left: number;
  #isCopied = false;

  /** @param sendfile - the system call, unless a test has another one. */
  constructor(range: FileRange, onSettled: SentHandler, sendfile = sys.sendfile) {
    this.#fd = range.fd;
    this.#offset = range.offset;
    this.#left = range.length;
    this.#onSettled = onSettled;
    this.#sendfile = sendfile;
  }

  get isSent(): boolean {
    return this.#left === 0;
  }

  /**
   * @throws EdgewiseError - ERR_FILE_SHRANK. ErrnoError - the file cannot be read: EIO, EBADF.
   */
  sendTo(fd: number): number {
    if (this.isSent) return 0;
    const count = Math.min(this.#left, TRANSFER_MAX);
    const result = this.#isCopied ? this.#copyTo(fd, count) : this.#transferTo(fd, count);
    if (result <= 0) return result;
    this.#offset += result;
    this.#left -= result;
    return result;
  }

  settle(error?: Error): void {
    this.#onSettled(error);
  }

  #transferTo(fd: number, count: number): number {
    const result = this.#sendfile(fd, this.#fd, this.#offset, count);
    if (result > 0) return result;
    if (result === 0) throw this.#shrank();
    if (MUST_COPY.has(-result)) {
      this.#isCopied = true;
      return this.#copyTo(fd, count);
    }
    if (OF_FILE.has(-result)) throw errnoError(result, 'sendfile', { fd: this.#fd });
    return result;
  }

  // What the socket does not take is read once more; the file is in the page cache by then.
  #copyTo(fd: number, count: number): number {
    const memory = copyMemory();
    const length = Math.min(count, memory.length);
    const bytesRead = check(sys.pread(this.#fd, memory, this.#offset, 0, length), 'pread', {
      fd: this.#fd,
    });
    if (bytesRead === 0) throw this.#shrank();
    return sys.send(fd, memory, 0, bytesRead);
  }

  #shrank(): EdgewiseError {
    const message = `the file ended ${this.#left} bytes before what was to be sent`;
    return new EdgewiseError('ERR_FILE_SHRANK', message);
  }
}
