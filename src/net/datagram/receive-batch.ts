// The memory that datagram sockets receive into: a batch for recvmmsg, views of its messages, one
// address object. Sockets of a thread with the same measures share it: it is lent for one dispatch,
// so that a turn inside a handler gets another one.
import { SocketAddress } from '../../address.ts';
import { MessageBatch } from '../../sys/batch.ts';

/** Kept for the next dispatch; more are in use at once only in turns inside handlers. */
const KEPT_MAX = 4;

export class Inbox {
  readonly batch: MessageBatch;
  /** The one address that handlers are given. */
  readonly from = new SocketAddress();
  readonly #views: (Buffer | undefined)[] = [];
  /** By message, the views of its segments. */
  readonly #segments: Buffer[][] = [];

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

  /** The bytes of message `index` from `start` on, as `view`: a steady flow makes no object. */
  segment(index: number, position: number, start: number, length: number): Buffer {
    let views = this.#segments[index];
    if (views === undefined) {
      views = [];
      this.#segments[index] = views;
    }
    let view = views[position];
    if (
      view === undefined ||
      view.length !== length ||
      view.byteOffset !== this.#at(index, start)
    ) {
      view = Buffer.from(this.batch.lengths.buffer as ArrayBuffer, this.#at(index, start), length);
      views[position] = view;
    }
    return view;
  }

  #at(index: number, start: number): number {
    const { lengths, messagesMax, bytesMax } = this.batch;
    return lengths.buffer.byteLength - (messagesMax - index) * bytesMax + start;
  }
}

/** Lends inboxes of one size. */
export class InboxPool {
  readonly #messagesMax: number;
  readonly #bytesMax: number;
  readonly #free: Inbox[] = [];

  constructor(messagesMax: number, bytesMax: number) {
    this.#messagesMax = messagesMax;
    this.#bytesMax = bytesMax;
  }

  take(): Inbox {
    const inbox = this.#free.pop();
    return inbox?.isUsable === true ? inbox : new Inbox(this.#messagesMax, this.#bytesMax);
  }

  give(inbox: Inbox): void {
    if (this.#free.length < KEPT_MAX) this.#free.push(inbox);
  }
}

const pools = new Map<string, InboxPool>();

/** The pool of this thread for batches of these measures. */
export function inboxPool(messagesMax: number, bytesMax: number): InboxPool {
  const key = `${messagesMax} ${bytesMax}`;
  let pool = pools.get(key);
  if (pool === undefined) {
    pool = new InboxPool(messagesMax, bytesMax);
    pools.set(key, pool);
  }
  return pool;
}
