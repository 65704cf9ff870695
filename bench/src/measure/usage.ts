// What a process has used, from proc(5).
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * Microseconds of CPU, user and system, of all threads that a process has: the scheduler's count
 * in nanoseconds. What the kernel does for it elsewhere (softirqs on the load's side of loopback)
 * is not in it, for no contender. undefined: this system does not say.
 */
export function cpuUs(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  let nanoseconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const [spent] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ');
    nanoseconds += Number(spent);
  }
  return nanoseconds / 1000;
}

/** Resident memory; from smaps_rollup, since the counters of status lag behind by some pages. */
export function residentBytes(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return Number(/^Rss:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024;
}

/** How many io_urings a process holds, by its descriptors; undefined: this system does not say. */
export function ioUringCount(pid: number | 'self'): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((fd) => isIoUring(`${folder}/${fd}`)).length;
}

function isIoUring(path: string): boolean {
  try {
    return readlinkSync(path).includes('io_uring');
  } catch {
    return false; // it is closed by now, as the one that the listing itself has used
  }
}
