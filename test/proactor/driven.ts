// What the tests of the proactor share: a reactor that is turned by hand, and handlers that record the
// completions.

import { Proactor, type ProactorOptions } from '../../src/proactor/proactor.ts';
import type { ReactorOptions } from '../../src/reactor/options.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import type { Descriptors } from '../helpers/descriptors.ts';

const IDLE_TURNS_MAX = 10;
const WAIT_MS = 1000;

export function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? String(error);
}

export class Driven {
  readonly reactor: Reactor;
  readonly proactor: Proactor;
  /** `name: result` or `name: CODE result`, in the order of the calls of the handlers. */
  readonly completions: string[] = [];
  readonly #results = new Map<string, number>();

  constructor(
    descriptors: Descriptors,
    {
      backend,
      ...options
    }: Omit<ProactorOptions, 'reactor'> & Pick<ReactorOptions, 'backend'> = {},
  ) {
    this.reactor = descriptors.using(new Reactor(backend === undefined ? {} : { backend }));
    this.proactor = new Proactor({ reactor: this.reactor, ...options });
  }

  /** Bound: a handler for every operation; its data is the name to be recorded. */
  readonly note = (error: Error | undefined, result: number, name: string): void => {
    this.completions.push(
      error === undefined ? `${name}: ${result}` : `${name}: ${codeOf(error)} ${result}`,
    );
    this.#results.set(name, result);
  };

  resultOf(name: string): number {
    const result = this.#results.get(name);
    if (result === undefined)
      throw new Error(`${name} has not completed; completed: ${this.completions.join(', ')}`);
    return result;
  }

  /** Turns until so many operations have completed, or nothing completes any more. */
  turnUntil(count: number): void {
    for (let idle = 0; this.completions.length < count; idle++) {
      if (idle === IDLE_TURNS_MAX)
        throw new Error(`completed only: ${this.completions.join(', ')}`);
      if (this.reactor.turn(WAIT_MS) > 0) idle = 0;
    }
  }

  /** Turns that find nothing to wait for. */
  settle(): void {
    for (let turn = 0; turn < 4; turn++) this.reactor.turn(0);
  }
}

/** Writes until the kernel takes no more. @returns bytes that it took. */
export function fill(write: (bytes: Uint8Array) => number): number {
  let total = 0;
  for (const size of [65_536, 1]) {
    const bytes = new Uint8Array(size);
    for (let count = write(bytes); count > 0; count = write(bytes)) total += count;
  }
  return total;
}
