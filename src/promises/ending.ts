// The end of what a connection sends, for any number of callers that wait for it.
import { Mark } from '../flow/index.ts';
import { Waiters } from './waiter.ts';

/** Whether the last byte has left. */
export class Ending {
  /** To be queued behind the last byte. */
  readonly mark = new Mark((error) => this.#settle(error));
  readonly #waiting = new Waiters();
  #hasLeft: boolean | undefined = undefined;

  /** Whether the last byte is known to have left. */
  get isDone(): boolean {
    return this.#hasLeft === true;
  }

  /**
   * Waits until it is known.
   *
   * @returns whether all has left; false: it was lost with the connection.
   * @throws the reason of the signal.
   */
  async hasLeft(signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#hasLeft === undefined) await this.#waiting.wait(signal);
    return this.#hasLeft === true;
  }

  #settle(error: Error | undefined): void {
    this.#hasLeft = error === undefined;
    this.#waiting.wakeAll();
  }
}
