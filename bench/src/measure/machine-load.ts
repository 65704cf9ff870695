// What the machine does while nothing of the suite runs but the suite itself: before the first case, and behind
// the last one. See proc_stat(5): `procs_running` counts the threads that run or are ready to.
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { MachineLoad } from '../model.ts';
import { type CpuTimes, cpuTimesIn } from './disturbance.ts';

/** How long it is looked at: counts of the CPUs are of 10 ms. */
const WINDOW_MS = 2000;
const LOOK_MS = 50;

/** Times are in seconds. */
export interface LoadSample {
  readonly at: number;
  readonly cpus: CpuTimes;
  /** CPU of this process. */
  readonly own: number;
}

/** Looks for two seconds; undefined: this system does not say. */
export async function machineLoad(signal: AbortSignal): Promise<MachineLoad | undefined> {
  const before = sample();
  if (before === undefined) return undefined;
  const running: number[] = [];
  for (let looks = WINDOW_MS / LOOK_MS; looks > 0; looks--) {
    await setTimeout(LOOK_MS, undefined, { signal });
    running.push(othersRunning(readFileSync('/proc/stat', 'latin1')));
  }
  const after = sample();
  return after && loadBetween(before, after, running);
}

function sample(): LoadSample | undefined {
  try {
    const cpus = cpuTimesIn(readFileSync('/proc/stat', 'latin1'));
    const { user, system } = process.cpuUsage();
    return cpus && { at: performance.now() / 1000, cpus, own: (user + system) / 1e6 };
  } catch {
    return undefined; // no /proc
  }
}

/** Threads of others in the text of `/proc/stat`: the one that reads it is not counted. */
export function othersRunning(text: string): number {
  return Math.max(0, Number(/^procs_running (\d+)$/m.exec(text)?.[1] ?? 1) - 1);
}

/** Undefined: the counts stand still, as in a sandbox. */
export function loadBetween(
  before: LoadSample,
  after: LoadSample,
  running: readonly number[],
): MachineLoad | undefined {
  if (after.cpus.total <= before.cpus.total) return undefined;
  const all = after.cpus.count * (after.at - before.at);
  const steal = after.cpus.steal - before.cpus.steal;
  const busy = all - steal - (after.cpus.idle - before.cpus.idle);
  return {
    steal: Math.max(0, steal / all),
    otherLoad: Math.max(0, (busy - (after.own - before.own)) / all),
    runQueue: running.reduce((sum, count) => sum + count, 0) / Math.max(running.length, 1),
  };
}
