// ReactorPool: a main reactor and sub-reactors, one thread each, that serve the connections of one
// port with the handlers of one module.
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { channels } from '../diagnostics.ts';
import { ClosedError, type EdgewiseError } from '../errors.ts';
import { SHOWN, shown } from '../inspect.ts';
import * as sys from '../sys/index.ts';
import { checkInteger, checkObject } from '../validate.ts';
import { type Dispatch, openDispatch } from './dispatch.ts';
import { type FairnessReport, fairnessOf } from './fairness.ts';
import { type PoolSettings, type ReactorPoolOptions, settingsOf } from './options.ts';
import type { Move } from './protocol.ts';
import { SubReactor, type SubReactorOwner } from './sub-reactor.ts';

const CLOSE_TIMEOUT_MS = 30_000;
const REPORT_TIMEOUT_MS = 1000;
/** Checks for a blocked handler per threshold. */
const BLOCK_CHECKS = 4;
const RESTART_DELAY_MIN_MS = 10;
const RESTART_DELAY_MAX_MS = 5000;
const RESTART_GROWTH = 4;

interface Restarts {
  count: number;
  /** Milliseconds before the next attempt; grows while attempts fail. */
  delayMs: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Serves the connections of a port on several threads, each with a reactor of its own.
 *
 * When a sub-reactor dies, its own connections break, and no others: it is restarted, and new clients
 * go to other sub-reactors meanwhile, or wait in the kernel's queue. Its threads keep the process alive,
 * unless {@link unref}.
 *
 * @example
 * const pool = new ReactorPool({ size: 4, module: new URL('./handlers.js', import.meta.url), port });
 * await pool.start();
 * console.log(await pool.report());
 * await pool.close({ timeoutMs: 10_000 });
 */
export class ReactorPool {
  readonly #settings: PoolSettings;
  readonly #subs: readonly SubReactor[];
  readonly #restarts: readonly Restarts[];
  #dispatch: Dispatch | undefined;
  #watch: NodeJS.Timeout | undefined;
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #isReferenced = true;

