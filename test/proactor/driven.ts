// What the tests of the proactor have in common: a reactor that is turned by hand, and handlers that
// write down what they are told.

import { Proactor, type ProactorOptions } from '../../src/proactor/proactor.ts';
import type { ReactorOptions } from '../../src/reactor/options.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import type { Descriptors } from '../helpers/descriptors.ts';

const IDLE_TURNS_MAX = 10;
const WAIT_MS = 1000;

/** What a completion told: a result, or the code of an error and the result beside it. */
export type Told = string;

export function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? String(error);
}

export class Driven {
  readonly reactor: Reactor;
  readonly proactor: Proactor;
  /** `name: result` or `name: CODE result`, in the order in which they were told. */
  readonly told: Told[] = [];
  readonly #told = new Map<string, number>();

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

  /** Bound: a handler for every operation; its data is the name to be written down. */
  readonly note = (error: Error | undefined, result: number, name: string): void => {
    this.told.push(
      error === undefined ? `${name}: ${result}` : `${name}: ${codeOf(error)} ${result}`,
    );
    this.#told.set(name, result);
  };

  resultOf(name: string): number {
    const result = this.#told.get(name);
    if (result === undefined)
      throw new Error(`${name} was not told; told: ${this.told.join(', ')}`);
    return result;
  }

  /** Turns until so many completions were told, or nothing comes any more. */
  turnUntil(count: number): void {
    for (let idle = 0; this.told.length < count; idle++) {
      if (idle === IDLE_TURNS_MAX) throw new Error(`told only: ${this.told.join(', ')}`);
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
