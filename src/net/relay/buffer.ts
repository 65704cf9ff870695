// The bytes of one direction of a relay, between the read from the one connection and the write to
// the other: in a pipe that splice(2) fills and drains, so that they never come to user space; or in
// memory, where splice cannot. man 2 splice, 7 pipe.
import { constants as os } from 'node:os';
import { isReadMemory, readMemory, readView, receive, send } from '../../flow/read-memory.ts';
import * as sys from '../../sys/index.ts';
import { type Pipe, pipes } from './pipes.ts';

const { EINVAL, EMFILE, ENOSYS } = os.errno;
const { SPLICE_F_MOVE, SPLICE_F_NONBLOCK } = sys.constants;
// Never SPLICE_F_MORE: it would hold the last segment back. The kernel sets it where it is right.
const SPLICE_FLAGS = (SPLICE_F_MOVE ?? 0) | (SPLICE_F_NONBLOCK ?? 0);

/**
 * Results of splice(2) behind which recv(2) and send(2) go on. -EINVAL: a kind of socket that splice
 * does not know, such as one under TLS of the kernel. -ENOSYS: a sandbox. -EMFILE: no pipe is
 * available. 0: at an urgent byte with the end behind it, Linux shows splice the end although there
 * are bytes between; recv(2) shows which it is.
 */
const CANNOT_SPLICE: ReadonlySet<number> = new Set([0, -EINVAL, -ENOSYS, -EMFILE]);

/**
 * Bytes on their way. It is filled only while it is empty, and each call is one system call, or two
 * when splice cannot: from then on it copies.
 */
export class RelayBuffer {
  #splices: boolean;
  /** Of the pool; it has one only while there are bytes in it. */
  #pipe: Pipe | undefined = undefined;
  #pipedLength = 0;
  /** The thread's read memory while a fill is drained at once, memory of its own after `hold`. */
  #bytes: Uint8Array | undefined = undefined;

  /** @param mustCopy - use memory also where the system has splice(2). */
  constructor(mustCopy: boolean) {
    this.#splices = SPLICE_F_MOVE !== undefined && !mustCopy;
  }

  /** Bytes in it. */
  get byteLength(): number {
    return this.#pipedLength + (this.#bytes?.length ?? 0);
  }

  /** Whether it cannot take what is behind an urgent byte: `copy` first. */
  get stopsAtUrgent(): boolean {
    return this.#splices;
  }

  /**
   * Takes what `fd` has to read.
   *
   * @returns as recv(2): bytes, 0 at the end, or -errno.
   */
  fill(fd: number): number {
    if (this.#splices) {
      const count = this.#fillPipe(fd);
      if (!CANNOT_SPLICE.has(count)) return count;
      this.#splices = false;
    }
    const count = receive(fd, readMemory());
    if (count > 0) this.#bytes = readView(count);
    return count;
  }

  /**
   * Gives `fd` what it takes.
   *
   * @returns as send(2).
   */
  drain(fd: number): number {
    if (this.#pipe !== undefined) {
      const count = this.#drainPipe(fd, this.#pipe);
      if (!CANNOT_SPLICE.has(count)) return count;
      this.copy();
    }
    const bytes = this.#bytes as Uint8Array;
    const count = send(fd, bytes);
    if (count > 0) this.#bytes = count < bytes.length ? bytes.subarray(count) : undefined;
    return count;
  }

  /** Keeps what is still in it after a drain until the next one. */
  hold(): void {
    if (this.#bytes !== undefined && isReadMemory(this.#bytes))
      this.#bytes = Buffer.from(this.#bytes);
  }

  /** Forgets what is in it. */
  discard(): void {
    if (this.#pipe !== undefined) pipes.discard(this.#pipe);
    this.#pipe = undefined;
    this.#pipedLength = 0;
    this.#bytes = undefined;
  }

  /** Goes on in memory, with all that is in it. */
  copy(): void {
    this.#splices = false;
    if (this.#pipe === undefined) return;
    const bytes = readAll(this.#pipe.reader, this.#pipedLength);
    this.discard();
    this.#bytes = bytes;
  }

  // Because it is filled only while it is empty, EAGAIN means that there is nothing to read, and
  // never that the pipe is full.
  #fillPipe(fd: number): number {
    const pipe = pipes.take();
    if (pipe === undefined) return -EMFILE;
    const count = splice(fd, pipe.writer, pipe.size);
    if (count > 0) {
      this.#pipe = pipe;
      this.#pipedLength = count;
    } else {
      pipes.give(pipe);
    }
    return count;
  }

  #drainPipe(fd: number, pipe: Pipe): number {
    const count = splice(pipe.reader, fd, this.#pipedLength);
    if (count > 0) this.#pipedLength -= count;
    if (this.#pipedLength === 0) {
      this.#pipe = undefined;
      pipes.give(pipe);
    }
    return count;
  }
}

function splice(from: number, to: number, length: number): number {
  return sys.splice(from, null, to, null, length, SPLICE_FLAGS);
}

function readAll(fd: number, byteLength: number): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(byteLength);
  let length = 0;
  while (length < bytes.length) {
    const count = sys.read(fd, bytes, length);
    if (count <= 0) break; // never: they are there, and nothing else reads this pipe
    length += count;
  }
  return bytes.subarray(0, length);
}
