// Which CPU does what: the server of a measurement on one, the load on another. See sched(7).
import { readFileSync } from 'node:fs';

/** The CPU of the server and that of the load. */
export interface Pinning {
  readonly server: number;
  readonly load: number;
}

/**
 * Two CPUs that are as far apart as the numbering says (neighbours are often one core's two
 * threads): the server on the first that we may use, the load on the last.
 *
 * @returns undefined where there is only one, or the system does not say: nothing is pinned then.
 */
export function separateCpus(): Pinning | undefined {
  const allowed = allowedCpus();
  const [server] = allowed;
  const load = allowed.at(-1);
  return server === undefined || load === undefined || server === load
    ? undefined
    : { server, load };
}

// See proc_pid_status(5), Cpus_allowed_list: "0-3,8".
function allowedCpus(): number[] {
  if (process.platform !== 'linux') return [];
  const status = readFileSync('/proc/self/status', 'latin1');
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
