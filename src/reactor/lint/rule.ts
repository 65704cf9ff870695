// What a group of lints is made of: each has the calls that it needs, and reports what it finds.
import type { Readiness } from '../../poller/interest.ts';
import type { SeenCall } from './calls.ts';
import type { LintCode } from './codes.ts';
import type { Observed } from './observed.ts';

/** What a rule may ask and say. */
export interface RuleContext {
  /** Reports of the batch whose handlers have not been called yet. */
  readonly waitingCount: number;
  /** Whether a read of it would not block. */
  isReadable(fd: number): boolean;
  /** @param detail - is added to what the code says. */
  report(observed: Observed, code: LintCode, detail?: string): void;
}

/** A group of lints. */
export interface Rule {
  /** Whether it waits for the next batch, which then must not block. */
  readonly hasSuspects?: boolean | undefined;
  /** A registration was made. */
  onRegister?(observed: Observed): void;
  /** Its handler is about to be called. */
  onCalling?(observed: Observed, readiness: Readiness): void;
  /** A call of the kernel was made. @param observed - undefined: its descriptor is not registered. */
  onCall?(call: SeenCall, observed: Observed | undefined): void;
  /** Its handler has returned. */
  onHandled?(observed: Observed, readiness: Readiness): void;
  /** A batch begins. */
  onBatch?(batch: number): void;
  /** All events of a batch were delivered, and the kernel had no more of them. */
  onBatchEnd?(batch: number): void;
  /** The registration is being closed; its descriptor is still open, as a rule. */
  onRelease?(observed: Observed): void;
}
