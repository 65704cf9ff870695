// Work that would block the loop, done by other threads: those of tinypool, an optional peer dependency
// that is loaded when the first pool is made. Tasks wait in a queue here until a thread is free
// (offload-slot.ts). Results arrive through Node's loop, wait in a list, and are delivered in a turn of
// the reactor, where writes are corked and charged as usual.
import { availableParallelism } from 'node:os';
import { ClosedError, EdgewiseError } from '../errors.ts';
import { SHOWN, shown } from '../inspect.ts';
import { checkReactor, type Reactor, type ReactorWaker } from '../reactor/index.ts';
import { checkFunction, checkInteger, checkObject, checkSignal } from '../validate.ts';
import { threadFile } from './entry.ts';
import { failure, OffloadSlot, type SlotTask, type ThreadPool } from './offload-slot.ts';
import { urlOf } from './options.ts';

const ANSWERS_PER_TURN = 1024;
const THREADS_MAX = 1024;
const QUEUE_LENGTH_MAX = 1024;
const QUEUE_LENGTH_MAX_MAX = 1 << 20;
const CLOSE_TIMEOUT_MS = 30_000;
const OPTION_NAMES = Object.keys({
  reactor: true,
  module: true,
  threads: true,
  queueLengthMax: true,
} satisfies Record<keyof OffloadOptions, true>);

/** Options of {@link createOffload}. */
export interface OffloadOptions {
  /** Delivers the results. It must be attached, or in `run`: results arrive through Node's loop. */
  readonly reactor: Reactor;
  /** A path or URL of a module that exports `task(input)`, which does the work; each thread loads it. */
  readonly module: URL | string;
  /** Count of threads, 1 to 1024. Default: what the machine has, less one for the loop. */
  readonly threads?: number | undefined;
  /** Tasks that may wait for a thread, 0 to 2^20. Default 1024. */
  readonly queueLengthMax?: number | undefined;
}

/** Options of one task. */
export interface OffloadTaskOptions {
  /** The connection that needs the answer: when it is closed by then, the answer is dropped. */
  readonly connection?:
    | {
        /** Whether the answer is needed no more. */
        readonly isClosed: boolean;
      }
    | undefined;
  /** Gives the task up; a thread that runs it is ended, and another started. */
  readonly signal?: AbortSignal | undefined;
}

/** Counts since the pool was made. */
export interface OffloadStats {
  /** Tasks that are not answered yet. */
  readonly pending: number;
  /** Answers that a callback was called with, errors among them. */
  readonly answered: number;
  /** Answers that were not needed any more: the connection or the pool was closed. */
  readonly dropped: number;
}

/** Called in a turn of the reactor, once; `error` is undefined when the task has succeeded. */
export type OffloadCallback = (error: EdgewiseError | undefined, result?: unknown) => void;

/** A task that is not answered. */
interface Task extends SlotTask {
  /** The thread that runs it; undefined while it waits. */
  slot: OffloadSlot | undefined;
}

/** What the constructor of an Offload takes. */
interface OffloadSettings {
  /** A tinypool of one thread. */
  readonly makePool: () => ThreadPool;
  readonly threads: number;
  /** The URL of the user's module. */
  readonly module: string;
  readonly queueLengthMax: number;
  readonly reactor: Reactor;
}

/**
 * A pool of threads beside a reactor, made by {@link createOffload}. While tasks are pending it keeps
 * the reactor alive, unless {@link unref}.
 */
export class Offload {
  readonly #module: string;
  readonly #pendingMax: number;
  readonly #reactor: Reactor;
  readonly #waker: ReactorWaker;
  readonly #dependent = { close: () => this.destroy() };
  readonly #slots: readonly OffloadSlot[];
  readonly #free: OffloadSlot[];
  #waiting: Task[] = [];
  #answers: (() => void)[] = [];
  #pending = 0;
  #answered = 0;
  #dropped = 0;
  #isReferenced = true;
  #closed: Promise<void> | undefined;
  /** Set when the threads are being ended. */
  #ended: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;

