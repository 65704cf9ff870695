// Scenarios of checks 5.7 and 5.9: wake-ups, and what is open at the end.
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Interest } from 'edgewise';
import * as sys from 'edgewise/sys';
import { simulate } from 'edgewise/testing';
import { Miss } from '../../src/lab.ts';
import { closeAll } from '../../src/simulated/leftover.ts';
import type { SimulatedTask } from '../../src/simulated/run.ts';
import { Bench, onSimulated } from './bench.ts';

const THREADS = 4;
const WAKES_EACH = 500;
const WAIT_MS = 1000;

/** 5.7, in one thread. */
export const wakes = (task: SimulatedTask): Promise<void> =>
  onSimulated(task, manyAreOne, whileWorking, byDescriptor);

function manyAreOne(bench: Bench): void {
  const beginMs = bench.now;
  for (let count = 0; count < 3; count++) bench.reactor.wake();
  bench.reactor.turn(WAIT_MS);
  if (bench.now > beginMs) throw new Miss('not woken', 'turn waited, after wake()');
  expectWakes(bench, 1, 'by the turn after three wake()');
  bench.reactor.turn(WAIT_MS);
  expectWakes(bench, 1, 'after another turn, without wake()');
  if (bench.now === beginMs) throw new Miss('woken for nothing', 'a turn did not wait');
}

// Another thread may do so at that moment: here it is onWake itself.
function whileWorking(bench: Bench): void {
  bench.onWake = () => {
    if (bench.wakes === 1) bench.reactor.wake();
  };
  bench.reactor.wake();
  bench.reactor.turn(WAIT_MS);
  bench.reactor.turn(WAIT_MS);
  if (bench.wakes === 0) throw new Miss('not woken', 'onWake was not called after wake()');
  if (bench.wakes < 2) throw new Miss('lost', 'a wake-up that came while onWake ran');
}

function byDescriptor(bench: Bench): void {
  const { wakeFd } = bench.reactor;
  if (!(wakeFd >= 0)) throw new Miss('not woken', `wakeFd is ${wakeFd}: not a descriptor`);
  for (let count = 0; count < 3; count++) sys.write(wakeFd, oneInEight());
  bench.reactor.turn(WAIT_MS);
  expectWakes(bench, 1, 'after three writes to wakeFd');
}

function expectWakes({ wakes: count }: Bench, wanted: number, when: string): void {
  if (count === wanted) return;
  const why = count < wanted ? 'not woken' : 'woken for nothing';
  throw new Miss(why, `onWake was called ${count} times, not ${wanted}, ${when}`);
}

// A number for an eventfd, and just bytes for a pipe.
function oneInEight(): Uint8Array {
  return new Uint8Array(BigUint64Array.of(1n).buffer);
}

// Counts work, then wakes: the reactor has to see each count sooner or later.
const THREAD = `
const { workerData: { fd, counter, count, sys } } = require('node:worker_threads');
import(sys).then(({ write }) => {
  const one = new Uint8Array(BigUint64Array.of(1n).buffer);
  for (let i = 0; i < count; i++) {
    Atomics.add(counter, 0, 1);
    write(fd, one);
  }
});
`;

/** 5.7, with threads: the real kernel. */
export async function threads({ program }: SimulatedTask): Promise<void> {
  const bench = new Bench(program, () => performance.now());
  const { wakeFd: fd } = bench.reactor;
  if (!(fd >= 0)) throw new Miss('not woken', `wakeFd is ${fd}: not a descriptor`);
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const sysUrl = import.meta.resolve('edgewise/sys');
  const workerData = { fd, counter, count: WAKES_EACH, sys: sysUrl };
  const started = Array.from(
    { length: THREADS },
    () => new Worker(THREAD, { eval: true, workerData }),
  );
  let seen = 0;
  bench.onWake = () => {
    seen = Atomics.load(counter, 0);
  };
  const all = THREADS * WAKES_EACH;
  let running = THREADS;
  for (const thread of started) thread.once('exit', () => running--);
  while (running > 0) {
    bench.reactor.turn(1);
    await setImmediate(); // Node's loop, which threads need to begin and to end
  }
  bench.reactor.turn(0);
  bench.close();
  if (seen === all) return;
  throw new Miss('lost', `onWake has seen ${seen} of ${all} counts, and was not called again`);
}

/** 5.9 */
export function descriptors({ program, seed }: SimulatedTask): Promise<void> {
  return simulate({ seed, shrinkMs: 0 }, (sim) => {
    const bench = new Bench(program, () => sim.now);
    const fds = bench.pair();
    bench.watch(fds[0], Interest.Readable);
    bench.reactor.close();
    const isPollerClosed = bench.poller.isClosed;
    const isYoursOpen = sys.write(fds[1], oneInEight()) > 0;
    bench.close();
    const { open } = sim.descriptors;
    closeAll(sim);
    if (!isPollerClosed) throw new Miss('left open', 'the poller is open after close()');
    if (open.length > 0) throw new Miss('left open', `after close(): ${open.join(', ')}`);
    if (!isYoursOpen) throw new Miss('not its own', 'it has closed a descriptor that it borrowed');
  });
}
