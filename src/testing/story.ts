// The calls that a program makes, as lines to read: what was done when, to what, and what came of it.
import { observeKernel } from '../kernel.ts';
import { errnoName } from '../sys/result.ts';
import { describeFile } from './describe.ts';
import type { Machine } from './kernel/machine.ts';
import { FIRST_FD } from './kernel/table.ts';

const NS_PER_MS = 1e6;
const LINES_MAX = 24;

/** Calls that say nothing of what happens to the program's data. */
const SILENT: ReadonlySet<string> = new Set([
  'fcntl',
  'getsockname',
  'getpeername',
  'getsockopt',
  'setsockopt',
  'poller.open',
  'poller.close',
  'poller.wait',
  'poller.resume',
]);

/** The last calls of one run. */
export class Story {
  readonly #lines: string[] = [];
  readonly #stop: () => void;

  constructor(machine: Machine) {
    this.#stop = observeKernel({
      onCall: ({ name }, fd, result, asked) => {
        if (SILENT.has(name) || fd < FIRST_FD) return;
        const ms = (machine.clock.elapsedNs / NS_PER_MS).toFixed(1);
        const of = asked >= 0 && result >= 0 ? ` of ${asked}` : '';
        const came = result < 0 ? errnoName(result) : `${result}${of}`;
        this.#lines.push(`${ms.padStart(10)} ms  ${name} on ${describeFile(machine, fd)}: ${came}`);
        if (this.#lines.length > LINES_MAX) this.#lines.shift();
      },
    });
  }

  /** No more calls are noted. */
  end(): void {
    this.#stop();
  }

  /** The calls, oldest first. */
  get text(): string {
    return this.#lines.join('\n');
  }
}