  /** @internal use {@link createOffload} */
  constructor({ makePool, threads, module, queueLengthMax, reactor }: OffloadSettings) {
    this.#module = module;
    this.#pendingMax = threads + queueLengthMax;
    this.#reactor = reactor;
    const makeWatched = (): ThreadPool => {
      const pool = makePool();
      pool.on('error', (cause) => this.#onError(cause));
      return pool;
    };
    const onFree = (slot: OffloadSlot): void => {
      this.#free.push(slot);
      this.#handOut();
    };
    this.#slots = Array.from({ length: threads }, () => new OffloadSlot(makeWatched, onFree));
    this.#free = [...this.#slots];
    this.#waker = reactor.createWaker(() => this.#deliver()).unref();
    reactor.dependents.add(this.#dependent);
  }

  /** Whether `close` or `destroy` was called, or the reactor was closed. */
  get isClosed(): boolean {
    return this.#closed !== undefined || this.#ended !== undefined;
  }

  /** Whether `run` would take a task; if not, pause the source of the tasks. */
  get hasRoom(): boolean {
    return !this.isClosed && this.#pending < this.#pendingMax;
  }

  /** Counts since the pool was made. */
  get stats(): OffloadStats {
    return { pending: this.#pending, answered: this.#answered, dropped: this.#dropped };
  }

  /**
   * Hands a task to a thread. The reactor is kept alive until it is answered.
   *
   * @param input - anything that structured clone accepts; do not change it before the task begins.
   * @param callback - gets ERR_OFFLOAD_FAILED (`cause`: what the task threw, why the module cannot be
   *   loaded, or how the thread ended) or ERR_OFFLOAD_ABORTED (`cause`: the signal's reason), or the result.
   * @throws EdgewiseError - ERR_LIMIT_EXCEEDED: `queueLengthMax` tasks wait already. ERR_CLOSED.
   * @throws TypeError - an argument of the wrong kind.
   */
  run(input: unknown, callback: OffloadCallback): void;
  /**
   * The same with options.
   *
   * @param options - `connection` and `signal` of the task.
   */
  run(input: unknown, options: OffloadTaskOptions | undefined, callback: OffloadCallback): void;
  run(
    input: unknown,
    given: OffloadTaskOptions | OffloadCallback | undefined,
    callback = given as OffloadCallback,
  ): void {
    const options = given === undefined || typeof given === 'function' ? {} : given;
    checkObject('options', options);
    checkFunction('callback', callback);
    const { connection, signal } = options;
    if (connection !== undefined) checkObject('options.connection', connection);
    checkSignal(signal, 'options.signal');
    if (this.isClosed) throw new ClosedError('the Offload');
    if (!this.hasRoom) {
      throw new EdgewiseError('ERR_LIMIT_EXCEEDED', `${this.#pending} tasks are pending`);
    }
    if (this.#pending++ === 0 && this.#isReferenced) this.#waker.ref();
    const work = { module: this.#module, input };
    const onAbort = (): void => this.#giveUp(task, signal?.reason);
    const task: Task = {
      work,
      slot: undefined,
      answer: (error, result) => {
        signal?.removeEventListener('abort', onAbort);
        this.#deliverLater(() => {
          if (--this.#pending === 0) this.#onIdle();
          if (connection?.isClosed === true) this.#dropped++;
          else {
            this.#answered++;
            callback(error, result);
          }
        });
      },
    };
    this.#waiting.push(task);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort);
    this.#handOut();
  }

  /**
   * Takes no new tasks, waits until the pending ones are answered, and ends the threads. Tasks that are
   * pending after the time limit are given up, as by {@link destroy}. A second call returns the same
   * promise.
   *
   * @param options - `timeoutMs`: the time limit in milliseconds, 0 to 2^31 - 1; default 30,000. 0: only
   *   answers that have arrived already are delivered.
   * @returns resolves when the threads have ended.
   */
  close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    checkObject('options', options);
    const { timeoutMs = CLOSE_TIMEOUT_MS } = options;
    checkInteger('options.timeoutMs', timeoutMs, 0, 0x7fffffff);
    this.#closed ??= this.#close(timeoutMs);
    return this.#closed;
  }

  /**
   * Ends the threads at once, as the close of the reactor does. Pending tasks are given up: no callback
   * is called, and they count as dropped. `close()` returns the promise of the end.
   */
  destroy(): void {
    void this.#end();
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { stats, isClosed: closed } = this;
    return shown('Offload', { threads: this.#slots.length, ...stats, closed });
  }

  /** The same as {@link destroy}. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** The same as {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Keeps the reactor alive while tasks are pending, which is so from the start. */
  ref(): this {
    this.#isReferenced = true;
    if (this.#pending > 0) this.#waker.ref();
    return this;
  }

  /** Lets the reactor end although tasks are pending. */
  unref(): this {
    this.#isReferenced = false;
    this.#waker.unref();
    return this;
  }

  /** Whether pending tasks keep the reactor alive. */
  hasRef(): boolean {
    return this.#isReferenced;
  }

  async #close(timeoutMs: number): Promise<void> {
    if (this.#pending > 0) await this.#drained(timeoutMs);
    await this.#end();
  }

  // Resolves when no task is pending, after `timeoutMs`, or when it is destroyed.
  #drained(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      if (!this.#isReferenced) timer.unref();
      this.#onDrained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #end(): Promise<void> {
    if (this.#ended !== undefined) return this.#ended;
    this.#dropped += this.#pending;
    this.#pending = 0;
    this.#answers = [];
    this.#waiting = [];
    this.#waker.close();
    this.#reactor.dependents.delete(this.#dependent);
    const ends = this.#slots.map((slot) => slot.close());
    this.#ended = Promise.all(ends).then(() => undefined);
    this.#onDrained?.();
    return this.#ended;
  }

  #onIdle(): void {
    this.#waker.unref();
    this.#onDrained?.();
  }

  #handOut(): void {
    while (this.#waiting.length > 0) {
      const slot = this.#free.pop();
      if (slot === undefined) return;
      const task = this.#waiting.shift() as Task;
      task.slot = slot;
      slot.run(task);
    }
  }

  #giveUp(task: Task, reason: unknown): void {
    if (this.#ended !== undefined) return;
    if (task.slot === undefined) this.#waiting.splice(this.#waiting.indexOf(task), 1);
    else task.slot.giveUp(task);
    task.answer(aborted(reason));
  }

  // Of a thread that ran no task.
  #onError(cause: unknown): void {
    this.#deliverLater(() => {
      throw failure(cause);
    });
  }

  #deliverLater(answer: () => void): void {
    if (this.#ended !== undefined) return; // counted by #end
    this.#answers.push(answer);
    this.#waker.wake();
  }

  // A limited count in a turn, and another wake-up for the rest. What a callback throws stops no other.
  #deliver(): void {
    for (let i = 0; i < ANSWERS_PER_TURN; i++) {
      const answer = this.#answers.shift();
      if (answer === undefined) return; // or a callback has destroyed the pool
      try {
        answer();
      } catch (error) {
        this.#reactor.report(error);
      }
    }
    if (this.#answers.length > 0) this.#waker.wake();
  }
}

function aborted(reason: unknown): EdgewiseError {
  const text = 'the task was given up by its signal';
  return new EdgewiseError('ERR_OFFLOAD_ABORTED', text, { cause: reason });
}

async function loadTinypool() {
  try {
    return (await import('tinypool')).Tinypool;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    // With its bare name: what tinypool itself does not find is a path, or another package.
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes("'tinypool'")) {
      const text = 'offload needs the library tinypool: npm install tinypool';
      throw new EdgewiseError('ERR_LIBRARY_MISSING', text, { cause });
    }
    throw new EdgewiseError('ERR_MODULE_INVALID', `tinypool cannot be loaded: ${message}`, {
      cause,
    });
  }
}

