// The thread of a sub-reactor as the main thread sees it: from its start to its end, which is waited
// for, and forced when it is due. A thread that dies is followed by another one of these.
import { Worker } from 'node:worker_threads';
import type { FromSubReactor, SubReactorData, ToSubReactor } from './protocol.ts';

// The thread runs the built file also when this one runs from the sources, as in tests: the oldest
// Node that we support loads no TypeScript.
const isBuilt = import.meta.url.endsWith('.js');
const ENTRY = new URL(isBuilt ? './worker.js' : '../../dist/multi/worker.js', import.meta.url);

/** For what its module has still to do when it has no connection any more, or could not start. */
const DONE_GRACE_MS = 1000;
/** The longest that a timer of Node's takes; more would be at once. */
const TIMER_MAX_MS = 0x7fffffff;

/** What the thread tells that is not about its own life. */
export type ThreadMessage = Exclude<FromSubReactor, { type: 'loaded' | 'drained' }>;

export interface ThreadExit {
  readonly code: number;
  /** What was thrown on it and caught by nobody. */
  readonly cause: unknown;
  /** It had nothing to do any more, or its time was over. */
  readonly wasDue: boolean;
}

export interface ThreadOwner {
  onMessage(message: ThreadMessage): void;
  /** Called once, after all messages. */
  onExit(exit: ThreadExit): void;
}

export class PoolThread {
  /** Resolves when it has ended and its owner knows. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  #isLoading = true;
  #isDue = false;
  /** What `endWithin` was told while it loads. */
  #loadingMs = Number.POSITIVE_INFINITY;
  #endsAtMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(workerData: SubReactorData, owner: ThreadOwner) {
    const worker = new Worker(ENTRY, { workerData, name: `sub-reactor ${workerData.index}` });
    this.#worker = worker;
    let cause: unknown;
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('message', (message: FromSubReactor) => {
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

  get id(): number {
    return this.#worker.threadId;
  }

  post(message: ToSubReactor, transferred: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transferred);
  }

  /** Ends it by force, wherever it is. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  /**
   * Ends it by force if it is still there after so long, which counts from when its module is loaded:
   * Node loses descriptors of a thread that is terminated before. Of several times the first holds.
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

  // It ends by itself if nothing of its module's keeps it.
  #onDone(): void {
    this.#isLoading = false;
    this.#isDue = true;
    this.endWithin(DONE_GRACE_MS);
  }
}
