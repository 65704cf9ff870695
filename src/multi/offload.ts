// Work that would keep the loop waiting, done by other threads: tinypool's, which is an optional peer
// dependency and is loaded when the first pool is made. Tasks wait in a queue here until a thread is
// free (offload-slot.ts). Results come through Node's loop, wait in a list, and are delivered in a
// turn of the reactor, where writes are corked and charged as ever.
import { availableParallelism } from 'node:os';
import { ClosedError, EdgewiseError, invalidType } from '../errors.ts';
import type { Reactor } from '../index.ts';
import { checkReactor } from '../reactor/index.ts';
import type { ReactorWaker } from '../reactor/waker.ts';
import { checkFunction, checkInteger, checkObject } from '../validate.ts';
import { failure, OffloadSlot, type SlotTask, type ThreadPool } from './offload-slot.ts';
import { urlOf } from './options.ts';

const isBuilt = import.meta.url.endsWith('.js');
const BESIDE = isBuilt ? './offload-thread.js' : '../../dist/multi/offload-thread.js';
const ENTRY = new URL(BESIDE, import.meta.url);
const ANSWERS_PER_TURN = 1024;
const THREADS_MAX = 1024;
const QUEUE_MAX = 1024;
const QUEUE_MAX_MAX = 1 << 20;

export interface OffloadOptions {
  /** Gets the results. Attached, or in `run`: the results come through Node's loop. */
  readonly reactor: Reactor;
  /** A path or URL of a module that exports `task(input)`, which does the work; each thread loads it. */
  readonly module: URL | string;
  /** 1 to 1024. Default: what the machine has, less one for the loop. */
  readonly threads?: number;
  /** Tasks that may wait for a thread, 0 to 2^20. Default 1024. */
  readonly queueMax?: number;
}

export interface OffloadTaskOptions {
  /** Whom the answer is for: when it is closed by then, the answer is dropped and counted. */
  readonly connection?: { readonly isClosed: boolean };
  /** Gives the task up; a thread that is at it is ended, and another started. */
  readonly signal?: AbortSignal;
}

/** Counts since the pool was made. */
export interface OffloadStats {
  /** Handed in and not answered yet. */
  readonly pending: number;
  /** Answers that a callback was called with, errors among them. */
  readonly answered: number;
  /** Answers that nobody wanted any more: the connection or the pool was closed. */
  readonly dropped: number;
}

/** Called in a turn of the reactor, once; `error` is undefined when the task has succeeded. */
export type OffloadCallback = (error: EdgewiseError | undefined, result?: unknown) => void;

/** A task that is not answered. */
interface Task extends SlotTask {
  /** Where it is done; undefined while it waits. */
  slot: OffloadSlot | undefined;
}

/** What an Offload is made of. */
interface OffloadSettings {
  /** A tinypool of one thread. */
  readonly makePool: () => ThreadPool;
  readonly threads: number;
  /** The URL of the user's module. */
  readonly module: string;
  readonly queueMax: number;
  readonly reactor: Reactor;
}

/** A pool of threads beside a reactor, made by {@link createOffload}. */
export class Offload {
  readonly #module: string;
  readonly #pendingMax: number;
  readonly #reactor: Reactor;
  readonly #waker: ReactorWaker;
  readonly #dependent = { close: () => void this.close() };
  readonly #slots: readonly OffloadSlot[];
  readonly #free: OffloadSlot[];
  #waiting: Task[] = [];
  #answers: (() => void)[] = [];
  #pending = 0;
  #answered = 0;
  #dropped = 0;
  #closing: Promise<void> | undefined;

