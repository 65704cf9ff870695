// The file of a trace, `.edgetrace`: docs/trace.md has it byte by byte. Eight bytes that say what it is,
// and behind them, by gzip, what src/trace/data.ts reads: the header as JSON, and the blocks as columns.
import { gunzipSync, gzipSync } from 'node:zlib';
import { EdgewiseError } from '../errors.ts';
import type { Block } from './block.ts';
import { COLUMNS, decodeBody, OPEN_FIELDS, type TraceData } from './data.ts';

const MAGIC = 'EDGTRC1\n';
/**
 * What a file is unpacked to at most: more than any trace is packed, and less than a file that was made
 * for that could ask for.
 */
const UNPACKED_MAX = 2 ** 28;
const UNPACKED_RATIO_MAX = 100;

/** Makes the bytes of a trace file. */
export function encodeTrace(trace: TraceData): Buffer {
  const streams = trace.streams.map(({ blocks, ...stream }) => ({
    ...stream,
    blocks: blocks.map(({ length, open }) => ({ length, open: open.length })),
  }));
  const header = Buffer.from(JSON.stringify({ ...trace, streams }));
  const parts: Uint8Array[] = [Buffer.from(Uint32Array.of(header.length).buffer), header];
  for (const { blocks } of trace.streams) {
    for (const block of blocks) parts.push(...partsOf(block));
  }
  return Buffer.concat([Buffer.from(MAGIC, 'latin1'), gzipSync(Buffer.concat(parts))]);
}

function partsOf(block: Block): Uint8Array[] {
  const open = new Int32Array(block.open.length * OPEN_FIELDS.length);
  block.open.forEach((registration, row) => {
    OPEN_FIELDS.forEach((field, at) => {
      open[row * OPEN_FIELDS.length + at] = registration[field];
    });
  });
  return [open, ...COLUMNS.map((name) => block[name].subarray(0, block.length))].map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  );
}

/**
 * Reads the bytes of a trace file.
 *
 * @throws EdgewiseError - ERR_TRACE_INVALID: it is none, or not whole.
 */
export function decodeTrace(bytes: Uint8Array): TraceData {
  if (Buffer.from(bytes.subarray(0, MAGIC.length)).toString('latin1') !== MAGIC) {
    throw new EdgewiseError('ERR_TRACE_INVALID', 'not a trace of edgewise');
  }
  try {
    const maxOutputLength = Math.max(UNPACKED_MAX, bytes.length * UNPACKED_RATIO_MAX);
    return decodeBody(gunzipSync(bytes.subarray(MAGIC.length), { maxOutputLength }));
  } catch (cause) {
    const reason = cause instanceof RangeError ? `: ${cause.message}` : '';
    throw new EdgewiseError('ERR_TRACE_INVALID', `the trace cannot be read${reason}`, { cause });
  }
}
