// Records what a reactor does into its trace: docs/trace.md. The dispatcher and the reactor call it at
// each thing that happens, as long as there is a trace, and know nothing else of it.
import { observeKernel } from '../kernel.ts';
import { type Poller, triggerNumber } from '../poller/poller.ts';
import { Head, SIGNALS_AT } from '../poller/records.ts';
import { CALL_BITS, Kind, Outcome, WaitReason } from '../trace/kinds.ts';
import type { VisitOpen } from '../trace/recorder.ts';
import { Trace, type TraceHost, type TraceOptions } from '../trace/trace.ts';
import { LevelProbe } from './level-probe.ts';
import { type AnyRegistration, queuedBytesOf, type Watched } from './registration.ts';

const INT_MAX = 0x7fff_ffff;
const ASKED_MAX = 2 ** (31 - CALL_BITS) - 1;
const NS_PER_US = 1000;

/** Why a handler is called: `b` of `Kind.HandlerBegin`. */
export const Cause = { Reported: 1, Requeued: 2, Both: 3 } as const;

/** What is traced of a reactor: its registrations. */
export interface TracedRegistrations {
  /** Open registrations. */
  readonly registrationCount: number;
  /** By slot, those included that the running turn has closed. */
  readonly bySlot: readonly (AnyRegistration | undefined)[];
  /** Whether a turn is running. */
  readonly isDispatching: boolean;
  /** The open registration of `fd`. */
  registrationOf(fd: number): AnyRegistration | undefined;
}

/** The recording of one reactor, from `reactor.trace` to the end of the trace. */
export class Tracing implements TraceHost {
  /** What the caller of `reactor.trace` gets. */
  readonly trace: Trace;
  readonly backend: string;
  readonly clock: Float64Array;
  readonly onTraceClosed: () => void;
  readonly #poller: Poller;
  readonly #words: Uint32Array;
  readonly #head: Float64Array;
  readonly #registrations: TracedRegistrations;
  readonly #isTimed: boolean;
  readonly #probe: LevelProbe | undefined;
  /** Whether hardly anything has happened since the time on the clock. */
  #isStampFresh = false;
  /** By slot: the bytes that wait to be written, as they were recorded last. */
  readonly #queued: number[] = [];

  /**
   * @param onEnd - called when the trace was closed.
   * @throws as `reactor.trace`
   */
  constructor(
    poller: Poller,
    registrations: TracedRegistrations,
    options: TraceOptions,
    onEnd: () => void,
  ) {
    const { head, words } = poller.memory;
    this.backend = poller.backend;
    this.clock = head.subarray(Head.StampNs);
    this.#poller = poller;
    this.#words = words;
    this.#head = head;
    this.#registrations = registrations;
    this.stamp();
    this.trace = new Trace(this, options);
    const { level } = this.trace;
    const observesCalls = level === 'calls' || level === 'probe';
    this.#isTimed = level === 'timed' || observesCalls;
    this.#probe = level === 'probe' ? new LevelProbe() : undefined;
    const stop = observesCalls ? this.#observeCalls() : undefined;
    this.onTraceClosed = () => {
      stop?.();
      this.#probe?.close();
      onEnd();
    };
  }

  // ---- what the trace asks ----

  stamp(): void {
    this.#poller.handle.stamp();
  }

  get registrationCount(): number {
    return this.#registrations.registrationCount;
  }

  eachOpen(visit: VisitOpen): void {
    const { bySlot } = this.#registrations;
    // By number: an iterator is an object for each that it goes through, until V8 has optimized this.
    for (let at = 0; at < bySlot.length; at++) {
      const registration = bySlot[at];
      if (registration === undefined || registration.isClosed) continue;
      const { fd, slot, generation, interest, trigger, role } = registration;
      visit(fd, slot, generation, interest, triggerNumber(trigger), role);
    }
  }

  registrationOf(fd: number): AnyRegistration | undefined {
    const registration = this.#registrations.registrationOf(fd);
    return registration?.isClosed === false ? registration : undefined;
  }

  // ---- a turn ----

  /** A wait has ended. */
  onWait(count: number): void {
    this.clock[0] = this.#head[Head.NowNs] as number;
    this.#isStampFresh = true;
    this.#recordOwn(Kind.WaitEnd, count, this.#words[SIGNALS_AT] as number);
  }

  /**
   * The kernel has reported a registration.
   *
   * @param at - of the record, in the words of the poller's memory.
   * @param registration - which has the slot of the record, and perhaps another generation.
   */
  onReport(kind: number, at: number, registration: AnyRegistration | undefined): void {
    const words = this.#words;
    const slot = words[at] as number;
    const generation = words[at + 1] as number;
    const readiness = words[at + 2] as number;
    const word = words[at + 3] as number;
    const fd =
      registration !== undefined && registration.generation === generation ? registration.fd : -1;
    this.trace.recorder.record(kind, fd, slot, generation, readiness, word);
  }

