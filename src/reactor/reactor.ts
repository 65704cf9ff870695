// The Reactor: one turn (wait, then dispatch) and what goes with it: timers, wakers, signals and
// deferred functions. Registrations and the delivery of their events are src/reactor/dispatcher.ts;
// what calls the turn is src/reactor/driver.ts. docs/architecture.md has the life of one event.
import { AsyncResource } from 'node:async_hooks';
import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { AuditBook, type AuditReport } from '../audit/index.ts';
import { channels } from '../diagnostics.ts';
import { ClosedError, check, EdgewiseError, errnoError, invalidValue } from '../errors.ts';
import { SHOWN, shown } from '../inspect.ts';
import { native } from '../native.ts';
import { type Backend, Interest, type Readiness } from '../poller/interest.ts';
import { Poller, triggerNumber } from '../poller/poller.ts';
import { Head, SIGNAL_NOTIFIED, SIGNALS_AT } from '../poller/records.ts';
import { Kind, Role } from '../trace/kinds.ts';
import type { Trace, TraceOptions } from '../trace/trace.ts';
import { checkFd, checkFunction, checkInteger, checkObject, checkTimeoutMs } from '../validate.ts';
import { auditReactor } from './audit.ts';
import { Dispatcher } from './dispatcher.ts';
import { type DriverMode, hasHostLoop, isDriverMode, LoopDriver } from './driver.ts';
import { EdgeDelivery, type EdgeHandler, Edges } from './edge/delivery.ts';
import { Failures } from './failures.ts';
import { Lint } from './lint/lint.ts';
import { LINT_OPTION_NAMES, type LintSettings, lintSettings } from './lint/options.ts';
import type {
  AttachOptions,
  EdgeOptions,
  ErrorHandler,
  ReactorOptions,
  ReactorStats,
  RegisterOptions,
} from './options.ts';
import type { Budget, Handler, Registration, Watched } from './registration.ts';
import { type SignalHandler, type SignalSubscription, Signals } from './signals.ts';
import { CallSite } from './site.ts';
import { startTrace } from './start-trace.ts';
import type { Timer } from './timers/timer.ts';
import { Timers } from './timers/timers.ts';
import { Tracing } from './tracing.ts';
import { ReactorWaker, type WakerOwner } from './waker.ts';

const OPTION_NAMES = Object.keys({
  backend: true,
  capacity: true,
  busyPoll: true,
  budget: true,
  asyncContext: true,
  lint: true,
  onError: true,
} satisfies Record<keyof ReactorOptions, true>);
const REGISTER_NAMES = Object.keys({
  trigger: true,
  data: true,
  exclusive: true,
  asyncContext: true,
} satisfies Record<keyof RegisterOptions, true>);
const EDGE_NAMES = Object.keys({
  data: true,
  exclusive: true,
  asyncContext: true,
  unsettled: true,
} satisfies Record<keyof EdgeOptions, true>);
const HANDLER_NAMES = ['onReady', 'queuedBytes', 'lintIgnore'];
const BUDGET_NAMES = ['bytes', 'operations'];
const BUDGET_BYTES = 1024 * 1024;
const BUDGET_OPERATIONS = 64;
const EINTR = -constants.errno.EINTR;
/** From so long on a turn is slow. */
const SLOW_TURN_MS = 10;
const NS_PER_MS = 1e6;

/**
 * A readiness loop over raw descriptors: calls handlers when descriptors are ready.
 *
 * Drive it by hand with {@link Reactor.turn}, or let Node's loop drive it with
 * {@link Reactor.attach} or {@link Reactor.run}. It belongs to the thread that made it; only a
 * {@link Waker} may be used elsewhere.
 *
 * @example
 * const reactor = new Reactor();
 * reactor.register(listener, Interest.Readable, { onReady: () => acceptAll(listener) });
 * await reactor.run();
 */
