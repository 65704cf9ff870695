// About a thousand signals per second to this process, while a test waits.
import { once } from 'node:events';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

const COUNT_MAX = 20_000;
const LOOP_PASSES_MAX = 1000;

export class SignalStorm {
  readonly #state = new Int32Array(new SharedArrayBuffer(12));
  readonly #signal: NodeJS.Signals;
  readonly #start: Promise<unknown>;
  readonly #exit: Promise<unknown>;
  #receivedCount = 0;
  readonly #onSignal = () => {
    this.#receivedCount++;
  };

  private constructor(signal: NodeJS.Signals) {
    this.#signal = signal;
    process.on(signal, this.#onSignal);
    const workerData = { state: this.#state, signal, countMax: COUNT_MAX };
    const worker = new Worker(new URL('../workers/storm.mjs', import.meta.url), { workerData });
    this.#start = once(worker, 'message');
    this.#exit = once(worker, 'exit');
  }

  /** Resolves once signals are coming. */
  static async start(signal: NodeJS.Signals): Promise<SignalStorm> {
    const storm = new SignalStorm(signal);
    await storm.#start;
    return storm;
  }

  get sentCount(): number {
    return Atomics.load(this.#state, 1);
  }

  /** Whether it has reached its limit, some twenty seconds after its start. */
  get isOver(): boolean {
    return this.sentCount >= COUNT_MAX;
  }

  /** Ends it, whatever the test has come to. */
  close(): void {
    Atomics.store(this.#state, 0, 1);
    process.off(this.#signal, this.#onSignal);
  }

  /** Ends it. @returns how many signals Node has reported; it stops counting at `enough`. */
  async stop(enough: number): Promise<number> {
    Atomics.store(this.#state, 0, 1);
    await this.#exit;
    for (let pass = 0; pass < LOOP_PASSES_MAX && this.#receivedCount < enough; pass++) {
      await nextLoopPass();
    }
    this.close();
    return this.#receivedCount;
  }
}
