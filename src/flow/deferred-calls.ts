// Calls that are made at the end of the turn, in the order in which they were added, so that no
// handler runs inside a call of the user's. When the reactor closes there is no later turn: its
// dependents then run them at once.
import type { AsyncResource } from 'node:async_hooks';
import type { Reactor } from '../reactor/reactor.ts';

/** Calls of handlers that wait for the end of the turn. */
export class DeferredCalls {
  readonly #reactor: Reactor;
  readonly #scope: AsyncResource | undefined;
  readonly #onDone: (() => void) | undefined;
  #calls: (() => void)[] = [];
  #lastCalls: (() => void)[] = [];

  /**
   * @param scope - the async context of the calls.
   * @param onDone - called when all calls of a turn were made.
   */
  constructor(reactor: Reactor, scope: AsyncResource | undefined, onDone?: () => void) {
    this.#reactor = reactor;
    this.#scope = scope;
    this.#onDone = onDone;
  }

  get isEmpty(): boolean {
    return this.#calls.length + this.#lastCalls.length === 0;
  }

  /** Adds a call; what it throws reaches the reactor's `onError`, and the others are made. */
  add(call: () => void): void {
    this.#schedule();
    this.#calls.push(call);
  }

  /** Adds a call that is made after all those of `add`, such as that of a `close` handler. */
  addLast(call: () => void): void {
    this.#schedule();
    this.#lastCalls.push(call);
  }

  #schedule(): void {
    if (this.isEmpty && !this.#reactor.isClosed) this.#reactor.defer(this.run);
  }

  /** Makes all calls now: in a turn, or when the reactor closes. What they add waits. */
  readonly run = (): void => {
    const calls = this.#calls.concat(this.#lastCalls);
    this.#calls = [];
    this.#lastCalls = [];
    for (const call of calls) {
      try {
        if (this.#scope === undefined) call();
        else this.#scope.runInAsyncScope(call);
      } catch (error) {
        this.#reactor.report(error);
      }
    }
    this.#onDone?.();
  };
}