export class Reactor {
  /** @internal what the layers above have open here: `close` calls theirs first, which ends at once */
  readonly dependents = new Set<{ close(): void }>();
  readonly #poller: Poller;
  readonly #head: Float64Array;
  readonly #dispatcher: Dispatcher;
  readonly #timers: Timers;
  readonly #failures = new Failures();
  readonly #wakers = new Set<ReactorWaker>();
  readonly #wakerOwner: WakerOwner = {
    countReferenced: (change) => this.#dispatcher.countReferenced(change),
    forget: (waker) => this.#wakers.delete(waker),
  };
  readonly #lint: Lint | undefined;
  readonly #keepsContext: boolean;
  readonly #onError: ErrorHandler | undefined;
  readonly #edges: Edges;
  #deferred: (() => void)[] = [];
  #active: ActivityObserver[] = [];
  #signals: Signals | undefined;
  #driver: LoopDriver | undefined;
  #completion: PromiseWithSettlers | undefined;
  #isReferenced = true;
  #isDriverReferenced = false;
  #isEnding = false;
  #watchesHostLoop = false;
  #isClosed = false;
  #turns = 0;
  #auditBook: AuditBook | undefined;
  #auditedTurn = 0;

  /**
   * @throws EdgewiseError - ERR_BACKEND_UNAVAILABLE. ERR_OPTION_UNSUPPORTED: `busyPoll`, where
   *   `capabilities` has none.
   * @throws ErrnoError - EMFILE, ENFILE: no descriptor left for the poller. EPERM: a `budget` of
   *   `busyPoll` beyond 64.
   */
  constructor(options: ReactorOptions = {}) {
    checkObject('options', options);
    const { backend, capacity, busyPoll, budget, asyncContext = false } = options;
    const { lint, onError } = options;
    if (onError !== undefined) checkFunction('options.onError', onError);
    const budgetMax = {
      bytesLeft: checkBudget('bytes', budget?.bytes ?? BUDGET_BYTES),
      operationsLeft: checkBudget('operations', budget?.operations ?? BUDGET_OPERATIONS),
    };
    const settings = lintSettings(lint);
    this.#keepsContext = asyncContext === true;
    this.#onError = onError;
    this.#poller = new Poller({
      ...(backend !== undefined && { backend }),
      ...(capacity !== undefined && { capacity }),
      ...(busyPoll !== undefined && { busyPoll }),
    });
    this.#head = this.#poller.memory.head;
    const host = {
      onPlanChange: () => this.#plan(),
      onRebuild: () => this.#failures.guard(() => this.#driver?.rewatch()),
    };
    try {
      this.#lint = this.#makeLint(settings, budgetMax);
    } catch (error) {
      this.#poller.close();
      throw error;
    }
    this.#dispatcher = new Dispatcher(this.#poller, host, this.#failures, budgetMax, this.#lint);
    this.#edges = new Edges(this.#lint);
    this.#timers = new Timers(native.now, host.onPlanChange);
    this.lintNames('new Reactor', options, OPTION_NAMES);
    this.lintNames('budget', budget ?? {}, BUDGET_NAMES);
    this.lintNames('lint', typeof lint === 'object' ? lint : {}, LINT_OPTION_NAMES);
    startTrace(this);
  }

  /** The mechanism of the kernel that waits. */
  get backend(): Backend {
    return this.#poller.backend;
  }

  /** What the back-end can do; `capabilities.triggers` names the triggers that it has. */
  get capabilities(): Poller['capabilities'] {
    return this.#poller.capabilities;
  }

  /** Whether `close` was called: nothing can be opened any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How Node's loop drives this reactor; undefined while it does not. */
  get driverMode(): DriverMode | undefined {
    return this.#driver?.mode;
  }

  /** Open registrations. */
  get registrationCount(): number {
    return this.#dispatcher.registrationCount;
  }

  /** Counts since the reactor was made; a new object at each call. */
  get stats(): ReactorStats {
    const { eventCount, staleDropped, ghostsRemoved, requeuedCount, largestBatch } =
      this.#dispatcher;
    return {
      turns: this.#turns,
      waits: this.#head[Head.WaitCount] as number,
      events: eventCount,
      emptyWakes: this.#head[Head.EmptyCount] as number,
      staleDropped,
      ghostsRemoved,
      requeued: requeuedCount,
      unsettled: this.#edges.unsettledCount,
      largestBatch,
    };
  }

  /**
   * Watches `fd` and calls `handler.onReady` when it is ready.
   *
   * The reactor borrows `fd`: close the registration before the descriptor. When the number was
   * closed behind the reactor's back and is a new file now, the old registration ends.
   *
   * @param fd - an open, non-blocking descriptor, 0 to 2^31 - 1.
   * @param interest - {@link Interest} bits.
   * @param handler - may be shared by any number of registrations.
   * @throws ErrnoError - EEXIST: this reactor watches it already. EBADF: not open, or a descriptor of
   *   the reactor's own. EPERM: a kind of file that cannot be waited for, such as a regular file.
   *   EINVAL: exclusive with oneshot, priority or readClosed. ENOTSUP: an interest, or exclusive,
   *   that the back-end does not have. ENOMEM; ENOSPC: beyond
   *   `/proc/sys/fs/epoll/max_user_watches`.
   * @throws EdgewiseError - ERR_TRIGGER_UNSUPPORTED, ERR_CLOSED.
   */
  register<Data = undefined>(
    fd: number,
    interest: Interest,
    handler: Handler<Data>,
    options: RegisterOptions<Data> = {},
  ): Registration<Data> {
    checkFd(fd);
    checkObject('handler', handler);
    checkFunction('handler.onReady', handler.onReady);
    checkObject('options', options);
    const { trigger = 'level', data, exclusive, asyncContext = this.#keepsContext } = options;
    triggerNumber(trigger);
    this.lintNames('register', options, REGISTER_NAMES);
    this.lintNames('handler', handler, HANDLER_NAMES);
    return this.watch<Data>({
      fd,
      interest,
      trigger,
      handler,
      data: data as Data,
      isExclusive: exclusive === true,
      scope: asyncContext ? new AsyncResource('EDGEWISE_REGISTRATION') : undefined,
    });
  }

  /**
   * As {@link Reactor.register} under the edge trigger, for a handler that cannot forget an edge: it does
   * its calls on an {@link Edge}, and has to return that each reported direction has come to its end, or
   * why it was left. What it leaves over all the same is called for again in the next turn.
   *
   * @param handler - may be shared by any number of registrations.
   * @throws as `register`. TypeError - ERR_INVALID_ARG_VALUE: no such policy.
   * @example
   * reactor.registerEdge(fd, Interest.Readable, {
   *   onReady(edge) {
   *     for (;;) {
   *       const count = edge.recv(bytes);
   *       if (!isBytes(count)) return edge.settled(count);
   *       consume(bytes.subarray(0, count));
   *       const over = edge.charge(count);
   *       if (over) return over;
   *     }
   *   },
   * });
   */
  registerEdge<Data = undefined>(
    fd: number,
    interest: Interest,
    handler: EdgeHandler<Data>,
    options: EdgeOptions<Data> = {},
  ): Registration<Data> {
    checkFd(fd);
    checkObject('handler', handler);
    checkFunction('handler.onReady', handler.onReady);
    checkObject('options', options);
    const { data, exclusive, asyncContext = this.#keepsContext, unsettled = 'requeue' } = options;
    checkPolicy(unsettled);
    this.lintNames('registerEdge', options, EDGE_NAMES);
    this.lintNames('handler', handler, HANDLER_NAMES);
    const site = unsettled === 'requeue' ? undefined : new CallSite();
    return this.watch<Data>({
      fd,
      interest,
      trigger: 'edge',
      handler: new EdgeDelivery(this.#edges, handler, unsettled, site),
      data: data as Data,
      isExclusive: exclusive === true,
      scope: asyncContext ? new AsyncResource('EDGEWISE_REGISTRATION') : undefined,
    });
  }

  /** @internal `register` for the layers above: arguments are checked, the async scope is theirs */
  watch<Data>(what: Watched<Data>): Registration<Data> {
    this.#assertOpen();
    return this.#dispatcher.add<Data>(what);
  }

  /** @internal under `lint`, warns of names of `object` that are not among `known` */
  lintNames(what: string, object: object, known: readonly string[]): void {
    this.#lint?.onNames(what, object, known);
  }

  /**
   * @internal hands what a handler threw to `onError`, with what others of this turn throw, or of the
   * next one when none is running.
   */
  report(error: unknown): void {
    this.#failures.collect(error);
    if (!this.#dispatcher.isDispatching && !this.#isClosed) this.defer(() => undefined);
  }

  /**
   * @internal calls `observer.onActivity` with the time (nanoseconds): at once, or in a turn at its
   * end, with one reading of the clock for all of that turn.
   */
  noteActivity(observer: ActivityObserver): void {
    if (this.#dispatcher.isDispatching) this.#active.push(observer);
    else observer.onActivity(native.now());
  }

  /** @internal 1: something that is not registered, such as a name look-up, is under way; -1: over */
  countReferenced(change: 1 | -1): void {
    this.#dispatcher.countReferenced(change);
  }

  /** The open registration of `fd`, if there is one; not what the reactor watches for itself. */
  registrationOf(fd: number): Registration | undefined {
    checkFd(fd);
    return fd === this.#signals?.fd ? undefined : this.#dispatcher.registrationOf(fd);
  }

  /**
   * Compares what the kernel has in the reactor's set with the registrations, and looks for what would
   * hang, spin or leak: docs/audit.md has the codes. Call it between turns, and rarely: it reads a
   * text of all descriptors of the process, for tests, teaching and emergencies.
   *
   * What may be on its way when a single look sees it is a finding of the next audit, after a turn.
   *
   * @returns a new report; its `findings` are empty when nothing is wrong.
   * @throws EdgewiseError - ERR_AUDIT_UNSUPPORTED: no epoll back-end, or no /proc. ERR_CLOSED.
   * @throws ErrnoError - EMFILE, ENFILE: it needs three descriptors. EACCES: the process may not read
   *   its own /proc (prctl(2), PR_SET_DUMPABLE).
   */
  audit(): AuditReport {
    this.#assertOpen();
    this.#auditBook ??= new AuditBook();
    const hasTurned = this.#turns > this.#auditedTurn;
    const { registrations, isDispatching } = this.#dispatcher;
    const audited = { poller: this.#poller, registrations, isDispatching, hasTurned };
    const report = auditReactor(audited, this.#auditBook);
    this.#auditedTurn = this.#turns;
    return report;
  }

  /** Calls `callback` once, not before `delayMs` milliseconds (from 0, fractions honoured). */
  setTimeout(callback: () => void, delayMs: number): Timer {
    this.#assertOpen();
    return this.#timers.setTimeout(this.#bind('callback', callback), delayMs);
  }

  /** Calls `callback` every `periodMs` milliseconds, never early, keeping its phase; less than 1 is 1. */
  setInterval(callback: () => void, periodMs: number): Timer {
    this.#assertOpen();
    return this.#timers.setInterval(this.#bind('callback', callback), periodMs);
  }

  /** Calls `callback` at the end of this turn, or of the next one when none is running. */
  defer(callback: () => void): void {
    this.#assertOpen();
    this.#deferred.push(this.#bind('callback', callback));
    this.#plan();
  }

  /**
   * Calls `handler` in a turn of this reactor when the process gets the signal, in place of what the
   * signal does without a listener, as `process.on`. Handlers of `process.on` and of other reactors go
   * on being called. Works on any thread, and does not keep the reactor alive.
   *
   * @throws TypeError - ERR_INVALID_ARG_VALUE: no signal of that name here.
   * @throws ErrnoError - EINVAL: SIGKILL or SIGSTOP. EMFILE, ENFILE.
   * @throws EdgewiseError - ERR_CLOSED. ERR_DRIVER_UNAVAILABLE: no libuv (Bun, Deno).
   * @see sigaction(2); docs/semantics.md "Signals"
   */
  onSignal(name: NodeJS.Signals, handler: SignalHandler): SignalSubscription {
    this.#assertOpen();
    return this.#openSignals().subscribe(name, this.#bind('handler', handler));
  }

  /**
   * Makes a waker of this reactor for other threads.
   *
   * @param onWake - called in a turn after one or more `wake()`; it looks for the work itself.
   */
  createWaker(onWake: () => void): ReactorWaker {
    this.#assertOpen();
    const bound = this.#bind('onWake', onWake);
    const waker = new ReactorWaker(
      native.createWaker(this.#poller.handle),
      this.#wakerOwner,
      bound,
    );
    this.#wakers.add(waker);
    this.#dispatcher.countReferenced(1);
    return waker;
  }

  /**
   * One pass by hand: waits, then dispatches. It may be called from inside a handler.
   *
   * Promise jobs and nextTicks do not run while a loop of turns holds the thread.
   *
   * @param timeoutMs - milliseconds; -1 blocks, 0 polls. It ends earlier for a timer that is due.
   *   Attached, only 0 is allowed: Node's loop does the waiting.
   * @returns count of events; 0 after a timeout, a timer, a wake-up, deferred work, or when something
   *   has come for Node's loop, such as a message or the end of a file operation. That ends one turn;
   *   until Node's loop has run, more of the kind may end none. Timers of Node end none.
   * @throws EdgewiseError - ERR_REACTOR_ATTACHED, ERR_CLOSED.
   * @throws what a handler threw, after the batch; an AggregateError for several.
   */
  turn(timeoutMs = -1): number {
    this.#assertOpen();
    checkTimeoutMs(timeoutMs);
    if (this.driverMode !== undefined && timeoutMs !== 0) {
      throw new EdgewiseError(
        'ERR_REACTOR_ATTACHED',
        "Node's loop waits for this reactor: turn(0)",
      );
    }
    if (timeoutMs !== 0) {
      this.#watchHostLoop();
      this.#planWait(); // inside a handler, what it has queued or set before
    }
    const outer = this.#dispatcher.saveBatch();
    const count = check(this.#wait(timeoutMs), 'wait');
    // Those of the turn whose handler has called this one are thrown by that one.
    const errorsBefore = outer === undefined ? undefined : this.#failures.take();
    this.#dispatch(count);
    this.#dispatcher.restoreBatch(outer);
    const errors = this.#takeErrors();
    if (errorsBefore !== undefined) this.#failures.putBack(errorsBefore);
    throwAll(errors);
    return count;
  }

  /**
   * Lives inside Node's loop from now on: promises, timers, fs and workers go on beside it. The
   * process stays alive as long as something referenced is there. Does nothing when attached.
   *
   * @throws EdgewiseError - ERR_DRIVER_UNAVAILABLE, whose `cause` has the `code`: EBUSY, another reactor
   *   of this thread is inverted; ENOTSUP, the host has no such driver, or the back-end is not nestable;
   *   EAGAIN, EMFILE, ENFILE, no thread or descriptor left. ERR_CLOSED.
   */
  attach(options: AttachOptions = {}): void {
    this.#assertOpen();
    checkObject('options', options);
    const { driver: mode } = options;
    this.lintNames('attach', options, ['driver']);
    if (mode !== undefined && !isDriverMode(mode)) {
      throw invalidValue('options.driver', "'inverted', 'nested' or 'thread'", mode);
    }
    if (this.driverMode !== undefined) return;
    this.#driver ??= new LoopDriver(this.#poller.handle, (count) => this.#onBatch(count));
    this.#watchesHostLoop = false; // attaching takes it out of the set, also when it fails then
    this.#driver.attach(mode);
    this.#isDriverReferenced = true; // as libuv and Node-API make their handles
    this.#plan();
  }

  /**
   * Leaves Node's loop; registrations and timers stay, and a `run()` waits until the reactor is
   * attached again or stopped. Does nothing when not attached.
   */
  detach(): void {
    if (this.driverMode === undefined) return;
    this.#driver?.detach();
  }

  /**
   * Attaches, and resolves when nothing referenced is left, in a pass of Node's loop in which nothing
   * new begins, or when `stop()` was called; it is then detached again.
   *
   * @throws at once, and as `attach`.
   */
  run(options?: AttachOptions): Promise<void> {
    this.#assertOpen();
    this.attach(options);
    if (this.#completion !== undefined) return this.#completion.promise;
    let settlers!: Omit<PromiseWithSettlers, 'promise'>;
    const promise = new Promise<void>((resolve, reject) => {
      settlers = { resolve, reject };
    });
    this.#completion = { promise, ...settlers };
    this.#endWhenIdle();
    return promise;
  }

  /** Ends `run()` and leaves Node's loop, after the batch that is being dispatched. */
  stop(): void {
    this.detach();
    const completion = this.#completion;
    this.#completion = undefined;
    completion?.resolve();
  }

  /** Keeps the process alive while something referenced is there, which is so from the start. */
  ref(): this {
    this.#isReferenced = true;
    this.#plan();
    return this;
  }

  /** Lets the process end, and `run()` resolve, whatever is registered. */
  unref(): this {
    this.#isReferenced = false;
    this.#plan();
    return this;
  }

  /** Whether it keeps the process alive while something referenced is there. */
  hasRef(): boolean {
    return this.#isReferenced;
  }

  /**
   * Ends the reactor: listeners and connections, registrations, timers, wakers, signals and the
   * poller. Watched descriptors of your own stay open. `run()` resolves. Does nothing the second
   * time.
   *
   * @throws what `close` handlers of connections threw, when no turn is running.
   */
  close(): void {
    if (this.#isClosed) return;
    this.stop();
    this.#isClosed = true; // from here on nothing new can be opened
    for (const dependent of [...this.dependents]) this.#failures.guard(() => dependent.close());
    this.#dispatcher.clear();
    this.#dispatcher.tracing?.trace.close();
    for (const waker of [...this.#wakers]) waker.close();
    this.#timers.clear();
    this.#signals?.close();
    this.#deferred = [];
    this.#poller.close();
    this.#lint?.close();
    if (!this.#dispatcher.isDispatching) throwAll(this.#takeErrors());
  }

  /**
   * Records from now on what happens here: docs/trace.md. One trace at a time.
   *
   * @throws EdgewiseError - ERR_TRACE_ACTIVE: there is one. ERR_CLOSED.
   * @throws TypeError, RangeError - wrong options. ErrnoError - EMFILE, ENFILE: `probe` needs descriptors.
   */
  trace(options: TraceOptions = {}): Trace {
    this.#assertOpen();
    const dispatcher = this.#dispatcher;
    if (dispatcher.tracing !== undefined) {
      throw new EdgewiseError('ERR_TRACE_ACTIVE', 'the Reactor is being traced already');
    }
    this.lintNames('trace', options, ['level', 'capacity', 'keep']);
    dispatcher.tracing = new Tracing(this.#poller, dispatcher, options, () => {
      dispatcher.tracing = undefined;
    });
    return dispatcher.tracing.trace;
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { backend, driverMode: driver, registrationCount: registrations } = this;
    const counts = { registrations, timers: this.#timers.pendingCount, turns: this.#turns };
    const state = { traced: this.#dispatcher.tracing !== undefined, closed: this.isClosed };
    return shown('Reactor', { backend, driver, ...counts, ...state });
  }

  /** The same as `close()`: `using reactor = new Reactor()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #makeLint(settings: LintSettings | undefined, budgetMax: Readonly<Budget>): Lint | undefined {
    return (
      settings &&
      new Lint(settings, budgetMax, {
        trace: () => this.#dispatcher.tracing?.trace,
        fail: (error) => this.report(error),
      })
    );
  }

  // Waits until there is something to dispatch, or the time is up. V8 ends a thread where
  // JavaScript goes on, which is what a wait that is cut short (EINTR) comes back for.
  #wait(timeoutMs: number): number {
    const { handle } = this.#poller;
    let count = handle.wait(timeoutMs);
    while (count === EINTR || (count === 0 && this.#wasForNothing())) count = handle.resume();
    return count;
  }

  // Whether a wait has ended for the deadline of timers that were cleared meanwhile.
  #wasForNothing(): boolean {
    const nowNs = this.#head[Head.NowNs] as number;
    const signals = this.#poller.memory.words[SIGNALS_AT] as number;
    if (signals !== 0 || (this.#head[Head.DeadlineNs] as number) > nowNs) return false;
    if (this.#hasWork() || this.#timers.hasDue(nowNs)) return false;
    this.#planWait();
    return true;
  }

  // One batch of Node's loop.
  #onBatch(count: number): void {
    if (count < 0) {
      this.#fail(errnoError(count, 'wait'));
      return;
    }
    this.#dispatch(count);
    for (const error of this.#takeErrors()) throwUncaught(error);
    this.#endWhenIdle();
  }

  // Not at once: what awaits the last event goes on in a microtask, and may begin something else.
  #endWhenIdle(): void {
    if (this.#isEnding || this.#completion === undefined || this.#hasReferenced()) return;
    this.#isEnding = true;
    setImmediate(() => {
      this.#isEnding = false;
      if (this.#completion !== undefined && !this.#hasReferenced()) this.stop();
    });
  }

  // The recipe of a turn, after the wait. Nothing returns early in it.
  #dispatch(count: number): void {
    this.#turns++;
    const wasNotified = this.#wasNotified(); // an inner turn overwrites it
    const begunNs = channels.slowTurn.hasSubscribers ? (this.#head[Head.NowNs] as number) : 0;
    this.#dispatcher.tracing?.onWait(count);
    const requeued = this.#dispatcher.enter();
    this.#dispatcher.deliverEvents(count);
    if (wasNotified) this.#runWakers();
    if (requeued.length > 0) this.#dispatcher.deliverRequeued(requeued);
    // Not without timers: the time as an argument is a number on the heap, one per turn.
    if (this.#timers.pendingCount > 0) this.#runTimers();
    if (this.#deferred.length > 0) this.#runDeferred();
    if (this.#active.length > 0) this.#reportActivity();
    this.#dispatcher.leave();
    this.#plan();
    this.#dispatcher.tracing?.onTurnEnd();
    if (begunNs > 0) this.#reportSlowness(begunNs, count);
  }

  // The clock is read only when some code listens.
  #reportSlowness(begunNs: number, eventCount: number): void {
    const durationMs = (native.now() - begunNs) / NS_PER_MS;
    if (durationMs < SLOW_TURN_MS) return;
    channels.slowTurn.publish({ reactor: this, durationMs, eventCount });
  }

  #wasNotified(): boolean {
    return ((this.#poller.memory.words[SIGNALS_AT] as number) & SIGNAL_NOTIFIED) !== 0;
  }

  #runWakers(): void {
    this.#dispatcher.tracing?.onWork(Kind.Wakers, this.#wakers.size);
    for (const waker of [...this.#wakers]) this.#failures.guard(() => waker.deliver());
  }

  #runTimers(): void {
    const { tracing } = this.#dispatcher;
    if (tracing !== undefined && this.#timers.hasDue(this.#head[Head.NowNs] as number)) {
      tracing.onWork(Kind.Timers, this.#timers.pendingCount);
    }
    this.#timers.runDue(this.#head[Head.NowNs] as number, this.#failures.collect);
  }

  #runDeferred(): void {
    const deferred = this.#deferred;
    this.#deferred = [];
    this.#dispatcher.tracing?.onWork(Kind.Deferred, deferred.length);
    for (const callback of deferred) this.#failures.guard(callback);
  }

  #reportActivity(): void {
    const nowNs = native.now();
    const active = this.#active;
    this.#active = [];
    for (const observer of active) observer.onActivity(nowNs);
  }

  // Hands what was thrown to `onError`; without one, to the caller.
  #takeErrors(): readonly unknown[] {
    const errors = this.#failures.take();
    const onError = this.#onError;
    if (onError === undefined) return errors;
    for (const error of errors) this.#failures.guard(() => onError(error));
    return this.#failures.take(); // what `onError` itself threw
  }

  // The poller itself is broken: nothing can be dispatched any more.
  #fail(error: Error): void {
    const completion = this.#completion;
    this.#completion = undefined;
    this.detach();
    if (completion !== undefined) completion.reject(error);
    else throwUncaught(error);
  }

  // Sets the time at which the next wait ends, and whether we keep Node's loop alive. During a
  // dispatch it is left to the end.
  #plan(): void {
    if (this.#dispatcher.isDispatching || this.#isClosed) return;
    this.#planWait();
    if (this.driverMode === undefined) return;
    this.#driver?.plan();
    const isReferenced = this.#hasReferenced();
    if (isReferenced === this.#isDriverReferenced) return;
    this.#isDriverReferenced = isReferenced;
    this.#driver?.setReferenced(isReferenced);
    if (!isReferenced) this.#endWhenIdle(); // outside a batch nothing else would look
  }

  #planWait(): void {
    this.#head[Head.DeadlineNs] = this.#hasWork() ? 0 : this.#timers.nextDeadlineNs;
  }

  // Whether something is to be called that waits for no event and no time.
  #hasWork(): boolean {
    return this.#dispatcher.hasWork || this.#deferred.length > 0;
  }

  #hasReferenced(): boolean {
    if (!this.#isReferenced) return false;
    const pendingCount = this.#dispatcher.pendingCount + this.#deferred.length;
    return this.#dispatcher.referencedCount + this.#timers.referencedCount + pendingCount > 0;
  }

  #bind<Args extends unknown[]>(
    name: string,
    callback: (...args: Args) => void,
  ): (...args: Args) => void {
    checkFunction(name, callback);
    return this.#keepsContext ? AsyncResource.bind(callback) : callback;
  }

  #openSignals(): Signals {
    if (this.#signals !== undefined) return this.#signals;
    const signals = new Signals();
    const onReady = (_: Readiness, registration: Registration): void =>
      signals.deliver(this.#failures.collect, (signum) =>
        this.#dispatcher.tracing?.onSignal(registration, signum),
      );
    const handler = { onReady };
    const { fd } = signals;
    const what = {
      fd,
      interest: Interest.Readable,
      trigger: 'level',
      handler,
      data: undefined,
    } as const;
    try {
      this.watch({ ...what, isExclusive: false, scope: undefined, role: Role.Signals }).unref();
    } catch (error) {
      signals.close();
      throw error;
    }
    this.#signals = signals;
    return signals;
  }

  // A thread that blocks in a turn must be endable: docs/architecture.md "Blocking and ending".
  #watchHostLoop(): void {
    if (this.#watchesHostLoop || !hasHostLoop) return;
    // Only a worker is ended by others.
    const fd = check(
      native.watchHostLoop(this.#poller.handle, isMainThread ? 0 : 1),
      'watchHostLoop',
    );
    this.#dispatcher.orphan(fd); // what was registered under that number had been closed
    this.#watchesHostLoop = true;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ClosedError('the Reactor');
  }
}

/** @internal what has to know when something has happened: the idle timer of a connection */
export interface ActivityObserver {
  /** Called once for all activity of a turn. @param nowNs - of the monotonic clock */
  onActivity(nowNs: number): void;
}

interface PromiseWithSettlers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: ErrorHandler;
}

function throwAll(errors: readonly unknown[]): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, 'several handlers of one turn threw');
}

// From a callback of Node's loop there is no caller to throw to: it becomes an uncaughtException.
function throwUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

function checkPolicy(value: unknown): void {
  if (value === 'requeue' || value === 'warn' || value === 'throw') return;
  throw invalidValue('options.unsettled', "'requeue', 'warn' or 'throw'", value);
}

function checkBudget(name: string, value: unknown): number {
  return checkInteger(`options.budget.${name}`, value, 1, Number.MAX_SAFE_INTEGER);
}
