// One continuation that waits for an event of the reactor, and leaves when its signal is aborted.
import { ClosedError } from '../errors.ts';
import type { Reactor } from '../reactor/reactor.ts';
import { checkObject, checkSignal } from '../validate.ts';

/** A value, or a promise of it when it had to be waited for. `await` takes both. */
export type MaybePromise<T> = T | Promise<T>;

/** What every operation that may wait can be given. */
export interface WaitOptions {
  /** Aborting rejects with its reason. What has not been delivered stays where it is. */
  readonly signal?: AbortSignal | undefined;
}

export class Waiter<T = void> {
  readonly promise: Promise<T>;
  readonly #signal: AbortSignal | undefined;
  #resolve!: (value: T) => void;
  #reject!: (reason: unknown) => void;
  #onAbort: (() => void) | undefined = undefined;

  /**
   * @param signal - not aborted yet: it tells only once.
   * @param leave - called when the signal is aborted: nobody waits here any more.
   */
  constructor(signal?: AbortSignal, leave?: () => void) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#signal = signal;
    if (signal === undefined) return;
    checkSignal(signal);
    this.#onAbort = () => {
      leave?.();
      this.#reject(signal.reason);
    };
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  resolve(value: T): void {
    this.#release();
    this.#resolve(value);
  }

  reject(reason: unknown): void {
    this.#release();
    this.#reject(reason);
  }

  #release(): void {
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

/**
 * The signal among the options of an operation; whoever waits checks it.
 *
 * @throws TypeError - the options are no object.
 */
export function signalIn(options: WaitOptions): AbortSignal | undefined {
  checkObject('options', options);
  return options.signal;
}

/**
 * @throws TypeError - no AbortSignal.
 * @throws the reason of the signal, when it is aborted.
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  checkSignal(signal);
  signal?.throwIfAborted();
}

/** Waits, unless the reactor is closed before: ERR_CLOSED. */
export async function settled<T>(waiter: Waiter<T>, reactor: Reactor): Promise<T> {
  const dependent = { close: () => waiter.reject(new ClosedError('the Reactor')) };
  if (reactor.isClosed) dependent.close(); // in the meantime: it would not tell of it again
  reactor.dependents.add(dependent);
  try {
    return await waiter.promise;
  } finally {
    reactor.dependents.delete(dependent);
  }
}

/** Several that wait for the same event. */
export class Waiters {
  readonly #all = new Set<Waiter>();

  get size(): number {
    return this.#all.size;
  }

  /** Rejects with the reason of `signal`. */
  wait(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const waiter: Waiter = new Waiter(signal, () => this.#all.delete(waiter));
    this.#all.add(waiter);
    return waiter.promise;
  }

  wakeAll(): void {
    const all = [...this.#all];
    this.#all.clear();
    for (const waiter of all) waiter.resolve();
  }
}
