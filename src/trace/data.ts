// What a trace holds, and how the unpacked bytes of its file are read: docs/trace.md. It runs in a browser
// as well, and knows nothing of Node.
import type { Block, OpenRegistration } from './block.ts';
import { checkHeader, checkTimes } from './check.ts';

/** The columns of a block, in the order of the file. */
export const COLUMNS = ['kind', 'fd', 'slot', 'generation', 'a', 'b', 'time'] as const;
const COLUMN_TYPES = {
  kind: Uint8Array,
  fd: Int32Array,
  slot: Uint32Array,
  generation: Uint32Array,
  a: Int32Array,
  b: Int32Array,
  time: Float64Array,
} as const;
/** The fields of an open registration, in the order of the file. */
export const OPEN_FIELDS = ['fd', 'slot', 'generation', 'interest', 'trigger', 'role'] as const;
const WORD = 4;

/** How often what happened. */
export interface Counts {
  /** Bytes that handlers charged. */
  readonly bytes: number;
  /** By the names of the kinds: `{ report: 12, 'handler-begin': 12, … }`. */
  readonly events: Readonly<Record<string, number>>;
}

/** What happened with one registration. */
export interface RegistrationCounts extends Counts {
  /** The descriptor. */
  readonly fd: number;
  /** With `generation` it is what sets a registration apart from others of its number. */
  readonly slot: number;
  /** How often the slot had been used before. */
  readonly generation: number;
}

/** The totals of a reactor. */
export interface StreamCounts {
  /** What is of no registration. */
  readonly reactor: Counts;
  /** The last registration of each slot, whether it is open or not. */
  readonly registrations: readonly RegistrationCounts[];
  /** The registrations before those, in one. */
  readonly earlier: Counts;
}

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
  /** In place of events, of the level `counts`. */
  readonly counts?: StreamCounts | undefined;
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
  /** The names of errors of the system that recorded it, by number: `{ '11': 'EAGAIN', … }`. */
  readonly errors: Readonly<Record<string, string>>;
  /** One for each reactor. */
  readonly streams: readonly TraceStream[];
}

type Header = Omit<TraceData, 'streams'> & {
  streams: (Omit<TraceStream, 'blocks'> & { blocks: { length: number; open: number }[] })[];
};

/**
 * Reads what a trace file holds behind its first eight bytes, unpacked.
 *
 * @throws RangeError, SyntaxError - it is not whole, or of another version.
 */
export function decodeBody(body: Uint8Array): TraceData {
  const headerLength = new DataView(body.buffer, body.byteOffset).getUint32(0, true);
  let at = WORD;
  const take = (length: number): Uint8Array => {
    if (!(length >= 0) || at + length > body.length) throw new RangeError('it ends too early');
    at += length;
    return body.subarray(at - length, at);
  };
  const header: unknown = JSON.parse(new TextDecoder().decode(take(headerLength)));
  checkHeader(header);
  const { streams, ...rest } = header as Header;
  return {
    ...rest,
    streams: streams.map(({ blocks, ...stream }) => ({
      ...stream,
      blocks: blocks.map(({ length, open }) => decodeBlock(take, length, open)),
    })),
  };
}

function decodeBlock(take: (length: number) => Uint8Array, length: number, open: number): Block {
  const rows = new Int32Array(copyOf(take(open * OPEN_FIELDS.length * WORD)));
  const columns = COLUMNS.map((name) => {
    const Column = COLUMN_TYPES[name];
    return [name, new Column(copyOf(take(length * Column.BYTES_PER_ELEMENT)))] as const;
  });
  const base = { length, open: openOf(rows, open) };
  const block = Object.assign(base, Object.fromEntries(columns)) as unknown as Block;
  checkTimes(block.time);
  return block;
}

// In memory of its own, since columns have to be aligned.
function copyOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

function openOf(rows: Int32Array, count: number): OpenRegistration[] {
  return Array.from({ length: count }, (_, row) => {
    const [fd, slot, generation, interest, trigger, role] = rows.subarray(
      row * OPEN_FIELDS.length,
    ) as unknown as number[];
    return {
      fd,
      slot,
      generation: (generation as number) >>> 0,
      interest,
      trigger,
      role,
    } as OpenRegistration;
  });
}
