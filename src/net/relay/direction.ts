// One direction of a relay: moves bytes from one connection to the other, as far as the source has
// some and the target takes them. What an end or an error means is decided in relay.ts.
import { constants as os } from 'node:os';
import { readMemory, receive } from '../../flow/read-memory.ts';
import { Readiness } from '../../poller/index.ts';
import type { AnyConnection } from '../connection/group.ts';
import type { RelayBuffer } from './buffer.ts';

const { EAGAIN, EINTR } = os.errno;

/** Receives what a direction meets. */
export interface DirectionOwner {
  /** There is nothing to read now. */
  onDry(direction: Direction): void;
  /** The source has ended, and all that it has sent before has left. */
  onEnd(direction: Direction): void;
  /** `errno` is negative. */
  onReadFailed(direction: Direction, errno: number): void;
  /** `errno` is negative. What was on the way is lost. */
  onWriteFailed(direction: Direction, errno: number): void;
}

/** Moves the bytes of `source` to `target`. It owns neither. */
export class Direction {
  /** Where bytes come from. */
  readonly source: AnyConnection;
  /** Where they go. */
  readonly target: AnyConnection;
  /** Bytes that the target's kernel has taken. */
  byteCount = 0;
  readonly #buffer: RelayBuffer;
  readonly #owner: DirectionOwner;
  #isOpen = true;
  #isLast = false;
  #drops = false;

  constructor(
    source: AnyConnection,
    target: AnyConnection,
    buffer: RelayBuffer,
    owner: DirectionOwner,
  ) {
    this.source = source;
    this.target = target;
    this.#buffer = buffer;
    this.#owner = owner;
  }

  /** Whether more may be moved. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Nothing is read ahead: with bytes on the way the source has to wait. */
  get wantsReadable(): boolean {
    if (this.source.isPaused) return false;
    return this.#isOpen ? this.#buffer.byteLength === 0 : this.#drops;
  }

  /** Whether bytes wait for room in the target. */
  get wantsWritable(): boolean {
    return this.#buffer.byteLength > 0;
  }

  /** Whether urgent data of the source has to be reported: see {@link Direction.passUrgent}. */
  get wantsPriority(): boolean {
    return this.wantsReadable && this.#buffer.stopsAtUrgent;
  }

  /** Goes on by copying: splice(2) would stop for ever at an urgent byte, which recv(2) leaves out. */
  passUrgent(): void {
    this.#buffer.copy();
  }

  /** The source has ended. */
  end(): void {
    this.#isOpen = false;
    this.#drops = false;
    this.#owner.onEnd(this);
  }

  /** Gives up, with what is on the way. */
  stop(): void {
    this.#isOpen = false;
    this.#drops = false;
    this.#buffer.discard();
  }

  /** From now on reads until there is nothing to read, whatever the trigger, which `onDry` reports. */
  readLast(): void {
    this.#isLast = true;
  }

  /**
   * Moves nothing more, but reads on and drops what comes, until the end of the source: a socket that
   * is closed with bytes unread resets the connection, and its peer may lose what was sent to it.
   */
  drop(): void {
    this.#isOpen = false;
    this.#drops = true;
  }

  /** Moves what can be moved, and no more than the budget of this dispatch allows. */
  move(): void {
    if (!this.#drain()) return;
    while (this.wantsReadable) {
      const count = this.#read();
      if (count === -EINTR) continue;
      if (count <= 0) {
        this.#onNothing(count);
        return;
      }
      this.source.countRead(count);
      if (!this.#drain() || !this.#mayGoOn(count)) return;
    }
  }

  #read(): number {
    const { fd } = this.source;
    return this.#isOpen ? this.#buffer.fill(fd) : receive(fd, readMemory());
  }

  // Returns whether all has left.
  #drain(): boolean {
    const { target } = this;
    while (this.#buffer.byteLength > 0) {
      // What was written to the target as a connection leaves first.
      const count = target.isFlushed ? this.#buffer.drain(target.fd) : -EAGAIN;
      if (count > 0) {
        this.byteCount += count;
        target.countWritten(count);
      } else if (count === -EAGAIN) {
        this.#buffer.hold();
        return false;
      } else if (count !== -EINTR) {
        this.stop();
        this.#owner.onWriteFailed(this, count);
        return false;
      }
    }
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

  // Level: the kernel reports more by itself. Edge: until there is nothing, or the budget is used up.
  #mayGoOn(count: number): boolean {
    const { registration } = this.source;
    if (registration.trigger === 'level' && !this.#isLast) return false;
    if (registration.charge(count)) return true;
    this.source.requeue(Readiness.Readable); // also when the other end's readiness led here
    return false;
  }
}
