// What is still to be written to a descriptor, in order, and whether there is room for more. A
// connection (net/connection) and a writer (pipe/writer.ts) have one; both flush it when the kernel
// reports room. Chunks are kept as they were given, and what is not plain bytes is an entry. Each
// leaves the queue when its last byte has left. man 2 writev, 2 sendmsg (MSG_MORE).
import { constants as os } from 'node:os';
import { conflict, EdgewiseError } from '../errors.ts';
import { Readiness } from '../poller/index.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type { Registration } from '../reactor/registration.ts';
import * as sys from '../sys/index.ts';
import { checkInteger, keepableBytes, spoiled } from '../validate.ts';
import { isReadMemory } from './read-memory.ts';

const { EAGAIN, EINTR } = os.errno;
const KIB = 1024;

/** Most chunks that one writev takes; the kernel allows IOV_MAX (1024). */
const GATHER_MAX = 64;

/** Linux: more follows at once. Elsewhere there is no such flag. */
const SEND_MORE = sys.constants.MSG_MORE ?? 0;

/** What `write` takes: text as UTF-8, bytes, or several of them for one system call. */
export type Writable = string | Uint8Array | readonly Uint8Array[];

/** The limits of a queue of unsent bytes. */
export interface QueueLimits {
  /** From so many bytes on there is no room. */
  readonly highWaterMark: number;
  /** `drain` is reported when no more than so many bytes are left. */
  readonly lowWaterMark: number;
  /** Beyond so many bytes the owner of the queue gives up. */
  readonly queueBytesMax: number;
}

/** The same, to be filled in. */
export type QueueLimitOptions = { readonly [Name in keyof QueueLimits]?: number | undefined };

/**
 * Checks limits and fills in their defaults: 64 KiB, 16 KiB, 64 MiB.
 *
 * @throws TypeError, RangeError - not a whole number from 0; a low mark above the high one.
 */
export function queueLimits(options: QueueLimitOptions): QueueLimits {
  const count = (name: string, value: unknown) =>
    checkInteger(name, value, 0, Number.MAX_SAFE_INTEGER);
  const highWaterMark = count('highWaterMark', options.highWaterMark ?? 64 * KIB);
  const lowWaterMark = options.lowWaterMark ?? Math.min(16 * KIB, highWaterMark);
  const isGiven = options.lowWaterMark !== undefined && options.highWaterMark !== undefined;
  if (isGiven && lowWaterMark > highWaterMark) throw conflict('lowWaterMark', 'highWaterMark');
  return {
    highWaterMark,
    lowWaterMark: count('lowWaterMark', lowWaterMark),
    queueBytesMax: count('queueBytesMax', options.queueBytesMax ?? 64 * KIB * KIB),
  };
}

/** What the queues of one kind have in common; one object serves any number of queues. */
export interface QueueSettings extends QueueLimits {
  /** Writes a single chunk: write(2) for what is not a socket. Default: send(2). */
  readonly send?: typeof sys.write | undefined;
}

/**
 * The chunks of what was given to `write`, each checked once, and of a length that stays.
 *
 * @throws TypeError - neither bytes nor a list of them, or memory that cannot be sent.
 */
export function chunksOf(data: Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] {
  if (!Array.isArray(data)) return [keepableBytes('data', data)];
  const chunks: Uint8Array[] = [];
  for (let i = 0; i < data.length; i++) chunks.push(keepableBytes(`data[${i}]`, data[i]));
  return chunks;
}

/**
 * What is behind the first `skip` bytes. Not by `subarray`, which would call the constructor of a class
 * of the user's.
 */
export function restOf(bytes: Uint8Array, skip: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + skip, bytes.length - skip);
}

/**
 * What is written besides plain bytes, such as a range of a file. It is sent in its place among the
 * chunks.
 */
export interface WriteQueueEntry {
  /** Bytes of memory that it still holds: what counts for the limits. */
  readonly byteLength: number;
  /** Whether nothing is left to send. */
  readonly isSent: boolean;
  /**
   * Sends what the socket takes, by one system call.
   *
   * @returns what send(2) returns; 0 only when it `isSent`.
   * @throws EdgewiseError - the rest cannot be sent: the connection is closed with the error.
   */
  sendTo(fd: number): number;
  /**
   * Called once: it is sent, or, with the error, the connection was closed before. What it throws
   * reaches the reactor's `onError`, and the queue goes on.
   */
  settle(error?: Error): void;
}

