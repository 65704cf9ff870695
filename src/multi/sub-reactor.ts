// The main thread's side of one sub-reactor: its thread, the mailbox that descriptors go through, and
// its figures. A thread that has died is restarted; the figures are continued.
import { ClosedError, EdgewiseError } from '../errors.ts';
import * as sys from '../sys/index.ts';
import type { BlockedHandler, PoolSettings } from './options.ts';
import { giveDescriptor, type OwnerId, takeDescriptorBack } from './ownership.ts';
import {
  FIGURES_SIZE,
  Figure,
  type Move,
  type SubReactorData,
  type ToSubReactor,
  WATCHED,
} from './protocol.ts';
import { MailboxSender } from './sender.ts';
import { PoolThread, type ThreadExit, type ThreadMessage } from './thread.ts';

/** Milliseconds for a thread to close everything after its time limit, before it is ended by force. */
const END_GRACE_MS = 2000;

/** What a sub-reactor reports to: the pool. */
export interface SubReactorOwner {
  /** The mailbox may have room again, or the thread runs. */
  onRoom(): void;
  /** A connection of this one goes to another. */
  onMove(sub: SubReactor, move: Move): void;
  /** The thread has ended unexpectedly. */
  onDeath(sub: SubReactor, error: Error): void;
}

/** A thread that can be used. */
interface Running {
  readonly thread: PoolThread;
  readonly owner: OwnerId;
  readonly sender: MailboxSender;
}

/** One sub-reactor of a pool. */
export class SubReactor {
  /** From 0 to the pool's size - 1. */
  readonly index: number;
  readonly #settings: PoolSettings;
  readonly #owner: SubReactorOwner;
  readonly #figures = new Float64Array(new SharedArrayBuffer(FIGURES_SIZE));
  #thread: PoolThread | undefined;
  #running: Running | undefined;
  #isEnding = false;
  #isReferenced = true;
  #endTimeoutMs = Number.POSITIVE_INFINITY;
  #handed = 0;
  #broken = 0;
  #movedIn = 0;
  #movedOut = 0;
  #seenCall = -1;
  #seenMs = 0;
  #reportedCall = -1;
  /** All bytes, those of open connections included, at the last report. */
  #lastReport = { bytesRead: 0, bytesWritten: 0 };
  readonly #onReport = new Set<() => void>();

  constructor(index: number, settings: PoolSettings, owner: SubReactorOwner) {
    this.index = index;
    this.#settings = settings;
    this.#owner = owner;
  }

  /** Whether it takes connections. */
  get isRunning(): boolean {
    return this.#running !== undefined && !this.#isEnding;
  }

  /** Of its thread; undefined while there is none. */
  get threadId(): number | undefined {
    return this.#thread?.id;
  }

