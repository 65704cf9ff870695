// Bytes that were read from a socket and not given to the reader yet: what lay behind a delimiter,
// or what readExactly had when it was aborted.

const ROOM_MIN = 4096;
const EMPTY = Buffer.alloc(0);

export class ReadBuffer {
  #memory = EMPTY;
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** Where to read to: at least `lengthMin` bytes. Then `commit` what has come. */
  room(lengthMin = ROOM_MIN): Buffer {
    if (this.#memory.length - this.#end < lengthMin) this.#makeRoom(lengthMin);
    return this.#memory.subarray(this.#end);
  }

  commit(count: number): void {
    this.#end += count;
  }

  /** Takes the next `count` bytes, as memory of the caller's own. */
  take(count: number): Buffer {
    const bytes = Buffer.from(this.#memory.subarray(this.#start, this.#start + count));
    this.#skip(count);
    return bytes;
  }

  /** Moves as many bytes as there is room for into `target`, and answers how many. */
  takeInto(target: Uint8Array): number {
    const count = Math.min(target.length, this.length);
    target.set(this.#memory.subarray(this.#start, this.#start + count));
    this.#skip(count);
    return count;
  }

  /** Where `delimiter` begins, from `from` on; -1: not there. */
  indexOf(delimiter: Uint8Array, from: number): number {
    return this.#memory.subarray(this.#start, this.#end).indexOf(delimiter, from);
  }

  #skip(count: number): void {
    this.#start += count;
    if (this.#start < this.#end) return;
    this.#start = 0;
    this.#end = 0;
    if (this.#memory.length > 4 * ROOM_MIN) this.#memory = EMPTY;
  }

  #makeRoom(lengthMin: number): void {
    const needed = this.length + lengthMin;
    const target =
      needed <= this.#memory.length
        ? this.#memory
        : Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#memory.length));
    this.#memory.copy(target, 0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    this.#memory = target;
  }
}
