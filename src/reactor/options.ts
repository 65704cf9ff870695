// What callers of the Reactor pass in and read: options and counts.

import type { BusyPoll } from '../poller/busy-poll.ts';
import type { Backend, Trigger } from '../poller/interest.ts';
import type { DriverMode } from './driver.ts';
import type { UnsettledPolicy } from './edge/delivery.ts';
import type { LintOptions } from './lint/options.ts';

/** Receives what a handler, timer, waker, signal handler or deferred function threw. */
export type ErrorHandler = (error: unknown) => void;

/** Options of `new Reactor`. */
export interface ReactorOptions {
  /** Default: the best one of this system (epoll or kqueue). */
  readonly backend?: Backend | undefined;
  /** The most events of one batch, 1 to 65536. Default 1024. */
  readonly capacity?: number | undefined;
  /** Look for packets before sleeping: as of {@link PollerOptions}. */
  readonly busyPoll?: BusyPoll | undefined;
  /** What one dispatch may use up before `registration.charge` answers false. */
  readonly budget?:
    | {
        /** Bytes, from 1. Default 1048576. */
        readonly bytes?: number | undefined;
        /** Operations, from 1. Default 64. */
        readonly operations?: number | undefined;
      }
    | undefined;
  /**
   * Keep the async context (AsyncLocalStorage) of the `register`, `setTimeout`, … call for its
   * handler. Default false: it costs per event (docs/performance.md).
   */
  readonly asyncContext?: boolean | undefined;
  /**
   * Look for the mistakes of handlers, for development: an edge that is not drained, a write interest
   * armed with nothing to write, a short write whose rest is forgotten, and others; docs/lints.md has them
   * all. Each is a process warning with a `code`, EDGEWISE_UNDRAINED for one, once per registration; an
   * object says which are looked for, and what is done about them. Default false, or with EDGEWISE_LINT=1 in
   * the environment true.
   */
  readonly lint?: boolean | LintOptions | undefined;
  /**
   * Receives what handlers throw, after the batch. Default: `turn` throws it; inside Node's loop
   * it becomes an uncaughtException.
   */
  readonly onError?: ErrorHandler | undefined;
}

/** Options of {@link Reactor.register}. */
export interface RegisterOptions<Data = unknown> {
  /** Default `'level'`. */
  readonly trigger?: Trigger | undefined;
  /** Kept as `registration.data`. */
  readonly data?: Data | undefined;
  /** One-of-many wake-ups among reactors that share the descriptor: EPOLLEXCLUSIVE, Linux. */
  readonly exclusive?: boolean | undefined;
  /** Overrides the reactor's `asyncContext`. */
  readonly asyncContext?: boolean | undefined;
}

/** Options of {@link Reactor.registerEdge}; the trigger is the edge. */
export interface EdgeOptions<Data = unknown> extends Omit<RegisterOptions<Data>, 'trigger'> {
  /**
   * What is done, beside calling it again in the next turn, when a handler returns and a direction that
   * was reported has not come to its end: `'requeue'`, the default: nothing. `'warn'`: a process warning
   * with `code` EDGEWISE_UNSETTLED, once per handler object. `'throw'`: `onError` gets an EdgewiseError
   * ERR_EDGE_UNSETTLED. Both name the line that registered it, and cost a stack trace per registration.
   */
  readonly unsettled?: UnsettledPolicy | undefined;
}

/** Options of {@link Reactor.attach} and {@link Reactor.run}. */
export interface AttachOptions {
  /**
   * Default: inverted, or nested where another reactor of the thread is inverted. Inverted, an idle
   * process is busy to `performance.eventLoopUtilization()`.
   */
  readonly driver?: DriverMode | undefined;
}

/** Counts since the reactor was made. */
export interface ReactorStats {
  /** Batches dispatched. */
  readonly turns: number;
  /** Waits in the kernel. */
  readonly waits: number;
  /** Calls of a handler for an event of the kernel. */
  readonly events: number;
  /** Waits that brought neither event nor wake-up, and yet ended before their time was up. */
  readonly emptyWakes: number;
  /** Events of registrations that an earlier handler of the batch had closed. */
  readonly staleDropped: number;
  /** Descriptions that outlived their number; the interest set was built anew without them. */
  readonly ghostsRemoved: number;
  /** Calls of a handler for a re-queued registration. */
  readonly requeued: number;
  /** Of {@link Reactor.registerEdge}: calls of a handler that left a reported direction unsettled. */
  readonly unsettled: number;
  /** The most events that one wait brought. */
  readonly largestBatch: number;
}
