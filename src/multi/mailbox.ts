// A bounded queue from any number of threads to one reactor: a lane (ring.ts) in shared memory for
// each producer, and the reactor's waker. Producers never wait for one another, so one that is
// terminated at any point harms no other.
//
// Wake-ups are coalesced by an epoch, which the reader counts up *before* it looks at the lanes. A
// producer that has woken it since then need not do so again: whatever it publishes until the epoch
// changes is seen. The epoch is noted after the wake-up, so a thread that ends between loses none.
//
// Any thread that has the address can write anything there. What the reader takes from it is checked
// (ring.ts): a lane that holds what no sender writes is dropped, and the others go on.
import { EdgewiseError, outOfRange } from '../errors.ts';
import { SHOWN, shown } from '../inspect.ts';
import { checkReactor, type Reactor, type ReactorWaker, Waker } from '../reactor/index.ts';
import { checkFunction, checkInteger, checkObject } from '../validate.ts';
import { Reader } from './message.ts';
import { invalidMemory, messageBytesMax, RING_CONTROL_WORDS, RingReader } from './ring.ts';

const OPTION_NAMES = Object.keys({
  reactor: true,
  onMessage: true,
  producerCountMax: true,
  laneBytes: true,
} satisfies Record<keyof MailboxOptions, true>);
const LANE_BYTES = 256 * 1024;
export const LANE_BYTES_MIN = 64;
export const LANE_BYTES_MAX = 1 << 28;
export const PRODUCER_COUNT_MAX = 1024;
/** All lanes together. */
const MEMORY_MAX = 2 ** 31;
/** Messages of one lane in one turn, so that one producer delays neither others nor descriptors. */
const MESSAGES_PER_TURN_MAX = 2048;

/** Words at the beginning of the shared memory, in cache lines of their own. */
export const Word = { Epoch: 0, Lanes: 16, LaneBytes: 17, IsClosed: 18 } as const;
export const CONTROL_BYTES = 256;
/**
 * Of each lane: `Owner`, `Wants` (a word each), the waker of its producer (a double, the second), and
 * whether it was given up.
 */
export const LaneWord = { Owner: 0, Wants: 1, WakerId: 1, IsDropped: 4 } as const;
export const LANE_CONTROL_BYTES = 64;

/** Where a lane begins: its words, then its ring. */
export function laneStart(lane: number, laneBytes: number): number {
  return CONTROL_BYTES + lane * (LANE_CONTROL_BYTES + RING_CONTROL_WORDS * 4 + laneBytes);
}

/** What a thread needs to post; send it to the thread by `postMessage` or as `workerData`. */
export interface MailboxAddress {
  /** The lanes. */
  readonly memory: SharedArrayBuffer;
  /** Wakes the reactor of the mailbox. */
  readonly wakerId: number;
}

/** Options of a {@link Mailbox}. */
export interface MailboxOptions {
  /** The reactor that delivers the messages, in its turns. */
  readonly reactor: Reactor;
  /**
   * Called in a turn of the reactor for each message. Bytes arrive as a `Buffer` that the next message
   * overwrites: copy what you keep. What it throws stops no other message and goes to the reactor's
   * `onError`. So does ERR_MAILBOX_INVALID, when something other than a sender has written to a lane: that
   * lane is dropped, and its sender notified by `post`.
   *
   * @param producer - the lane of the sender: `sender.lane`.
   */
  readonly onMessage: (message: unknown, producer: number) => void;
  /** Count of senders at a time, 1 to 1024. Default 8. */
  readonly producerCountMax?: number | undefined;
  /** Bytes of each lane: a power of two, 64 to 2^28; at most 2^31 in all. Default 256 KiB. */
  readonly laneBytes?: number | undefined;
}

/** Counts since the mailbox was made. */
export interface MailboxStats {
  /** Messages that were delivered. */
  readonly received: number;
  /** Times that the reactor was woken and read the lanes. */
  readonly drains: number;
}

