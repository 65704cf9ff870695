// Wakes a reactor from another thread. A waker is a number in the process's own registry
// (native/core/waker_registry.h), so it is sent by value: post `waker.id`, build it again there.
import { check, errnoError } from '../errors.ts';
import { native } from '../native.ts';
import { checkInteger } from '../validate.ts';

/**
 * Wakes the reactor that made it, from any thread of the process.
 *
 * Send `id` to the other thread (postMessage, workerData) and make it a Waker again there. An id
 * is never used twice, so one that outlives its reactor is safe.
 *
 * @example
 * worker.postMessage(reactor.createWaker(() => drainQueue()).id);
 * // there: new Waker(id).wake();
 */
export class Waker {
  /** A whole number from 1 to 2^53 - 1. */
  readonly id: number;

  /**
   * @param id - the `id` of a waker that a reactor made.
   * @throws RangeError - ERR_OUT_OF_RANGE.
   */
  constructor(id: number) {
    this.id = checkInteger('id', id, 1, Number.MAX_SAFE_INTEGER);
  }

  /**
   * Has the reactor call the waker's callback in its next turn. Queue the work before: wake-ups
   * until then count as one.
   *
   * @returns false when the reactor or the waker is closed: the callback will not be called.
   */
  wake(): boolean {
    const result = native.wake(this.id);
    if (result >= 0) return true;
    const error = errnoError(result, 'write');
    if (error.code === 'EBADF') return false;
    throw error;
  }
}

/** What a waker asks of the reactor that made it. */
export interface WakerOwner {
  /** 1: one more waker keeps the reactor alive; -1: one less. */
  countReferenced(change: 1 | -1): void;
  /** The waker is closed. */
  forget(waker: ReactorWaker): unknown;
}

/** The waker on the side of its reactor, made by `reactor.createWaker`. */
export class ReactorWaker extends Waker {
  readonly #owner: WakerOwner;
  readonly #onWake: () => void;
  #isOpen = true;
  #isReferenced = true;

  /** @internal use `reactor.createWaker` */
  constructor(id: number, owner: WakerOwner, onWake: () => void) {
    super(id);
    this.#owner = owner;
    this.#onWake = onWake;
  }

  /** @internal calls the callback when there was a wake-up; the flag is taken before. */
  deliver(): void {
    if (check(native.takeWaker(this.id), 'takeWaker') === 1) this.#onWake();
  }

  /** Keeps the reactor alive, which is so from the start. */
  ref(): this {
    return this.#setReferenced(true);
  }

  /** Lets the reactor end although another thread might wake it. */
  unref(): this {
    return this.#setReferenced(false);
  }

  /** Whether it keeps the reactor alive. */
  hasRef(): boolean {
    return this.#isReferenced;
  }

  /** Ends the waker: `wake` answers false from now on, on every thread. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    native.closeWaker(this.id);
    if (this.#isReferenced) this.#owner.countReferenced(-1);
    this.#owner.forget(this);
  }

  /** The same as `close()`: `using waker = reactor.createWaker(…)`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #setReferenced(isReferenced: boolean): this {
    if (isReferenced === this.#isReferenced) return this;
    this.#isReferenced = isReferenced;
    if (this.#isOpen) this.#owner.countReferenced(isReferenced ? 1 : -1);
    return this;
  }
}
