// What the checks of lab 8 have in common: how a pool is started and asked, and why an answer does not come.
import type { Exam } from '../../src/exam/exam.ts';
import { answered, lineCauses } from '../../src/exam/lines.ts';
import type { Peer } from '../../src/exam/peer.ts';
import type { Trial } from '../../src/exam/trial.ts';
import type { Cause } from '../../src/lab.ts';

/** How connections come to threads. */
export type Variant = 'handed over' | 'reuse-port';
export const VARIANTS: readonly Variant[] = ['handed over', 'reuse-port'];

export const causes = {
  ...lineCauses,
  stuck: {
    why: 'The kernel has accepted the connection, and no thread of yours is at work on it: it was not accepted, or its number reached no thread, or no reactor watches it there, or its thread has ended.',
    next: 'print the number where it is accepted, where it is posted and where it is received: the last line is where it was lost',
    read: 'the sheet, "The picture"',
  },
  mixed: {
    why: 'Bytes are lost, doubled, in another order, or of another client. LineClient does none of that for a descriptor that is its alone: two threads have it, or it was closed while it was served, and its number is another connection now.',
    next: 'look for a number that is posted twice, or closed by two threads',
    read: 'docs/semantics.md, "The owner of a descriptor"; the sheet, task a',
  },
} as const satisfies Record<string, Cause>;

/** Starts main.ts with so many threads. */
export function startPool(
  exam: Exam,
  threads: number,
  variant: Variant = 'handed over',
  isRecorded = false,
): Promise<Trial> {
  const flags = variant === 'reuse-port' ? ['--reuse-port'] : [];
  return exam.start('main', { args: ['--threads', String(threads), ...flags], isRecorded });
}

/** Each sends a line of its own at once, and has its answer. @throws Miss - `why`: it does not come; 'mixed'. */
export async function askAll(
  exam: Exam,
  server: Trial,
  peers: readonly Peer[],
  why = 'stuck',
): Promise<void> {
  for (const [index, peer] of peers.entries()) peer.write(`client ${index}\n`);
  for (const [index, peer] of peers.entries()) {
    await answered(exam, server, peer, `client ${index}\n`, why);
  }
}
