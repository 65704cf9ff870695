// What disturbs a round on Linux: CPU time that the hypervisor has taken, the time for which the
// server was ready and waited for its CPU, and CPU time of other processes. See proc_stat(5),
// proc_pid_stat(5), and Documentation/scheduler/sched-stats.rst of the kernel on schedstat.
import { readFileSync } from 'node:fs';
import type { Disturbance } from '../model.ts';
import { type Scheduling, schedulingOf } from './usage.ts';

export interface Watched {
  readonly server: number;
  /** Processes of the load that run for the whole case. */
  readonly beside: readonly number[];
  /** The server's CPU, which the load does not share; absent: nothing is pinned. */
  readonly serverCpu?: number | undefined;
  readonly loadCpu?: number | undefined;
}

/** What was seen from the start of a watch to its end; absent: unknown, as without /proc. */
export interface Seen {
  /** CPU of the server. */
  readonly cpuUs?: number;
  readonly disturbance?: Disturbance;
}

/** Seconds of some CPUs together, since the system was started. */
export interface CpuTimes {
  readonly count: number;
  readonly idle: number;
  readonly steal: number;
  /** Of interrupts, where the kernel leaves them out of the time of processes; else 0. */
  readonly interrupts: number;
  readonly total: number;
}

/** Times are in seconds. */
export interface Sample {
  readonly at: number;
  /** Those in use, and the one that the server has to itself. */
  readonly cpus: CpuTimes | undefined;
  readonly serverCpu: CpuTimes | undefined;
  readonly server: number;
  /** Of the load, and of the suite itself. */
  readonly load: number;
  /** For how long the server's threads have waited for a CPU. */
  readonly delay: number;
}

/** USER_HZ, in which proc(5) counts: 100 on every usual architecture. */
const TICKS_PER_SECOND = 100;

/** Watches a round; what is returned ends it. The processes of the load must have ended by then. */
export function watch(watched: Watched): () => Seen {
  const { server: pid } = watched;
  const scheduled = schedulingOf(pid);
  if (scheduled === undefined) return () => ({});
  const before = sampleOf(watched, scheduled);
  return () => {
    const now = schedulingOf(pid);
    if (now === undefined) return {};
    const disturbance = disturbanceBetween(before, sampleOf(watched, now));
    return { cpuUs: now.cpuUs - scheduled.cpuUs, ...(disturbance && { disturbance }) };
  };
}

function sampleOf(watched: Watched, { delayUs }: Scheduling): Sample {
  const { server, beside, serverCpu, loadCpu } = watched;
  const cpus = [serverCpu, loadCpu].filter((cpu) => cpu !== undefined);
  const text = readFileSync('/proc/stat', 'latin1');
  const { user, system } = process.cpuUsage();
  const besides = beside.map((pid) => cpuSecondsOf(pid, 'own'));
  return {
    at: performance.now() / 1000,
    cpus: cpuTimesIn(text, cpus.length > 0 ? cpus : undefined),
    serverCpu: serverCpu === undefined ? undefined : cpuTimesIn(text, [serverCpu]),
    server: cpuSecondsOf(server, 'own'),
    load: besides.reduce((a, b) => a + b, cpuSecondsOf('self', 'ended') + (user + system) / 1e6),
    delay: delayUs / 1e6,
  };
}

/** CPU of a process, also of threads that have ended; or of its children that have, as loads do. */
function cpuSecondsOf(pid: number | 'self', whose: 'own' | 'ended'): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user, system] = whose === 'own' ? fields.slice(11, 13) : fields.slice(13, 15);
  return (Number(user) + Number(system)) / TICKS_PER_SECOND;
}

/**
 * The times of some CPUs, or of all, in the text of `/proc/stat`; undefined: it has none of them.
 *
 * A kernel that measures interrupts takes them out of the time of processes. Others see no hard
 * interrupt, because the timer's own is what they count with: there, softirqs are in the time of
 * the process that they interrupt.
 */
export function cpuTimesIn(text: string, cpus?: readonly number[]): CpuTimes | undefined {
  const lines = [...text.matchAll(/^cpu(\d+) (.+)$/gm)]
    .filter(([, cpu]) => cpus?.includes(Number(cpu)) ?? true)
    .map(([, , fields = '']) => fields.split(' ').map((ticks) => Number(ticks) / TICKS_PER_SECOND));
  if (lines.length === 0) return undefined;
  const sum = (field: number) => lines.reduce((all, line) => all + (line[field] ?? 0), 0);
  const [idle, iowait, irq, softirq, steal] = [sum(3), sum(4), sum(5), sum(6), sum(7)];
  return {
    count: lines.length,
    idle: idle + iowait,
    steal,
    interrupts: irq > 0 ? irq + softirq : 0,
    total: sum(0) + sum(1) + sum(2) + idle + iowait + irq + softirq + steal,
  };
}

/** Undefined: the counts of the CPUs are not known, or stand still, as in a sandbox. */
export function disturbanceBetween(before: Sample, after: Sample): Disturbance | undefined {
  const seconds = after.at - before.at;
  const server = after.server - before.server;
  const load = after.load - before.load;
  const all = usedBetween(before.cpus, after.cpus, seconds);
  if (all === undefined) return undefined;
  const own = usedBetween(before.serverCpu, after.serverCpu, seconds);
  return {
    steal: shareOf(all.steal, all.seconds),
    otherLoad: shareOf(all.busy - server - load, all.seconds),
    ...(own && {
      // Threads of the server wait for each other, too: V8's, when it collects garbage. For others
      // they have waited no longer than these had the CPU.
      runQueueDelay: shareOf(Math.min(after.delay - before.delay, own.busy - server), seconds),
    }),
  };
}

/** What is not idle is taken from the clock: idle time is measured, the other counts are samples. */
function usedBetween(from: CpuTimes | undefined, to: CpuTimes | undefined, elapsed: number) {
  if (from === undefined || to === undefined || to.total <= from.total) return undefined;
  const seconds = to.count * elapsed;
  const steal = to.steal - from.steal;
  const busy = seconds - steal - (to.idle - from.idle) - (to.interrupts - from.interrupts);
  return { seconds, steal, busy };
}

/** Counts are of 10 ms, so that a small difference may be below 0. */
function shareOf(part: number, whole: number): number {
  return Math.max(0, part / whole);
}
