// One watched descriptor of a reactor: its interest, its trigger, its handler, and the caller's
// `data`. Handlers are shared by many registrations. The reactor is known here only as
// `RegistrationOwner`, so this file is below it.

import type { AsyncResource } from 'node:async_hooks';
import { ClosedError, invalidType, outOfRange } from '../errors.ts';
import { SHOWN, shown } from '../inspect.ts';
import type { Method } from '../method.ts';
import {
  type Interest,
  Readiness,
  readinessNames,
  readinessOf,
  type Trigger,
} from '../poller/interest.ts';
import type { LintCode } from './lint/codes.ts';

/** Receives the events of the registrations that it was given to; one object can serve many. */
export interface Handler<Data = unknown> {
  /**
   * Called when the descriptor is ready. Under the edge trigger, read or write until would-block,
   * or until `registration.charge` answers false. With several bits set: write first, then read,
   * then look at the closed bits, so that what came before a FIN is not lost.
   *
   * @param readiness - {@link Readiness} bits, those of the interest at this moment, and the
   *   closed and error bits, which no interest masks.
   */
  onReady(readiness: Readiness, registration: Registration<Data>): void;
  /**
   * For `reactor.audit` and traces: how many bytes wait to be written to the descriptor; undefined: not known.
   * Without it the audit cannot find a queue that waits for no room.
   */
  queuedBytes?: Method<[registration: Registration<Data>], number | undefined> | undefined;
  /** What `lint` does not report of it: docs/lints.md says for each code when that is right. */
  readonly lintIgnore?: readonly LintCode[] | undefined;
}

/** What one dispatch may use up before other descriptors get their turn; the reactor writes it. */
export interface Budget {
  /** Bytes; 0 or less: used up. */
  bytesLeft: number;
  /** Operations; 0 or less: used up. */
  operationsLeft: number;
}

/** What a registration asks of the reactor that made it. */
export interface RegistrationOwner {
  /** What is left of the dispatch that is running. */
  readonly budget: Budget;
  /** Changes what the kernel watches, or has it look again. */
  rearm(registration: AnyRegistration, interest: Interest, trigger: Trigger): void;
  /** Has it delivered in the next turn, without an event. */
  requeue(registration: AnyRegistration): void;
  /** It is closed: takes it out of the kernel and the table. */
  release(registration: AnyRegistration): void;
  /** The same, and closes the descriptor. */
  releaseDescriptor(registration: AnyRegistration): number;
  /** 1: one more keeps the reactor alive; -1: one less. */
  countReferenced(change: 1 | -1): void;
}

/** A registration of whatever data. */
// biome-ignore lint/suspicious/noExplicitAny: the reactor keeps registrations of any data
export type AnyRegistration = Registration<any>;

/** Bits that are reported whatever the interest. */
const ALWAYS = Readiness.ReadClosed | Readiness.WriteClosed | Readiness.Error;

/**
 * A descriptor watched by a reactor, made by `reactor.register`.
 *
 * It borrows the descriptor: close the registration first, then the descriptor.
 */
export class Registration<Data = unknown> {
  /** The watched descriptor. */
  readonly fd: number;
  /** What the caller keeps with it; the reactor never looks at it. */
  data: Data;
  /** @internal */
  readonly owner: RegistrationOwner;
  /** @internal place in the reactor's table */
  readonly slot: number;
  /** @internal sets this registration apart from earlier ones of the same slot */
  readonly generation: number;
  /** @internal */
  readonly isExclusive: boolean;
  /** @internal the async context of `register`, when it is to be kept */
  readonly scope: AsyncResource | undefined;
  /** @internal a number of `Role`; 0: not known */
  readonly role: number;
  /** @internal */
  handler: Handler<Data>;
  /** @internal readiness bits that may be reported now */
  mask: Readiness;
  /** @internal readiness to report in the next turn; 0: not queued. The reactor clears it. */
  requeuedReadiness: Readiness = 0;
  /** @internal of that, what is to be reported in the turn that is running. The reactor writes it. */
  dueReadiness: Readiness = 0;
  /** @internal readiness of the dispatch that is running. The reactor writes it. */
  currentReadiness: Readiness = 0;
  #interest: Interest;
  #trigger: Trigger;
  #isOpen = true;
  #isReferenced = true;

