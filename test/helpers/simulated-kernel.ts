// A setup file of vitest: with EDGEWISE_KERNEL=sim the tests of a file run on a simulated kernel in real time,
// so that the suites that were written for the real one say whether the simulated one is like it.
import { installKernel } from '../../src/kernel.ts';
import { kernelPartOf } from '../../src/testing/kernel/addon.ts';
import { Machine } from '../../src/testing/kernel/machine.ts';

const NS_PER_MS = 1e6;
const WAIT_MAX_MS = 20;

/** Has the reactors inside of Node's loop run as Node's own loop would have them. */
function driveInRealTime(machine: Machine): void {
  const { clock } = machine;
  const beginMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const isReferenced = () => [...machine.drivers].some((driver) => driver.isReferenced);
  const pass = (): void => {
    const nowNs = clock.startNs + (performance.now() - beginMs) * NS_PER_MS;
    const happened = clock.advanceTo(nowNs);
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
  let isPlanned = false;
  plan(WAIT_MAX_MS);
}

if (process.env.EDGEWISE_KERNEL === 'sim') {
  installKernel((below) => {
    const machine = new Machine(below, { descriptorsMax: 20_000 });
    driveInRealTime(machine);
    return kernelPartOf(machine, below);
  });
}