/**
 * Starts threads for work that would block the reactor.
 *
 * @throws EdgewiseError - ERR_LIBRARY_MISSING: `npm install tinypool`, which edgewise does not install.
 *   ERR_MODULE_INVALID: tinypool is installed and cannot be loaded. ERR_CLOSED: the reactor is.
 *   ERR_THREAD_FILE_MISSING: edgewise is a part of a bundle.
 * @throws TypeError, RangeError - an option of the wrong kind.
 */
export async function createOffload(options: OffloadOptions): Promise<Offload> {
  checkObject('options', options);
  const { reactor, module, queueLengthMax = QUEUE_LENGTH_MAX } = options;
  const { threads = Math.max(1, availableParallelism() - 1) } = options;
  checkReactor(reactor);
  const url = urlOf(module);
  checkInteger('threads', threads, 1, THREADS_MAX);
  checkInteger('queueLengthMax', queueLengthMax, 0, QUEUE_LENGTH_MAX_MAX);
  reactor.lintNames('createOffload', options, OPTION_NAMES);
  const filename = threadFile('offload-thread').href;
  const Tinypool = await loadTinypool();
  if (reactor.isClosed) throw new ClosedError('the Reactor');
  const shape = { filename, name: 'work', minThreads: 1, maxThreads: 1 };
  const makePool = (): ThreadPool => new Tinypool(shape);
  return new Offload({ makePool, threads, module: url, queueLengthMax, reactor });
}
