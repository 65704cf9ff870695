// The table of registrations and the delivery of their events: what a turn does between the wait
// and the timers. It reads the records that native code wrote (src/poller/poller.ts), drops the stale
// ones, and calls handlers. The Reactor above it writes the recipe of a turn.
import { constants } from 'node:os';
import { errnoError } from '../errors.ts';
import type { Interest, Trigger } from '../poller/interest.ts';
import { checkAdded, type Poller } from '../poller/poller.ts';
import { GENERATION_SPAN, RECORDS_AT, WORDS_PER_RECORD } from '../poller/records.ts';
import { Kind } from '../trace/kinds.ts';
import type { Failures } from './failures.ts';
import type { Lint } from './lint/lint.ts';
import {
  type AnyRegistration,
  type Budget,
  type Place,
  Registration,
  type RegistrationOwner,
  type Watched,
} from './registration.ts';
import { SlotTable } from './slots.ts';
import { Cause, type TracedRegistrations, type Tracing } from './tracing.ts';

const EEXIST = -constants.errno.EEXIST;
const EBADF = -constants.errno.EBADF;
/** Places of a batch that may go to what is no record: the waker, Node's loop, a timer. */
const UNRECORDED_MAX = 3;
const NONE: readonly AnyRegistration[] = [];

/** What the dispatcher calls on the reactor. */
export interface DispatcherHost {
  /** Work that waits for no event was queued, or the last referenced registration came or went. */
  onPlanChange(): void;
  /** The poller watches through a new kernel object now. */
  onRebuild(): void;
}

/** The registrations of one reactor, and the delivery of their events. */
export class Dispatcher implements RegistrationOwner, TracedRegistrations {
  /** What is left for the handler that runs. */
  readonly budget: Budget = { bytesLeft: 0, operationsLeft: 0 };
  /** What keeps the reactor alive: registrations, wakers and other work under way. */
  referencedCount = 0;
  /** The counts of `ReactorStats`; the reactor reads them. */
  eventCount = 0;
  /** Calls of a handler for a re-queued registration. */
  requeuedCount = 0;
  /** Events of registrations that an earlier handler of the batch had closed. */
  staleDropped = 0;
  /** Descriptions that outlived their number, and were taken out of the kernel. */
  ghostsRemoved = 0;
  /** The most events that one wait brought. */
  largestBatch = 0;
  /** What records; undefined: nothing does. */
  tracing: Tracing | undefined = undefined;
  readonly #poller: Poller;
  readonly #host: DispatcherHost;
  readonly #failures: Failures;
  readonly #words: Uint32Array;
  readonly #capacity: number;
  readonly #budgetMax: Readonly<Budget>;
  readonly #lint: Lint | undefined;
  readonly #slots: SlotTable;
  readonly #byFd: (AnyRegistration | undefined)[] = [];
  #requeued: AnyRegistration[] = [];
  #freed: AnyRegistration[] = [];
  #depth = 0;
  /** Tokens of registrations that ended, and that the kernel still reports. */
  readonly #ghosts = new Set<number>();
  #isHaunted = false;

  /**
   * @param budgetMax - what each call of a handler may use up.
   * @param slots - for tests: a table that starts near the wrap of its generations.
   */
  constructor(
    poller: Poller,
    host: DispatcherHost,
    failures: Failures,
    budgetMax: Readonly<Budget>,
    lint: Lint | undefined = undefined,
    slots = new SlotTable(),
  ) {
    this.#poller = poller;
    this.#host = host;
    this.#failures = failures;
    this.#words = poller.memory.words;
    this.#capacity = (this.#words.length - RECORDS_AT) / WORDS_PER_RECORD;
    this.#budgetMax = budgetMax;
    this.#lint = lint;
    this.#slots = slots;
  }

  /** Open registrations. */
  get registrationCount(): number {
    return this.#slots.count - this.#freed.length;
  }

  /** By slot, those included that the running turn has closed. */
  get bySlot(): readonly (AnyRegistration | undefined)[] {
    return this.#slots.bySlot;
  }

  /** The open registrations, in a new list. */
  get registrations(): AnyRegistration[] {
    const all = this.#slots.bySlot.filter((registration) => registration !== undefined);
    return all.filter((registration) => !registration.isClosed);
  }

  /** Registrations that wait for the next turn, without an event. */
  get pendingCount(): number {
    return this.#requeued.length;
  }

  /** Whether the next wait must not block. */
  get hasWork(): boolean {
    return this.#requeued.length > 0 || this.#lint?.hasSuspects === true;
  }

  /** Whether handlers are being called. */
  get isDispatching(): boolean {
    return this.#depth > 0;
  }

