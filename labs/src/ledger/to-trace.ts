// A ledger as a trace, so that `edgewise view` shows what a program without a Reactor has done: one stream for
// each thread, of the level `calls`.
import os from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { type TraceData, type TraceStream, writeTrace } from 'edgewise/trace';
import type { Ledger } from './ledger.ts';
import { CALLS } from './record.ts';
import { blocksOf } from './to-stream.ts';

/** Writes it. @returns false: there is nothing to show. */
export function writeLedgerTrace(ledger: Ledger, path: string): boolean {
  if (ledger.waits.length === 0) return false;
  writeTrace(path, traceOfLedger(ledger));
  return true;
}

/** The ledger as a trace. */
export function traceOfLedger({ entries }: Ledger): TraceData {
  const originMs = entries.reduce((least, { ms }) => Math.min(least, ms), Number.POSITIVE_INFINITY);
  const threads = [...new Set(entries.map(({ thread }) => thread))];
  return {
    format: 1,
    node: process.version,
    system: `${os.type()} ${os.release()} ${process.arch}`,
    pid: process.pid,
    takenAtMs: Date.now(),
    takenAtNs: 0,
    calls: CALLS,
    errors: Object.fromEntries(
      [...getSystemErrorMap()].map(([number, [name]]) => [String(-number), name]),
    ),
    streams: threads.map((thread): TraceStream => {
      const own = entries.filter((entry) => entry.thread === thread);
      const about = { backend: 'epoll', level: 'calls', dropped: 0, texts: [] };
      return { thread, ...about, blocks: blocksOf(own, originMs) };
    }),
  };
}
