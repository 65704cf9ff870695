// About a thousand signals per second to this process, while a test waits.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const COUNT_MAX = 20_000;

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

  /** @returns how many signals Node has told us of. */
  async stop(): Promise<number> {
    Atomics.store(this.#state, 0, 1);
    await this.#exit;
    process.off(this.#signal, this.#onSignal);
    return this.#receivedCount;
  }
}