  /** The open registration of `fd`. */
  registrationOf(fd: number): AnyRegistration | undefined {
    return this.#byFd[fd];
  }

  /** Arguments are checked already. @throws as `reactor.register`. */
  add<Data>(what: Watched<Data>): Registration<Data> {
    const { fd } = what;
    const place = this.#slots.take();
    const { slot } = place;
    try {
      checkAdded(this.#addToPoller(place, what), 'register', fd);
    } catch (error) {
      this.#slots.give(slot);
      throw error;
    }
    this.orphan(fd);
    const registration = new Registration<Data>(this, place, what);
    this.#slots.bySlot[slot] = registration;
    this.#byFd[fd] = registration;
    this.#lint?.onRegister(registration);
    this.tracing?.onRegister(registration, what);
    this.countReferenced(1);
    return registration;
  }

  /** Ends what was registered under a number that is a new file now. */
  orphan(fd: number): void {
    const old = this.#byFd[fd];
    if (old === undefined) return;
    this.#lint?.onOrphan(old);
    this.#byFd[fd] = undefined;
    old.close();
  }

  /** Begins a turn: hands out what was re-queued before it; what comes later is for the next. */
  enter(): readonly AnyRegistration[] {
    this.#depth++;
    if (this.#requeued.length === 0) return NONE;
    const due = this.#requeued;
    this.#requeued = [];
    for (const registration of due) {
      registration.dueReadiness |= registration.requeuedReadiness;
      registration.requeuedReadiness = 0;
    }
    return due;
  }

  /** Delivers the first `count` records. */
  deliverEvents(count: number): void {
    const batch = this.#lint?.onBatch(count);
    this.#deliverRecords(count);
    if (batch === undefined) return;
    this.#lint?.onBatchEnd(batch, count === 0 || count + UNRECORDED_MAX < this.#capacity);
  }

  #deliverRecords(count: number): void {
    if (count > this.largestBatch) this.largestBatch = count;
    const words = this.#words;
    const table = this.#slots.bySlot;
    const end = RECORDS_AT + count * WORDS_PER_RECORD;
    for (let at = RECORDS_AT; at < end; at += WORDS_PER_RECORD) {
      const registration = table[words[at] as number];
      if (registration === undefined || registration.generation !== words[at + 1]) {
        // It ended before this wait began, and yet the kernel knows it.
        this.tracing?.onReport(Kind.Ghost, at, registration);
        this.#ghosts.add((words[at] as number) * GENERATION_SPAN + (words[at + 1] as number));
      } else if (registration.isClosed) {
        this.staleDropped++; // an earlier handler of this batch closed it
        this.tracing?.onReport(Kind.Stale, at, registration);
      } else {
        this.tracing?.onReport(Kind.Report, at, registration);
        // An earlier handler may have changed the interest since the wait.
        const readiness = (words[at + 2] as number) & registration.mask;
        if (readiness !== 0) {
          this.eventCount++;
          const due = registration.dueReadiness & registration.mask;
          const cause = due === 0 ? Cause.Reported : Cause.Both;
          this.#callHandler(registration, readiness | due, cause);
        }
      }
    }
  }

  /** Delivers what `enter` handed out. */
  deliverRequeued(registrations: readonly AnyRegistration[]): void {
    for (const registration of registrations) {
      // 0: closed, or an event of this batch took it along.
      const readiness = registration.dueReadiness & registration.mask;
      registration.dueReadiness = 0;
      if (readiness === 0 || registration.isClosed) continue;
      this.requeuedCount++;
      this.#callHandler(registration, readiness, Cause.Requeued);
    }
  }

  /** Ends a turn: slots that were freed in it may be used again, ghosts leave the kernel. */
  leave(): void {
    if (--this.#depth > 0) return;
    if (this.#freed.length > 0) this.#freeSlots();
    if (this.#ghosts.size > 0) this.#removeGhosts();
  }

  /** What an inner turn would overwrite of the batch that is being delivered. */
  saveBatch(): Uint32Array | undefined {
    return this.#depth > 0 ? this.#words.slice(RECORDS_AT) : undefined;
  }

  /** Puts back what `saveBatch` kept. */
  restoreBatch(saved: Uint32Array | undefined): void {
    if (saved !== undefined) this.#words.set(saved, RECORDS_AT);
  }

  /** Closes every registration. */
  clear(): void {
    for (const registration of [...this.#slots.bySlot]) registration?.close();
    this.#requeued = [];
  }

  /** Changes what the kernel watches. @throws as `registration.setInterest` */
  rearm(registration: AnyRegistration, interest: Interest, trigger: Trigger): void {
    const { fd, slot, generation, isExclusive } = registration;
    const result = isExclusive
      ? this.#rearmExclusive(registration, interest, trigger)
      : this.#poller.modifyRaw(fd, slot, generation, interest, trigger);
    // Not check(): its context would be an object for each oneshot event.
    if (result < 0) throw errnoError(result, 'rearm', { fd });
    this.tracing?.onModify(registration, interest, trigger);
  }

  /** Has a registration delivered in the next turn, without an event. */
  requeue(registration: AnyRegistration): void {
    this.#requeued.push(registration);
    this.tracing?.onRequeue(registration);
    this.#host.onPlanChange();
  }

  /** Takes a closed registration out of the kernel and the table. */
  release(registration: AnyRegistration): void {
    // EBADF, ENOENT: closed behind our back, so the kernel has forgotten it, or keeps a ghost of it
    // that is removed when it shows.
    if (this.#forget(registration)) this.#poller.handle.remove(registration.fd);
  }

  /** The same, and closes the descriptor, in one call of native code. @returns as close(2) */
  releaseDescriptor(registration: AnyRegistration): number {
    if (!this.#forget(registration)) return EBADF; // it is another registration's
    return this.#poller.handle.removeAndClose(registration.fd);
  }

  // @returns whether the number is still its own.
  #forget(registration: AnyRegistration): boolean {
    registration.requeuedReadiness = 0;
    registration.dueReadiness = 0;
    this.#lint?.onRelease(registration);
    this.tracing?.onRelease(registration);
    if (this.#depth > 0) this.#freed.push(registration);
    else this.#slots.give(registration.slot);
    if (this.#byFd[registration.fd] !== registration) return false;
    this.#byFd[registration.fd] = undefined;
    return true;
  }

  /** 1: there is one more thing that keeps the reactor alive; -1: one less. */
  countReferenced(change: 1 | -1): void {
    this.referencedCount += change;
    const isFirst = change === 1 && this.referencedCount === 1;
    if (isFirst || this.referencedCount === 0) this.#host.onPlanChange();
  }

  // The kernel allows no modification of an exclusive entry: it is taken out, and put in again.
  // What was there before comes back when the new one is refused.
  #rearmExclusive(registration: AnyRegistration, interest: Interest, trigger: Trigger): number {
    const { fd, slot, generation } = registration;
    this.#poller.checkWatch(fd, interest, trigger);
    const removed = this.#poller.handle.remove(fd);
    if (removed < 0) return removed; // the number does not stand for what was registered
    const result = this.#poller.addRaw(fd, slot, generation, interest, trigger, true);
    if (result < 0) {
      this.#poller.addRaw(fd, slot, generation, registration.interest, registration.trigger, true);
    }
    return result;
  }

  #addToPoller({ slot, generation }: Place, what: Watched<unknown>): number {
    const { fd, interest, trigger, isExclusive } = what;
    const result = this.#poller.addRaw(fd, slot, generation, interest, trigger, isExclusive);
    if (result !== EEXIST || this.#byFd[fd] !== undefined) return result;
    // A ghost: it got its number back (dup), so it can be removed by it.
    this.#poller.handle.remove(fd);
    return this.#poller.addRaw(fd, slot, generation, interest, trigger, isExclusive);
  }

  #callHandler(registration: AnyRegistration, readiness: number, cause: number): void {
    const { budget } = this;
    budget.bytesLeft = this.#budgetMax.bytesLeft;
    budget.operationsLeft = this.#budgetMax.operationsLeft;
    registration.dueReadiness = 0;
    registration.currentReadiness = readiness;
    const { handler, scope } = registration;
    const { tracing } = this;
    tracing?.onHandlerBegin(registration, readiness, cause);
    let hasThrown = false;
    try {
      if (scope === undefined) handler.onReady(readiness, registration);
      else scope.runInAsyncScope(handler.onReady, handler, readiness, registration);
    } catch (error) {
      hasThrown = true;
      this.#failures.collect(error);
    }
    // A trace that the handler has begun has not seen it called.
    if (tracing !== undefined && tracing === this.tracing) {
      tracing.onHandlerEnd(registration, this.#budgetMax.bytesLeft - budget.bytesLeft, hasThrown);
    }
  }

  #freeSlots(): void {
    for (const { slot } of this.#freed) this.#slots.give(slot);
    this.#freed = [];
  }

  #removeGhosts(): void {
    if (this.#poller.isClosed) return;
    const result = this.#poller.handle.rebuild();
    // Reported once: the ghosts show again at each turn, until the system has what is needed.
    if (result < 0 && !this.#isHaunted) this.#failures.collect(errnoError(result, 'rebuild'));
    this.#isHaunted = result < 0;
    if (result < 0) return;
    this.ghostsRemoved += this.#ghosts.size;
    this.#ghosts.clear();
    this.#host.onRebuild();
  }
}
