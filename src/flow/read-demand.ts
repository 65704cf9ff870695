// Reading on demand: what is waited for while data is wanted, and whether the socket was drained.
// Promise connections and streams read that way, so that nothing is read that was not asked for,
// and the peer is slowed down by the kernel.
import { constants as os } from 'node:os';
import { Interest } from '../poller/index.ts';

const { EAGAIN } = os.errno;

/** What is needed of a connection that is read on demand. */
export interface DemandedConnection {
  /** How its readiness repeats. */
  readonly trigger: 'level' | 'edge';
  /** Whether the peer has ended its side. */
  readonly isReadEnded: boolean;
  /** Whether it is closed. */
  readonly isClosed: boolean;
  /** Looks at `interest` again. */
  updateInterest(): void;
}

/** The demand for what one connection reads. */
export class ReadDemand {
  /** Whether the socket was emptied: the next event reports that there is more. */
  isDrained = false;
  readonly #connection: DemandedConnection;
  readonly #isLevel: boolean;
  #interest: Interest;

  /** @param interest - what the connection waits for at first. */
  constructor(connection: DemandedConnection, interest: Interest) {
    this.#connection = connection;
    this.#isLevel = connection.trigger === 'level';
    this.#interest = interest;
  }

  /** What the connection is to wait for. */
  get interest(): Interest {
    return this.#connection.isReadEnded ? Interest.None : this.#interest;
  }

  /** Whether readiness for reading is waited for. */
  get isWanted(): boolean {
    return this.#interest === Interest.Readable;
  }

  /** Data is wanted: readiness is waited for. Try to read first, unless `isDrained`. */
  want(): void {
    this.#set(Interest.Readable);
  }

  /**
   * The connection is ready to be read.
   *
   * @param isWanted - false: nothing reads. Level would report it again and again, so it is not
   *   waited for any more; edge reports what comes once.
   */
  onReady(isWanted: boolean): void {
    this.isDrained = false;
    if (!isWanted && this.#isLevel) this.#set(Interest.None);
  }

  /**
   * Notes what a read has found. Level reports again what a short read has left, behind an urgent
   * mark for one; edge does not.
   *
   * @param result - of the read: count of bytes, or -errno.
   * @param capacity - bytes that were asked for.
   */
  note(result: number, capacity: number): void {
    this.isDrained = result === -EAGAIN || (this.#isLevel && result < capacity);
  }

  #set(interest: Interest): void {
    if (interest === this.#interest || this.#connection.isClosed) return;
    this.#interest = interest;
    this.#connection.updateInterest();
  }
}
