// The mark behind the last byte: an entry of a write queue that sends nothing, so that its turn
// comes when all that was written before has left. Streams call back from it, promises resolve.
import type { WriteQueueEntry } from './write-queue.ts';

/** Reports that what was queued before it has left, or was lost with the connection. */
export class Mark implements WriteQueueEntry {
  /** It holds no memory. */
  readonly byteLength = 0;
  /** Nothing of it is left to send. */
  readonly isSent = true;
  /** Called by the write queue. */
  readonly settle: (error?: Error) => void;

  /**
   * @param settle - called once: what was written before has left, or, with the error, the
   *   connection was closed before.
   */
  constructor(settle: (error?: Error) => void) {
    this.settle = settle;
  }

  /** Sends nothing. */
  sendTo(): number {
    return 0;
  }
}
