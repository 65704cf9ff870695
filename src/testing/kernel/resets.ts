// Connections that a test has asked to be reset, by the address of their server: those that are there, and those
// that are made later.
import type { Address } from './address.ts';
import type { AskedFault } from './faults.ts';
import type { StreamEnd } from './stream.ts';

interface Wanted {
  readonly to: Address;
  readonly afterBytes: number;
  readonly fault: AskedFault;
  timesLeft: number;
}

/** The connections of a network. */
export class Resets {
  readonly #wanted: Wanted[] = [];
  readonly #open = new Map<StreamEnd, Address>();

  /** Has connections to an address reset: `times` of them, each behind its next `afterBytes` bytes. */
  ask(to: Address, afterBytes: number, times: number, fault: AskedFault): void {
    const wanted = { to, afterBytes, fault, timesLeft: times };
    this.#wanted.push(wanted);
    for (const [end, address] of this.#open) {
      if (end.isOver) this.#open.delete(end);
      else apply(wanted, end, address);
    }
  }

  /** A connection was made. @param to - the address of its server. */
  onConnection(end: StreamEnd, to: Address): void {
    for (const wanted of this.#wanted) apply(wanted, end, to);
    for (const other of this.#open.keys()) {
      if (!other.isOver) break; // those that have lasted longest are the first
      this.#open.delete(other);
    }
    this.#open.set(end, to);
  }
}

function apply(wanted: Wanted, end: StreamEnd, to: Address): void {
  const { afterBytes, fault } = wanted;
  if (wanted.timesLeft === 0 || end.resetAfter !== undefined || !isSame(wanted.to, to)) return;
  wanted.timesLeft--;
  const onReset = (): void => {
    fault.fired++;
  };
  end.resetBehind({ bytesLeft: afterBytes, onReset });
}

function isSame(one: Address, other: Address): boolean {
  const isLoopback = ({ host }: Address): boolean => host === '::1' || host.startsWith('127.');
  if (one.port !== other.port) return false;
  return one.host === other.host || (isLoopback(one) && isLoopback(other));
}
