// Runs a command under strace(1), where there is one that may trace: it counts the system calls of a
// process from outside, and can make them fail.
import { spawnSync } from 'node:child_process';

function whyNot(): string | undefined {
  const { error, status, stderr } = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true'], {
    encoding: 'utf8',
  });
  if (error !== undefined) return `strace cannot be run: ${error.message}`;
  return status === 0 ? undefined : `strace may not trace here: ${stderr.trim()}`;
}

/** Why nothing can be traced here; undefined: it can be. */
export const noStraceReason = process.platform === 'linux' ? whyNot() : 'strace is of Linux';

/** The arguments of strace for following `command` with all its threads into `file`. */
export function straced(
  file: string,
  calls: readonly string[],
  command: readonly string[],
  inject: readonly string[] = [],
): string[] {
  const faults = inject.flatMap((rule) => ['-e', `inject=${rule}`]);
  return ['-f', '-qq', '-o', file, '-e', `trace=${calls.join(',')}`, ...faults, ...command];
}
