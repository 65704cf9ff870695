// Pipes: sixteen pages between two ends. A write of a page or less is whole or nothing; EPIPE without a
// reader, the end without a writer. pipe(7).
import { constants } from 'node:os';
import { ByteQueue } from './byte-queue.ts';
import { changing, type OpenFile, Poll, Watchers } from './open-file.ts';

const { EAGAIN, EPIPE } = constants.errno;
const PAGE = 4096;
/** A write of so many bytes or fewer is whole or nothing (PIPE_BUF). */
export const PIPE_ATOMIC: number = PAGE;
/** Bytes that a pipe holds. */
export const PIPE_CAPACITY: number = 16 * PAGE;

class PipeReader implements OpenFile {
  readonly kind = 'pipe';
  readonly watchers = new Watchers();
  readonly queue = new ByteQueue();
  isNonBlocking: boolean;
  isReleased = false;
  writer!: PipeWriter;

  constructor(isNonBlocking: boolean) {
    this.isNonBlocking = isNonBlocking;
  }

  poll(): number {
    return (this.queue.length > 0 ? Poll.In : 0) | (this.writer.isReleased ? Poll.HangUp : 0);
  }

  read(into: Uint8Array): number {
    if (into.length === 0) return 0;
    if (this.queue.length === 0) return this.writer.isReleased ? 0 : -EAGAIN;
    let count = 0;
    const take = (): void => {
      count = this.queue.take(into);
    };
    // Room is reported only where there was none.
    if (this.writer.isFull) changing(this.writer, 'space', take);
    else take();
    return count;
  }

  unread(): number {
    return this.queue.length;
  }

  peek(into: Uint8Array): number {
    if (this.queue.length === 0) return this.writer.isReleased ? 0 : -EAGAIN;
    return this.queue.peek(into);
  }

  release(): void {
    changing(this.writer, 'state', () => {
      this.isReleased = true;
    });
  }
}

class PipeWriter implements OpenFile {
  readonly kind = 'pipe';
  readonly watchers = new Watchers();
  readonly reader: PipeReader;
  isNonBlocking: boolean;
  isReleased = false;

  constructor(reader: PipeReader, isNonBlocking: boolean) {
    this.reader = reader;
    this.isNonBlocking = isNonBlocking;
  }

  get isFull(): boolean {
    return this.#room < PAGE;
  }

  get #room(): number {
    return PIPE_CAPACITY - this.reader.queue.length;
  }

  poll(): number {
    return (this.isFull ? 0 : Poll.Out) | (this.reader.isReleased ? Poll.Error : 0);
  }

  // Without a reader a write says so.
  room(): number {
    return this.reader.isReleased ? PAGE : this.#room;
  }

  write(bytes: Uint8Array): number {
    if (bytes.length === 0) return 0;
    if (this.reader.isReleased) return -EPIPE;
    const room = this.#room;
    const count = bytes.length <= PAGE && bytes.length > room ? 0 : Math.min(bytes.length, room);
    if (count === 0) {
      this.reader.watchers.notify('data', 0); // as Linux does
      return -EAGAIN;
    }
    changing(this.reader, 'data', () => this.reader.queue.push(bytes.subarray(0, count)));
    return count;
  }

  release(): void {
    changing(this.reader, 'state', () => {
      this.isReleased = true;
    });
  }
}

/** The end to read from and the end to write to. */
export function makePipe(isNonBlocking: boolean): [OpenFile, OpenFile] {
  const reader = new PipeReader(isNonBlocking);
  const writer = new PipeWriter(reader, isNonBlocking);
  reader.writer = writer;
  return [reader, writer];
}
