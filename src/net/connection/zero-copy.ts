// Writes that the kernel sends from the caller's memory (MSG_ZEROCOPY; Linux, TCP over IPv4 and IPv6).
//
// Each send that takes bytes has the next number of its socket, counted from 0 in 32 bits. When the
// kernel is done with the memory, which is when the peer has acknowledged it or the connection is
// gone, it reports that in the error queue, in ranges of numbers, joined where it can and in any
// order. It copies all the same where the device or the route does not allow better (loopback
// always), and reports that too. man: Documentation/networking/msg_zerocopy.rst
//
// Only epoll reports the error queue as it is needed here (docs/net.zero-copy.md): with another
// back-end, another system or another kind of socket, a write is an ordinary one.
import { constants as os } from 'node:os';
import { isReadMemory } from '../../flow/read-memory.ts';
import type { WriteQueueEntry } from '../../flow/write-queue.ts';
import { Interest, Readiness } from '../../poller/index.ts';
import type { Registration } from '../../reactor/index.ts';
import * as sys from '../../sys/index.ts';
import { checkFunction, keepableBytes, spoiled } from '../../validate.ts';
import type { ConnectionGroup } from './group.ts';

const { EINTR, ENOBUFS } = os.errno;
const { SOL_SOCKET, SO_ZEROCOPY, MSG_ZEROCOPY } = sys.constants;
const { SO_EE_ORIGIN_ZEROCOPY, SO_EE_CODE_ZEROCOPY_COPIED } = sys.constants;
/** Of one visit; the rest is for the next turn. */
const ENTRIES_MAX = 1024;

/**
 * Called once for each `writeZeroCopy`: the memory is the caller's again.
 *
 * @param error - the connection was closed before the kernel had taken all of it.
 * @param wasCopied - the kernel copied, at least a part: `write` would have cost less.
 */
export type ZeroCopyDone = (error: NodeJS.ErrnoException | undefined, wasCopied: boolean) => void;

const entry = new sys.ExtendedError();

/** One write: its bytes, and the sends that it needed, which have successive numbers. */
class ZeroCopyWrite implements WriteQueueEntry {
  wasCopied = false;
  error: NodeJS.ErrnoException | undefined = undefined;
  readonly onDone: ZeroCopyDone;
  readonly #owner: ZeroCopy;
  readonly #bytes: Uint8Array;
  readonly #length: number;
  #offset = 0;
  #firstNumber = 0;
  #sendCount = 0;
  #doneCount = 0;
  #isSettled = false;

  constructor(owner: ZeroCopy, bytes: Uint8Array, onDone: ZeroCopyDone) {
    this.#owner = owner;
    this.#bytes = bytes;
    this.#length = bytes.length;
    this.onDone = onDone;
  }

  get byteLength(): number {
    return this.#length - this.#offset;
  }

  get isSent(): boolean {
    return this.#offset === this.#length;
  }

  /** The kernel may still read the memory. */
  get isHeld(): boolean {
    return this.#doneCount < this.#sendCount;
  }

  get isDone(): boolean {
    return this.#isSettled && !this.isHeld;
  }

