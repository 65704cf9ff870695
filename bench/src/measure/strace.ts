// Counts the system calls of a running program, in a run of its own: tracing makes it slow, so no
// time is taken meanwhile.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Children } from '../../../src/cli/measure/index.ts';
import type { Values } from '../model.ts';

/** One line on why calls cannot be counted here; undefined: they can. */
export function whyNoStrace(): string | undefined {
  if (process.platform !== 'linux') return 'strace is a program of Linux';
  const { status } = spawnSync('strace', ['-V']);
  return status === 0 ? undefined : 'strace was not found (apt-get install strace)';
}

/** Calls that the program `pid` makes, all threads, while `work` runs: name -> count. */
export async function countSyscalls(
  children: Children,
  pid: number,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<Values> {
  const folder = mkdtempSync(join(tmpdir(), 'edgewise-strace-'));
  const file = join(folder, 'counts');
  try {
    // Its first line on standard error comes when it is attached; -o keeps the table apart from it.
    const args = ['-c', '-f', '-o', file, '-p', String(pid)];
    const tracer = await children.start({ file: 'strace', args });
    await tracer.matchError(/ attached/, signal);
    await work();
    tracer.kill('SIGINT');
    await tracer.ended;
    return parseSyscalls(readFileSync(file, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The table of `strace -c`: per cent, seconds, usecs/call, calls, errors (or nothing), name. */
export function parseSyscalls(table: string): Values {
  const rows = table.matchAll(/^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)(?:\s+\d+)?\s+(\w+)$/gm);
  const counts: Record<string, number> = {};
  for (const [, count, name] of rows) {
    if (name !== undefined && name !== 'total') counts[name] = Number(count);
  }
  return counts;
}
