// One thread of an Offload: a tinypool of one thread, which gets one task at a time.
//
// tinypool's own queue is not used, and neither are its signals nor its end. In its queue an input
// that cannot be sent stops those behind it; a thread that is being ended may take the next task,
// when the answer to its last one is still read; and its end of all threads crashes when one of them
// fails meanwhile. So a task waits here until a thread is free, and a thread that ends, in whatever
// way, has ended completely before the next task is handed out.
import { inspect } from 'node:util';
import { EdgewiseError, isError } from '../errors.ts';
import type { OffloadWork } from './offload-thread.ts';

/** What is used of the threads of a tinypool. */
interface Thread {
  once(name: 'exit', listener: (exitCode: number) => void): unknown;
  terminate(): Promise<unknown>;
}

/** What is used of a tinypool. It puts a thread in the place of one that fails. */
export interface ThreadPool {
  readonly threads: readonly Thread[];
  readonly options: { minThreads: number };
  run(work: OffloadWork): Promise<unknown>;
  on(name: 'error', listener: (cause: unknown) => void): unknown;
}

/** A task and its callback, which is called once, unless the task is given up. */
export interface SlotTask {
  readonly work: OffloadWork;
  readonly answer: (error: EdgewiseError | undefined, result?: unknown) => void;
}

/** The error of a task, or of a thread without one. */
export function failure(cause: unknown): EdgewiseError {
  const text = `the task failed: ${isError(cause) ? cause.message : inspect(cause)}`;
  return new EdgewiseError('ERR_OFFLOAD_FAILED', text, { cause });
}

/** One thread of an Offload. */
export class OffloadSlot {
  readonly #makePool: () => ThreadPool;
  readonly #onFree: (slot: OffloadSlot) => void;
  #pool: ThreadPool;
  #thread: Thread | undefined; // that got the last task
  #task: SlotTask | undefined; // that is not answered
  #isBusy = false; // also after the answer, until its thread is known to be usable or to have ended
  #isClosed = false;

  constructor(makePool: () => ThreadPool, onFree: (slot: OffloadSlot) => void) {
    this.#makePool = makePool;
    this.#onFree = onFree;
    this.#pool = makePool();
  }

  /** Runs a task on the thread. Only when the slot is free, which it is when it is made. */
  run(task: SlotTask): void {
    this.#isBusy = true;
    this.#task = task;
    const thread = this.#nextThread();
    this.#pool.run(task.work).then(
      (result) => this.#settle(thread, task, undefined, result),
      (cause) => this.#settle(thread, task, failure(cause)),
    );
  }

  /** Ends the thread of a task, without an answer; another one takes its place. */
  giveUp(task: SlotTask): void {
    if (this.#task !== task) return;
    this.#task = undefined;
    void this.#thread?.terminate();
  }

  /** Ends the thread. No answer is given any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#task = undefined;
    this.#pool.options.minThreads = 0; // no replacement for a thread that fails in this moment
    const threads = new Set(this.#pool.threads);
    if (this.#thread !== undefined) threads.add(this.#thread); // which may be ending already
    await Promise.all([...threads].map((thread) => thread.terminate()));
  }

  #nextThread(): Thread {
    if (this.#pool.threads.length === 0) this.#pool = this.#makePool(); // none could be started
    const thread = this.#pool.threads[0] as Thread;
    if (thread !== this.#thread) {
      this.#thread = thread;
      thread.once('exit', (exitCode) => this.#onExit(thread, exitCode));
    }
    return thread;
  }

  #settle(thread: Thread, task: SlotTask, error?: EdgewiseError, result?: unknown): void {
    if (this.#task !== task) return;
    this.#task = undefined;
    task.answer(error, result);
    if (this.#pool.threads.includes(thread)) this.#release(); // or else when it has ended
  }

  #onExit(thread: Thread, exitCode: number): void {
    if (this.#isClosed || this.#thread !== thread) return;
    // One that has failed is replaced already; tinypool does not notice another end.
    if (this.#pool.threads.includes(thread)) this.#pool = this.#makePool();
    // What the thread has sent is read in this pass of Node's loop: an answer, perhaps.
    setImmediate(() => this.#onGone(thread, exitCode));
  }

  #onGone(thread: Thread, exitCode: number): void {
    if (this.#isClosed || this.#thread !== thread) return; // another has a task already
    this.#thread = undefined;
    const task = this.#task;
    this.#task = undefined;
    task?.answer(failure(new Error(`its thread has ended with exit code ${exitCode}`)));
    if (this.#isBusy) this.#release();
  }

  #release(): void {
    this.#isBusy = false;
    this.#onFree(this);
  }
}
