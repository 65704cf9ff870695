// What a stream queues behind its bytes to be told that they have left.
import type { WriteQueueEntry } from '../flow/write-queue.ts';

export class Mark implements WriteQueueEntry {
  readonly byteLength = 0;
  readonly isSent = true;
  readonly settle: (error?: Error) => void;

  /** @param settle - told that what was written before has left, or why not. */
  constructor(settle: (error?: Error) => void) {
    this.settle = settle;
  }

  sendTo(): number {
    return 0;
  }
}
