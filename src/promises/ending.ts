// The end of what a connection sends, as seen by whoever awaits it: whether the last byte has left.
import type { WriteQueueEntry } from '../flow/write-queue.ts';
import { Waiters } from './waiter.ts';

/** Queued behind the last byte; settled when that has left, or was lost with the connection. */
export class Ending implements WriteQueueEntry {
  readonly byteLength = 0;
  readonly isSent = true;
  readonly #waiting = new Waiters();
  #hasLeft: boolean | undefined = undefined;

  sendTo(): number {
    return 0;
  }

  settle(error?: Error): void {
    this.#hasLeft = error === undefined;
    this.#waiting.wakeAll();
  }

  /**
   * Waits until it is known, for any number of callers.
   *
   * @returns whether all has left.
   * @throws the reason of the signal.
   */
  async hasLeft(signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#hasLeft === undefined) await this.#waiting.wait(signal);
    return this.#hasLeft === true;
  }
}
