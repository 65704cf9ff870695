// One continuation that waits for an event of the reactor, and leaves when its signal is aborted.
import { ClosedError } from '../errors.ts';
import type { Reactor } from '../reactor/index.ts';
import { checkObject, checkSignal } from '../validate.ts';

/**
 * What an operation without a result answers when it is done at once. `await` makes a promise of
 * any other value, so a shared promise that is resolved already makes one less.
 */
export const RESOLVED: Promise<void> = Promise.resolve();

/** What every operation that may wait can be given. */
export interface WaitOptions {
  /** Aborting rejects with its reason. What has not been delivered stays where it is. */
  readonly signal?: AbortSignal | undefined;
}

/** What an operation is given that is given none: no object for each call. */
export const NO_OPTIONS: WaitOptions = Object.freeze({});

/** A promise that is settled from outside, and by its signal. */
export class Waiter<T = void> {
  /** Resolves or rejects as the methods below say. */
  readonly promise: Promise<T>;
  readonly #signal: AbortSignal | undefined;
  #resolve!: (value: T) => void;
  #reject!: (reason: unknown) => void;
  #onAbort: (() => void) | undefined = undefined;

  /**
   * @param signal - not aborted yet: it reports that only once.
   * @param leave - called when the signal is aborted: nothing waits here any more.
   * @throws TypeError - no AbortSignal.
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

  /** Resolves the promise, and releases the signal. */
  resolve(value: T): void {
    this.#release();
    this.#resolve(value);
  }

  /** Rejects the promise, and releases the signal. */
  reject(reason: unknown): void {
    this.#release();
    this.#reject(reason);
  }

  #release(): void {
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

/**
 * The signal among the options of an operation; the operation checks it where it waits.
 *
 * @throws TypeError - the options are no object.
 */
export function signalIn(options: WaitOptions): AbortSignal | undefined {
  checkObject('options', options);
  return options.signal;
}

/**
 * Waits, unless the reactor is closed before.
 *
 * @throws ClosedError - ERR_CLOSED: the reactor is closed. What the waiter is rejected with.
 */
export async function settled<T>(waiter: Waiter<T>, reactor: Reactor): Promise<T> {
  const dependent = { close: () => waiter.reject(new ClosedError('the Reactor')) };
  if (reactor.isClosed) dependent.close(); // in the meantime: it would not report it again
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

  /** How many wait. */
  get size(): number {
    return this.#all.size;
  }

  /**
   * Waits until the next `wakeAll`.
   *
   * @throws TypeError - no AbortSignal. The reason of `signal`.
   */
  wait(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const waiter: Waiter = new Waiter(signal, () => this.#all.delete(waiter));
    this.#all.add(waiter);
    return waiter.promise;
  }

  /** Resolves all that wait now. */
  wakeAll(): void {
    const all = [...this.#all];
    this.#all.clear();
    for (const waiter of all) waiter.resolve();
  }
}
