// A simulated machine under everything, until the end of the test.
import { onTestFinished } from 'vitest';
import { installKernel } from '../../../src/kernel.ts';
import { kernelPartOf } from '../../../src/testing/kernel/addon.ts';
import { Machine } from '../../../src/testing/kernel/machine.ts';
import type { KernelOptions } from '../../../src/testing/kernel/options.ts';

/** Has all calls go to a simulated machine until the end of the test. */
export function useMachine(options: KernelOptions = {}): Machine {
  let machine!: Machine;
  const uninstall = installKernel((below) => {
    machine = new Machine(below, options);
    return kernelPartOf(machine, below);
  });
  onTestFinished(uninstall);
  return machine;
}
