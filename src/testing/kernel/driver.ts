// A reactor inside the loop of a simulation, with the face of native/addon/loop_driver.cc; on a host that has not that,
// with the one of native/addon/thread_driver.cc: no thread is needed. Which of them is called next, and when time passes, is for src/testing/run-loop.ts to say.
import type { Machine } from './machine.ts';
import type { SimPoller } from './poller.ts';

type Dispatch = (count: number) => void;

/** Drives one reactor. */
export class SimDriver {
  readonly #machine: Machine;
  readonly #poller: SimPoller;
  #dispatch: Dispatch | undefined;
  /** Whether it keeps the simulation going. */
  isReferenced = true;

  constructor(machine: Machine, poller: SimPoller) {
    this.#machine = machine;
    this.#poller = poller;
  }

  /** Whether its reactor has something to do now. */
  get isReady(): boolean {
    return this.#poller.isOpen && this.#poller.isReady;
  }

  /** When its reactor has something to do although nothing happens. */
  get plannedNs(): number {
    return this.#poller.isOpen ? this.#poller.plannedNs : Number.POSITIVE_INFINITY;
  }

  attach(...given: [mode: number, dispatch: Dispatch] | [dispatch: Dispatch]): number {
    this.#dispatch = given.at(-1) as Dispatch;
    this.#machine.drivers.add(this);
    return 0;
  }

  detach(): void {
    this.#dispatch = undefined;
    this.#machine.drivers.delete(this);
  }

  setReferenced(isReferenced: number): number {
    this.isReferenced = isReferenced === 1;
    return 0;
  }

  rewatch(): number {
    return 0;
  }

  plan(): void {
    // The loop asks for `plannedNs` when it needs it.
  }

  /** One turn of its reactor. */
  run(): void {
    const count = this.#poller.wait(0);
    this.#dispatch?.(count);
  }
}
