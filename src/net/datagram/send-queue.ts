// The datagrams that the kernel had no room for, in order, up to a bound. Both bytes and address are
// copies: what handlers are given is overwritten by the next batch.
import type { SocketAddress } from '../../address.ts';
import { closeAll } from '../socket/descriptor-passing.ts';
import { segmentCount } from './segments.ts';

/** What a datagram costs in memory beside its bytes, so that empty ones are bounded as well. */
const OVERHEAD_BYTES = 256;
/** Removed entries stay until so many can be dropped at once. */
const COMPACT_COUNT_MIN = 64;

/** Takes what became of a datagram: the bytes sent, or -errno; -ECANCELED: the socket was closed. */
export type SendOutcome = (result: number) => void;

/** One entry of a send queue. */
export interface QueuedDatagram {
  readonly bytes: Uint8Array;
  /** Several datagrams: the length of each but the last. 0: one. */
  readonly segmentSize: number;
  /** Undefined: the peer of a connected socket. */
  readonly to: SocketAddress | undefined;
  /** Descriptors that go with it, which the queue owns. */
  readonly fds: readonly number[];
  /** Called when it has left, or cannot; undefined: errors are reported, nothing else. */
  readonly outcome: SendOutcome | undefined;
}

/** A bounded queue of datagrams. */
export class SendQueue {
  readonly #bytesMax: number;
  #entries: QueuedDatagram[] = [];
  #head = 0;
  #byteLength = 0;
  #count = 0;

  /** @param bytesMax - from 0; each entry counts 256 more than its bytes. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** How many datagrams are queued. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of all that are queued. */
  get byteLength(): number {
    return this.#byteLength - (this.#entries.length - this.#head) * OVERHEAD_BYTES;
  }

  get isEmpty(): boolean {
    return this.#head === this.#entries.length;
  }

  /** The oldest; undefined when there is none. */
  get first(): QueuedDatagram | undefined {
    return this.#entries[this.#head];
  }

  /** Whether there is room for one of so many bytes. */
  hasRoomFor(byteLength: number): boolean {
    return this.#byteLength + byteLength + OVERHEAD_BYTES <= this.#bytesMax;
  }

  /** Appends one that there is room for. Its bytes, address and descriptors are the queue's. */
  append(datagram: QueuedDatagram): void {
    const { length } = datagram.bytes;
    this.#entries.push(datagram);
    this.#byteLength += length + OVERHEAD_BYTES;
    this.#count += segmentCount(length, datagram.segmentSize);
  }

  /** The first bytes of the oldest have left, whole datagrams, but not all. */
  advance(byteCount: number): void {
    const { first } = this;
    if (first === undefined || byteCount === 0) return;
    this.#byteLength -= byteCount;
    this.#count -= segmentCount(byteCount, first.segmentSize);
    this.#entries[this.#head] = { ...first, bytes: first.bytes.subarray(byteCount) };
  }

  /** Forgets the oldest: it has left. */
  shift(): void {
    const { first } = this;
    if (first === undefined) return;
    closeAll(first.fds);
    this.#byteLength -= first.bytes.length + OVERHEAD_BYTES;
    this.#count -= segmentCount(first.bytes.length, first.segmentSize);
    this.#head++;
    // Never more entries than were removed: a long queue would be copied again and again.
    const isHalf = this.#head >= COMPACT_COUNT_MIN && this.#head * 2 >= this.#entries.length;
    if (!isHalf && !this.isEmpty) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }

  /**
   * Forgets all, and closes their descriptors.
   *
   * @param onForgotten - called with each outcome that is waited for.
   * @returns how many datagrams were forgotten.
   */
  clear(onForgotten: (outcome: SendOutcome) => void): number {
    const { count } = this;
    for (const { fds, outcome } of this.#entries.slice(this.#head)) {
      closeAll(fds);
      if (outcome !== undefined) onForgotten(outcome);
    }
    this.#count = 0;
    this.#entries = [];
    this.#head = 0;
    this.#byteLength = 0;
    return count;
  }
}
