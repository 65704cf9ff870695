// The file of a trace, `.edgetrace`: docs/trace.md has it byte by byte. Eight bytes that say what it is,
// and behind them, by gzip: the header as JSON, and the blocks as columns.
import { gunzipSync, gzipSync } from 'node:zlib';
import { EdgewiseError } from '../errors.ts';
import type { Block, OpenRegistration } from './recorder.ts';

const MAGIC = 'EDGTRC1\n';
const COLUMNS = ['kind', 'fd', 'slot', 'generation', 'a', 'b', 'time'] as const;
const COLUMN_TYPES = {
  kind: Uint8Array,
  fd: Int32Array,
  slot: Uint32Array,
  generation: Uint32Array,
  a: Int32Array,
  b: Int32Array,
  time: Float64Array,
} as const;
const OPEN_FIELDS = ['fd', 'slot', 'generation', 'interest', 'trigger'] as const;
const WORD = 4;

/** One reactor in a trace. */
export interface TraceStream {
  /** The thread: 0 is the main one. */
  readonly thread: number;
  /** The mechanism of the kernel. */
  readonly backend: string;
  /** How much was recorded. */
  readonly level: string;
  /** Events that were dropped. */
  readonly dropped: number;
  /** The texts of marks and labels, by number. */
  readonly texts: readonly string[];
  /** The events, oldest first. */
  readonly blocks: readonly Block[];
}

/** What was recorded, of one or several reactors of one process. */
export interface TraceData {
  /** Of the file: 1. */
  readonly format: 1;
  /** Of Node. */
  readonly node: string;
  /** The system, such as `Linux 6.18.44 x64`. */
  readonly system: string;
  /** The process. */
  readonly pid: number;
  /** When the trace was taken: milliseconds since 1970, */
  readonly takenAtMs: number;
  /** and nanoseconds of the monotonic clock at that moment. */
  readonly takenAtNs: number;
  /** The names of calls of the kernel, by number. */
  readonly calls: readonly string[];
  /** One for each reactor. */
  readonly streams: readonly TraceStream[];
}

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

type Header = Omit<TraceData, 'streams'> & {
  streams: (Omit<TraceStream, 'blocks'> & { blocks: { length: number; open: number }[] })[];
};

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
    return decodeBody(gunzipSync(bytes.subarray(MAGIC.length)));
  } catch (cause) {
    throw new EdgewiseError('ERR_TRACE_INVALID', 'the trace is not whole', { cause });
  }
}

function decodeBody(body: Buffer): TraceData {
  let at = WORD;
  const take = (length: number): Buffer => {
    if (!(length >= 0) || at + length > body.length) throw new RangeError('it ends too early');
    at += length;
    return body.subarray(at - length, at);
  };
  const { streams, ...rest } = JSON.parse(take(body.readUInt32LE(0)).toString()) as Header;
  return {
    ...rest,
    streams: streams.map(({ blocks, ...stream }) => ({
      ...stream,
      blocks: blocks.map(({ length, open }) => decodeBlock(take, length, open)),
    })),
  };
}

function decodeBlock(take: (length: number) => Buffer, length: number, open: number): Block {
  const rows = new Int32Array(copyOf(take(open * OPEN_FIELDS.length * WORD)));
  const columns = COLUMNS.map((name) => {
    const Column = COLUMN_TYPES[name];
    return [name, new Column(copyOf(take(length * Column.BYTES_PER_ELEMENT)))] as const;
  });
  const block = { length, open: openOf(rows, open) };
  return Object.assign(block, Object.fromEntries(columns)) as unknown as Block;
}

// In memory of its own, since columns have to be aligned.
function copyOf(bytes: Buffer): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

function openOf(rows: Int32Array, count: number): OpenRegistration[] {
  return Array.from({ length: count }, (_, row) => {
    const [fd, slot, generation, interest, trigger] = rows.subarray(
      row * OPEN_FIELDS.length,
    ) as unknown as number[];
    return {
      fd,
      slot,
      generation: (generation as number) >>> 0,
      interest,
      trigger,
    } as OpenRegistration;
  });
}
