// The bytes that a connection still owes its peer, in order. Chunks are kept as they were given;
// whoever appends decides whether a copy is needed. An element leaves when its last byte has left.
import { invalidValue } from '../errors.ts';
import * as sys from '../sys/index.ts';
import { checkBytes } from '../validate.ts';

/** Most chunks that one writev takes; the kernel allows IOV_MAX (1024). */
const GATHER_MAX = 64;

/** Linux: more follows at once. Elsewhere there is no such flag. */
const SEND_MORE = sys.constants.MSG_MORE ?? 0;

/** What `write` takes: text as UTF-8, bytes, or several of them for one system call. */
export type Writable = string | Uint8Array | readonly Uint8Array[];

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

/**
 * What a connection owes its peer besides plain bytes, such as a range of a file. It is sent in its
 * place among the chunks.
 */
export interface Piece {
  /** Bytes of memory that it still holds: what counts for the watermarks and the hard cap. */
  readonly byteLength: number;
  /** Whether nothing is left to send. */
  readonly isSent: boolean;
  /**
   * Sends what the socket takes, by one system call.
   *
   * @returns what send(2) does; 0 only when it `isSent`.
   * @throws EdgewiseError - the rest cannot be sent: the connection is closed with the error.
   */
  sendTo(fd: number): number;
  /** Called once: it is sent, or, with the error, the connection was closed before. */
  settle(error?: Error): void;
}

type Chunk = Uint8Array | Piece;

function isPiece(chunk: Chunk): chunk is Piece {
  return !(chunk instanceof Uint8Array);
}

export class Outgoing {
  readonly #send: typeof sys.send;
  #chunks: Chunk[] = [];
  #head = 0;
  #byteLength = 0;

  /** @param send - for a single chunk: send(2), or write(2) for what is no socket. */
  constructor(send: typeof sys.send = sys.send) {
    this.#send = send;
  }

  /** Bytes of memory that are held. */
  get byteLength(): number {
    return this.#byteLength;
  }

  get isEmpty(): boolean {
    return this.#head === this.#chunks.length;
  }

  append(chunk: Chunk): void {
    if (!isPiece(chunk) && chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#byteLength += chunk.byteLength;
  }

  /**
   * Sends the next chunks, or the next piece, by one system call. What has left still has to be
   * consumed.
   *
   * @returns what send(2) does; 0 only for a piece that was sent already.
   * @throws TypeError - a chunk was detached or has shrunk since it was appended.
   * @throws EdgewiseError - what a piece throws.
   */
  sendTo(fd: number): number {
    const first = this.#chunks[this.#head] as Chunk;
    if (isPiece(first)) return this.#sendPiece(fd, first);
    const isOnly = this.#head + 1 === this.#chunks.length;
    const result = isOnly ? this.#send(fd, first) : this.#sendChunks(fd);
    if (result !== 0) return result;
    throw invalidValue('data', 'bytes that stay until they have left', first);
  }

  // Before a piece that is yet to be sent a segment waits to be filled, so that the head of an
  // answer and a file that is its body leave together.
  #sendChunks(fd: number): number {
    const chunks = this.#gather();
    const next = this.#chunks[this.#head + chunks.length];
    const hasMore = next !== undefined && isPiece(next) && !next.isSent;
    return hasMore ? sys.sendmsg(fd, { buffers: chunks }, SEND_MORE) : sys.writev(fd, chunks);
  }

  #sendPiece(fd: number, piece: Piece): number {
    const before = piece.byteLength;
    const result = piece.sendTo(fd);
    this.#byteLength += piece.byteLength - before;
    return result;
  }

  // The next chunks for one system call, oldest first, up to the next piece.
  #gather(): readonly Uint8Array[] {
    const gathered: Uint8Array[] = [];
    const end = Math.min(this.#chunks.length, this.#head + GATHER_MAX);
    for (let i = this.#head; i < end; i++) {
      const chunk = this.#chunks[i] as Chunk;
      if (isPiece(chunk)) break;
      gathered.push(chunk);
    }
    return gathered;
  }

  /** Takes `count` bytes from the front: they have left. */
  consume(count: number): void {
    const first = this.#chunks[this.#head] as Chunk;
    if (isPiece(first)) {
      if (first.isSent) {
        this.#head++;
        first.settle();
      }
    } else {
      this.#consumeBytes(count);
    }
    this.#compact();
  }

  #consumeBytes(count: number): void {
    this.#byteLength -= count;
    let left = count;
    while (left > 0) {
      const chunk = this.#chunks[this.#head] as Uint8Array;
      if (left < chunk.length) {
        this.#chunks[this.#head] = chunk.subarray(left);
        return;
      }
      left -= chunk.length;
      this.#head++;
    }
  }

  /** One copy of the bytes that are left; undefined: some are no plain bytes, or are not there. */
  copy(): Uint8Array<ArrayBuffer> | undefined {
    const bytes = new Uint8Array(this.#byteLength);
    let offset = 0;
    for (const chunk of this.#chunks.slice(this.#head)) {
      if (isPiece(chunk)) return undefined;
      bytes.set(chunk.length > 0 ? chunk : [], offset); // a detached one cannot be read
      offset += chunk.length;
    }
    return offset === bytes.length ? bytes : undefined;
  }

  /** Forgets everything, and tells the pieces why. */
  discard(error: Error): void {
    const left = this.#chunks.slice(this.#head);
    this.#chunks = [];
    this.#head = 0;
    this.#byteLength = 0;
    for (const chunk of left) if (isPiece(chunk)) chunk.settle(error);
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
