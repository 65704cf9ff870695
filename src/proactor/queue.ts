// The queue of completions: completed operations wait here until a batch is full or the turn ends, and
// their handlers are called in the order in which the operations completed. What a handler submits and
// what completes at once joins the queue; its handler is called in the same turn for some rounds, so
// that an echo needs no second wait, and then in the next turn, so that a busy peer starves no other.
import type { Reactor } from '../reactor/index.ts';
import type { Operation, OperationPool } from './operation.ts';

const ROUNDS_PER_TURN_MAX = 8;
/** Handlers of so many are called before further events are handled: what they used is still cached. */
const BATCH_MAX = 32;

export class CompletionQueue {
  readonly #reactor: Reactor;
  readonly #pool: OperationPool;
  readonly #onDelivered: (count: number) => void;
  #head: Operation | undefined = undefined;
  #tail: Operation | undefined = undefined;
  #count = 0;
  #isScheduled = false;

  /** @param onDelivered - called after each batch with the count of completions in it. */
  constructor(reactor: Reactor, pool: OperationPool, onDelivered: (count: number) => void) {
    this.#reactor = reactor;
    this.#pool = pool;
    this.#onDelivered = onDelivered;
  }

  /** Adds an operation that has its result or its error. */
  push(operation: Operation): void {
    operation.next = undefined;
    if (this.#tail === undefined) this.#head = operation;
    else this.#tail.next = operation;
    this.#tail = operation;
    this.#count++;
    if (!this.#isScheduled && !this.#reactor.isClosed) this.#schedule();
  }

  /** Between two events of a turn: delivers what waits when it is a batch. */
  deliverFull(): void {
    if (this.#count < BATCH_MAX) return;
    this.#deliverRounds();
  }

  /** Delivers everything at once, for a reactor that has no later turn. */
  drain(): void {
    let delivered = 0;
    while (this.#count > 0) delivered += this.#deliverRound();
    this.#onDelivered(delivered);
  }

  #schedule(): void {
    this.#isScheduled = true;
    this.#reactor.defer(this.#run);
  }

  readonly #run = (): void => {
    this.#deliverRounds();
    this.#isScheduled = false;
    if (this.#count > 0 && !this.#reactor.isClosed) this.#schedule();
  };

  #deliverRounds(): void {
    let delivered = 0;
    for (let round = 0; round < ROUNDS_PER_TURN_MAX && this.#count > 0; round++) {
      delivered += this.#deliverRound();
    }
    this.#onDelivered(delivered);
  }

  // Those that were there when it began, unless a handler closes the reactor, which delivers them all.
  #deliverRound(): number {
    const count = this.#count;
    let delivered = 0;
    while (delivered < count && this.#head !== undefined) {
      delivered++;
      this.#deliver(this.#head);
    }
    return delivered;
  }

  // What the handler throws is reported, and stops no other.
  #deliver(operation: Operation): void {
    this.#head = operation.next;
    if (this.#head === undefined) this.#tail = undefined;
    this.#count--;
    const { complete, data, error, result, scope } = operation;
    this.#pool.give(operation); // first, so that the handler's next operation is this one again
    try {
      if (scope === undefined) complete(error, result, data);
      else scope.runInAsyncScope(complete, undefined, error, result, data);
    } catch (thrown) {
      this.#reactor.report(thrown);
    }
  }
}
