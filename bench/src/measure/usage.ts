// What a process has used, from proc(5).
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The scheduler's counts of all threads that a process has. */
export interface Scheduling {
  /**
   * CPU, user and system. What the kernel does for it elsewhere (softirqs on the load's side of
   * loopback) is not in it, for no contender.
   */
  readonly cpuUs: number;
  /** For how long its threads were ready to run and waited for a CPU, added up. */
  readonly delayUs: number;
}

/** undefined: this system does not say, or the process has ended. */
export function schedulingOf(pid: number): Scheduling | undefined {
  if (process.platform !== 'linux' || !existsSync(`/proc/${pid}/task`)) return undefined;
  let [cpuNs, delayNs] = [0, 0];
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const [cpu, delay] = schedstatOf(`/proc/${pid}/task/${task}`).split(' ');
    cpuNs += Number(cpu);
    delayNs += Number(delay);
  }
  return { cpuUs: cpuNs / 1000, delayUs: delayNs / 1000 };
}

function schedstatOf(thread: string): string {
  try {
    return readFileSync(`${thread}/schedstat`, 'latin1');
  } catch (error) {
    if (existsSync(thread)) throw error;
    return '0 0'; // it has ended meanwhile
  }
}

/** {@link Scheduling.cpuUs}; undefined: this system does not say, or the process has ended. */
export function cpuUs(pid: number): number | undefined {
  return schedulingOf(pid)?.cpuUs;
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
