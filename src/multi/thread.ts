// The thread of a sub-reactor as the main thread sees it: from its start to its end, which is awaited,
// and forced after a time limit. A thread that dies is replaced by a new object.
import { Worker } from 'node:worker_threads';
import { threadFile } from './entry.ts';
import type { Envelope, FromSubReactor, SubReactorData, ToSubReactor } from './protocol.ts';

/** Time for its module when it has no connection any more, or could not start. */
const DONE_GRACE_MS = 1000;
/** The longest timer of Node; a longer one would fire at once. */
const TIMER_MAX_MS = 0x7fffffff;

/** Messages of the thread that are not about its own life cycle. */
export type ThreadMessage = Exclude<FromSubReactor, { type: 'loaded' | 'drained' }>;

/** How a thread has ended. */
export interface ThreadExit {
  readonly code: number;
  /** The uncaught error of the thread, if there was one. */
  readonly cause: unknown;
  /** Whether it had nothing to do any more, or its time was over. */
  readonly wasDue: boolean;
}

/** What a thread reports to. */
export interface ThreadOwner {
  onMessage(message: ThreadMessage): void;
  /** Called once, after all messages. */
  onExit(exit: ThreadExit): void;
}

/** A thread, from its start to its end. */
export class PoolThread {
  /** Resolves when it has ended, after `onExit`. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  #isLoading = true;
  #isDue = false;
  /** The time limit of `endWithin` while it loads. */
  #loadingMs = Number.POSITIVE_INFINITY;
  #endsAtMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(workerData: SubReactorData, owner: ThreadOwner) {
    const name = `sub-reactor ${workerData.index}`;
    const worker = new Worker(threadFile('worker'), { workerData, name });
    this.#worker = worker;
    let cause: unknown;
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('message', (envelope: Partial<Envelope> | null) => {
      const message = envelope?.subReactor;
      if (message === undefined) return; // the module's own
      if (message.type === 'loaded') this.#onLoaded();
      else if (message.type === 'drained') this.#onDone();
      else owner.onMessage(message);
      if (message.type === 'failed') this.#onDone();
    });
    this.ended = new Promise((resolve) => {
      worker.once('exit', (code) => {
        clearTimeout(this.#timer);
        owner.onExit({ code, cause, wasDue: this.#isDue });
        resolve();
      });
    });
  }

  /** The `threadId` of the worker. */
  get id(): number {
    return this.#worker.threadId;
  }

  /** Sends a message to it. */
  post(message: ToSubReactor, transferred: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transferred);
  }

  /** Whether it keeps the process alive. */
  setReferenced(isReferenced: boolean): void {
    if (isReferenced) this.#worker.ref();
    else this.#worker.unref();
  }

  /** Ends it by force, whatever it does. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  /**
   * Ends it by force if it still runs after `ms` milliseconds, counted from when its module is loaded:
   * Node leaks descriptors of a thread that is terminated before. Of several limits the first holds.
   */
  endWithin(ms: number): void {
    if (this.#isLoading) {
      this.#loadingMs = Math.min(this.#loadingMs, ms);
      return;
    }
    const endsAtMs = performance.now() + ms;
    if (endsAtMs >= this.#endsAtMs) return;
    this.#endsAtMs = endsAtMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#isDue = true;
        void this.terminate();
      },
      Math.min(ms, TIMER_MAX_MS),
    );
  }

  #onLoaded(): void {
    this.#isLoading = false;
    this.endWithin(this.#loadingMs);
  }

  // It ends by itself unless its module keeps it alive.
  #onDone(): void {
    this.#isLoading = false;
    this.#isDue = true;
    this.endWithin(DONE_GRACE_MS);
  }
}
