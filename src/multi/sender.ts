// The producer's side of a mailbox (mailbox.ts): one lane, claimed by one atomic exchange.
import { types } from 'node:util';
import { threadId } from 'node:worker_threads';
import { ClosedError, EdgewiseError, invalidType, invalidValue } from '../errors.ts';
import { SHOWN, shown } from '../inspect.ts';
import { checkReactor, type Reactor, type ReactorWaker, Waker } from '../reactor/index.ts';
import { checkFunction, checkObject, checkTimeoutMs } from '../validate.ts';
import {
  CONTROL_BYTES,
  LANE_BYTES_MAX,
  LANE_BYTES_MIN,
  LANE_CONTROL_BYTES,
  LaneWord,
  laneStart,
  type MailboxAddress,
  PRODUCER_COUNT_MAX,
  tooLarge,
  Word,
} from './mailbox.ts';
import { Draft } from './message.ts';
import { invalidMemory, messageBytesMax, RingWriter } from './ring.ts';

/** Posts that rely on one wake-up: at most so many are lost when the reader ends before it reads. */
const POSTS_TRUSTED_MAX = 256;
/** How often a wait for room checks that the reader still runs. */
const LOOK_AFTER_MS = 100;

/** Options of a {@link MailboxSender}. */
export interface MailboxSenderOptions {
  /** This thread's reactor, for `onRoom`. */
  readonly reactor?: Reactor | undefined;
  /** Called in a turn when there may be room again after `post` returned false, or `waitForRoom`. */
  readonly onRoom?: (() => void) | undefined;
}

/** The memory of a mailbox, as its control words describe it. */
interface Layout {
  readonly control: Int32Array;
  readonly lanes: number;
  readonly laneBytes: number;
}

// Each word is read once: another thread may write it.
function layoutOf(memory: unknown): Layout {
  if (!types.isSharedArrayBuffer(memory)) {
    throw invalidType('address.memory', 'a SharedArrayBuffer', memory);
  }
  if (memory.byteLength > CONTROL_BYTES) {
    const control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
    const lanes = control[Word.Lanes] as number;
    const laneBytes = control[Word.LaneBytes] as number;
    const areLanes = lanes >= 1 && lanes <= PRODUCER_COUNT_MAX;
    const isLane = laneBytes >= LANE_BYTES_MIN && laneBytes <= LANE_BYTES_MAX;
    const isPower = (laneBytes & (laneBytes - 1)) === 0;
    const isWhole = laneStart(lanes, laneBytes) === memory.byteLength;
    if (areLanes && isLane && isPower && isWhole) return { control, lanes, laneBytes };
  }
  throw invalidValue('address.memory', 'the memory of a Mailbox', memory);
}

/**
 * Posts messages to the mailbox of another thread, or of this one. It belongs to the thread that
 * made it; close it when that thread has no more to post, or its lane stays taken. It keeps no reactor
 * alive.
 */
export class MailboxSender {
  /** The number of its lane: the `producer` that `onMessage` gets. */
  readonly lane: number;
  /** The longest message, in bytes as it is encoded. */
  readonly messageBytesMax: number;
  readonly #waker: Waker;
  readonly #control: Int32Array;
  readonly #words: Int32Array;
  readonly #ring: RingWriter;
  readonly #draft = new Draft();
  readonly #onRoom: ReactorWaker | undefined;
  #wokenEpoch = Number.NaN; // the epoch in which it has woken the reader
  #trustedCount = 0; // posts until it checks that the reader still runs
  #isClosed = false;

