// The producer's side of a mailbox (mailbox.ts): one lane, claimed by one atomic exchange.
import { types } from 'node:util';
import { threadId } from 'node:worker_threads';
import { ClosedError, EdgewiseError, invalidType, invalidValue } from '../errors.ts';
import { checkReactor, type Reactor, type ReactorWaker, Waker } from '../reactor/index.ts';
import { checkFunction, checkObject, checkTimeoutMs } from '../validate.ts';
import {
  CONTROL_BYTES,
  LANE_CONTROL_BYTES,
  LaneWord,
  laneStart,
  type MailboxAddress,
  tooLarge,
  Word,
} from './mailbox.ts';
import { Draft } from './message.ts';
import { messageBytesMax, RingWriter } from './ring.ts';

/** Posts that rely on one wake-up: at most so many are lost when the reader ends before it reads. */
const POSTS_TRUSTED_MAX = 256;
/** How often a wait for room checks that the reader still runs. */
const LOOK_AFTER_MS = 100;

/** Options of a {@link MailboxSender}. */
export interface MailboxSenderOptions {
  /** This thread's reactor, for `onRoom`. */
  readonly reactor?: Reactor;
  /** Called in a turn when there may be room again after `post` returned false, or `waitForRoom`. */
  readonly onRoom?: () => void;
}

// The control words at the beginning of the memory of a mailbox.
function controlIn(memory: unknown): Int32Array {
  if (!types.isSharedArrayBuffer(memory)) {
    throw invalidType('address.memory', 'a SharedArrayBuffer', memory);
  }
  if (memory.byteLength > CONTROL_BYTES) {
    const control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
    const lanes = control[Word.Lanes] as number;
    const size = laneStart(lanes, control[Word.LaneBytes] as number);
    if (lanes > 0 && size === memory.byteLength) return control;
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
   *   or its reactor, or `options.reactor`.
   */
  constructor(address: MailboxAddress, options: MailboxSenderOptions = {}) {
    checkObject('address', address);
    checkObject('options', options);
    const { memory, wakerId } = address;
    const { reactor, onRoom } = options;
    if (onRoom !== undefined) {
      checkFunction('options.onRoom', onRoom);
      checkReactor(reactor, 'options.reactor');
    }
    this.#waker = new Waker(wakerId);
    this.#control = controlIn(memory);
    this.#assertOpen();
    // Before a lane is claimed: a reactor that is closed refuses.
    this.#onRoom = onRoom === undefined ? undefined : reactor?.createWaker(onRoom).unref();
    this.lane = this.#claim(memory);
    const laneBytes = this.#control[Word.LaneBytes] as number;
    const start = laneStart(this.lane, laneBytes);
    this.#words = new Int32Array(memory, start, LANE_CONTROL_BYTES / 4);
    this.#ring = new RingWriter(memory, start + LANE_CONTROL_BYTES, laneBytes);
    this.messageBytesMax = messageBytesMax(laneBytes);
    const wakers = new Float64Array(memory, start, LANE_CONTROL_BYTES / 8);
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
   * @throws TypeError - detached bytes.
   */
  post(message: unknown): boolean {
    this.#assertOpen();
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
   * @throws EdgewiseError - ERR_CLOSED, as `post`. Not when it is closed, or the reader's thread is
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
    const epoch = Atomics.load(this.#control, Word.Epoch);
    if (!this.#waker.wake()) throw new ClosedError('the Mailbox');
    this.#wokenEpoch = epoch;
    this.#trustedCount = POSTS_TRUSTED_MAX;
  }

  #claim(memory: SharedArrayBuffer): number {
    const lanes = this.#control[Word.Lanes] as number;
    const laneBytes = this.#control[Word.LaneBytes] as number;
    for (let lane = 0; lane < lanes; lane++) {
      const words = new Int32Array(memory, laneStart(lane, laneBytes), LANE_CONTROL_BYTES / 4);
      if (Atomics.compareExchange(words, LaneWord.Owner, 0, threadId + 1) === 0) return lane;
    }
    this.#onRoom?.close();
    throw new EdgewiseError('ERR_LIMIT_EXCEEDED', `the Mailbox has ${lanes} senders`);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ClosedError('the MailboxSender');
    if (Atomics.load(this.#control, Word.IsClosed) !== 0) throw new ClosedError('the Mailbox');
  }
}
