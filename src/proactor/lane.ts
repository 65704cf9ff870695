// One direction of a descriptor: the operations that wait in it, in the order of their submission, and
// what is known of the kernel's side. Only the first one is ever tried.
import type { Interest } from '../poller/index.ts';
import type { Operation, OperationId } from './operation.ts';

export class Lane {
  readonly interest: Interest;
  head: Operation | undefined = undefined;
  #tail: Operation | undefined = undefined;
  /** The kernel has reported that there is nothing (or no room) now, and will report a change. */
  isDry = false;

  constructor(interest: Interest) {
    this.interest = interest;
  }

  append(operation: Operation): void {
    operation.next = undefined;
    if (this.head === undefined) this.head = operation;
    else (this.#tail as Operation).next = operation;
    this.#tail = operation;
  }

  shift(): void {
    const { head } = this;
    if (head === undefined) return;
    this.head = head.next;
    if (this.head === undefined) this.#tail = undefined;
  }

  /** Takes one out, wherever it is; undefined: it is not here. One look at each before it. */
  remove(id: OperationId): Operation | undefined {
    let before: Operation | undefined;
    let operation = this.head;
    while (operation !== undefined && operation.id !== id) {
      before = operation;
      operation = operation.next;
    }
    if (operation === undefined || before === undefined) {
      if (operation !== undefined) this.shift();
      return operation;
    }
    before.next = operation.next;
    if (operation === this.#tail) this.#tail = before;
    return operation;
  }
}
