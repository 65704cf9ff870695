// Level-triggered registrations that the kernel reports again and again, since their handlers do
// nothing about what it reports.
import { Interest, Readiness } from '../../poller/interest.ts';
import type { Budget } from '../registration.ts';
import type { SeenCall } from './calls.ts';
import type { Observed } from './observed.ts';
import type { Rule, RuleContext } from './rule.ts';

/** Reports in a row without an answer. */
const SPINS_MAX = 1000;
/**
 * The same, of errors. More than the 32 batches that run before Node's loop does: a handler may leave its
 * descriptor to a callback of that loop, which closes it.
 */
const ERRORS_MAX = 100;

/** What was done since the last report, and how many reports there were before something was. */
interface Reports {
  hasRead: boolean;
  hasWritten: boolean;
  hasChecked: boolean;
  readable: number;
  writable: number;
  errors: number;
}

/** SPINNING, SPINNING_READ, ERROR_IGNORED. */
export class Spinning implements Rule {
  readonly #context: RuleContext;
  readonly #budget: Readonly<Budget>;
  readonly #reports = new WeakMap<Observed, Reports>();

  /** @param budget - what each call of a handler begins with. */
  constructor(context: RuleContext, budget: Readonly<Budget>) {
    this.#context = context;
    this.#budget = budget;
  }

  onCall({ way, result, asked }: SeenCall, observed: Observed | undefined): void {
    if (observed === undefined) return;
    const reports = this.#of(observed);
    reports.hasChecked = true;
    if (way === 'write') reports.hasWritten = true;
    // The end, found once more, is nothing that was taken.
    if (way === 'accept' || (way === 'read' && (result !== 0 || asked === 0))) {
      reports.hasRead = true;
    }
  }

  onHandled(observed: Observed, readiness: Readiness): void {
    const reports = this.#of(observed);
    if (!this.#mayBeIdle(observed)) Object.assign(reports, { readable: 0, writable: 0, errors: 0 });
    else this.#count(observed, reports, readiness);
    Object.assign(reports, { hasRead: false, hasWritten: false, hasChecked: false });
  }

  #count(observed: Observed, reports: Reports, readiness: Readiness): void {
    const { registration } = observed;
    const isError = (readiness & Readiness.Error) !== 0;
    const asksFor = (interest: Interest, bits: Readiness) =>
      !isError && (registration.interest & interest) !== 0 && (readiness & bits) !== 0;
    const reads = asksFor(
      Interest.Readable | Interest.ReadClosed,
      Readiness.Readable | Readiness.ReadClosed,
    );
    const writes = asksFor(Interest.Writable, Readiness.Writable);
    reports.readable = reads && !reports.hasRead ? reports.readable + 1 : 0;
    reports.writable = writes && !reports.hasWritten ? reports.writable + 1 : 0;
    reports.errors = isError && !reports.hasChecked ? reports.errors + 1 : 0;
    if (reports.writable >= SPINS_MAX) this.#context.report(observed, 'EDGEWISE_SPINNING');
    if (reports.errors >= ERRORS_MAX) this.#context.report(observed, 'EDGEWISE_ERROR_IGNORED');
    if (reports.readable < SPINS_MAX) return;
    // It may be read by calls that are not seen: of node:fs, or of another thread.
    if (this.#context.isReadable(registration.fd)) {
      this.#context.report(observed, 'EDGEWISE_SPINNING_READ');
    } else reports.readable = 0;
  }

  // What charges has done something, if by calls that are not seen.
  #mayBeIdle({ registration, isQueued }: Observed): boolean {
    const { isClosed, trigger, owner } = registration;
    const wasCharged = owner.budget.operationsLeft < this.#budget.operationsLeft;
    return !isClosed && trigger === 'level' && !isQueued && !wasCharged;
  }

  #of(observed: Observed): Reports {
    let reports = this.#reports.get(observed);
    if (reports === undefined) {
      const done = { hasRead: false, hasWritten: false, hasChecked: false };
      reports = { ...done, readable: 0, writable: 0, errors: 0 };
      this.#reports.set(observed, reports);
    }
    return reports;
  }
}
