// The trace that is in the page: base64 of the bytes of its file, which are eight bytes that say what it
// is, and a gzip of the rest.
import { decodeBody, type TraceData } from '../src/trace/data.ts';

const MAGIC_LENGTH = 8;

/** Reads the trace of the page. */
export async function unpack(base64: string): Promise<TraceData> {
  const letters = atob(base64);
  const file = new Uint8Array(letters.length);
  for (let at = 0; at < file.length; at++) file[at] = letters.charCodeAt(at);
  const packed = new Blob([file.subarray(MAGIC_LENGTH)]).stream();
  const unpacked = packed.pipeThrough(new DecompressionStream('gzip'));
  return decodeBody(new Uint8Array(await new Response(unpacked).arrayBuffer()));
}