  /** @internal use `reactor.register` */
  constructor(owner: RegistrationOwner, place: Place, what: Watched<Data>) {
    this.fd = what.fd;
    this.data = what.data;
    this.owner = owner;
    this.slot = place.slot;
    this.generation = place.generation;
    this.isExclusive = what.isExclusive;
    this.scope = what.scope;
    this.role = what.role ?? 0;
    this.handler = what.handler;
    this.#interest = what.interest;
    this.#trigger = what.trigger;
    this.mask = what.interest | ALWAYS;
  }

  /** What its handler is called for: {@link Interest} bits. */
  get interest(): Interest {
    return this.#interest;
  }

  /** How its events repeat. */
  get trigger(): Trigger {
    return this.#trigger;
  }

  /** Whether it has ended: by `close`, with its reactor, or as its number was reused. */
  get isClosed(): boolean {
    return !this.#isOpen;
  }

  /**
   * Replaces the interest. One system call, and none when nothing changes under level or edge.
   * It re-arms a oneshot, unless that stays paused.
   *
   * @param interest - {@link Interest} bits; `Interest.None` pauses: a hang-up or an error is
   *   reported once, nothing else. `Interest.ReadClosed`: that, and the end of what the peer sends.
   * @throws ClosedError. ErrnoError - EBADF, ENOENT: the descriptor was closed behind our back.
   */
  setInterest(interest: Interest): void {
    this.#change(interest, this.#trigger);
  }

  /**
   * Replaces the trigger. It re-arms a oneshot, also when the trigger stays the same, unless that is
   * paused.
   *
   * @throws EdgewiseError - ERR_TRIGGER_UNSUPPORTED: this back-end does not have it.
   * @throws ClosedError. ErrnoError - EBADF, ENOENT: the descriptor was closed behind our back.
   */
  setTrigger(trigger: Trigger): void {
    this.#change(this.#interest, trigger);
  }

  /**
   * Has the kernel look again: re-arms a oneshot that has fired, and makes an edge trigger report
   * what is ready now.
   *
   * @throws ClosedError. ErrnoError - EBADF, ENOENT: the descriptor was closed behind our back.
   */
  rearm(): void {
    this.#assertOpen();
    this.#apply(this.#interest, this.#trigger);
  }

