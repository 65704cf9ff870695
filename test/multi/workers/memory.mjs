// What a process holds, without what is only waiting for the collector. V8 doubles its young generation
// under load, by 8 or 16 MiB at a time and whatever the program keeps, so its heap is judged by what is
// used of it, and everything else (native memory, other threads) by the resident set without it.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** @returns both in bytes */
export function memoryHeld() {
  collect();
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  return { heapUsed, outsideHeap: rss - heapTotal };
}

export function growthSince(before) {
  const { heapUsed, outsideHeap } = memoryHeld();
  return {
    heapUsed: heapUsed - before.heapUsed,
    outsideHeap: outsideHeap - before.outsideHeap,
  };
}