  sendTo(fd: number): number {
    if (this.isSent) return 0;
    if (this.#bytes.length === 0) throw spoiled('bytes', this.#bytes);
    const result = this.#owner.send(fd, this, this.#bytes, this.#offset);
    if (result > 0) this.#offset += result;
    return result;
  }

  settle(error?: Error): void {
    this.error = error;
    this.#isSettled = true;
    this.#owner.onSettled(this);
  }

  /** A send has taken bytes without a copy. */
  addSend(number: number): void {
    if (this.#sendCount === 0) this.#firstNumber = number;
    this.#sendCount++;
  }

  /** The kernel is done with the `count` sends from `first` on, of which some may be this one's. */
  complete(first: number, count: number, wasCopied: boolean): void {
    const from = (first - this.#firstNumber) | 0; // the numbers wrap at 2^32
    const own = Math.min(from + count, this.#sendCount) - Math.max(from, 0);
    if (own <= 0) return;
    this.#doneCount += own;
    if (wasCopied) this.wasCopied = true;
  }
}

/** The zero-copy writes of one connection. */
export class ZeroCopy {
  readonly #group: ConnectionGroup;
  /** Those that have begun to be sent and are not done, oldest first. */
  #writes: ZeroCopyWrite[] = [];
  /** Undefined: the socket was not asked yet. */
  #isEnabled: boolean | undefined = undefined;
  #nextNumber: number;

  /** @param nextNumber - of the next send of the socket; a new one begins at 0. */
  constructor(group: ConnectionGroup, nextNumber = 0) {
    this.#group = group;
    this.#nextNumber = nextNumber;
  }

  /** Whether the kernel may still read memory of ours. */
  get holdsMemory(): boolean {
    return this.#writes.some((write) => write.isHeld);
  }

  /**
   * A write as an entry of the write queue. Of memory that the next read overwrites it is a copy, which
   * counts as one of the kernel's: `write` would have cost less.
   *
   * @throws TypeError - no bytes, memory that is shared or detached, or no function.
   */
  entryOf(bytes: Uint8Array, onDone: ZeroCopyDone): WriteQueueEntry {
    const kept = keepableBytes('bytes', bytes);
    checkFunction('onDone', onDone);
    if (!isReadMemory(kept)) return new ZeroCopyWrite(this, kept, onDone);
    const write = new ZeroCopyWrite(this, Buffer.from(kept), onDone);
    write.wasCopied = true;
    return write;
  }

  /** @returns what send(2) returns. */
  send(fd: number, write: ZeroCopyWrite, bytes: Uint8Array, offset: number): number {
    this.#isEnabled ??= this.#enable(fd);
    if (this.#isEnabled) {
      const result = sys.send(fd, bytes, offset, undefined, MSG_ZEROCOPY);
      if (result > 0) this.#note(write);
      // No memory to keep account of one more (optmem_max), or to lock pages (RLIMIT_MEMLOCK).
      if (result !== -ENOBUFS) return result;
    }
    const result = sys.send(fd, bytes, offset);
    if (result > 0) write.wasCopied = true;
    return result;
  }

  /** A write has left, or never will. */
  onSettled(write: ZeroCopyWrite): void {
    if (!write.isDone) return;
    const index = this.#writes.indexOf(write);
    if (index >= 0) this.#writes.splice(index, 1);
    this.#report(write);
  }

  #report(write: ZeroCopyWrite): void {
    const { error, wasCopied, onDone } = write;
    const group = this.#group;
    group.zeroCopy.writes++;
    if (wasCopied) group.zeroCopy.copied++;
    if (group.reactor.isClosed) queueMicrotask(() => group.inScope(() => onDone(error, wasCopied)));
    else group.defer(() => onDone(error, wasCopied));
  }

  /**
   * Takes the completions out of the error queue; its other entries are dropped.
   *
   * @returns how many entries it had.
   */
  takeCompletions(fd: number): number {
    for (let count = 0; count < ENTRIES_MAX; count++) {
      const result = sys.receiveError(fd, entry);
      if (result === -EINTR) continue;
      if (result < 0) return count;
      const { origin, info, data, code } = entry;
      if (origin !== SO_EE_ORIGIN_ZEROCOPY) continue;
      this.#complete(info, ((data - info) >>> 0) + 1, code === SO_EE_CODE_ZEROCOPY_COPIED);
    }
    return ENTRIES_MAX;
  }

  /**
   * The connection's socket has an error: perhaps only completions, which are taken here. Paused
   * and with nothing to write, the next one is reported only when it is armed again.
   */
  onError(registration: Registration, connection: { destroy(error: Error): void }): void {
    const count = this.takeCompletions(registration.fd);
    if (count === ENTRIES_MAX && registration.trigger === 'edge')
      registration.requeue(Readiness.Error);
    if (count === 0 || registration.interest !== Interest.None) return;
    try {
      registration.rearm();
    } catch (error) {
      // ENOMEM: no completion would be reported any more.
      this.#group.defer(() => connection.destroy(error as Error));
    }
  }

  #complete(first: number, count: number, wasCopied: boolean): void {
    const writes = this.#writes;
    for (const write of writes) write.complete(first, count, wasCopied);
    this.#writes = writes.filter((write) => !write.isDone);
    for (const write of writes) if (write.isDone) this.#report(write);
  }

  #note(write: ZeroCopyWrite): void {
    write.addSend(this.#nextNumber);
    this.#nextNumber = (this.#nextNumber + 1) >>> 0;
    if (this.#writes.at(-1) !== write) this.#writes.push(write);
  }

  // Where it is switched on already, sends may have been counted that we do not know of.
  #enable(fd: number): boolean {
    const isKnown = SO_ZEROCOPY !== undefined && SO_EE_ORIGIN_ZEROCOPY !== undefined;
    if (!isKnown || this.#group.reactor.backend !== 'epoll') return false;
    const before = new Int32Array(1);
    if (sys.getsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, before) < 0 || before[0] !== 0) return false;
    return sys.setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, 1) >= 0;
  }
}