/**
 * Receives messages of other threads in turns of a reactor, each once, and in order for each sender.
 *
 * It keeps the reactor alive until it is closed, or {@link unref}.
 *
 * @example
 * const mailbox = new Mailbox({ reactor, onMessage: (message) => console.log(message) });
 * new Worker(url, { workerData: mailbox.address });
 * // there: new MailboxSender(workerData).post('hello');
 */
export class Mailbox {
  /** What a {@link MailboxSender} needs. */
  readonly address: MailboxAddress;
  /** The longest message, in bytes as it is encoded: text in UTF-8, objects as `v8.serialize` does. */
  readonly messageBytesMax: number;
  readonly #reactor: Reactor;
  readonly #waker: ReactorWaker;
  readonly #control: Int32Array;
  readonly #lanes: readonly Lane[];
  readonly #onMessage: MailboxOptions['onMessage'];
  #received = 0;
  #drains = 0;
  #first = 0;
  #isClosed = false;

  /**
   * @throws TypeError, RangeError - an option of the wrong kind.
   * @throws EdgewiseError - ERR_CLOSED: the reactor is.
   */
  constructor(options: MailboxOptions) {
    checkObject('options', options);
    const { reactor, onMessage, producerCountMax = 8, laneBytes = LANE_BYTES } = options;
    checkReactor(reactor);
    checkFunction('onMessage', onMessage);
    reactor.lintNames('new Mailbox', options, OPTION_NAMES);
    checkInteger('producerCountMax', producerCountMax, 1, PRODUCER_COUNT_MAX);
    checkInteger('laneBytes', laneBytes, LANE_BYTES_MIN, LANE_BYTES_MAX);
    if ((laneBytes & (laneBytes - 1)) !== 0) {
      throw outOfRange('laneBytes', 'a power of two', laneBytes);
    }
    const size = laneStart(producerCountMax, laneBytes);
    if (size > MEMORY_MAX) {
      throw outOfRange('producerCountMax * laneBytes', `at most ${MEMORY_MAX} bytes in all`, size);
    }
    const memory = new SharedArrayBuffer(size);
    this.#control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
    this.#control[Word.Lanes] = producerCountMax;
    this.#control[Word.LaneBytes] = laneBytes;
    this.#lanes = Array.from(
      { length: producerCountMax },
      (_, index) => new Lane(memory, laneStart(index, laneBytes), laneBytes),
    );
    this.messageBytesMax = messageBytesMax(laneBytes);
    this.#onMessage = onMessage;
    this.#reactor = reactor;
    this.#waker = reactor.createWaker(() => this.#drain());
    reactor.dependents.add(this);
    this.address = { memory, wakerId: this.#waker.id };
  }

