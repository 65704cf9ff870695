// Reads the file that register.ts has written, also while it is being written.
import { readFileSync } from 'node:fs';
import { type Entry, Ledger } from './ledger.ts';
import { CALLS, type LedgerCall, RECORD_BYTES, THREAD_SHIFT, TIME_AT, Word } from './record.ts';

const WORDS = RECORD_BYTES / 4;
const DOUBLES = RECORD_BYTES / 8;
const CALL_MASK = (1 << THREAD_SHIFT) - 1;

/** The ledger in a file; an empty one, where nothing was written yet. */
export function readLedger(path: string): Ledger {
  const bytes = contentsOf(path);
  const count = Math.floor(bytes.length / RECORD_BYTES);
  const { buffer } = new Uint8Array(bytes.subarray(0, count * RECORD_BYTES));
  const words = new Int32Array(buffer);
  const times = new Float64Array(buffer);
  return new Ledger(Array.from({ length: count }, (_, index) => entryAt(words, times, index)));
}

function contentsOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch {
    return new Uint8Array();
  }
}

function entryAt(words: Int32Array, times: Float64Array, index: number): Entry {
  const at = (word: number): number => words[index * WORDS + word] as number;
  const first = at(Word.Call);
  return {
    call: CALLS[first & CALL_MASK] as LedgerCall,
    thread: first >>> THREAD_SHIFT,
    fd: at(Word.Fd),
    result: at(Word.Result),
    asked: at(Word.Asked),
    a: at(Word.A),
    b: at(Word.B),
    ms: times[index * DOUBLES + TIME_AT] as number,
  };
}
