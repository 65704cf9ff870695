// Signals of a simulated machine, with the face of native/addon/signal_wrap.cc: `raise` has them pending.
import { constants } from 'node:os';
import { EventCounter } from './counters.ts';
import type { Machine } from './machine.ts';

const { EINVAL } = constants.errno;
const NOT_CATCHABLE: readonly number[] = [constants.signals.SIGKILL, constants.signals.SIGSTOP];
const ONE = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);

/** What can wait for signals. */
export interface SignalTarget {
  /** @returns whether it waits for this one. */
  raise(signum: number): boolean;
}

/** The signals of one reactor. */
export class SimSignals implements SignalTarget {
  readonly #machine: Machine;
  readonly #counter = new EventCounter(0, true, false);
  readonly #watched = new Set<number>();
  #pending = 0n;
  #fd = -1;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  open(): number {
    this.#fd = this.#machine.table.open(this.#counter);
    this.#machine.signals.add(this);
    return Math.min(this.#fd, 0);
  }

  close(): void {
    this.#machine.signals.delete(this);
    this.#machine.table.close(this.#fd);
  }

  descriptor(): number {
    return this.#fd;
  }

  add(signum: number): number {
    if (NOT_CATCHABLE.includes(signum)) return -EINVAL;
    this.#watched.add(signum);
    return 0;
  }

  remove(signum: number): number {
    this.#watched.delete(signum);
    return 0;
  }

  /** Into eight bytes: the pending set, little-endian. */
  take(into: Uint8Array): number {
    new DataView(into.buffer, into.byteOffset).setBigUint64(0, this.#pending, true);
    this.#pending = 0n;
    this.#counter.read(new Uint8Array(ONE.length));
    return 0;
  }

  /** @returns whether it is waited for. */
  raise(signum: number): boolean {
    if (!this.#watched.has(signum)) return false;
    this.#pending |= 1n << BigInt(signum - 1);
    this.#counter.write(ONE);
    return true;
  }
}
