// `process.on('SIGTERM', …)` of the program: a signal of the simulation calls it, and it goes with the run, as
// it would with the process.
import { constants } from 'node:os';
import type { Clock } from './kernel/clock.ts';

type Listener = (name: NodeJS.Signals, signum: number) => void;

const NAMES = Object.keys(constants.signals) as NodeJS.Signals[];

/** What a program has Node call at signals, since it was made. */
export class ProcessSignals {
  readonly #clock: Clock;
  readonly #before: ReadonlyMap<string, readonly unknown[]>;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#before = new Map(NAMES.map((name) => [name, process.rawListeners(name)]));
  }

  /** Has them called, not in the middle of what the program does now. @returns whether there are any. */
  raise(signum: number): boolean {
    const names = NAMES.filter((name) => constants.signals[name] === signum);
    const hasAny = names.some((name) => this.#of(name).length > 0);
    if (hasAny) this.#clock.after(0, () => this.#call(names, signum));
    return hasAny;
  }

  /** Those of the program are no more. */
  end(): void {
    for (const name of NAMES) {
      for (const listener of this.#of(name)) process.removeListener(name, listener);
    }
  }

  #of(name: NodeJS.Signals): Listener[] {
    const before = this.#before.get(name) ?? [];
    const now = process.rawListeners(name) as Listener[];
    return now.filter((listener) => !before.includes(listener));
  }

  #call(names: readonly NodeJS.Signals[], signum: number): void {
    for (const name of names) {
      for (const listener of this.#of(name)) listener.call(process, name, signum);
    }
  }
}
