// The chunks of a stream of Node: text in its encoding, or bytes.
import type { Writable as Stream } from 'node:stream';
import { type EncodableChunk, encodeShort, gatherShort, type Writable } from '../flow/index.ts';

/** What a connection takes for one: bytes as they are, text where it stays until the next call. */
export function bytesOf(chunk: string | Uint8Array, encoding: BufferEncoding): Uint8Array {
  if (typeof chunk !== 'string') return ownBytes(chunk);
  return encodeShort(chunk, encoding) ?? Buffer.from(chunk, encoding);
}

// No call of the kernel is made on memory that another thread may be writing to; a stream of Node takes it.
function ownBytes(chunk: Uint8Array): Uint8Array {
  return chunk.buffer instanceof SharedArrayBuffer ? Buffer.from(chunk) : chunk;
}

/** What a connection takes for several. */
export function gathered(chunks: readonly EncodableChunk[]): Writable {
  const short = gatherShort(chunks);
  if (short !== undefined) return short;
  return chunks.map(({ chunk, encoding }) =>
    typeof chunk === 'string' ? Buffer.from(chunk, encoding) : ownBytes(chunk),
  );
}

/** How many bytes they are. */
export function lengthOf(chunks: readonly EncodableChunk[]): number {
  let length = 0;
  for (const { chunk, encoding } of chunks) {
    length += typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length;
  }
  return length;
}

/**
 * Bytes that the stream keeps and has not given to its `_write` yet. Its `writableLength` counts
 * what is being written besides, and UTF-16 units of text.
 */
export function keptLength(stream: Pick<Stream, 'writableLength'>): number {
  return lengthOf((stream as { writableBuffer?: readonly EncodableChunk[] }).writableBuffer ?? []);
}

/** The bytes of what a stream has read, in whatever encoding that was set. */
export function bytesOfRead(
  chunk: Uint8Array | string,
  encoding: BufferEncoding | null,
): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding ?? 'utf8') : chunk;
}