/** Where a queue is flushed to. */
export interface WriteTarget {
  /** The descriptor that is written to. */
  readonly fd: number;
  /** Gets what the `settle` of an entry throws. */
  readonly reactor: Reactor;
  /** What is charged for each system call, and re-queued when the budget is used up. */
  readonly registration: Registration;
  /** So many bytes of the queue have left. */
  onSent(bytes: number): void;
}

type Item = Uint8Array | WriteQueueEntry;

function isEntry(item: Item): item is WriteQueueEntry {
  return !ArrayBuffer.isView(item);
}

/** Bytes and entries that wait for room in the kernel. */
export class WriteQueue {
  readonly #settings: QueueSettings;
  #items: Item[] = [];
  #head = 0;
  #byteLength = 0;
  #needsDrain = false;

  /** @param settings - limits that were checked by {@link queueLimits}. */
  constructor(settings: QueueSettings) {
    this.#settings = settings;
  }

  /** Bytes of memory that are held. */
  get byteLength(): number {
    return this.#byteLength;
  }

  get isEmpty(): boolean {
    return this.#head === this.#items.length;
  }

  /** Whether fewer bytes than the high watermark are held. */
  get hasRoom(): boolean {
    return this.#byteLength < this.#settings.highWaterMark;
  }

  /** Whether to wait for the descriptor to be writable. */
  get hasWork(): boolean {
    return this.#needsDrain || this.#head !== this.#items.length;
  }

  /** Whether `drain` is still to be reported. */
  get needsDrain(): boolean {
    return this.#needsDrain;
  }

  /** What the owner is closed with; undefined: no more bytes are held than it allows. */
  get overflow(): EdgewiseError | undefined {
    const { queueBytesMax } = this.#settings;
    if (this.#byteLength <= queueBytesMax) return undefined;
    const message = `more than ${queueBytesMax} bytes wait to be written`;
    return new EdgewiseError('ERR_WRITE_QUEUE_FULL', message);
  }

  /** `write` has answered that there is no room: `drain` is to be reported. */
  awaitDrain(): void {
    this.#needsDrain = true;
  }

  /** @returns whether `drain` is to be reported now; it answers true once. */
  takeDrain(): boolean {
    if (!this.#needsDrain || this.#byteLength > this.#settings.lowWaterMark) return false;
    this.#needsDrain = false;
    return true;
  }

  /** Appends an entry, or a chunk that stays as it is until it has left. */
  append(item: Uint8Array | WriteQueueEntry): void {
    if (!isEntry(item) && item.length === 0) return;
    this.#items.push(item);
    this.#byteLength += item.byteLength;
  }

  /**
   * Appends what is left of `data` behind its first `skip` bytes. Views of the thread's read memory
   * are copied, since the next read overwrites them.
   *
   * @param mustCopy - copy all of it: the caller uses its memory again.
   * @throws as {@link chunksOf}.
   */
  keep(data: Uint8Array | readonly Uint8Array[], skip: number, mustCopy: boolean): void {
    let left = skip;
    for (const chunk of chunksOf(data)) {
      if (left >= chunk.length) {
        left -= chunk.length;
        continue;
      }
      const rest = left === 0 ? chunk : restOf(chunk, left);
      this.append(mustCopy || isReadMemory(rest) ? Buffer.from(rest) : rest);
      left = 0;
    }
  }

  /**
   * Writes until all has left, the kernel takes no more, or the budget of this dispatch is used up;
   * then the registration is re-queued.
   *
   * @param isLast - whatever the budget: there is no later turn for what the kernel takes now.
   * @returns 0; -errno: writing has failed, and what is left stays in the queue.
   * @throws TypeError - ERR_INVALID_ARG_VALUE: a chunk was transferred, or has lost bytes since it was
   *   appended. The chunks of one system call leave together or not at all.
   * @throws EdgewiseError - what `sendTo` of an entry throws.
   */
  flush(target: WriteTarget, isLast = false): number {
    while (!this.isEmpty) {
      const result = this.#sendNext(target.fd);
      if (result === -EINTR) continue;
      if (result < 0) return result === -EAGAIN ? 0 : result;
      target.onSent(result);
      this.#consume(result, target.reactor);
      if (!isLast && !this.isEmpty && !mayGoOn(target.registration, result)) return 0;
    }
    return 0;
  }

  // The next chunks, or the next entry, by one system call. What has left is still to be consumed.
  #sendNext(fd: number): number {
    const first = this.#items[this.#head] as Item;
    if (isEntry(first)) return this.#sendEntry(fd, first);
    if (this.#head + 1 !== this.#items.length) return this.#sendChunks(fd);
    if (first.length === 0) throw spoiled('data', first);
    return (this.#settings.send ?? sys.send)(fd, first);
  }

  // Before an entry that is yet to be sent a segment waits to be filled, so that the head of an
  // answer and a file that is its body leave together.
  #sendChunks(fd: number): number {
    const chunks = this.#gather();
    const next = this.#items[this.#head + chunks.length];
    const hasMore = next !== undefined && isEntry(next) && !next.isSent;
    return hasMore ? sys.sendmsg(fd, { buffers: chunks }, SEND_MORE) : sys.writev(fd, chunks);
  }

  #sendEntry(fd: number, entry: WriteQueueEntry): number {
    const before = entry.byteLength;
    const result = entry.sendTo(fd);
    this.#byteLength += entry.byteLength - before;
    return result;
  }

  // The next chunks for one system call, oldest first, up to the next entry.
  #gather(): readonly Uint8Array[] {
    const gathered: Uint8Array[] = [];
    const end = Math.min(this.#items.length, this.#head + GATHER_MAX);
    for (let i = this.#head; i < end; i++) {
      const item = this.#items[i] as Item;
      if (isEntry(item)) break;
      if (item.length === 0) throw spoiled('data', item);
      gathered.push(item);
    }
    return gathered;
  }

  // Takes `count` bytes from the front: they have left.
  #consume(count: number, reactor: Reactor): void {
    const first = this.#items[this.#head] as Item;
    if (isEntry(first)) {
      if (first.isSent) {
        this.#head++;
        settleEntry(first, reactor);
      }
    } else {
      this.#consumeBytes(count);
    }
    this.#compact();
  }

