// The queue of completions: what has completed waits here for a batch to be full or for the end of the
// turn, and is told in the order in which it completed. What handlers submit and what completes at once
// joins the queue; it is told in the same turn for some rounds, so that an echo needs no second wait,
// and then in the next one, so that a peer that always has more starves nobody.
import { Failures } from '../reactor/failures.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type { Operation, OperationPool } from './operation.ts';

const ROUNDS_PER_TURN_MAX = 8;
/** So many are told before further events are looked at: what they touched is still in the caches. */
const BATCH_MAX = 32;

export class CompletionQueue {
  readonly #reactor: Reactor;
  readonly #pool: OperationPool;
  readonly #onTold: (count: number) => void;
  readonly #failures = new Failures();
  #head: Operation | undefined = undefined;
  #tail: Operation | undefined = undefined;
  #count = 0;
  #isScheduled = false;

  /** @param onTold - called after each batch with the count of completions in it. */
  constructor(reactor: Reactor, pool: OperationPool, onTold: (count: number) => void) {
    this.#reactor = reactor;
    this.#pool = pool;
    this.#onTold = onTold;
  }

  push(operation: Operation): void {
    operation.next = undefined;
    if (this.#tail === undefined) this.#head = operation;
    else this.#tail.next = operation;
    this.#tail = operation;
    this.#count++;
    if (!this.#isScheduled && !this.#reactor.isClosed) this.#schedule();
  }

  /** Between two events of a turn: tells what is there when it is a batch. */
  tellFull(): void {
    if (this.#count < BATCH_MAX) return;
    this.#tellRounds();
  }

  /** Tells all at once, for a reactor that has no later turn. @throws what handlers threw. */
  drain(): void {
    let told = 0;
    while (this.#count > 0) told += this.#tellRound();
    this.#onTold(told);
    this.#throwFailures();
  }

  #schedule(): void {
    this.#isScheduled = true;
    this.#reactor.defer(this.#run);
  }

  readonly #run = (): void => {
    try {
      this.#tellRounds();
    } finally {
      this.#isScheduled = false;
      if (this.#count > 0 && !this.#reactor.isClosed) this.#schedule();
    }
  };

  #tellRounds(): void {
    let told = 0;
    for (let round = 0; round < ROUNDS_PER_TURN_MAX && this.#count > 0; round++) {
      told += this.#tellRound();
    }
    this.#onTold(told);
    this.#throwFailures();
  }

  // Those that were there when it began, unless a handler closes the reactor, which tells them all.
  #tellRound(): number {
    const count = this.#count;
    let told = 0;
    while (told < count && this.#head !== undefined) {
      told++;
      this.#tell(this.#head);
    }
    return told;
  }

  #tell(operation: Operation): void {
    this.#head = operation.next;
    if (this.#head === undefined) this.#tail = undefined;
    this.#count--;
    const { complete, data, error, result, scope } = operation;
    this.#pool.give(operation); // first, so that the handler's next operation is this one again
    try {
      if (scope === undefined) complete(error, result, data);
      else scope.runInAsyncScope(complete, undefined, error, result, data);
    } catch (thrown) {
      this.#failures.collect(thrown);
    }
  }

  #throwFailures(): void {
    const failures = this.#failures.take();
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) {
      throw new AggregateError(failures, 'several completion handlers of one batch threw');
    }
  }
}