  /** @internal use {@link createOffload} */
  constructor({ makePool, threads, module, queueMax, reactor }: OffloadSettings) {
    this.#module = module;
    this.#pendingMax = threads + queueMax;
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

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Whether `run` would take a task; pause what asks when not. */
  get hasRoom(): boolean {
    return !this.isClosed && this.#pending < this.#pendingMax;
  }

  get stats(): OffloadStats {
    return { pending: this.#pending, answered: this.#answered, dropped: this.#dropped };
  }

  /**
   * Hands a task to a thread. The reactor is kept alive until it is answered.
   *
   * @param input - anything that structured clone takes.
   * @param callback - gets ERR_OFFLOAD_FAILED (`cause`: what the task threw, why the module cannot be
   *   loaded, or how the thread ended) or ERR_OFFLOAD_ABORTED (`cause`: the signal's reason), or the result.
   * @throws EdgewiseError - ERR_LIMIT_EXCEEDED: `queueMax` tasks wait already. ERR_CLOSED.
   * @throws TypeError - an argument of the wrong kind.
   */
  run(input: unknown, callback: OffloadCallback, options: OffloadTaskOptions = {}): void {
    checkFunction('callback', callback);
    checkObject('options', options);
    const { connection, signal } = options;
    if (connection !== undefined) checkObject('options.connection', connection);
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw invalidType('options.signal', 'an AbortSignal', signal);
    }
    if (this.isClosed) throw new ClosedError('the Offload');
    if (!this.hasRoom) {
      throw new EdgewiseError('ERR_LIMIT_EXCEEDED', `${this.#pending} tasks are pending`);
    }
    if (this.#pending++ === 0) this.#waker.ref();
    const work = { module: this.#module, input };
    const onAbort = (): void => this.#giveUp(task, signal?.reason);
    const task: Task = {
      work,
      slot: undefined,
      answer: (error, result) => {
        signal?.removeEventListener('abort', onAbort);
        this.#deliverLater(() => {
          if (--this.#pending === 0) this.#waker.unref();
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
   * Ends the threads, as the close of the reactor does. Tasks that are pending are given up: no
   * callback is called, and they count as dropped.
   */
  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing;
    this.#dropped += this.#pending;
    this.#pending = 0;
    this.#answers = [];
    this.#waiting = [];
    this.#waker.close();
    this.#reactor.dependents.delete(this.#dependent);
    const ends = this.#slots.map((slot) => slot.close());
    this.#closing = Promise.all(ends).then(() => undefined);
    return this.#closing;
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
    if (this.isClosed) return;
    if (task.slot === undefined) this.#waiting.splice(this.#waiting.indexOf(task), 1);
    else task.slot.giveUp(task);
    task.answer(aborted(reason));
  }

  // Of a thread that was at no task.
  #onError(cause: unknown): void {
    this.#deliverLater(() => {
      throw failure(cause);
    });
  }

  #deliverLater(answer: () => void): void {
    if (this.isClosed) return; // counted by close
    this.#answers.push(answer);
    this.#waker.wake();
  }

  // So many in a turn, and another wake-up for the rest: a callback that throws loses no other.
  #deliver(): void {
    try {
      for (let i = 0; i < ANSWERS_PER_TURN; i++) {
        const answer = this.#answers.shift();
        if (answer === undefined) return; // or a callback has closed us
        answer();
      }
    } finally {
      if (this.#answers.length > 0) this.#waker.wake();
    }
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
 * Starts threads for work that would keep the reactor waiting.
 *
 * @throws EdgewiseError - ERR_LIBRARY_MISSING: `npm install tinypool`, which edgewise does not bring.
 *   ERR_MODULE_INVALID: tinypool is there and cannot be loaded. ERR_CLOSED: the reactor is.
 * @throws TypeError, RangeError - an option of the wrong kind.
 */
export async function createOffload(options: OffloadOptions): Promise<Offload> {
  checkObject('options', options);
  const { reactor, module, queueMax = QUEUE_MAX } = options;
  const { threads = Math.max(1, availableParallelism() - 1) } = options;
  checkReactor(reactor);
  const url = urlOf(module);
  checkInteger('threads', threads, 1, THREADS_MAX);
  checkInteger('queueMax', queueMax, 0, QUEUE_MAX_MAX);
  const Tinypool = await loadTinypool();
  if (reactor.isClosed) throw new ClosedError('the Reactor');
  const shape = { filename: ENTRY.href, name: 'work', minThreads: 1, maxThreads: 1 };
  const makePool = (): ThreadPool => new Tinypool(shape);
  return new Offload({ makePool, threads, module: url, queueMax, reactor });
}