  #consumeBytes(count: number): void {
    this.#byteLength -= count;
    let left = count;
    while (left > 0) {
      const chunk = this.#items[this.#head] as Uint8Array;
      if (left < chunk.length) {
        this.#items[this.#head] = restOf(chunk, left);
        return;
      }
      left -= chunk.length;
      this.#head++;
    }
  }

  /** One copy of the bytes that are left; undefined: some are not plain bytes, or were detached. */
  copy(): Uint8Array<ArrayBuffer> | undefined {
    const bytes = new Uint8Array(this.#byteLength);
    let offset = 0;
    for (const item of this.#items.slice(this.#head)) {
      if (isEntry(item)) return undefined;
      bytes.set(item.length > 0 ? item : [], offset); // a detached one cannot be read
      offset += item.length;
    }
    return offset === bytes.length ? bytes : undefined;
  }

  /**
   * Drops everything, and settles the entries with `error`. `drain` is not reported any more.
   *
   * @param reactor - gets what their `settle` throws.
   */
  discard(error: Error, reactor: Reactor): void {
    const left = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    this.#byteLength = 0;
    this.#needsDrain = false;
    for (const item of left) if (isEntry(item)) settleEntry(item, reactor, error);
  }

  // Dropping the front for each chunk would cost the length of the queue each time.
  #compact(): void {
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head >= GATHER_MAX && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}

/** Settles an entry; what that throws reaches `onError` of the reactor. */
export function settleEntry(entry: WriteQueueEntry, reactor: Reactor, error?: Error): void {
  try {
    entry.settle(error);
  } catch (thrown) {
    reactor.report(thrown);
  }
}

// A long queue or file does not keep the others waiting, and goes on in the next turn: the kernel
// has not said that it is full, so there is nothing to sleep for.
function mayGoOn(registration: Registration, sent: number): boolean {
  if (registration.charge(sent, Readiness.Writable)) return true; // or has re-queued an edge
  if (registration.trigger === 'level') registration.requeue(Readiness.Writable);
  return false;
}
