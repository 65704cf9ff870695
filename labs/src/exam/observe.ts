// What Linux shows of another process without its help. proc(5).
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const NS_PER_MS = 1e6;

/** Whether this system shows it: Linux with /proc. */
export const canObserve = process.platform === 'linux' && fileText('/proc/self/schedstat') !== '';

/** CPU time that all threads of a process have used, in milliseconds; 0 when it is gone. */
export function cpuMs(pid: number): number {
  const tasks = entries(`/proc/${pid}/task`);
  const spent = tasks.map((task) =>
    Number(fileText(`/proc/${pid}/task/${task}/schedstat`).split(' ')[0]),
  );
  return spent.reduce((sum, ns) => sum + ns, 0) / NS_PER_MS;
}

/** Whether no thread of it has anything to do: all of them wait for an event. */
export function isAsleep(pid: number): boolean {
  const states = statesOf(pid);
  return states.length > 0 && states.every((state) => state === 'S');
}

/** Whether a signal has stopped it; true also when it is gone. */
export function isStopped(pid: number): boolean {
  return statesOf(pid).every((state) => state === 'T');
}

function statesOf(pid: number): string[] {
  return entries(`/proc/${pid}/task`).map((task) => stateOf(`/proc/${pid}/task/${task}/stat`));
}

// The name in brackets may have any character in it.
function stateOf(path: string): string {
  return /\) (\S)/.exec(fileText(path))?.[1] ?? '';
}

/** How often its first thread has gone to sleep by itself: what is taken off the core while it has work is not counted. */
export function voluntarySwitches(pid: number): number {
  const [, count] =
    /^voluntary_ctxt_switches:\s+(\d+)/m.exec(fileText(`/proc/${pid}/status`)) ?? [];
  return Number(count ?? 0);
}

/** Its open descriptors, each with what it is: `'socket:[4711]'`. */
export function descriptors(pid: number): Map<number, string> {
  const folder = `/proc/${pid}/fd`;
  return new Map(entries(folder).map((fd) => [Number(fd), linkText(`${folder}/${fd}`)]));
}

/** Its sockets: what a client costs it. */
export function socketCount(pid: number): number {
  return [...descriptors(pid).values()].filter((what) => what.startsWith('socket:')).length;
}

/** Whether a descriptor of it is non-blocking; undefined when it is gone. */
export function isNonBlocking(pid: number, fd: number): boolean | undefined {
  const [, flags] = /^flags:\s+(\d+)/m.exec(fileText(`/proc/${pid}/fdinfo/${fd}`)) ?? [];
  return flags === undefined ? undefined : (Number.parseInt(flags, 8) & 0o4000) !== 0;
}

/** The processes that were started with a variable of the environment, whatever their parent is. */
export function processesWith(variable: string): number[] {
  const pids = entries('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .filter((pid) => fileText(`/proc/${pid}/environ`).split('\0').includes(variable))
    .map(Number);
}

/** A process, also when its number is used again. */
export interface ProcessId {
  readonly pid: number;
  /** When it was started. */
  readonly start: string;
}

interface Stat extends ProcessId {
  readonly parent: number;
  readonly state: string;
}

/** What a process has started, and what that has started, while their parents run. */
export function descendantsOf(pid: number): ProcessId[] {
  const all = entries('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? []);
  const found: Stat[] = [];
  let parents = [pid];
  while (parents.length > 0) {
    const children = all.filter(({ parent }) => parents.includes(parent));
    found.push(...children);
    parents = children.map((child) => child.pid);
  }
  return found;
}

/** Whether it still runs. */
export function isSameProcess({ pid, start }: ProcessId): boolean {
  const stat = statOf(pid);
  return stat?.start === start && stat.state !== 'Z';
}

// Behind the name in brackets: the state, the parent, and, twenty fields on, the time of its start.
function statOf(pid: number): Stat | undefined {
  const [, rest] = /\) (.*)$/s.exec(fileText(`/proc/${pid}/stat`)) ?? [];
  if (rest === undefined) return undefined;
  const fields = rest.split(' ');
  return { pid, state: fields[0] ?? '', parent: Number(fields[1]), start: fields[19] ?? '' };
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // gone, or another user's
  }
}

function fileText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function linkText(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
