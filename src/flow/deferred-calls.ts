// Calls that are made at the end of the turn, in the order in which they were added, so that no
// handler runs inside a call of the user's. When the reactor closes there is no later turn: its
// dependents then run them at once.
import type { AsyncResource } from 'node:async_hooks';
import type { Reactor } from '../reactor/reactor.ts';

export class DeferredCalls {
  readonly #reactor: Reactor;
  readonly #scope: AsyncResource | undefined;
  #calls: (() => void)[] = [];

  /** @param scope - the async context of the calls. */
  constructor(reactor: Reactor, scope: AsyncResource | undefined) {
    this.#reactor = reactor;
    this.#scope = scope;
  }

  get isEmpty(): boolean {
    return this.#calls.length === 0;
  }

  /** Adds a call; what it throws reaches the reactor's `onError`, and the others are made. */
  add(call: () => void): void {
    this.#calls.push(call);
    if (this.#calls.length === 1 && !this.#reactor.isClosed) this.#reactor.defer(this.run);
  }

  /** Makes all calls now: in a turn, or when the reactor closes. What they add waits. */
  readonly run = (): void => {
    const calls = this.#calls;
    this.#calls = [];
    for (const call of calls) {
      try {
        if (this.#scope === undefined) call();
        else this.#scope.runInAsyncScope(call);
      } catch (error) {
        this.#reactor.report(error);
      }
    }
  };
}
