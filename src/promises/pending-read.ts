// A read that waits. Each reader has one object for it, which is used again: an operation makes the
// promise that is awaited, and nothing else. The bytes are read where the event is handled, and settle
// that promise themselves, so that no continuation of ours runs between the event and the caller.
import { checkSignal } from '../validate.ts';
import { RESOLVED } from './waiter.ts';

/** What an attempt answers that has to be made again when there is something to read. */
export const WOULD_BLOCK = Symbol('would block');

/** Tries to read, as a method of the reader. Made again after it has failed, it fails again. */
export type Attempt<Reader, A, T> = (this: Reader, argument: A) => T | typeof WOULD_BLOCK;

/** What can be waited for. */
export interface Waitable {
  /** Has `onReadable` called when another attempt is worth it, once. */
  wait(reader: WaitingReader): void;
  /** It is not called any more. */
  leave(): void;
}

/** What waits for it. */
export interface WaitingReader {
  /** Makes another attempt. Never throws. */
  onReadable(): void;
}

/** The operation of one reader that waits. */
export class PendingRead<Reader> implements WaitingReader {
  readonly #reader: Reader;
  readonly #source: Waitable;
  // biome-ignore lint/suspicious/noExplicitAny: the next operation is another one
  #attempt: Attempt<Reader, any, any> | undefined = undefined;
  #argument: unknown = undefined;
  #resolve!: (result: unknown) => void;
  #reject!: (reason: unknown) => void;
  #signal: AbortSignal | undefined = undefined;
  #onAbort: (() => void) | undefined = undefined;
  readonly #keepSettlers = (
    resolve: (result: unknown) => void,
    reject: (reason: unknown) => void,
  ): void => {
    this.#resolve = resolve;
    this.#reject = reject;
  };

  /** @param reader - what the attempts are methods of. */
  constructor(reader: Reader, source: Waitable) {
    this.#reader = reader;
    this.#source = source;
  }

  /** Whether an operation waits, or has failed and is about to say so. */
  get isWaiting(): boolean {
    return this.#attempt !== undefined;
  }

  /**
   * Waits until the attempt answers anything else than WOULD_BLOCK, or throws.
   *
   * @param signal - not aborted yet.
   * @throws TypeError - no AbortSignal.
   */
  wait<A, T>(
    attempt: Attempt<Reader, A, T>,
    argument: A,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    if (signal !== undefined) this.#listen(signal);
    this.#attempt = attempt;
    this.#argument = argument;
    const promise = new Promise(this.#keepSettlers) as Promise<T>;
    this.#source.wait(this);
    return promise;
  }

  onReadable(): void {
    const attempt = this.#attempt as Attempt<Reader, unknown, unknown>;
    let result: unknown;
    try {
      result = attempt.call(this.#reader, this.#argument);
    } catch {
      this.#release();
      this.#resolve(this.#fail(attempt, this.#argument));
      return;
    }
    if (result === WOULD_BLOCK) {
      this.#source.wait(this);
      return;
    }
    this.#release();
    this.#clear();
    this.#resolve(result);
  }

  // An error has the stack of the caller where it is made in a continuation that its promise depends
  // on, which takes two: the promise follows this one after the first.
  async #fail<T>(attempt: Attempt<Reader, unknown, T>, argument: unknown): Promise<unknown> {
    await RESOLVED;
    await RESOLVED;
    this.#clear();
    return attempt.call(this.#reader, argument);
  }

  #listen(signal: AbortSignal): void {
    checkSignal(signal);
    this.#signal = signal;
    this.#onAbort = () => {
      this.#source.leave();
      this.#release();
      this.#clear();
      this.#reject(signal.reason);
    };
    signal.addEventListener('abort', this.#onAbort);
  }

  #release(): void {
    if (this.#onAbort === undefined) return;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#signal = undefined;
    this.#onAbort = undefined;
  }

  #clear(): void {
    this.#attempt = undefined;
    this.#argument = undefined;
  }
}
