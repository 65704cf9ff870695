// Whole reads, whole writes, and lines, on a blocking descriptor. Lab 1, tasks a and b: each function works on
// a good day, when one call of the kernel moves all that was asked for. Make it work on every day.
import * as sys from 'edgewise/sys';

/** What `next` returns for a line that has no end within `max` bytes. */
export const LINE_TOO_LONG = -sys.constants.EMSGSIZE;

/**
 * Task a: fills `bytes`.
 *
 * @returns how many bytes came: fewer than its length only where the stream ends; or -errno.
 */
export function readFull(fd: number, bytes: Uint8Array): number {
  return sys.read(fd, bytes);
}

/**
 * Task a: writes all of `bytes`.
 *
 * @returns its length, or -errno.
 */
export function writeAll(fd: number, bytes: Uint8Array): number {
  return sys.write(fd, bytes);
}

/** Reads a stream line by line. */
export class LineReader {
  readonly #fd: number;
  readonly #max: number;

  /** @param max - the most bytes that a line may have, without its line end. */
  constructor(fd: number, { max }: { max: number }) {
    this.#fd = fd;
    this.#max = max;
  }

  /**
   * Task b: the next line with its line end `\n`, byte for byte as it came; the last one may have none.
   *
   * @returns the line; 0 at the end; or -errno, which is LINE_TOO_LONG for a line of more than `max` bytes.
   */
  next(): Buffer | number {
    const bytes = Buffer.alloc(this.#max);
    const count = sys.read(this.#fd, bytes);
    return count > 0 ? bytes.subarray(0, count) : count;
  }
}
