// The blocks of a stream as one: an event is its number from here on.
import { COLUMNS, type TraceStream } from '../trace/data.ts';
import type { Columns } from './model.ts';

/** The columns of all blocks, one behind the other. */
export function columnsOf({ blocks }: TraceStream): Columns {
  const count = blocks.reduce((sum, { length }) => sum + length, 0);
  const columns = {
    count,
    kind: new Uint8Array(count),
    fd: new Int32Array(count),
    slot: new Uint32Array(count),
    generation: new Uint32Array(count),
    a: new Int32Array(count),
    b: new Int32Array(count),
    time: new Float64Array(count),
  };
  let at = 0;
  for (const block of blocks) {
    for (const name of COLUMNS) columns[name].set(block[name].subarray(0, block.length), at);
    at += block.length;
  }
  return columns;
}
