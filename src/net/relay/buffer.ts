// What bytes are in between the two connections of a relay: a pipe that splice(2) fills and drains,
// so that they never come to user space; or memory, where splice cannot.
import { constants as os } from 'node:os';
import { isReadMemory, readMemory, readView, receive, send } from '../../flow/read-memory.ts';
import * as sys from '../../sys/index.ts';
import { type Pipe, pipes } from './pipes.ts';

const { EINVAL, EMFILE, ENOSYS } = os.errno;
const CANNOT: readonly number[] = [0, -EINVAL, -ENOSYS, -EMFILE];
const { SPLICE_F_MOVE, SPLICE_F_NONBLOCK } = sys.constants;
// Never SPLICE_F_MORE: it would hold the last segment back. The kernel sets it where it is right.
const SPLICE_FLAGS = (SPLICE_F_MOVE ?? 0) | (SPLICE_F_NONBLOCK ?? 0);

/** One direction's bytes on the way. It is filled only while it is empty. */
export interface Conduit {
  /** Bytes in it. */
  readonly byteLength: number;
  /** Whether it cannot take what is behind an urgent byte: `replacement` can. */
  readonly stopsAtUrgent: boolean;
  /**
   * Takes what `fd` has to read, by one system call.
   *
   * @returns as recv(2): bytes, 0 at the end, or -errno.
   */
  fill(fd: number): number;
  /**
   * Hands `fd` what it takes, by one system call.
   *
   * @returns as send(2).
   */
  drain(fd: number): number;
  /** What is still in it after a drain is to stay until the next one. */
  hold(): void;
  /** Forgets what is in it. */
  discard(): void;
  /** What goes on in its place when a call has answered `result` and that is not the last word. */
  replacementFor(result: number): Conduit | undefined;
  /** What goes on in its place, with all that is in it. */
  replacement(): Conduit;
}

/** Through memory: the thread's one read buffer, and of its own only what did not leave at once. */
export class CopyConduit implements Conduit {
  readonly stopsAtUrgent = false;
  #bytes: Uint8Array | undefined;

  constructor(bytes?: Uint8Array) {
    this.#bytes = bytes;
  }

  get byteLength(): number {
    return this.#bytes?.length ?? 0;
  }

  fill(fd: number): number {
    const count = receive(fd, readMemory());
    if (count > 0) this.#bytes = readView(count);
    return count;
  }

  drain(fd: number): number {
    const bytes = this.#bytes as Uint8Array;
    const count = send(fd, bytes);
    if (count > 0) this.#bytes = count < bytes.length ? bytes.subarray(count) : undefined;
    return count;
  }

  hold(): void {
    if (this.#bytes !== undefined && isReadMemory(this.#bytes))
      this.#bytes = Buffer.from(this.#bytes);
  }

  discard(): void {
    this.#bytes = undefined;
  }

  replacementFor(): undefined {
    return undefined;
  }

  replacement(): this {
    return this;
  }
}

/** Through a pipe of the pool, which it has only while there are bytes in it. */
export class SpliceConduit implements Conduit {
  readonly stopsAtUrgent = true;
  byteLength = 0;
  #pipe: Pipe | undefined = undefined;

  // Because it is filled only while it is empty, EAGAIN means that there is nothing to read, and
  // never that the pipe is full.
  fill(fd: number): number {
    const pipe = pipes.take();
    if (pipe === undefined) return -EMFILE;
    const count = splice(fd, pipe.writer, pipe.size);
    if (count > 0) {
      this.#pipe = pipe;
      this.byteLength = count;
    } else {
      pipes.give(pipe);
    }
    return count;
  }

  drain(fd: number): number {
    const pipe = this.#pipe as Pipe;
    const count = splice(pipe.reader, fd, this.byteLength);
    if (count > 0) this.byteLength -= count;
    if (this.byteLength === 0) {
      this.#pipe = undefined;
      pipes.give(pipe);
    }
    return count;
  }

  hold(): void {
    // the pipe does
  }

  discard(): void {
    if (this.#pipe !== undefined) pipes.discard(this.#pipe);
    this.#pipe = undefined;
    this.byteLength = 0;
  }

  // EINVAL: a kind of socket that splice does not know, such as one under TLS of the kernel. ENOSYS:
  // a sandbox. EMFILE: no pipe is to be had. 0: at an urgent byte with the end behind it, Linux
  // shows splice the end although there are bytes between; recv(2) tells.
  replacementFor(result: number): Conduit | undefined {
    return CANNOT.includes(result) ? this.replacement() : undefined;
  }

  replacement(): Conduit {
    const bytes = this.#takeBytes();
    this.discard();
    return new CopyConduit(bytes);
  }

  #takeBytes(): Uint8Array | undefined {
    if (this.#pipe === undefined) return undefined;
    const bytes = Buffer.allocUnsafeSlow(this.byteLength);
    let length = 0;
    while (length < bytes.length) {
      const count = sys.read(this.#pipe.reader, bytes, length);
      if (count <= 0) break; // never: they are there, and nobody else reads
      length += count;
    }
    return bytes.subarray(0, length);
  }
}

function splice(from: number, to: number, length: number): number {
  return sys.splice(from, null, to, null, length, SPLICE_FLAGS);
}

/** @returns a pipe where the system has splice(2) and `mustCopy` is not set. */
export function createConduit(mustCopy: boolean): Conduit {
  const hasSplice = SPLICE_F_MOVE !== undefined;
  return hasSplice && !mustCopy ? new SpliceConduit() : new CopyConduit();
}
