// The bytes that a connection still owes its peer, in order. Chunks are kept as they were given;
// whoever appends decides whether a copy is needed. An element leaves when its last byte has left.
import { invalidValue } from '../errors.ts';
import * as sys from '../sys.ts';
import { checkBytes } from '../validate.ts';

/** Most chunks that one writev takes; the kernel allows IOV_MAX (1024). */
const GATHER_MAX = 64;

/**
 * The chunks of what was given to `write`, each looked at once.
 *
 * @throws TypeError - no bytes, or memory that cannot be sent.
 */
export function chunksOf(data: Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] {
  if (!Array.isArray(data)) {
    checkBytes('data', data);
    return [data as Uint8Array];
  }
  const chunks: Uint8Array[] = [];
  for (let i = 0; i < data.length; i++) {
    const chunk = data[i] as Uint8Array;
    checkBytes(`data[${i}]`, chunk);
    chunks.push(chunk);
  }
  return chunks;
}

export class Outgoing {
  #chunks: Uint8Array[] = [];
  #head = 0;
  #byteLength = 0;

  get byteLength(): number {
    return this.#byteLength;
  }

  get isEmpty(): boolean {
    return this.#byteLength === 0;
  }

  append(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#byteLength += chunk.length;
  }

  /**
   * Sends the next chunks by one system call. Bytes that have left still have to be consumed.
   *
   * @returns what send(2) does, never 0.
   * @throws TypeError - a chunk was detached or has shrunk since it was appended.
   */
  sendTo(fd: number): number {
    const chunks = this.#gather();
    const [first] = chunks;
    const isOne = first !== undefined && chunks.length === 1;
    const result = isOne ? sys.send(fd, first) : sys.writev(fd, chunks);
    if (result !== 0) return result;
    throw invalidValue('data', 'bytes that stay until they have left', chunks);
  }

  // The next chunks for one system call, oldest first.
  #gather(): readonly Uint8Array[] {
    const end = Math.min(this.#chunks.length, this.#head + GATHER_MAX);
    if (this.#head === 0 && end === this.#chunks.length) return this.#chunks;
    return this.#chunks.slice(this.#head, end);
  }

  /** Takes `count` bytes from the front: they have left. */
  consume(count: number): void {
    this.#byteLength -= count;
    let left = count;
    while (left > 0) {
      const chunk = this.#chunks[this.#head] as Uint8Array;
      if (left < chunk.length) {
        this.#chunks[this.#head] = chunk.subarray(left);
        break;
      }
      left -= chunk.length;
      this.#head++;
    }
    this.#compact();
  }

  // Dropping the front for each chunk would cost the length of the queue each time.
  #compact(): void {
    if (this.#head === this.#chunks.length) {
      this.#chunks = [];
      this.#head = 0;
    } else if (this.#head >= GATHER_MAX && this.#head * 2 >= this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#head);
      this.#head = 0;
    }
  }
}
