// A reactor over a simulated machine of its own, whose choices have the seed of the script: so a script that
// shows a difference shows it again while it is shrunk.
import { installKernel, type KernelBelow } from '../../../../src/kernel.ts';
import { changingKernelPart } from '../../../../src/testing/kernel/addon.ts';
import { Machine } from '../../../../src/testing/kernel/machine.ts';
import type { KernelOptions } from '../../../../src/testing/kernel/options.ts';
import { Random } from '../../../helpers/random.ts';
import { type MakeSubject, realReactor } from '../../../model/subject.ts';

/** Simulated machines under the reactors of a comparison, until `uninstall`. */
export class Machines {
  readonly uninstall: () => void;
  /** Calls on all machines. */
  callCount = 0;
  /** What was left open on any of them. */
  leftOpenCount = 0;
  /** Choices that were not the kindest. */
  unkindCount = 0;
  readonly #options: KernelOptions;
  #below!: KernelBelow;
  #machine!: Machine;

  constructor(options: KernelOptions) {
    this.#options = options;
    this.uninstall = installKernel((below) => {
      this.#below = below;
      this.#machine = new Machine(below, options);
      return changingKernelPart(() => this.#machine, below);
    });
  }

  /** The reactor of one script, on a new machine. */
  readonly make: MakeSubject = (backend, seed) => {
    this.count();
    const machine = new Machine(this.#below, { ...this.#options, tape: seed });
    this.#machine = machine;
    const random = new Random(seed);
    // The oracle has to know of a wake-up for nothing, so it is planned.
    const planWait = (): boolean => {
      const isForNothing = random.below(1000) < 1000 * (this.#options.faults?.spurious ?? 0);
      Object.assign(machine.settings, { spurious: isForNothing ? 1 : 0 });
      return isForNothing;
    };
    return Object.assign(realReactor(backend, seed), { planWait });
  };

  /** Adds up what the machine of the last script has come to. */
  count(): void {
    const { callCount, table, tape } = this.#machine;
    this.callCount += callCount;
    this.leftOpenCount += table.numbers.length;
    this.unkindCount += tape.unkindCount;
  }
}
