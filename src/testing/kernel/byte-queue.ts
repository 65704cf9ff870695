// Bytes in the order in which they came. What is put in is copied: the caller may use its memory again,
// as after a system call.

/** A queue of bytes. */
export class ByteQueue {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Bytes that are left of the first push. */
  get firstLength(): number {
    return this.#chunks[0]?.length ?? 0;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(new Uint8Array(bytes));
    this.#length += bytes.length;
  }

  /** Copies the first bytes without taking them. @returns how many. */
  peek(into: Uint8Array): number {
    let filled = 0;
    for (const chunk of this.#chunks) {
      if (filled === into.length) break;
      const part = chunk.subarray(0, into.length - filled);
      into.set(part, filled);
      filled += part.length;
    }
    return filled;
  }

  /** Takes the first bytes. @returns how many. */
  take(into: Uint8Array): number {
    const count = this.peek(into);
    this.drop(count);
    return count;
  }

  /** Takes the first bytes, in memory of their own. */
  takeBytes(count: number): Uint8Array {
    const bytes = new Uint8Array(Math.min(count, this.#length));
    this.take(bytes);
    return bytes;
  }

  /** Forgets the first bytes. */
  drop(count: number): void {
    let left = Math.min(count, this.#length);
    this.#length -= left;
    while (left > 0) {
      const first = this.#chunks[0] as Uint8Array;
      if (first.length > left) {
        this.#chunks[0] = first.subarray(left);
        return;
      }
      left -= first.length;
      this.#chunks.shift();
    }
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#length = 0;
  }
}
