// One direction of a relay: moves bytes from a connection to another one, as far as the one has
// some and the other takes them. What an end or an error means is decided in relay.ts.
import { constants as os } from 'node:os';
import { Readiness } from '../../poller/interest.ts';
import type { AnyConnection } from '../connection/group.ts';
import type { Conduit } from './buffer.ts';

const { EAGAIN, EINTR } = os.errno;

/** What a direction tells. */
export interface DirectionOwner {
  /** There is nothing to read now. */
  onDry(direction: Direction): void;
  /** All that the source has sent has left, and then it has ended. */
  onEnd(direction: Direction): void;
  /** `errno` is negative. */
  onReadFailed(direction: Direction, errno: number): void;
  /** `errno` is negative. What was on the way is lost. */
  onWriteFailed(direction: Direction, errno: number): void;
}

export class Direction {
  readonly source: AnyConnection;
  readonly target: AnyConnection;
  /** Bytes that the target's kernel has taken. */
  byteCount = 0;
  #conduit: Conduit;
  readonly #owner: DirectionOwner;
  #isOpen = true;

  constructor(
    source: AnyConnection,
    target: AnyConnection,
    conduit: Conduit,
    owner: DirectionOwner,
  ) {
    this.source = source;
    this.target = target;
    this.#conduit = conduit;
    this.#owner = owner;
  }

  /** Whether more may come from the source. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Nothing is read ahead: with bytes on the way the source has to wait. */
  get wantsReadable(): boolean {
    return this.#isOpen && this.#conduit.byteLength === 0 && !this.source.isPaused;
  }

  get wantsWritable(): boolean {
    return this.#conduit.byteLength > 0;
  }

  /** Whether urgent data of the source has to be told. */
  get wantsPriority(): boolean {
    return this.wantsReadable && this.#conduit.stopsAtUrgent;
  }

  /** Goes on by copying: splice(2) would stop for ever at an urgent byte, which recv(2) leaves out. */
  passUrgent(): void {
    this.#conduit = this.#conduit.replacement();
  }

  /** The source had ended before this began. */
  end(): void {
    this.#isOpen = false;
    this.#owner.onEnd(this);
  }

  /** Gives up, with what is on the way. */
  stop(): void {
    this.#isOpen = false;
    this.#conduit.discard();
  }

  /** Moves what can be moved, and no more than the budget of this dispatch allows. */
  pump(): void {
    if (!this.#drain()) return;
    while (this.wantsReadable) {
      const count = this.#fill();
      if (count === -EINTR) continue;
      if (count <= 0) {
        this.#onNothing(count);
        return;
      }
      this.source.countRead(count);
      if (!this.#drain() || !this.#mayGoOn(count)) return;
    }
  }

  #fill(): number {
    const count = this.#conduit.fill(this.source.fd);
    return this.#replaceConduit(count) ? this.#conduit.fill(this.source.fd) : count;
  }

  // Answers whether all has left.
  #drain(): boolean {
    const { target } = this;
    while (this.#conduit.byteLength > 0) {
      // What was written by the user leaves first.
      const count = target.isFlushed ? this.#conduit.drain(target.fd) : -EAGAIN;
      if (count > 0) {
        this.byteCount += count;
        target.countWritten(count);
      } else if (count === -EAGAIN) {
        this.#conduit.hold();
        return false;
      } else if (count !== -EINTR && !this.#replaceConduit(count)) {
        this.stop();
        this.#owner.onWriteFailed(this, count);
        return false;
      }
    }
    return true;
  }

  #replaceConduit(result: number): boolean {
    if (result > 0) return false;
    const replacement = this.#conduit.replacementFor(result);
    if (replacement === undefined) return false;
    this.#conduit = replacement;
    return true;
  }

  #onNothing(result: number): void {
    if (result === 0) {
      this.end();
    } else if (result === -EAGAIN) {
      this.#owner.onDry(this);
    } else {
      this.#owner.onReadFailed(this, result);
    }
  }

  // Level: the kernel tells of more by itself. Edge: until there is nothing, or the budget is gone.
  #mayGoOn(count: number): boolean {
    const { registration } = this.source;
    if (registration.trigger === 'level') return false;
    if (registration.charge(count)) return true;
    this.source.requeue(Readiness.Readable); // also when the other end's readiness led here
    return false;
  }
}
