// A setup file of vitest: with EDGEWISE_KERNEL=sim the tests of a file run on a simulated kernel in real time,
// so that the suites that were written for the real one say whether the simulated one is like it.
import { Worker } from 'node:worker_threads';
import { installKernel } from '../../src/kernel.ts';
import { kernelPartOf } from '../../src/testing/kernel/addon.ts';
import { Clock } from '../../src/testing/kernel/clock.ts';
import { Machine } from '../../src/testing/kernel/machine.ts';
import { countThese } from './descriptors.ts';

const NS_PER_MS = 1e6;
const WAIT_MAX_MS = 20;
const BLOCKED_SECONDS = 45;
const nothing = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Time that passes by itself: the program is stopped where the simulation would let it jump. */
class RealTime extends Clock {
  readonly #offsetNs = Number(process.hrtime.bigint()) - super.nowNs;

  override get nowNs(): number {
    return Math.max(super.nowNs, Number(process.hrtime.bigint()) - this.#offsetNs);
  }

  override advanceTo(atNs: number): number {
    for (let leftNs = atNs - this.nowNs; leftNs > 0; leftNs = atNs - this.nowNs) {
      Atomics.wait(nothing, 0, 0, leftNs / NS_PER_MS);
    }
    return super.advanceTo(atNs);
  }
}

/** Has the reactors inside of Node's loop run as Node's own loop would have them. */
function driveInRealTime(machine: Machine): void {
  const { clock } = machine;
  let timer: NodeJS.Timeout | undefined;
  let isPlanned = false;
  const isReferenced = () => [...machine.drivers].some((driver) => driver.isReferenced);
  const pass = (): void => {
    const happened = clock.advanceTo(clock.nowNs);
    const ready = [...machine.drivers].filter((driver) => driver.isReady);
    for (const driver of ready) driver.run();
    plan(happened + ready.length > 0 ? 0 : WAIT_MAX_MS);
  };
  const plan = (mostMs: number): void => {
    const planned = [...machine.drivers].map(({ plannedNs }) => plannedNs);
    const nextNs = Math.min(clock.nextNs, ...planned);
    const ms = Math.min(mostMs, Math.max(0, (nextNs - clock.nowNs) / NS_PER_MS));
    clearTimeout(timer);
    timer = setTimeout(pass, ms);
    if (!isReferenced()) timer.unref();
  };
  machine.onCall = () => {
    if (machine.drivers.size > 0 && !isPlanned) {
      isPlanned = true;
      setImmediate(() => {
        isPlanned = false;
        pass();
      });
    }
  };
  plan(WAIT_MAX_MS);
}

/**
 * Ends this process when a file takes too much of the processor, or does not let Node's loop run for long: a test
 * that never ends by itself leaves no time for vitest's own limit. What waits for something is left to that.
 */
function endAfter(seconds: number): void {
  const passes = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  setInterval(() => Atomics.add(passes, 0, 1), 500).unref();
  const source = `
    const { passes, seconds, blockedSeconds } = require('node:worker_threads').workerData;
    let [seen, silentSeconds] = [0, 0];
    setInterval(() => {
      const { user, system } = process.cpuUsage();
      silentSeconds = Atomics.load(passes, 0) === seen ? silentSeconds + 1 : 0;
      seen = Atomics.load(passes, 0);
      if (user + system > seconds * 1e6 || silentSeconds > blockedSeconds) process.kill(process.pid, 'SIGKILL');
    }, 1000)`;
  const workerData = { passes, seconds, blockedSeconds: BLOCKED_SECONDS };
  new Worker(source, { eval: true, workerData }).unref();
}

if (process.env.EDGEWISE_KERNEL === 'sim') {
  endAfter(Number(process.env.EDGEWISE_FILE_SECONDS ?? 60));
  installKernel((below) => {
    const machine = new Machine(below, { descriptorsMax: 20_000 }, new RealTime());
    driveInRealTime(machine);
    countThese(() => machine.table.openCount);
    return kernelPartOf(machine, below);
  });
}
