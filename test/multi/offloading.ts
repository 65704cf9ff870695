// What the tests of Offload share: pools of one thread, tasks that wait at a gate, and answers as
// promises.
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { afterEach, beforeAll } from 'vitest';
import { type EdgewiseError, Reactor } from '../../src/index.ts';
import { createOffload, type Offload, type OffloadTaskOptions } from '../../src/multi/index.ts';
import { type Descriptors, useDescriptors } from '../helpers/descriptors.ts';

export const MODULE = new URL('./workers/offload-task.mjs', import.meta.url);

/** Shows when a task has arrived at it, and lets it continue. */
export class Gate {
  readonly cells = new SharedArrayBuffer(8);
  readonly #words = new Int32Array(this.cells);

  async untilBegun(): Promise<void> {
    while (Atomics.load(this.#words, 0) === 0) await nextLoopPass();
  }

  release(): void {
    Atomics.store(this.#words, 1, 1);
    Atomics.notify(this.#words, 1);
  }
}

export interface Answer {
  readonly error: EdgewiseError | undefined;
  readonly result: unknown;
}

export function ask(offload: Offload, input: object, options?: OffloadTaskOptions) {
  return new Promise<Answer>((resolve) => {
    offload.run(input, options, (error, result) => resolve({ error, result }));
  });
}

/** Opens pools and gates, which end with the test. */
export class Offloads {
  readonly descriptors: Descriptors = useDescriptors();
  readonly #opened: Offload[] = [];
  readonly #gates: Gate[] = [];

  gate(): Gate {
    const gate = new Gate();
    this.#gates.push(gate);
    return gate;
  }

  async open({ queueLengthMax = 4, isAttached = true, module = MODULE as URL | string } = {}) {
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const reactor = this.descriptors.using(new Reactor({ onError }));
    if (isAttached) reactor.attach();
    const offload = await createOffload({ reactor, module, threads: 1, queueLengthMax });
    this.#opened.push(offload);
    return { reactor, offload, errors };
  }

  async close(): Promise<void> {
    for (const gate of this.#gates.splice(0)) gate.release();
    for (const offload of this.#opened.splice(0)) await offload.close({ timeoutMs: 0 });
  }
}

/** What every test file calls once. */
export function useOffloads(): Offloads {
  const offloads = new Offloads();
  // What the first thread of a process opens stays.
  beforeAll(async () => {
    const reactor = new Reactor();
    await (await createOffload({ reactor, module: MODULE, threads: 1 })).close();
    reactor.close();
  });
  afterEach(() => offloads.close());
  return offloads;
}