  /** Whether it was closed, by `close` or with its reactor. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Counts since the mailbox was made. */
  get stats(): MailboxStats {
    return { received: this.#received, drains: this.#drains };
  }

  /** Whether everything that was posted has been delivered. */
  get isEmpty(): boolean {
    return this.#lanes.every((lane) => lane.ring.isEmpty);
  }

  /** Keeps the reactor alive, which is so from the start. */
  ref(): this {
    this.#waker.ref();
    return this;
  }

  /** Lets the reactor end although a sender might post. */
  unref(): this {
    this.#waker.unref();
    return this;
  }

  /** Whether it keeps the reactor alive. */
  hasRef(): boolean {
    return this.#waker.hasRef();
  }

  /**
   * Releases the lanes of the senders of a thread that has ended without closing them. What they have
   * posted is delivered.
   *
   * @param threadId - `worker.threadId`, as it was while the thread ran.
   */
  releaseThread(threadId: number): void {
    const owner = checkInteger('threadId', threadId, 0, 0x7ffffffe) + 1;
    for (const lane of this.#lanes) lane.release(owner);
  }

  /**
   * Ends the mailbox, as the close of the reactor does: `post` throws ERR_CLOSED from here on. Messages
   * that were not delivered yet are dropped; to have them delivered, close the senders first and wait
   * until {@link isEmpty}. Does nothing the second time.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reactor.dependents.delete(this);
    Atomics.store(this.#control, Word.IsClosed, 1);
    this.#waker.close();
    Atomics.add(this.#control, Word.Epoch, 1); // each sender tries to wake it, which fails
    for (const lane of this.#lanes) lane.end();
  }

  /** The same as {@link close}: a mailbox has nothing to flush. */
  destroy(): void {
    this.close();
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { received, drains } = this.stats;
    return shown('Mailbox', { received, drains, closed: this.isClosed });
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

  #drain(): void {
    this.#drains++;
    Atomics.add(this.#control, Word.Epoch, 1); // before looking: see above
    const count = this.#lanes.length;
    this.#first = (this.#first + 1) % count;
    let hasMore = false;
    for (let i = 0; i < count && !this.#isClosed; i++) {
      const index = (this.#first + i) % count;
      const lane = this.#lanes[index] as Lane;
      if (lane.ring.isEmpty) continue;
      this.#drainLane(lane, index);
      hasMore ||= !lane.ring.isEmpty;
    }
    if (hasMore && !this.#isClosed) this.#waker.wake(); // descriptors have their turn before
  }

  // A handler that throws ends the pass over the lane, and another goes on behind its message: so the
  // path of a message has no `try`.
  #drainLane(lane: Lane, index: number): void {
    let left = MESSAGES_PER_TURN_MAX;
    const deliver = (message: unknown): boolean => {
      this.#received++;
      left--;
      this.#onMessage(message, index);
      return !this.#isClosed;
    };
    let isDone = false;
    while (!isDone && left > 0 && !this.#isClosed) {
      try {
        lane.ring.read(lane.reader, left, deliver);
        isDone = true;
      } catch (error) {
        this.#reactor.report(error);
      }
    }
    if (this.#isClosed) return; // the lane has ended, which is not to be dropped
    try {
      lane.notifyRoom();
    } catch (error) {
      this.#reactor.report(error);
    }
  }
}

/** The reader's side of a lane. */
class Lane {
  readonly ring: RingReader;
  readonly reader = new Reader();
  readonly #words: Int32Array;
  readonly #wakerId: Float64Array;

  constructor(memory: SharedArrayBuffer, start: number, laneBytes: number) {
    this.#words = new Int32Array(memory, start, LANE_CONTROL_BYTES / 4);
    this.#wakerId = new Float64Array(memory, start, LANE_CONTROL_BYTES / 8);
    this.ring = new RingReader(memory, start + LANE_CONTROL_BYTES, laneBytes);
  }

  release(owner: number): void {
    Atomics.compareExchange(this.#words, LaneWord.Owner, owner, 0);
  }

  /** The mailbox is closed: a sender that waits for room, or is about to, continues. */
  end(): void {
    this.ring.end();
    this.#notify(); // a waker that is none has no one to wake, and others are to be notified
  }

  /**
   * Wakes a producer that has found the lane full, or that has to notice that it is dropped.
   *
   * @throws EdgewiseError - ERR_MAILBOX_INVALID: its waker is none; the lane is dropped.
   */
  notifyRoom(): void {
    if (this.ring.isInvalid) this.#drop();
    const wrong = this.#notify();
    if (wrong === undefined) return;
    this.#drop();
    throw invalidMemory(`waker ${wrong}`);
  }

  // The number of its waker, when that is none.
  #notify(): number | undefined {
    if (Atomics.exchange(this.#words, LaneWord.Wants, 0) === 0) return undefined;
    this.ring.notifyWriter();
    const wakerId = this.#wakerId[LaneWord.WakerId] as number;
    if (!Number.isSafeInteger(wakerId) || wakerId < 0) return wakerId;
    if (wakerId !== 0) new Waker(wakerId).wake(); // false: that thread has ended meanwhile
    return undefined;
  }

  // Nothing is read any more, and the next `post` of its sender throws.
  #drop(): void {
    Atomics.store(this.#words, LaneWord.IsDropped, 1);
    this.ring.end();
  }
}

/** @internal the error of a message that is longer than the mailbox takes */
export function tooLarge(length: number, max: number): EdgewiseError {
  const text = `a message of ${length} bytes does not fit: at most ${max}`;
  return new EdgewiseError('ERR_MESSAGE_TOO_LARGE', text);
}
