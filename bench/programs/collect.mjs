// Preloaded into a Node to measure its memory (`node --expose-gc --import`): on each message of
// the parent it answers what is resident, and what is left of it when all garbage is collected,
// until that no longer changes (`Memory` of bench/src/scenarios/scenario.ts).
import { readFileSync } from 'node:fs';
import { setTimeout as elapsed } from 'node:timers/promises';

const ROUNDS_MAX = 20;
const PAUSE_MS = 30; // V8 gives pages back on threads of its own
const STEADY_BYTES = 64 * 1024;

// Not statm: its counter lags behind by some pages for each CPU. See proc_pid_smaps(5).
function residentBytes() {
  const [, kilobytes] = /^Rss:\s+(\d+) kB$/m.exec(
    readFileSync('/proc/self/smaps_rollup', 'latin1'),
  );
  return Number(kilobytes) * 1024;
}

async function collect() {
  const uncollectedBytes = residentBytes();
  let before = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    globalThis.gc();
    await elapsed(PAUSE_MS);
    const now = residentBytes();
    if (Math.abs(before - now) < STEADY_BYTES) break;
    before = now;
  }
  const { heapUsed: heapBytes } = process.memoryUsage();
  return { bytes: residentBytes(), uncollectedBytes, heapBytes };
}

process.on('message', async () => process.send(await collect()));
process.on('disconnect', () => process.exit(1)); // the parent has gone without ending us
process.channel.unref();