  /** A handler is to be called. @param cause - of {@link Cause}. */
  onHandlerBegin(registration: AnyRegistration, readiness: number, cause: number): void {
    // Behind a wait or another handler there is the time of that.
    if (this.#isTimed && !this.#isStampFresh) this.stamp();
    this.#record(Kind.HandlerBegin, registration, readiness, cause);
    this.#publish(); // it may block
  }

  /** It has returned. @param charged - bytes. */
  onHandlerEnd(registration: AnyRegistration, charged: number, hasThrown: boolean): void {
    if (this.#isTimed) this.stamp();
    this.#isStampFresh = true;
    const threw = hasThrown ? Outcome.Threw : 0;
    const requeued = registration.requeuedReadiness === 0 ? 0 : Outcome.Requeued;
    const closed = registration.isClosed ? Outcome.Closed : 0;
    const outcome = threw | requeued | closed;
    this.#record(Kind.HandlerEnd, registration, Math.min(charged, INT_MAX), outcome);
    if (closed === 0) this.#recordQueue(registration);
  }

  /** Timers, wakers or deferred functions are to be called. */
  onWork(kind: number, count: number): void {
    if (this.#isTimed) this.stamp();
    this.#isStampFresh = false; // behind it
    this.#recordOwn(kind, count, 0);
    this.#publish();
  }

  /** The handlers of a signal are to be called. @param registration - by which it has come. */
  onSignal(registration: AnyRegistration, signum: number): void {
    this.#record(Kind.Signal, registration, signum, 0);
    this.#publish();
  }

  /** A turn has ended; the next wait is planned. */
  onTurnEnd(): void {
    if (this.#registrations.isDispatching) return; // it was one inside a handler
    if (this.#isTimed && !this.#isStampFresh) this.stamp();
    this.#recordLevels();
    this.#recordNextWait();
    this.#publish();
  }

  // ---- registrations ----

  /** One was made. */
  onRegister(registration: AnyRegistration, { role, listenerFd = -1 }: Watched<unknown>): void {
    this.#stampOutside();
    this.#queued[registration.slot] = 0;
    const { interest, trigger } = registration;
    this.#record(Kind.Register, registration, interest, triggerNumber(trigger));
    if (role !== undefined) this.#record(Kind.Role, registration, role, listenerFd);
    this.#publishOutside();
  }

  /** One was changed, or the kernel was asked to look again. */
  onModify(registration: AnyRegistration, interest: number, trigger: unknown): void {
    this.#stampOutside();
    this.#record(Kind.Modify, registration, interest, triggerNumber(trigger));
    this.#recordQueue(registration);
    this.#publishOutside();
  }

  /** One was closed. */
  onRelease(registration: AnyRegistration): void {
    this.#stampOutside();
    this.#record(Kind.Release, registration, 0, 0);
    this.#publishOutside();
  }

  /** One is to be called in the next turn. */
  onRequeue(registration: AnyRegistration): void {
    this.#stampOutside();
    this.#record(Kind.Requeue, registration, registration.requeuedReadiness, 0);
    this.#publishOutside();
  }

  // ---- inside ----

  // In a turn the time is that of its batch, or of what was timed last.
  #stampOutside(): void {
    if (!this.#registrations.isDispatching) this.stamp();
  }

  // What happens in a turn is published with what comes behind it.
  #publishOutside(): void {
    if (!this.#registrations.isDispatching) this.#publish();
  }

  #publish(): void {
    this.trace.recorder.publish();
  }

  #record(kind: number, registration: AnyRegistration, a: number, b: number): void {
    const { fd, slot, generation } = registration;
    this.trace.recorder.record(kind, fd, slot, generation, a, b);
  }

  #recordOwn(kind: number, a: number, b: number): void {
    this.trace.recorder.record(kind, -1, 0, 0, a, b);
  }

  #recordQueue(registration: AnyRegistration): void {
    if (registration.handler.queuedBytes === undefined) return;
    const { slot } = registration;
    const before = this.#queued[slot] ?? 0;
    const queued = queuedNow(registration) ?? before;
    if (queued === before) return;
    this.#queued[slot] = queued;
    this.#record(Kind.Queue, registration, Math.min(queued, INT_MAX), 0);
  }

  #recordNextWait(): void {
    const deadlineNs = this.#head[Head.DeadlineNs] as number;
    if (deadlineNs === Number.POSITIVE_INFINITY) {
      this.#recordOwn(Kind.WaitBegin, -1, WaitReason.Idle);
    } else if (deadlineNs === 0) {
      this.#recordOwn(Kind.WaitBegin, 0, WaitReason.Work);
    } else {
      const leftUs = Math.ceil((deadlineNs - (this.clock[0] as number)) / NS_PER_US);
      const timeoutUs = Math.min(Math.max(leftUs, 0), INT_MAX);
      this.#recordOwn(Kind.WaitBegin, timeoutUs, WaitReason.Deadline);
    }
  }

  #recordLevels(): void {
    if (this.#probe === undefined) return;
    const open = this.#registrations.bySlot.filter((each) => each?.isClosed === false);
    this.#probe.look(open as AnyRegistration[], (registration, readiness) =>
      this.#record(Kind.Level, registration, readiness, 0),
    );
  }

  #observeCalls(): () => void {
    return observeKernel({
      onCall: ({ index }, fd, result, asked) => {
        const registration = fd < 0 ? undefined : this.#registrations.registrationOf(fd);
        const detail = (Math.min(asked, ASKED_MAX) << CALL_BITS) | index; // -1 stays below 0
        const slot = registration === undefined ? 0 : registration.slot;
        const generation = registration === undefined ? 0 : registration.generation;
        this.trace.recorder.record(Kind.Call, fd, slot, generation, result, detail);
        this.#publish();
      },
    });
  }
}

function queuedNow(registration: AnyRegistration): number | undefined {
  try {
    return queuedBytesOf(registration);
  } catch {
    return undefined; // it is not a handler that fails: `reactor.audit` throws it to its caller
  }
}
