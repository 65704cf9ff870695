// Files that are a number: eventfd(2) and timerfd_create(2).
import { constants } from 'node:os';
import type { Clock, Scheduled } from './clock.ts';
import { changing, type OpenFile, Poll, Watchers } from './open-file.ts';

const { EAGAIN, EINVAL } = constants.errno;
const NUMBER_BYTES = 8;
const COUNT_MAX = 2n ** 64n - 2n;
const NS_PER_MS = 1e6;

function putNumber(into: Uint8Array, value: bigint): number {
  if (into.length < NUMBER_BYTES) return -EINVAL;
  new DataView(into.buffer, into.byteOffset).setBigUint64(0, value, true);
  return NUMBER_BYTES;
}

/** A counter that writes add to, and a read takes. */
export class EventCounter implements OpenFile {
  readonly kind = 'eventfd';
  readonly watchers = new Watchers();
  isNonBlocking: boolean;
  readonly #isSemaphore: boolean;
  #count: bigint;

  constructor(initial: number, isNonBlocking: boolean, isSemaphore: boolean) {
    this.#count = BigInt(initial);
    this.isNonBlocking = isNonBlocking;
    this.#isSemaphore = isSemaphore;
  }

  poll(): number {
    return (this.#count > 0n ? Poll.In : 0) | (this.#count < COUNT_MAX ? Poll.Out : 0);
  }

  read(into: Uint8Array): number {
    if (into.length < NUMBER_BYTES) return -EINVAL;
    if (this.#count === 0n) return -EAGAIN;
    const taken = this.#isSemaphore ? 1n : this.#count;
    changing(this, 'space', () => {
      this.#count -= taken;
    });
    return putNumber(into, taken);
  }

  write(bytes: Uint8Array): number {
    if (bytes.length < NUMBER_BYTES) return -EINVAL;
    const added = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
    if (added > COUNT_MAX) return -EINVAL;
    if (this.#count + added > COUNT_MAX) return -EAGAIN;
    changing(this, 'data', () => {
      this.#count += added;
    });
    return NUMBER_BYTES;
  }

  release(): void {
    // No one else has it.
  }
}

/** A clock that counts how often it has expired. */
export class TimerFile implements OpenFile {
  readonly kind = 'timerfd';
  readonly watchers = new Watchers();
  isNonBlocking: boolean;
  readonly #clock: Clock;
  #expirations = 0n;
  #next: Scheduled | undefined;

  constructor(clock: Clock, isNonBlocking: boolean) {
    this.#clock = clock;
    this.isNonBlocking = isNonBlocking;
  }

  /** @param firstMs - from now; 0: it is disarmed. */
  set(firstMs: number, intervalMs: number): void {
    this.#next?.cancel();
    this.#next = undefined;
    this.#expirations = 0n;
    if (firstMs > 0) this.#plan(firstMs * NS_PER_MS, intervalMs * NS_PER_MS);
  }

  poll(): number {
    return this.#expirations > 0n ? Poll.In : 0;
  }

  read(into: Uint8Array): number {
    if (into.length < NUMBER_BYTES) return -EINVAL;
    if (this.#expirations === 0n) return -EAGAIN;
    const count = this.#expirations;
    this.#expirations = 0n;
    return putNumber(into, count);
  }

  release(): void {
    this.#next?.cancel();
  }

  #plan(delayNs: number, intervalNs: number): void {
    this.#next = this.#clock.after(delayNs, () => {
      this.#next = undefined;
      if (intervalNs > 0) this.#plan(intervalNs, intervalNs);
      changing(this, 'data', () => {
        this.#expirations++;
      });
    });
  }
}