  /** Count of connections that it got or accepted since the pool was made. */
  get accepted(): number {
    return Math.max(this.#handed, this.#figure(Figure.Opened));
  }

  /** Count of connections that are open, or on their way to it. */
  get open(): number {
    const moved = this.#movedIn - this.#movedOut;
    return this.accepted + moved - this.#figure(Figure.Closed) - this.#broken;
  }

  /** Connections that came from other sub-reactors, and that went to others. */
  get handedOver(): { readonly in: number; readonly out: number } {
    return { in: this.#movedIn, out: this.#movedOut };
  }

  /** Count of connections that ended with a thread that died. */
  get broken(): number {
    return this.#broken;
  }

  /** As of the last `refresh`, for connections that are open, or have broken. */
  get bytes(): { read: number; written: number } {
    return {
      read: Math.max(this.#figure(Figure.BytesRead), this.#lastReport.bytesRead),
      written: Math.max(this.#figure(Figure.BytesWritten), this.#lastReport.bytesWritten),
    };
  }

  /**
   * Starts the thread, and resolves when it takes connections. When it rejects, the thread has ended.
   *
   * @throws EdgewiseError - ERR_MODULE_INVALID: it cannot be loaded, or exports no handlers.
   *   ERR_SUB_REACTOR_START: the module's `start` threw, a time-out, or the thread has ended.
   *   ERR_CLOSED: the pool's reactor.
   */
  start(): Promise<void> {
    const { reactor, startTimeoutMs } = this.#settings;
    if (reactor.isClosed) return Promise.reject(new ClosedError('the Reactor'));
    return new Promise((resolve, reject) => {
      let failure: Error | undefined;
      const giveUp = (error: Error) => {
        failure = error;
        void thread.terminate();
      };
      const onMessage = (message: ThreadMessage) => {
        if (failure !== undefined) return;
        if (message.type !== 'ready' && message.type !== 'failed') return this.#onMessage(message);
        clearTimeout(timer);
        if (message.type === 'failed') {
          failure = this.#failure(message);
          return;
        }
        try {
          this.#onReady(thread, message);
          resolve();
        } catch (error) {
          giveUp(error as Error); // the main reactor was closed meanwhile
        }
      };
      const onExit = (exit: ThreadExit) => {
        clearTimeout(timer);
        reject(failure ?? this.#startError(`ended with ${exit.code}`, exit.cause)); // or it was running
        this.#onExit(exit);
      };
      const thread = new PoolThread(this.#workerData, { onMessage, onExit });
      const timer = setTimeout(
        () => giveUp(this.#startError(`did not start within ${startTimeoutMs} ms`)),
        startTimeoutMs,
      );
      this.#thread = thread;
      if (!this.#isReferenced) thread.setReferenced(false);
    });
  }

  /**
   * Hands a connected descriptor over; the sub-reactor owns it from here on.
   *
   * @returns false: it cannot take one now, and the descriptor still belongs to the caller.
   */
  hand(fd: number): boolean {
    const running = this.#running;
    if (running === undefined || this.#isEnding) return false;
    if (!giveDescriptor(fd, running.owner)) return false; // the thread has just ended
    // What cannot be taken back was closed with the thread; its end is about to be reported.
    if (!this.#post(running, fd) && takeDescriptorBack(fd, running.owner)) return false;
    this.#handed++;
    return true;
  }

  /**
   * Takes a connection on its way back from the thread.
   *
   * @returns false: it was closed with its thread. Else it belongs to the caller.
   */
  release({ fd }: Move): boolean {
    const running = this.#running;
    if (running === undefined || !takeDescriptorBack(fd, running.owner)) return false;
    this.#movedOut++;
    return true;
  }

  /** No sub-reactor could take the released connection: it breaks. */
  lose(): void {
    this.#movedOut--;
    this.#broken++;
  }

  /**
   * Sends a connection on its way to the thread.
   *
   * @param isBack - it comes back to where it was.
   * @returns false: the thread has ended, or ends and the connection is not its own.
   */
  adopt(move: Move, isBack: boolean): boolean {
    const running = this.#running;
    if (running === undefined || (this.#isEnding && !isBack)) return false;
    if (!giveDescriptor(move.fd, running.owner)) return false;
    this.#movedIn++;
    this.#send({ type: 'adopt', move }, [move.unsent.buffer]);
    return true;
  }

  /** A connection that it has handed over has arrived. */
  confirmMove(): void {
    this.#send({ type: 'moved' });
  }

  /** Lets it accept from a duplicate of a listening descriptor, which still belongs to the caller. */
  listen(listening: number, isExclusive: boolean): void {
    const running = this.#running;
    if (running === undefined) return;
    const fd = sys.dup(listening);
    if (fd < 0) {
      void running.thread.terminate(); // no descriptor left: it is restarted, as after any death
      return;
    }
    if (giveDescriptor(fd, running.owner)) this.#send({ type: 'listen', fd, isExclusive });
    else sys.close(fd);
  }

  /** Asks for the bytes of its open connections; resolves when they arrive, or after `timeoutMs`. */
  refresh(timeoutMs: number): Promise<void> {
    if (!this.isRunning) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        this.#onReport.delete(settle); // or a thread that never answers would collect them
        resolve();
      };
      const timer = setTimeout(settle, timeoutMs);
      this.#onReport.add(settle);
      this.#send({ type: 'report' });
    });
  }

  /** Whether its thread keeps the process alive. */
  setReferenced(isReferenced: boolean): void {
    this.#isReferenced = isReferenced;
    this.#thread?.setReferenced(isReferenced);
  }

  /** Ends the thread by force, whatever it does. */
  async kill(): Promise<void> {
    await this.#thread?.terminate();
  }

  /** The handler that runs for `blockedAfterMs` or longer; each call of a handler is returned once. */
  blockedHandler(blockedAfterMs: number): BlockedHandler | undefined {
    const call = this.#figure(Figure.Calls);
    const mark = this.#figure(Figure.Handler);
    const now = performance.now();
    if (mark === 0 || call !== this.#seenCall) {
      this.#seenCall = mark === 0 ? -1 : call;
      this.#seenMs = now;
      return undefined;
    }
    const blockedMs = Math.floor(now - this.#seenMs);
    if (blockedMs < blockedAfterMs || call === this.#reportedCall) return undefined;
    this.#reportedCall = call;
    return { index: this.index, handler: WATCHED[mark - 1] ?? 'unknown', blockedMs };
  }

  /**
   * Ends it: after `timeoutMs` at the latest, and by force when it still runs then. A thread that is
   * starting ends when it is ready. Of several calls the shortest time holds. Resolves when the thread
   * has ended.
   */
  async end(timeoutMs: number): Promise<void> {
    this.#isEnding = true;
    this.#endTimeoutMs = Math.min(this.#endTimeoutMs, timeoutMs);
    this.#send({ type: 'drain', timeoutMs });
    this.#thread?.endWithin(timeoutMs + END_GRACE_MS);
    await this.#thread?.ended;
  }

  #figure(place: number): number {
    return this.#figures[place] as number;
  }

  get #workerData(): SubReactorData {
    const { size, module, connection, data } = this.#settings;
    const figures = this.#figures.buffer as unknown as SharedArrayBuffer;
    return { index: this.index, size, module, connection, data, figures };
  }

  #onReady(thread: PoolThread, { owner, mailbox }: ThreadMessage & { type: 'ready' }): void {
    const sender = new MailboxSender(mailbox, {
      reactor: this.#settings.reactor,
      onRoom: () => this.#owner.onRoom(),
    });
    this.#running = { thread, owner, sender };
    if (this.#isEnding) this.#send({ type: 'drain', timeoutMs: this.#endTimeoutMs });
  }

  #onMessage(message: ThreadMessage): void {
    if (message.type === 'handOver') this.#owner.onMove(this, message.move);
    if (message.type !== 'report') return;
    this.#lastReport = message;
    for (const settle of [...this.#onReport]) settle();
  }

  #onExit({ code, cause, wasDue }: ThreadExit): void {
    const running = this.#running;
    const { read, written } = this.bytes;
    this.#thread = undefined;
    this.#running = undefined;
    running?.sender.close();
    for (const settle of [...this.#onReport]) settle();
    this.#broken += this.open;
    this.#figures[Figure.Handler] = 0;
    this.#figures[Figure.BytesRead] = read; // the next thread continues the count
    this.#figures[Figure.BytesWritten] = written;
    if (running === undefined || (wasDue && cause === undefined)) return;
    const text = `sub-reactor ${this.index} has died with exit code ${code}`;
    this.#owner.onDeath(this, new EdgewiseError('ERR_SUB_REACTOR_DIED', text, { cause }));
  }

  // false: its mailbox is full, or the thread is ending.
  #post({ sender, thread }: Running, fd: number): boolean {
    try {
      return sender.post(fd);
    } catch (error) {
      const { code } = error as EdgewiseError;
      if (code === 'ERR_MAILBOX_INVALID')
        void thread.terminate(); // restarted, as after any death
      else if (code !== 'ERR_CLOSED') throw error;
      return false;
    }
  }

  #send(message: ToSubReactor, transferred: readonly ArrayBuffer[] = []): void {
    this.#running?.thread.post(message, transferred);
  }

  #failure({ isModule, error }: ThreadMessage & { type: 'failed' }): EdgewiseError {
    if (!isModule) return this.#startError('could not start', error);
    const text = `the module ${this.#settings.module} cannot be used`;
    return new EdgewiseError('ERR_MODULE_INVALID', text, { cause: error });
  }

  #startError(text: string, cause?: unknown): EdgewiseError {
    const message = `sub-reactor ${this.index} ${text}`;
    return new EdgewiseError('ERR_SUB_REACTOR_START', message, { cause });
  }
}