  /** @throws TypeError, RangeError - an option of the wrong kind. */
  constructor(options: ReactorPoolOptions) {
    this.#settings = settingsOf(options);
    const owner: SubReactorOwner = {
      onRoom: () => this.#dispatch?.retry(),
      onMove: (sub, move) => this.#onMove(sub, move),
      onDeath: (sub, error) => this.#onDeath(sub, error),
    };
    this.#subs = Array.from(
      { length: this.#settings.size },
      (_, index) => new SubReactor(index, this.#settings, owner),
    );
    this.#restarts = this.#subs.map(() => ({
      count: 0,
      delayMs: RESTART_DELAY_MIN_MS,
      timer: undefined,
    }));
  }

  /** Count of the sub-reactors. */
  get size(): number {
    return this.#subs.length;
  }

  /** The port that is listened on; 0 before `start` has resolved. */
  get port(): number {
    return this.#dispatch?.port ?? 0;
  }

  /**
   * The listening socket, to be offered to the next process (`offerHandOver`); the pool's, do not close it.
   * -1 before `start` has resolved and after the pool stops accepting; with `reusePort` the first of several.
   */
  get fd(): number {
    return this.#dispatch?.fd ?? -1;
  }

  /** Whether `close` or `destroy` was called, or `start` has failed. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Starts the threads, and accepts when all of them are ready. A second call returns the same promise.
   *
   * @throws EdgewiseError - ERR_MODULE_INVALID: it cannot be loaded, or exports no handlers.
   *   ERR_SUB_REACTOR_START: its `start` threw, or a thread took too long. ERR_CLOSED.
   * @throws ErrnoError - the address cannot be listened on. EOPNOTSUPP: `steerByCpu`, not on Linux.
   *   Everything that was started is ended then.
   */
  start(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(new ClosedError('the ReactorPool'));
    this.#started ??= this.#start();
    return this.#started;
  }

  /** How the load is distributed over the sub-reactors, and the sums. */
  async report(): Promise<FairnessReport> {
    const running = this.#subs.filter((sub) => sub.isRunning);
    // With no thread to ask, a loop of reports would run in microtasks only and block Node's loop.
    if (running.length === 0) await nextLoopPass();
    else await Promise.all(running.map((sub) => sub.refresh(REPORT_TIMEOUT_MS)));
    return fairnessOf(
      this.#subs.map((sub, index) => ({
        index,
        threadId: sub.threadId,
        accepted: sub.accepted,
        open: sub.open,
        broken: sub.broken,
        handedIn: sub.handedOver.in,
        handedOut: sub.handedOver.out,
        bytesRead: sub.bytes.read,
        bytesWritten: sub.bytes.written,
        restarts: this.#restarts[index]?.count ?? 0,
      })),
    );
  }

  /**
   * Ends the thread of a sub-reactor by force, as a fault would: its connections break, `onError` is
   * called, and it is restarted. For tests of programs that use a pool.
   *
   * @param index - from 0 to `size` - 1.
   * @returns resolves when the thread has ended.
   */
  kill(index: number): Promise<void> {
    checkInteger('index', index, 0, this.size - 1);
    return (this.#subs[index] as SubReactor).kill();
  }

  /**
   * Stops accepting, lets connections finish, closes those that are left after the time limit, and ends
   * the threads: a thread that its module keeps alive is ended by force a second after its last
   * connection, and one that does not answer two seconds after the time limit. A second call returns
   * the same promise; {@link destroy} cuts the wait short.
   *
   * @param options - `timeoutMs`: the time limit for connections in milliseconds, 0 to 2^31 - 1; default
   *   30,000. 0: as {@link destroy}.
   * @returns resolves when the threads have ended.
   */
  close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    checkObject('options', options);
    const { timeoutMs = CLOSE_TIMEOUT_MS } = options;
    checkInteger('options.timeoutMs', timeoutMs, 0, 0x7fffffff);
    this.#closed ??= this.#close(timeoutMs);
    return this.#closed;
  }

  /** Closes all connections at once, and ends the threads; `close()` returns the promise of their end. */
  destroy(): void {
    if (this.#closed === undefined) this.#closed = this.#close(0);
    else for (const sub of this.#subs) void sub.end(0);
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { size, port, isClosed: closed } = this;
    return shown('ReactorPool', { size, port, closed });
  }

  /** The same as {@link destroy}. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** The same as {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Keeps the process and the main reactor alive, which is so from the start. */
  ref(): this {
    return this.#setReferenced(true);
  }

  /** Lets the process and the main reactor end although the pool accepts and serves. */
  unref(): this {
    return this.#setReferenced(false);
  }

  /** Whether it keeps the process and the main reactor alive. */
  hasRef(): boolean {
    return this.#isReferenced;
  }

  #setReferenced(isReferenced: boolean): this {
    this.#isReferenced = isReferenced;
    this.#dispatch?.setReferenced(isReferenced);
    for (const sub of this.#subs) sub.setReferenced(isReferenced);
    for (const { timer } of this.#restarts) {
      if (isReferenced) timer?.ref();
      else timer?.unref();
    }
    return this;
  }

  async #start(): Promise<void> {
    try {
      await this.#startThreads();
      // From here on without a pause: a call that closes the pool finds the dispatch, or there is none.
      if (this.#closed !== undefined) throw new ClosedError('the ReactorPool');
      const dispatch = openDispatch(this.#settings, this.#subs);
      this.#dispatch = dispatch;
      dispatch.setReferenced(this.#isReferenced);
      for (const sub of this.#subs) dispatch.admit(sub);
      this.#watchHandlers();
    } catch (error) {
      await this.close({ timeoutMs: 0 });
      throw error;
    }
  }

  async #startThreads(): Promise<void> {
    const results = await Promise.allSettled(this.#subs.map((sub) => sub.start()));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#dispatch?.close();
    clearInterval(this.#watch);
    for (const { timer } of this.#restarts) clearTimeout(timer);
    await Promise.all(this.#subs.map((sub) => sub.end(timeoutMs)));
  }

  #watchHandlers(): void {
    const { blockedAfterMs, onBlocked } = this.#settings;
    if (blockedAfterMs === 0) return;
    const look = () => {
      for (const sub of this.#subs) {
        const blocked = sub.blockedHandler(blockedAfterMs);
        if (blocked !== undefined) onBlocked(blocked);
      }
    };
    this.#watch = setInterval(look, Math.max(blockedAfterMs / BLOCK_CHECKS, 1)).unref();
  }

  // The table of owners has the owner at any moment: when the giver has died, the descriptor was closed.
  #onMove(from: SubReactor, move: Move): void {
    if (!from.release(move)) return;
    const isTaken = this.#subs[move.to]?.adopt(move, false) === true || from.adopt(move, true);
    if (!isTaken) {
      sys.close(move.fd); // both have just ended
      from.lose();
    }
    from.confirmMove();
  }

  #onDeath(sub: SubReactor, error: Error): void {
    this.#reportError(error);
    this.#restartLater(sub);
  }

  #restartLater(sub: SubReactor): void {
    const restarts = this.#restarts[sub.index] as Restarts;
    if (this.#closed !== undefined) return;
    restarts.timer = setTimeout(() => void this.#restart(sub, restarts), restarts.delayMs);
    if (!this.#isReferenced) restarts.timer.unref();
    restarts.delayMs = Math.min(restarts.delayMs * RESTART_GROWTH, RESTART_DELAY_MAX_MS);
  }

  async #restart(sub: SubReactor, restarts: Restarts): Promise<void> {
    try {
      await sub.start();
    } catch (error) {
      if (this.#closed !== undefined) return; // it was ended while it started
      this.#reportError(error as EdgewiseError);
      if (!this.#settings.reactor.isClosed) this.#restartLater(sub); // else never again
      return;
    }
    restarts.count++;
    if (channels.poolRestart.hasSubscribers) {
      channels.poolRestart.publish({ pool: this, index: sub.index, restarts: restarts.count });
    }
    restarts.delayMs = RESTART_DELAY_MIN_MS;
    if (this.#closed === undefined) this.#dispatch?.admit(sub);
  }

  #reportError(error: Error): void {
    try {
      this.#settings.onError(error);
    } catch (thrown) {
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }
}
