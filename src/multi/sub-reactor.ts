// The main thread's side of one sub-reactor: its thread, the mailbox that descriptors go through, and
// its figures. A thread that has died is started anew in the same place; the figures go on.
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

/** For a thread to close everything after its deadline, before it is ended by force. */
const END_GRACE_MS = 2000;

export interface SubReactorOwner {
  /** There may be room again in the mailbox, or a thread to hand to. */
  onRoom(): void;
  /** A connection of this one goes to another. */
  onMove(sub: SubReactor, move: Move): void;
  /** The thread has ended without having been told to. */
  onDeath(sub: SubReactor, error: Error): void;
}

/** A thread that can be used. */
interface Running {
  readonly thread: PoolThread;
  readonly owner: OwnerId;
  readonly sender: MailboxSender;
}

export class SubReactor {
  readonly index: number;
  readonly #settings: PoolSettings;
  readonly #owner: SubReactorOwner;
  readonly #figures = new Float64Array(new SharedArrayBuffer(FIGURES_SIZE));
  #thread: PoolThread | undefined;
  #running: Running | undefined;
  #isEnding = false;
  #deadlineMs = 0;
  #handed = 0;
  #broken = 0;
  #movedIn = 0;
  #movedOut = 0;
  #seenCall = -1;
  #seenMs = 0;
  #toldCall = -1;
  /** All bytes, those of open connections included, when it last told. */
  #told = { bytesRead: 0, bytesWritten: 0 };
  readonly #onReport = new Set<() => void>();

  constructor(index: number, settings: PoolSettings, owner: SubReactorOwner) {
    this.index = index;
    this.#settings = settings;
    this.#owner = owner;
  }

  get isRunning(): boolean {
    return this.#running !== undefined && !this.#isEnding;
  }

  /** Of its thread; undefined while there is none. */
  get threadId(): number | undefined {
    return this.#thread?.id;
  }

  /** Connections that it has been given, or has accepted, since the pool was made. */
  get accepted(): number {
    return Math.max(this.#handed, this.#figure(Figure.Opened));
  }

  /** Those of them that are open, or on their way. */
  get open(): number {
    const moved = this.#movedIn - this.#movedOut;
    return this.accepted + moved - this.#figure(Figure.Closed) - this.#broken;
  }

  /** Connections that came from other sub-reactors, and that went to others. */
  get handedOver(): { readonly in: number; readonly out: number } {
    return { in: this.#movedIn, out: this.#movedOut };
  }

  /** Those that a thread took along when it died. */
  get broken(): number {
    return this.#broken;
  }

  /** As of the last `refresh`, for connections that are open, or have broken. */
  get bytes(): { read: number; written: number } {
    return {
      read: Math.max(this.#figure(Figure.BytesRead), this.#told.bytesRead),
      written: Math.max(this.#figure(Figure.BytesWritten), this.#told.bytesWritten),
    };
  }

  /**
   * Starts the thread, and resolves when it can be handed connections. When it rejects there is no
   * thread any more.
   *
   * @throws EdgewiseError - ERR_MODULE_INVALID: it cannot be loaded, or exports no handlers.
   *   ERR_SUB_REACTOR_START: what the module's `start` threw, a time-out, or the thread has ended.
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
    });
  }

  /**
   * Hands a connected descriptor over; it is the sub-reactor's from here on.
   *
   * @returns false: it cannot be taken now, and is still the caller's.
   */
  hand(fd: number): boolean {
    const running = this.#running;
    if (running === undefined || this.#isEnding) return false;
    if (!giveDescriptor(fd, running.owner)) return false; // the thread has ended this moment
    // What cannot be taken back was closed with the thread, whose end is about to be told.
    if (!this.#post(running, fd) && takeDescriptorBack(fd, running.owner)) return false;
    this.#handed++;
    return true;
  }

  /** @returns false: it was closed with its thread. Else it is the caller's, to be handed on. */
  release({ fd }: Move): boolean {
    const running = this.#running;
    if (running === undefined || !takeDescriptorBack(fd, running.owner)) return false;
    this.#movedOut++;
    return true;
  }

  /** What it has released nobody could take: it breaks. */
  lose(): void {
    this.#movedOut--;
    this.#broken++;
  }

  /** @returns false: it has ended, or ends and does not take one `back`. */
  adopt(move: Move, isBack: boolean): boolean {
    const running = this.#running;
    if (running === undefined || (this.#isEnding && !isBack)) return false;
    if (!giveDescriptor(move.fd, running.owner)) return false;
    this.#movedIn++;
    this.#tell({ type: 'adopt', move }, [move.unsent.buffer]);
    return true;
  }

  /** What it has handed over has arrived. */
  tellMoved(): void {
    this.#tell({ type: 'moved' });
  }

  /** Has it accept from a duplicate of a listening descriptor, which stays the caller's. */
  listen(listening: number, isExclusive: boolean): void {
    const running = this.#running;
    if (running === undefined) return;
    const fd = sys.dup(listening);
    if (fd < 0) {
      void running.thread.terminate(); // no descriptor left: started anew, as after any death
      return;
    }
    if (giveDescriptor(fd, running.owner)) this.#tell({ type: 'listen', fd, isExclusive });
    else sys.close(fd);
  }

  /** Asks for the bytes of its open connections; resolves when they have come, or after the time. */
  refresh(timeoutMs: number): Promise<void> {
    if (!this.isRunning) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        this.#onReport.delete(settle); // a thread that never answers must not collect them
        resolve();
      };
      const timer = setTimeout(settle, timeoutMs);
      this.#onReport.add(settle);
      this.#tell({ type: 'report' });
    });
  }

  /** Ends the thread by force, wherever it is. */
  async kill(): Promise<void> {
    await this.#thread?.terminate();
  }

  /** The handler that has been running for so long, in one call; told once for each call. */
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
    if (blockedMs < blockedAfterMs || call === this.#toldCall) return undefined;
    this.#toldCall = call;
    return { index: this.index, handler: WATCHED[mark - 1] ?? 'unknown', blockedMs };
  }

  /**
   * Ends it: at the latest after `deadlineMs`, and by force when it is then still there. One that is
   * starting is told to end when it is ready. Resolves when there is no thread any more.
   */
  async end(deadlineMs: number): Promise<void> {
    this.#isEnding = true;
    this.#deadlineMs = deadlineMs;
    this.#tell({ type: 'drain', deadlineMs });
    this.#thread?.endWithin(deadlineMs + END_GRACE_MS);
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
    if (this.#isEnding) this.#tell({ type: 'drain', deadlineMs: this.#deadlineMs });
  }

  #onMessage(message: ThreadMessage): void {
    if (message.type === 'handOver') this.#owner.onMove(this, message.move);
    if (message.type !== 'report') return;
    this.#told = message;
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
    this.#figures[Figure.BytesRead] = read; // the next thread counts on
    this.#figures[Figure.BytesWritten] = written;
    if (running === undefined || (wasDue && cause === undefined)) return;
    const text = `sub-reactor ${this.index} has died with exit code ${code}`;
    this.#owner.onDeath(this, new EdgewiseError('ERR_SUB_REACTOR_DIED', text, { cause }));
  }

  // false: its mailbox is full, or the thread is just ending.
  #post({ sender }: Running, fd: number): boolean {
    try {
      return sender.post(fd);
    } catch (error) {
      if ((error as EdgewiseError).code !== 'ERR_CLOSED') throw error;
      return false;
    }
  }

  #tell(message: ToSubReactor, transferred: readonly ArrayBuffer[] = []): void {
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
