// Pools for tests of their life cycle and their faults, and signals to wait for.
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { ReactorPool, type ReactorPoolOptions } from '../../src/multi/index.ts';

export const ECHO = new URL('./workers/sub-echo.mjs', import.meta.url);

/** Something that happens once or more often, and can be awaited. */
export class Signal<Value> {
  readonly seen: Value[] = [];
  #onNext: () => void = () => undefined;

  readonly emit = (value: Value): void => {
    this.seen.push(value);
    this.#onNext();
  };

  async next(): Promise<Value> {
    while (this.seen.length === 0) {
      await new Promise<void>((resolve) => {
        this.#onNext = resolve;
      });
    }
    return this.seen.shift() as Value;
  }
}

/** A pool that is not started, with the errors that its `onError` got. */
export function makePool(options: Partial<ReactorPoolOptions> = {}) {
  const errors = new Signal<Error>();
  const onError = errors.emit;
  const host = options.fd === undefined ? '127.0.0.1' : undefined;
  const pool = new ReactorPool({ size: 2, module: ECHO, host, onError, ...options });
  return { pool, errors };
}

export async function startPool(options: Partial<ReactorPoolOptions> = {}) {
  const made = makePool(options);
  await made.pool.start();
  return made;
}

export async function untilRestarted(pool: ReactorPool, restarts: number) {
  for (;;) {
    const report = await pool.report();
    if (report.total.restarts === restarts) return report;
    await nextLoopPass(); // without a thread it resolves at once
  }
}

/** The module of a pool from its source. */
export function moduleOf(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
