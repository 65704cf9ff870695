// Finds the mistakes of handlers that ordinary tests do not: `new Reactor({ lint: true })`, for
// development. docs/lints.md has the catalogue. It watches the calls of the kernel that its thread makes,
// and is called around each handler; what is found by that is in the files beside this one.
import { observeKernel } from '../../kernel.ts';
import { Interest, Readiness, readinessNames } from '../../poller/interest.ts';
import { Poller } from '../../poller/poller.ts';
import type { AnyRegistration, Budget } from '../registration.ts';
import { type SeenCall, seenCalls } from './calls.ts';
import { LINT_TEXTS, type LintCode } from './codes.ts';
import { Draining } from './draining.ts';
import { unknownNames } from './names.ts';
import { type HandlerObserver, Observed, ObservedHandler } from './observed.ts';
import type { LintSettings } from './options.ts';
import { Owning } from './owning.ts';
import { type LintHost, Reporter } from './reporter.ts';
import type { Rule, RuleContext } from './rule.ts';
import { Spinning } from './spinning.ts';
import { Timing } from './timing.ts';
import { Writing } from './writing.ts';

const READ_BITS = Readiness.Readable | Readiness.ReadClosed;
const WRITE_BITS = Readiness.Writable | Readiness.WriteClosed;

/** Looks for mistakes of handlers; the dispatcher and the reactor call it. */
export class Lint implements HandlerObserver, RuleContext {
  /** Reports of the batch whose handlers have not been called yet. */
  waitingCount = 0;
  readonly #probe = new Poller({ backend: 'poll', capacity: 1 });
  readonly #reporter: Reporter;
  readonly #rules: readonly Rule[];
  readonly #byFd = new Map<number, Observed>();
  readonly #stopObserving: () => void;
  #batch = 0;

  /** @param budget - what each call of a handler may use up. */
  constructor(settings: LintSettings, budget: Readonly<Budget>, host: LintHost) {
    this.#reporter = new Reporter(settings, host);
    this.#rules = [
      new Owning(this),
      new Draining(this),
      new Spinning(this, budget),
      new Writing(this),
      new Timing(this, budget, settings.slowHandlerMs),
    ];
    this.#stopObserving = observeKernel({
      onCall: (call, fd, result, asked, ...args) => {
        for (const seen of seenCalls(call, fd, result, asked, args)) this.#onCall(seen);
      },
    });
  }

  /** Whether the next wait must not block, so that a suspect can be judged after it. */
  get hasSuspects(): boolean {
    return this.#rules.some(({ hasSuspects }) => hasSuspects === true);
  }

  /** After a registration was made. */
  onRegister(registration: AnyRegistration): void {
    const observed = new Observed(registration);
    registration.handler = new ObservedHandler(this, observed);
    this.#byFd.set(registration.fd, observed);
    for (const rule of this.#rules) rule.onRegister?.(observed);
  }

  /** A registration is being closed. */
  onRelease(registration: AnyRegistration): void {
    const observed = this.#byFd.get(registration.fd);
    if (observed?.registration !== registration) return;
    for (const rule of this.#rules) rule.onRelease?.(observed);
    this.#byFd.delete(registration.fd);
  }

  /** The number of a registration is a new file: it was closed, by a call that was not seen. */
  onOrphan(registration: AnyRegistration): void {
    const observed = this.#byFd.get(registration.fd);
    if (observed?.registration !== registration) return;
    this.report(observed, 'EDGEWISE_CLOSED_WHILE_REGISTERED');
  }

  /** Before the events of a wait are delivered. @returns the number of the batch. */
  onBatch(count: number): number {
    this.waitingCount = count;
    this.#batch++;
    for (const rule of this.#rules) rule.onBatch?.(this.#batch);
    return this.#batch;
  }

  /** After them. @param isWhole - the kernel had no more to report. */
  onBatchEnd(batch: number, isWhole: boolean): void {
    this.waitingCount = 0;
    if (!isWhole) return;
    for (const rule of this.#rules) rule.onBatchEnd?.(batch);
  }

  /** Before a handler is called. */
  onCalling(observed: Observed, readiness: Readiness): void {
    if (this.waitingCount > 0) this.waitingCount--;
    observed.isInCall = true;
    observed.moved = { reads: 0, operations: 0, bytes: 0 };
    for (const rule of this.#rules) rule.onCalling?.(observed, readiness);
  }

  /** After it has returned. */
  onHandled(observed: Observed, readiness: Readiness): void {
    observed.isInCall = false;
    for (const rule of this.#rules) rule.onHandled?.(observed, readiness);
  }

  /** An edge handler has returned as if it were done, and was not. */
  onUnsettled({ fd }: AnyRegistration, left: Readiness): void {
    const observed = this.#byFd.get(fd);
    if (observed === undefined) return;
    // It has come to an end that is none to the kernel, such as EMFILE or an empty datagram.
    const { lastRead, lastWrite } = observed;
    const isRead = lastRead !== undefined && lastRead.result <= 0 ? READ_BITS : 0;
    const isWritten = lastWrite !== undefined && lastWrite.result < 0 ? WRITE_BITS : 0;
    const forgotten = left & ~(isRead | isWritten | Readiness.Error);
    if (forgotten === 0) return;
    this.report(observed, 'EDGEWISE_UNSETTLED', readinessNames(forgotten));
  }

  /** `known` are the names of `object` that are read. */
  onNames(what: string, object: object, known: readonly string[]): void {
    for (const { what: text, hint } of unknownNames(what, object, known)) {
      this.#reporter.report(undefined, 'EDGEWISE_UNKNOWN', { what: text, fix: hint });
    }
  }

  isReadable(fd: number): boolean {
    try {
      this.#probe.add(fd, 0, Interest.Readable);
      const isReadable = this.#probe.wait(0) > 0;
      this.#probe.remove(fd);
      return isReadable;
    } catch {
      return false; // the handler closed the descriptor, and left the registration
    }
  }

  report(observed: Observed, code: LintCode, detail = ''): void {
    const { what, fix } = LINT_TEXTS[code];
    const whole = detail === '' ? what : `${what} ${detail}`;
    this.#reporter.report(observed, code, { what: whole, fix });
  }

  /** Stops watching. */
  close(): void {
    this.#stopObserving();
    this.#probe.close();
    this.#byFd.clear();
  }

  #onCall(call: SeenCall): void {
    const observed = this.#byFd.get(call.fd);
    observed?.note(call);
    for (const rule of this.#rules) rule.onCall?.(call, observed);
  }
}
