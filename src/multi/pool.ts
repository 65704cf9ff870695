// ReactorPool: a main reactor and sub-reactors, one thread each, that serve the connections of one
// port with the handlers of one module.
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { ClosedError, type EdgewiseError } from '../errors.ts';
import * as sys from '../sys/index.ts';
import { checkInteger, checkObject } from '../validate.ts';
import { type FairnessReport, fairnessOf } from './fairness.ts';
import { type Intake, openIntake } from './intake.ts';
import { type PoolSettings, type ReactorPoolOptions, settingsOf } from './options.ts';
import type { Move } from './protocol.ts';
import { SubReactor, type SubReactorOwner } from './sub-reactor.ts';

const REPORT_TIMEOUT_MS = 1000;
/** How often it is looked for a blocked handler, as a part of the threshold. */
const BLOCK_CHECKS = 4;
const RESTART_DELAY_MIN_MS = 10;
const RESTART_DELAY_MAX_MS = 5000;
const RESTART_GROWTH = 4;

interface Restarts {
  count: number;
  /** How long to wait before the next attempt; grows while attempts fail. */
  delayMs: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Serves the connections of a port on several threads, each with a reactor of its own.
 *
 * A sub-reactor that dies takes its own connections along, and nothing else: it is started anew, and
 * clients that come meanwhile go to others, or wait in the kernel's queue.
 *
 * @example
 * const pool = new ReactorPool({ size: 4, module: new URL('./handlers.js', import.meta.url), port });
 * await pool.start();
 * console.log(await pool.report());
 * await pool.close({ deadlineMs: 10_000 });
 */
export class ReactorPool {
  readonly #settings: PoolSettings;
  readonly #subs: readonly SubReactor[];
  readonly #restarts: readonly Restarts[];
  #intake: Intake | undefined;
  #watch: NodeJS.Timeout | undefined;
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  /** @throws TypeError, RangeError - an option of the wrong kind. */
  constructor(options: ReactorPoolOptions) {
    this.#settings = settingsOf(options);
    const owner: SubReactorOwner = {
      onRoom: () => this.#intake?.retry(),
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

  get size(): number {
    return this.#subs.length;
  }

  /** The port, with the number that it got; 0 before `start` has resolved. */
  get port(): number {
    return this.#intake?.port ?? 0;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Starts the threads, and accepts when all of them are ready.
   *
   * @throws EdgewiseError - ERR_MODULE_INVALID: it cannot be loaded, or exports no handlers.
   *   ERR_SUB_REACTOR_START: what its `start` threw, or a thread took too long. ERR_CLOSED.
   * @throws ErrnoError - the address cannot be listened on. EOPNOTSUPP: `steerByCpu`, not on Linux.
   *   Everything that was started is ended then.
   */
  start(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(new ClosedError('the ReactorPool'));
    this.#started ??= this.#start();
    return this.#started;
  }

  /** How the load lies on the sub-reactors, and what it comes to in all. */
  async report(): Promise<FairnessReport> {
    const running = this.#subs.filter((sub) => sub.isRunning);
    // With nobody to ask, a loop of reports would run in microtasks only and hold up Node's loop.
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
   * told, and it is started anew. For tests of what depends on the pool.
   *
   * @param index - from 0 to `size` - 1.
   */
  kill(index: number): Promise<void> {
    checkInteger('index', index, 0, this.size - 1);
    return (this.#subs[index] as SubReactor).kill();
  }

  /**
   * Stops accepting, lets connections finish, closes what is left after the deadline, and ends the
   * threads. Resolves when they have ended: one that its module keeps is ended by force a second
   * after its last connection, and one that does not answer two seconds after the deadline.
   *
   * @param options - `deadlineMs`: how long connections may take; default 0.
   */
  close(options: { readonly deadlineMs?: number } = {}): Promise<void> {
    checkObject('options', options);
    const deadlineMs = checkInteger('deadlineMs', options.deadlineMs ?? 0, 0, 0x7fffffff);
    this.#closed ??= this.#close(deadlineMs);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(): Promise<void> {
    try {
      await this.#startThreads();
      // From here on in one go: whoever closes the pool finds the intake, or there is none.
      if (this.#closed !== undefined) throw new ClosedError('the ReactorPool');
      const intake = openIntake(this.#settings, this.#subs);
      this.#intake = intake;
      for (const sub of this.#subs) intake.admit(sub);
      this.#watchHandlers();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #startThreads(): Promise<void> {
    const results = await Promise.allSettled(this.#subs.map((sub) => sub.start()));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #close(deadlineMs: number): Promise<void> {
    this.#intake?.close();
    clearInterval(this.#watch);
    for (const { timer } of this.#restarts) clearTimeout(timer);
    await Promise.all(this.#subs.map((sub) => sub.end(deadlineMs)));
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

  // The book of owners says whose it is at any moment: when the giver has died it was closed with it.
  #onMove(from: SubReactor, move: Move): void {
    if (!from.release(move)) return;
    const isTaken = this.#subs[move.to]?.adopt(move, false) === true || from.adopt(move, true);
    if (!isTaken) {
      sys.close(move.fd); // both have ended this moment
      from.lose();
    }
    from.tellMoved();
  }

  #onDeath(sub: SubReactor, error: Error): void {
    this.#tell(error);
    this.#restartLater(sub);
  }

  #restartLater(sub: SubReactor): void {
    const restarts = this.#restarts[sub.index] as Restarts;
    if (this.#closed !== undefined) return;
    restarts.timer = setTimeout(() => void this.#restart(sub, restarts), restarts.delayMs);
    restarts.delayMs = Math.min(restarts.delayMs * RESTART_GROWTH, RESTART_DELAY_MAX_MS);
  }

  async #restart(sub: SubReactor, restarts: Restarts): Promise<void> {
    try {
      await sub.start();
    } catch (error) {
      if (this.#closed !== undefined) return; // ended on purpose while it started
      this.#tell(error as EdgewiseError);
      if (!this.#settings.reactor.isClosed) this.#restartLater(sub); // else never again
      return;
    }
    restarts.count++;
    restarts.delayMs = RESTART_DELAY_MIN_MS;
    if (this.#closed === undefined) this.#intake?.admit(sub);
  }

  #tell(error: Error): void {
    try {
      this.#settings.onError(error);
    } catch (thrown) {
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }
}
