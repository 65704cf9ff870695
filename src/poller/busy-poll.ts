// A wait that looks at the queues of network devices itself before it sleeps.
import { EdgewiseError, invalidType } from '../errors.ts';
import { checkInteger, checkObject } from '../validate.ts';

/**
 * A wait that looks at the queues of network devices itself before it sleeps: lower latency for a
 * processor that is busy meanwhile. Only devices with such queues are looked at: not loopback.
 *
 * @see https://docs.kernel.org/networking/napi.html "epoll based busy polling"
 */
export interface BusyPoll {
  /** How long a wait looks, 1 to 2^31 - 1. */
  readonly microseconds: number;
  /** Packets that one look takes at most, 1 to 65535; beyond 64 it takes CAP_NET_ADMIN. Default 8. */
  readonly budget?: number | undefined;
  /** Put the device's interrupts off meanwhile (SO_PREFER_BUSY_POLL). Default false. */
  readonly prefer?: boolean | undefined;
}

const BUDGET_DEFAULT = 8; // the kernel's own
const BUDGET_MAX = 65_535;
const INT32_MAX = 0x7fff_ffff;

/**
 * Checks what a caller wants.
 *
 * @returns the arguments of the native `setBusyPoll`.
 * @throws TypeError, RangeError - no such option. EdgewiseError - ERR_OPTION_UNSUPPORTED.
 */
export function checkBusyPoll(
  busyPoll: BusyPoll,
  { backend, busyPoll: canBusyPoll }: { readonly backend: string; readonly busyPoll: boolean },
): [microseconds: number, budget: number, prefers: number] {
  checkObject('busyPoll', busyPoll);
  const { microseconds, budget = BUDGET_DEFAULT, prefer = false } = busyPoll;
  checkInteger('busyPoll.microseconds', microseconds, 1, INT32_MAX);
  checkInteger('busyPoll.budget', budget, 1, BUDGET_MAX);
  if (typeof prefer !== 'boolean') throw invalidType('busyPoll.prefer', 'a boolean', prefer);
  if (canBusyPoll) return [microseconds, budget, prefer ? 1 : 0];
  throw new EdgewiseError(
    'ERR_OPTION_UNSUPPORTED',
    `${backend} of this ${process.platform} cannot busy-poll (Linux 6.9)`,
  );
}
