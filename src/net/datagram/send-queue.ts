// The datagrams that the kernel had no room for, in order, up to a bound. Both bytes and address are
// copies: what handlers are given is overwritten by the next batch.
import { type AddressInput, SocketAddress } from '../../address.ts';
import { closeAll } from '../socket/descriptor-passing.ts';
import { segmentCount } from './segments.ts';

/** What a datagram costs in memory beside its bytes, so that empty ones are bounded as well. */
const OVERHEAD = 256;
/** Removed entries stay until so many can be dropped at once. */
const COMPACT_MIN = 64;
const NONE: readonly number[] = [];

export interface OutgoingDatagram {
  readonly bytes: Uint8Array;
  /** Several datagrams: the length of each but the last. 0: one. */
  readonly segmentSize: number;
  /** Undefined: the peer of a connected socket. */
  readonly to: SocketAddress | undefined;
  /** Descriptors that go with it: the outbox's. */
  fileDescriptors: readonly number[];
}

export class Outbox {
  readonly #byteLengthMax: number;
  #datagrams: OutgoingDatagram[] = [];
  #head = 0;
  #byteLength = 0;
  #count = 0;

  /** @param byteLengthMax - 256 for each datagram included. */
  constructor(byteLengthMax: number) {
    this.#byteLengthMax = byteLengthMax;
  }

  get count(): number {
    return this.#count;
  }

  get isEmpty(): boolean {
    return this.#head === this.#datagrams.length;
  }

  /** The oldest; undefined when there is none. */
  get first(): OutgoingDatagram | undefined {
    return this.#datagrams[this.#head];
  }

  /** @returns false: there is no room for it. */
  append(bytes: Uint8Array, to: AddressInput | undefined, segmentSize: number): boolean {
    const byteLength = this.#byteLength + bytes.length + OVERHEAD;
    if (byteLength > this.#byteLengthMax) return false;
    const copy = to === undefined ? undefined : new SocketAddress(to);
    const message = { bytes: Uint8Array.from(bytes), to: copy, segmentSize };
    this.#datagrams.push({ ...message, fileDescriptors: NONE });
    this.#byteLength = byteLength;
    this.#count += segmentCount(bytes.length, segmentSize);
    return true;
  }

  /** Gives descriptors to the datagram that was appended last; they are the outbox's from here on. */
  attach(fileDescriptors: readonly number[]): void {
    const last = this.#datagrams.at(-1);
    if (last !== undefined) last.fileDescriptors = fileDescriptors;
  }

  /** The first bytes of the oldest have left, whole datagrams, but not all. */
  advance(byteCount: number): void {
    const { first } = this;
    if (first === undefined || byteCount === 0) return;
    this.#byteLength -= byteCount;
    this.#count -= segmentCount(byteCount, first.segmentSize);
    this.#datagrams[this.#head] = { ...first, bytes: first.bytes.subarray(byteCount) };
  }

  /** Forgets the oldest: it has left. */
  shift(): void {
    const { first } = this;
    if (first === undefined) return;
    closeAll(first.fileDescriptors);
    this.#byteLength -= first.bytes.length + OVERHEAD;
    this.#count -= segmentCount(first.bytes.length, first.segmentSize);
    this.#head++;
    if (this.#head < COMPACT_MIN && !this.isEmpty) return;
    this.#datagrams = this.#datagrams.slice(this.#head);
    this.#head = 0;
  }

  /** @returns how many datagrams were forgotten. */
  clear(): number {
    const { count } = this;
    for (const { fileDescriptors } of this.#datagrams.slice(this.#head)) closeAll(fileDescriptors);
    this.#count = 0;
    this.#datagrams = [];
    this.#head = 0;
    this.#byteLength = 0;
    return count;
  }
}
