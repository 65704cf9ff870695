// The memory that all connections of a thread read into and encode strings in: one buffer of each
// kind, since only one handler runs at a time. This is what keeps a connection small. The address
// of the read memory is known to native code, where the host allows it: see sys.PinnedBuffer.
import { Buffer } from 'node:buffer'; // the global one is a getter, which optimised code calls
import type { EdgewiseError } from '../errors.ts';
import * as sys from '../sys/index.ts';

/** Bytes that one read takes at most. */
export const READ_SIZE = 64 * 1024;
const ENCODE_SIZE = 64 * 1024;
/** Views up to this length are kept, so that a steady stream of small messages makes none. */
const VIEW_MAX = 4096;
/** UTF-8 needs at most three bytes per UTF-16 unit. */
const BYTES_PER_UNIT_MAX = 3;

let pinned = pin();
let readBuffer = bufferOf(pinned);
let views: (Buffer | undefined)[] = [];
let lastView = readBuffer;
const encodeBuffer = Buffer.allocUnsafeSlow(ENCODE_SIZE);

function pin(): sys.PinnedBuffer | undefined {
  try {
    return new sys.PinnedBuffer(READ_SIZE);
  } catch (error) {
    if ((error as EdgewiseError).code !== 'ERR_MEMORY_UNAVAILABLE') throw error;
    return undefined; // memory of V8's own will do
  }
}

function bufferOf(memory: sys.PinnedBuffer | undefined): Buffer {
  const buffer = memory?.bytes.buffer;
  return buffer === undefined ? Buffer.allocUnsafeSlow(READ_SIZE) : Buffer.from(buffer);
}

/** Where to read to. A handler may have transferred the memory away: then there is new one. */
export function readMemory(): Buffer {
  if (readBuffer.length === 0) {
    pinned = pin();
    readBuffer = bufferOf(pinned);
    views = [];
  }
  return readBuffer;
}

/** recv(2) into memory that may be the thread's. */
export function receive(fd: number, memory: Uint8Array): number {
  return memory === readBuffer && pinned !== undefined ? pinned.recv(fd) : sys.recv(fd, memory);
}

/** send(2) of bytes that may be those which were read last, as an echo or a proxy has them. */
export function send(fd: number, bytes: Uint8Array): number {
  // Of no length: its memory was transferred away, and sys.send refuses it.
  return bytes === lastView && pinned !== undefined && bytes.length > 0
    ? pinned.send(fd, 0, bytes.length)
    : sys.send(fd, bytes);
}

/** The first `length` bytes of what was read. */
export function readView(length: number): Buffer {
  lastView = viewOf(length);
  return lastView;
}

/** The first `length` bytes of what was read, as memory of the caller's own. */
export function readCopy(length: number): Buffer {
  const copy = Buffer.allocUnsafe(length); // of Node's pool, as by Buffer.from, in less time
  copy.set(readView(length));
  return copy;
}

function viewOf(length: number): Buffer {
  if (length === readBuffer.length) return readBuffer;
  if (length > VIEW_MAX) return readBuffer.subarray(0, length);
  let view = views[length];
  if (view === undefined) {
    view = readBuffer.subarray(0, length);
    views[length] = view;
  }
  return view;
}

/** Encodes a short string; undefined: it needs memory of its own. Valid until the next call. */
export function encodeShort(text: string, encoding: BufferEncoding = 'utf8'): Buffer | undefined {
  if (text.length * BYTES_PER_UNIT_MAX > ENCODE_SIZE) return undefined;
  return encodeBuffer.subarray(0, encodeBuffer.write(text, 0, encoding));
}

/** Text and bytes as a stream of Node hands them over. */
export interface EncodableChunk {
  readonly chunk: string | Uint8Array;
  readonly encoding: BufferEncoding;
}

/** Lays short chunks behind one another; undefined: they need memory of their own. */
export function gatherShort(chunks: readonly EncodableChunk[]): Buffer | undefined {
  let lengthMax = 0;
  for (const { chunk } of chunks) {
    lengthMax += typeof chunk === 'string' ? chunk.length * BYTES_PER_UNIT_MAX : chunk.length;
  }
  if (lengthMax > ENCODE_SIZE) return undefined;
  let end = 0;
  for (const { chunk, encoding } of chunks) {
    if (typeof chunk === 'string') end += encodeBuffer.write(chunk, end, encoding);
    else {
      encodeBuffer.set(chunk, end);
      end += chunk.length;
    }
  }
  return encodeBuffer.subarray(0, end);
}

/** Memory to copy through in one go: the next string overwrites it. */
export function copyMemory(): Buffer {
  return encodeBuffer;
}

/** Whether the next read or string overwrites these bytes, so that keeping them takes a copy. */
export function isReadMemory(bytes: Uint8Array): boolean {
  return bytes.buffer === readBuffer.buffer || bytes.buffer === encodeBuffer.buffer;
}
