// The memory that datagram sockets receive into: a batch for recvmmsg, views of its messages, one
// address object. Sockets of a thread with the same sizes share it: it is lent for one dispatch, so
// that a turn inside a handler gets another one.
import { SocketAddress } from '../../address.ts';
import { MessageBatch } from '../../sys/index.ts';

/** Kept for the next dispatch; more are in use at once only in turns inside handlers. */
const KEPT_COUNT_MAX = 4;

/** A batch of received datagrams, with the objects that handlers are given. */
export class ReceiveBatch {
  readonly batch: MessageBatch;
  /** The one address that handlers are given. */
  readonly from = new SocketAddress();
  readonly #views: (Buffer | undefined)[] = [];
  /** By message, the views of its segments. */
  readonly #segments: Buffer[][] = [];

  /** The arguments are those of `MessageBatch`. */
  constructor(messagesMax: number, bytesMax: number) {
    this.batch = new MessageBatch(messagesMax, bytesMax);
  }

  /** A handler may have transferred the memory away, now or from a batch that it has kept. */
  get isUsable(): boolean {
    return this.batch.lengths.length > 0;
  }

  /** The bytes of message `index`; a message as long as the one before it there makes no object. */
  view(index: number): Buffer {
    const length = this.batch.lengths[index] as number;
    let view = this.#views[index];
    if (view === undefined || view.length !== length) {
      const { buffer, byteOffset } = this.batch.room(index);
      view = Buffer.from(buffer as ArrayBuffer, byteOffset, length);
      this.#views[index] = view;
    }
    return view;
  }

  /**
   * The bytes of one datagram of message `index`; as with `view`, a steady flow makes no object.
   *
   * @param position - which datagram of the message, from 0.
   * @param start - where it begins in the message, in bytes.
   * @param length - of the datagram, in bytes.
   */
  segment(index: number, position: number, start: number, length: number): Buffer {
    let views = this.#segments[index];
    if (views === undefined) {
      views = [];
      this.#segments[index] = views;
    }
    const byteOffset = this.#at(index, start);
    let view = views[position];
    if (view === undefined || view.length !== length || view.byteOffset !== byteOffset) {
      view = Buffer.from(this.batch.lengths.buffer as ArrayBuffer, byteOffset, length);
      views[position] = view;
    }
    return view;
  }

  #at(index: number, start: number): number {
    const { lengths, messagesMax, bytesMax } = this.batch;
    return lengths.buffer.byteLength - (messagesMax - index) * bytesMax + start;
  }
}

/** Lends batches of one size. */
export class ReceiveBatchPool {
  readonly #messagesMax: number;
  readonly #bytesMax: number;
  readonly #free: ReceiveBatch[] = [];

  /** The arguments are those of `MessageBatch`. */
  constructor(messagesMax: number, bytesMax: number) {
    this.#messagesMax = messagesMax;
    this.#bytesMax = bytesMax;
  }

  /** A batch that is the caller's until it gives it back. */
  take(): ReceiveBatch {
    const batch = this.#free.pop();
    return batch?.isUsable === true ? batch : new ReceiveBatch(this.#messagesMax, this.#bytesMax);
  }

  /** Takes a batch back. */
  give(batch: ReceiveBatch): void {
    if (this.#free.length < KEPT_COUNT_MAX) this.#free.push(batch);
  }
}

const pools = new Map<string, ReceiveBatchPool>();

/** The pool of this thread for batches of these sizes. */
export function receiveBatchPool(messagesMax: number, bytesMax: number): ReceiveBatchPool {
  const key = `${messagesMax} ${bytesMax}`;
  let pool = pools.get(key);
  if (pool === undefined) {
    pool = new ReceiveBatchPool(messagesMax, bytesMax);
    pools.set(key, pool);
  }
  return pool;
}
