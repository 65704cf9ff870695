// What reads and writes a connection in place of its handlers: a relay moves bytes between two
// descriptors without their passing through user space, a promise connection reads when it is asked
// to, and so does a stream of Node.
import type { Interest, Readiness } from '../../poller/index.ts';

/** Drives a connection: see {@link Connection.setDriver}. */
export interface ConnectionDriver {
  /** What is to be waited for, beside room for what was written before. */
  readonly interest: Interest;
  /**
   * A stream of Node. It bounds what is queued: the hard cap does not apply. And perhaps no one ever
   * reads it: a failed write ends it then.
   */
  readonly isUnlimited?: boolean | undefined;
  /**
   * Whether it waits for something to come, which keeps the reactor alive unless `unref`. Undefined:
   * as if it had no driver. `updateInterest` looks at it again.
   */
  readonly isReading?: boolean | undefined;
  /** Whether bytes of its own wait to be sent, which keeps the reactor alive. */
  readonly isSending?: boolean | undefined;
  /** The connection is established, if it was not when the driver was set. */
  onOpen?(): void;
  /** The descriptor is ready. What was written before may not have left yet. */
  onReady(readiness: Readiness): void;
  /** As the handler `drain`, in its place. */
  onDrain?(): void;
  /** Bytes that had to wait have left. */
  onSent?(): void;
  /** The descriptor is about to be closed, with an error when that is not orderly. */
  onClosing?(error: NodeJS.ErrnoException | undefined): void;
  /** The connection is closed; `error` says why, when that was not orderly. */
  onClosed(error: NodeJS.ErrnoException | undefined): void;
}