  /**
   * @throws TypeError - no address of a mailbox, or an option of the wrong kind.
   * @throws EdgewiseError - ERR_LIMIT_EXCEEDED: it has `producerCountMax` senders. ERR_CLOSED: the mailbox
   *   or its reactor, or `options.reactor`. ERR_MAILBOX_INVALID: something has overwritten the lane.
   */
  constructor(address: MailboxAddress, options: MailboxSenderOptions = {}) {
    checkObject('address', address);
    checkObject('options', options);
    const { memory, wakerId } = address;
    const { reactor, onRoom } = options;
    if (onRoom !== undefined) checkFunction('options.onRoom', onRoom);
    if (reactor !== undefined || onRoom !== undefined) checkReactor(reactor, 'options.reactor');
    reactor?.lintNames('new MailboxSender', options, ['reactor', 'onRoom']);
    this.#waker = new Waker(wakerId);
    const layout = layoutOf(memory);
    this.#control = layout.control;
    this.#assertOpen();
    // Before a lane is claimed: a reactor that is closed refuses.
    this.#onRoom = onRoom === undefined ? undefined : reactor?.createWaker(onRoom).unref();
    const { laneBytes } = layout;
    try {
      this.lane = this.#claim(memory, layout);
      const start = laneStart(this.lane, laneBytes);
      this.#words = new Int32Array(memory, start, LANE_CONTROL_BYTES / 4);
      this.#ring = new RingWriter(memory, start + LANE_CONTROL_BYTES, laneBytes);
    } catch (error) {
      this.#onRoom?.close();
      throw error;
    }
    this.messageBytesMax = messageBytesMax(laneBytes);
    const wakers = new Float64Array(memory, this.#words.byteOffset, LANE_CONTROL_BYTES / 8);
    wakers[LaneWord.WakerId] = this.#onRoom?.id ?? 0;
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Queues a message: bytes (a Uint8Array, copied), text, a number, or anything else that structured
   * clone takes.
   *
   * @returns false: there is no room, and nothing was queued. `onRoom` is called, and `waitForRoom`
   *   returns, when to try again.
   * @throws EdgewiseError - ERR_MESSAGE_TOO_LARGE: longer than `messageBytesMax`. ERR_CLOSED: the
   *   mailbox or its reactor; its thread has ended, after 256 posts at the latest when it was terminated
   *   before it read what had arrived. ERR_MESSAGE_UNSUPPORTED: it cannot be cloned.
   *   ERR_MAILBOX_INVALID: something has overwritten the lane, and the mailbox has dropped it; what was
   *   posted since then is lost.
   * @throws TypeError - detached bytes.
   */
  post(message: unknown): boolean {
    if (this.#isClosed) throw new ClosedError('the MailboxSender');
    const draft = this.#draft;
    draft.take(message);
    if (draft.length > this.messageBytesMax) throw tooLarge(draft.length, this.messageBytesMax);
    const isWritten = this.#ring.write(draft) || this.#writeAfterAsking();
    draft.clear();
    if (isWritten && this.#isAwaited()) return true;
    this.#wake();
    return isWritten;
  }

  /**
   * Blocks this thread until the reader has read something, which may have been since `post` looked
   * for room. Returns at once when there is nothing to read.
   *
   * Only where the reader is on another thread, and never inside a handler that others wait for.
   *
   * @param timeoutMs - milliseconds; -1: no limit.
   * @throws EdgewiseError - ERR_CLOSED, ERR_MAILBOX_INVALID, as `post`. Not when it is closed, or the reader's thread is
   *   terminated, during the wait, which then ends.
   */
  waitForRoom(timeoutMs = -1): void {
    checkTimeoutMs(timeoutMs);
    this.#assertOpen();
    if (this.#ring.isEmpty) return;
    this.#wake(); // or throws: a reader that has ended reads nothing
    Atomics.store(this.#words, LaneWord.Wants, 1); // before the look at what the reader has read
    const endMs = timeoutMs === -1 ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
    while (!this.#ring.waitForReader(Math.min(endMs - performance.now(), LOOK_AFTER_MS))) {
      if (performance.now() >= endMs) return;
      this.#trustedCount = 0; // the next post looks, too
      if (!this.#waker.wake()) return;
    }
  }

  /** Releases the lane. What was posted is delivered. Does nothing the second time. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onRoom?.close();
    Atomics.store(this.#words, LaneWord.Wants, 0);
    // Not when `releaseThread` has given the lane to another owner.
    Atomics.compareExchange(this.#words, LaneWord.Owner, threadId + 1, 0);
  }

  /** The same as {@link close}: what was posted is in the mailbox already. */
  destroy(): void {
    this.close();
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { lane, messageBytesMax, isClosed: closed } = this;
    return shown('MailboxSender', { lane, messageBytesMax, closed });
  }

  /** The same as {@link destroy}. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** The same as {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  // Asks for a notification, and tries once more: the reader may have made room before it was asked.
  #writeAfterAsking(): boolean {
    Atomics.store(this.#words, LaneWord.Wants, 1);
    return this.#ring.write(this.#draft);
  }

  // Whether the reader will look again since it was woken, as far as is known.
  #isAwaited(): boolean {
    return this.#trustedCount-- > 0 && Atomics.load(this.#control, Word.Epoch) === this.#wokenEpoch;
  }

  #wake(): void {
    if (Atomics.load(this.#words, LaneWord.IsDropped) !== 0) {
      throw invalidMemory(`lane ${this.lane}, which was dropped`);
    }
    const epoch = Atomics.load(this.#control, Word.Epoch);
    if (!this.#waker.wake()) throw new ClosedError('the Mailbox');
    this.#wokenEpoch = epoch;
    this.#trustedCount = POSTS_TRUSTED_MAX;
  }

  #claim(memory: SharedArrayBuffer, { lanes, laneBytes }: Layout): number {
    for (let lane = 0; lane < lanes; lane++) {
      const words = new Int32Array(memory, laneStart(lane, laneBytes), LANE_CONTROL_BYTES / 4);
      if (Atomics.load(words, LaneWord.IsDropped) !== 0) continue;
      if (Atomics.compareExchange(words, LaneWord.Owner, 0, threadId + 1) === 0) return lane;
    }
    throw new EdgewiseError('ERR_LIMIT_EXCEEDED', `the Mailbox has ${lanes} senders`);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ClosedError('the MailboxSender');
    if (Atomics.load(this.#control, Word.IsClosed) !== 0) throw new ClosedError('the Mailbox');
  }
}
