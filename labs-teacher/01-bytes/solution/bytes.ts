// Whole reads, whole writes, and lines, on a blocking descriptor.
import * as sys from 'edgewise/sys';

/** What `next` returns for a line that has no end within `max` bytes. */
export const LINE_TOO_LONG = -sys.constants.EMSGSIZE;

const NEWLINE = 10;
const ROOM_BYTES = 16_384;

/** Fills `bytes`. @returns how many came: fewer than its length only where the stream ends; or -errno. */
export function readFull(fd: number, bytes: Uint8Array): number {
  let filled = 0;
  while (filled < bytes.length) {
    const count = sys.read(fd, bytes, filled);
    if (count < 0) return count;
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

/** Writes all of `bytes`. @returns its length, or -errno. */
export function writeAll(fd: number, bytes: Uint8Array): number {
  let written = 0;
  while (written < bytes.length) {
    const count = sys.write(fd, bytes, written);
    if (count < 0) return count;
    written += count;
  }
  return written;
}

/** Reads a stream line by line. */
export class LineReader {
  readonly #fd: number;
  readonly #max: number;
  readonly #room = Buffer.alloc(ROOM_BYTES);
  #rest = Buffer.alloc(0); // what was read and not returned

  /** @param max - the most bytes that a line may have, without its line end. */
  constructor(fd: number, { max }: { max: number }) {
    this.#fd = fd;
    this.#max = max;
  }

  /** @returns the next line, the last one perhaps without line end; 0 at the end; or -errno. */
  next(): Buffer | number {
    for (;;) {
      const end = this.#rest.indexOf(NEWLINE);
      if (end > this.#max || (end < 0 && this.#rest.length > this.#max)) return LINE_TOO_LONG;
      if (end >= 0) return this.#take(end + 1);
      const count = sys.read(this.#fd, this.#room);
      if (count < 0) return count;
      if (count === 0) return this.#rest.length > 0 ? this.#take(this.#rest.length) : 0;
      this.#rest = Buffer.concat([this.#rest, this.#room.subarray(0, count)]);
    }
  }

  #take(length: number): Buffer {
    const line = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return line;
  }
}
