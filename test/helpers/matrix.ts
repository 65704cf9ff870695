// The back-ends of this platform and their triggers, as test titles.
import { describe } from 'vitest';
import type { Backend, Trigger } from '../../src/poller/interest.ts';
import { Poller } from '../../src/poller/poller.ts';
import { DRIVER_MODES, type DriverMode } from '../../src/reactor/driver.ts';

/** Calls `define` in a group per back-end that has all of `triggers`. */
export function eachBackend(
  define: (backend: Backend) => void,
  ...triggers: readonly Trigger[]
): void {
  for (const backend of Poller.backends) {
    const have = Poller.capabilitiesOf(backend).triggers;
    if (triggers.every((trigger) => have.includes(trigger))) {
      describe(backend, () => define(backend));
    }
  }
}

/** Calls `define` in a group per back-end and trigger that it has, as far as it is `wanted`. */
export function eachTrigger(
  define: (backend: Backend, trigger: Trigger) => void,
  isWanted: (trigger: Trigger) => boolean = () => true,
): void {
  for (const backend of Poller.backends) {
    for (const trigger of Poller.capabilitiesOf(backend).triggers.filter(isWanted)) {
      describe(`${backend}, ${trigger}`, () => define(backend, trigger));
    }
  }
}

/** Calls `define` in a group per back-end and way of living in Node's loop that it has. */
export function eachDriver(define: (backend: Backend, driver: DriverMode) => void): void {
  for (const { backend, driver } of DRIVERS) {
    describe(`${backend}, ${driver}`, () => define(backend, driver));
  }
}

/** Every back-end with each of its drivers. */
export const DRIVERS: readonly { backend: Backend; driver: DriverMode }[] = Poller.backends.flatMap(
  (backend) => {
    const { nestable } = Poller.capabilitiesOf(backend);
    return DRIVER_MODES.filter((driver) => nestable || driver === 'inverted').map((driver) => ({
      backend,
      driver,
    }));
  },
);

export function isOneshot(trigger: Trigger): boolean {
  return trigger === 'oneshot' || trigger === 'edge-oneshot';
}

export function isEdge(trigger: Trigger): boolean {
  return trigger === 'edge' || trigger === 'edge-oneshot';
}

/** select reports hang-ups and errors only as readable and writable. */
export function reportsClosedBits(backend: Backend): boolean {
  return backend !== 'select';
}

/** Its kernel keeps an interest set, which knows descriptions instead of numbers. */
export function keepsInterestInKernel(backend: Backend): boolean {
  return backend === 'epoll' || backend === 'kqueue';
}