  /**
   * Charges one operation of `bytes` to the budget of this dispatch. When it answers false, return
   * from the handler: others get their turn. Under the edge triggers the registration has then
   * been re-queued with the same readiness; under the others the kernel reports again by itself.
   *
   * @param bytes - what the operation moved, from 0.
   * @param readiness - what to report when it is re-queued; default: what is being reported,
   *   or the interest outside of a dispatch.
   * @returns whether there is budget left.
   */
  charge(bytes: number, readiness?: Readiness): boolean {
    if (typeof bytes !== 'number') throw invalidType('bytes', 'a number', bytes);
    if (!(bytes >= 0)) throw outOfRange('bytes', 'a number from 0', bytes);
    const { budget } = this.owner;
    budget.bytesLeft -= bytes;
    budget.operationsLeft--;
    if (budget.bytesLeft > 0 && budget.operationsLeft > 0) return true;
    if (this.#isOpen && (this.#trigger === 'edge' || this.#trigger === 'edge-oneshot')) {
      // 0: charged by another's handler
      this.requeue(readiness ?? (this.currentReadiness || readinessOf(this.#interest)));
    }
    return false;
  }

  /**
   * Calls the handler again in the next turn, after that turn's events, whether the kernel reports
   * anything or not; the way to stop reading before would-block under the edge trigger.
   *
   * @param readiness - what to report to the handler; default: its interest.
   */
  requeue(readiness: Readiness = readinessOf(this.#interest)): void {
    this.#assertOpen();
    if (!Number.isInteger(readiness) || readiness < 0 || readiness > 63) {
      throw outOfRange('readiness', 'Readiness bits, 0 to 63', readiness);
    }
    const isQueued = this.requeuedReadiness !== 0;
    this.requeuedReadiness |= readiness;
    if (!isQueued && readiness !== 0) this.owner.requeue(this);
  }

  /** Keeps the reactor alive, which is so from the start. */
  ref(): this {
    return this.#setReferenced(true);
  }

  /** Lets the reactor end although this descriptor is watched. */
  unref(): this {
    return this.#setReferenced(false);
  }

  /** Whether it keeps the reactor alive. */
  hasRef(): boolean {
    return this.#isReferenced;
  }

  /**
   * Stops watching; events of it that are still in the batch are dropped. The descriptor stays
   * open and is the caller's to close, after this. Does nothing the second time.
   */
  close(): void {
    if (this.#end()) this.owner.release(this);
  }

  /**
   * Closes the registration and then the descriptor, which is the caller's, in one call. Does nothing
   * when the registration is closed: the number may be another file's by then.
   *
   * @returns 0 or -errno of close(2), with which the descriptor is gone as well. -EBADF: it was closed
   *   already. 0 as well when the registration was closed.
   */
  closeDescriptor(): number {
    return this.#end() ? this.owner.releaseDescriptor(this) : 0;
  }

  // @returns false: it has ended already.
  #end(): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    if (this.#isReferenced) this.owner.countReferenced(-1);
    return true;
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { fd, trigger, isClosed: closed } = this;
    return shown('Registration', { fd, interest: readinessNames(this.interest), trigger, closed });
  }

  /** The same as `close()`: `using registration = reactor.register(…)`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #setReferenced(isReferenced: boolean): this {
    if (isReferenced === this.#isReferenced) return this;
    this.#isReferenced = isReferenced;
    if (this.#isOpen) this.owner.countReferenced(isReferenced ? 1 : -1);
    return this;
  }

  // A paused one that is paused again keeps silent about a hang-up that it has reported: a handler
  // that pauses itself would be called for it without end.
  #change(interest: Interest, trigger: Trigger): void {
    this.#assertOpen();
    const isOneshot = trigger === 'oneshot' || trigger === 'edge-oneshot';
    const isSame = interest === this.#interest && trigger === this.#trigger;
    if (!isSame || (isOneshot && interest !== 0)) this.#apply(interest, trigger);
  }

  #apply(interest: Interest, trigger: Trigger): void {
    this.owner.rearm(this, interest, trigger);
    this.#interest = interest;
    this.#trigger = trigger;
    this.mask = interest | ALWAYS;
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new ClosedError('the Registration');
  }
}

/** @internal a place in the table of registrations */
export interface Place {
  /** 0 to 2^21 - 1. */
  readonly slot: number;
  /** 0 to 2^32 - 1: how often the slot was used before. */
  readonly generation: number;
}

/** @internal what a registration is made of */
export interface Watched<Data> {
  /** An open descriptor, borrowed. */
  readonly fd: number;
  /** {@link Interest} bits. */
  readonly interest: Interest;
  /** How events repeat. */
  readonly trigger: Trigger;
  /** What is called. */
  readonly handler: Handler<Data>;
  /** What the caller keeps with it. */
  readonly data: Data;
  /** EPOLLEXCLUSIVE. */
  readonly isExclusive: boolean;
  /** The async context in which the handler runs; undefined: that of the turn. */
  readonly scope: AsyncResource | undefined;
  /** For traces: a number of `Role`. */
  readonly role?: number | undefined;
  /** For traces: the listener that accepted it. */
  readonly listenerFd?: number | undefined;
}

/** @internal what its handler says of its queue, which may be anything. @throws what that throws */
export function queuedBytesOf(registration: AnyRegistration): number | undefined {
  const { handler } = registration;
  if (typeof handler.queuedBytes !== 'function') return undefined;
  const bytes: unknown = handler.queuedBytes(registration);
  return typeof bytes === 'number' && bytes >= 0 ? bytes : undefined;
}
