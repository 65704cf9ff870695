// What reads and writes a connection in place of its handlers: relay.ts moves bytes between two
// descriptors without their passing through user space.
import type { Interest, Readiness } from '../../poller/interest.ts';

export interface Pump {
  /** What is to be waited for, beside room for what was written before. */
  readonly interest: Interest;
  /**
   * A stream of Node. Whoever writes bounds what is queued: the hard cap does not apply. And perhaps
   * nobody ever reads: a failed write ends it then.
   */
  readonly isUnlimited?: boolean;
  /** The connection is established, if it was not when it was diverted. */
  onOpen?(): void;
  /** The descriptor is ready. What was written before may not have left yet. */
  onReady(readiness: Readiness): void;
  /** As the handler `drain`, in its place. */
  onDrain?(): void;
  /** The connection is closed; `error` says why, when that was not orderly. */
  onClosed(error: Error | undefined): void;
}
