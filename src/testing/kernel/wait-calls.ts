// poll(2), select(2) and their like with the face of the addon: which of them go to the simulated machine, and
// which to what is below.
import type { KernelBelow } from '../../kernel.ts';
import type { Machine } from './machine.ts';
import { FIRST_FD } from './table.ts';

type WaitCalls = Pick<KernelBelow, 'poll' | 'ppoll' | 'select' | 'pselect'>;

/** Calls that wait for several descriptors: one of the real kernel is waited for in real time, where it is alone. */
export function waitCalls(now: () => Machine, below: KernelBelow): WaitCalls {
  type Entries = [entries: Uint8Array, count: number, timeoutMs: number];
  type Sets = [limit: number, ...sets: (Uint8Array | undefined)[]];
  const isReal = (entries: Uint8Array, count: number): boolean => {
    const fds = Array.from(new Int32Array(entries.buffer, 0, count * 2)).filter(
      (_, i) => i % 2 === 0,
    );
    return fds.some((fd) => fd >= 0) && !fds.some((fd) => fd >= FIRST_FD);
  };
  const isEmpty = (...[limit, ...sets]: Sets): boolean =>
    sets.every(
      (bits) => bits?.subarray(0, Math.ceil(limit / 8)).every((byte) => byte === 0) ?? true,
    );
  const sleep = (name: string, timeoutMs: number): number =>
    now().perform(name, -1, -1, () => now().waits.sleep(timeoutMs));
  return {
    poll: (...[entries, count, timeoutMs]: Entries) => {
      if (isReal(entries, count)) return below.poll(entries, count, timeoutMs);
      return now().perform('poll', -1, -1, () => now().waits.poll(entries, count, timeoutMs));
    },
    ppoll: (...[entries, count, timeoutMs, signals]: [...Entries, Int32Array | undefined]) => {
      if (isReal(entries, count)) return below.ppoll(entries, count, timeoutMs, signals);
      return now().perform('ppoll', -1, -1, () => now().waits.poll(entries, count, timeoutMs));
    },
    select: (...args: Parameters<KernelBelow['select']>) => {
      const [limit, readable, writable, exceptional, timeoutMs] = args;
      const isSleep = isEmpty(limit, readable, writable, exceptional);
      return isSleep ? sleep('select', timeoutMs) : below.select(...args);
    },
    pselect: (...args: Parameters<KernelBelow['pselect']>) => {
      const [limit, readable, writable, exceptional, timeoutMs] = args;
      const isSleep = isEmpty(limit, readable, writable, exceptional);
      return isSleep ? sleep('pselect', timeoutMs) : below.pselect(...args);
    },
  };
}
