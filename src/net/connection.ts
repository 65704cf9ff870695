// An established stream connection (TCP or Unix): reads into the thread's one buffer, writes at
// once what the kernel takes, and keeps the rest with write interest armed only as long as there is
// some. Everything that connections have in common is in their group (group.ts).
import { constants as os } from 'node:os';
import { SocketAddress } from '../address.ts';
import { ClosedError, EdgewiseError, errnoError } from '../errors.ts';
import { Interest, Readiness } from '../interest.ts';
import type { Registration } from '../registration.ts';
import * as sys from '../sys.ts';
import type { Timer } from '../timers/timer.ts';
import { checkInteger } from '../validate.ts';
import type { ConnectionGroup } from './group.ts';
import { Outgoing } from './outgoing.ts';
import { encodeShort, isScratch, readMemory, readView } from './scratch.ts';

const { EAGAIN, EINTR } = os.errno;

/** What `write` takes: text as UTF-8, bytes, or several of them for one system call. */
export type Writable = string | Uint8Array | readonly Uint8Array[];

// Bits of a connection's state.
const CONNECTING = 1;
const READ_ENDED = 2;
const ENDING = 4;
const WRITE_SHUT = 8;
const PAUSED = 16;
const NEEDS_DRAIN = 32;
const CORKED = 64;
const CLOSED = 128;
const ADDED = 256;

const NOTHING = new Outgoing();

/**
 * One connection. It owns its descriptor.
 *
 * No method but `write` and `end` throws for what the peer or the network does: errors end the
 * connection and arrive at the `close` handler.
 */
export class Connection<Data = unknown> {
  /** What the user keeps with it. */
  data: Data | undefined = undefined;
  /** Why it ended, when that was not orderly. */
  error: Error | undefined = undefined;
  bytesRead = 0;
  bytesWritten = 0;
  readonly #group: ConnectionGroup;
  #registration: Registration<Connection<Data>> | undefined = undefined;
  #fd = -1;
  #state = 0;
  #outgoing = NOTHING;
  #timer: Timer | undefined = undefined;
  #idleMs = 0;
  #activity = 0;
  #seenActivity = 0;

  /** @internal use `listen` or `connect` */
  constructor(group: ConnectionGroup) {
    this.#group = group;
    this.#state = CONNECTING;
  }

  /** The descriptor; -1 before it is connected and after it is closed. */
  get fd(): number {
    return this.#fd;
  }

  get isConnecting(): boolean {
    return (this.#state & CONNECTING) !== 0;
  }

  get isClosed(): boolean {
    return (this.#state & CLOSED) !== 0;
  }

  get isPaused(): boolean {
    return (this.#state & PAUSED) !== 0;
  }

  /** Whether the peer has ended its side. */
  get isReadEnded(): boolean {
    return (this.#state & READ_ENDED) !== 0;
  }

  /** Whether this side was ended with `end`. */
  get isWriteEnded(): boolean {
    return (this.#state & ENDING) !== 0;
  }

  /** Bytes that were written and that the kernel has not taken yet. */
  get writableLength(): number {
    return this.#outgoing.byteLength;
  }

  /** @internal the descriptor is connected: `fd` belongs to the connection from here on */
  establish(fd: number): void {
    this.#fd = fd;
    const group = this.#group;
    const { trigger, idleTimeoutMs } = group.settings;
    try {
      this.#registration = group.reactor.watch<Connection<Data>>({
        fd,
        interest: this.#wantedInterest(~CONNECTING),
        trigger,
        handler: group,
        data: this,
        isExclusive: false,
        scope: group.scope,
      });
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    this.#state = (this.#state & ~CONNECTING) | ADDED;
    group.add(this);
    if (idleTimeoutMs > 0) this.setTimeout(idleTimeoutMs);
    group.handlers.open?.(this);
    if (!this.#outgoing.isEmpty || this.#isFlagged(ENDING)) this.#flush();
  }

  /**
   * Sends bytes, after all that was written before. What the kernel does not take is kept; bytes
   * of the `data` handler's view are copied then, any others must not be changed until they have
   * left (`writableLength`).
   *
   * @returns whether there is room: false from the high watermark on; `drain` tells when it has
   *   fallen to the low one. The bytes are kept either way, up to the hard cap, where the connection
   *   is closed with ERR_WRITE_QUEUE_FULL.
   * @throws EdgewiseError - ERR_WRITE_AFTER_END: after `end`. ERR_CLOSED.
   */
  write(data: Writable): boolean {
    this.#assertWritable();
    const bytes = typeof data === 'string' ? (encodeShort(data) ?? Buffer.from(data)) : data;
    const mustQueue = !this.#outgoing.isEmpty || (this.#state & (CONNECTING | CORKED)) !== 0;
    if (mustQueue) this.#append(bytes, 0);
    else this.#send(bytes);
    return this.#hasRoom();
  }

  /** Holds writes back until `uncork`, or the end of the turn, so that they leave together. */
  cork(): void {
    if (this.#isFlagged(CORKED | CLOSED)) return;
    this.#state |= CORKED;
    this.#group.reactor.defer(() => this.uncork());
  }

  /** Sends what `cork` held back. */
  uncork(): void {
    if (!this.#isFlagged(CORKED)) return;
    this.#state &= ~CORKED;
    if (!this.isConnecting && !this.isClosed) this.#flush();
  }

  /** Stops reading: the kernel's buffers fill, and the peer is slowed down. */
  pause(): void {
    this.#state |= PAUSED;
    this.#updateInterest();
  }

  /** Reads again. */
  resume(): void {
    this.#state &= ~PAUSED;
    this.#updateInterest();
  }

  /**
   * Ends this side when all that was written has left. The peer can go on sending; the connection
   * closes when it has ended too.
   *
   * @param data - written before the end.
   * @throws as `write`, when there is `data`.
   */
  end(data?: Writable): void {
    if (data !== undefined) this.write(data);
    if ((this.#state & (ENDING | CLOSED)) !== 0) return;
    this.#state |= ENDING;
    if (!this.isConnecting) this.#finishIfFlushed();
  }

  /** Closes at once; what was not sent is lost. `error` reaches the `close` handler. */
  destroy(error?: Error): void {
    if (this.isClosed) return;
    const wasAdded = this.#isFlagged(ADDED);
    this.#state = (this.#state | CLOSED) & ~(CONNECTING | CORKED | NEEDS_DRAIN);
    this.error = error;
    this.#registration?.close();
    if (this.#fd >= 0) sys.close(this.#fd);
    this.#fd = -1;
    this.#outgoing = NOTHING;
    this.#timer?.clear();
    this.#group.onClosed(this, wasAdded);
  }

  /** Ends this side, and closes at the latest after `timeoutMs` milliseconds (from 0). */
  closeGracefully(timeoutMs: number): void {
    if (this.isClosed) return;
    this.end();
    this.#timer?.clear();
    this.#idleMs = 0;
    if (!this.isClosed) {
      this.#timer = this.#group.reactor.setTimeout(() => this.destroy(), timeoutMs);
    }
  }

  /**
   * Calls the `timeout` handler when nothing was received or sent for that long. The wheel's timer
   * is set once and looks back when it fires: a message costs one counter.
   *
   * @param idleMs - milliseconds; 0 ends it.
   */
  setTimeout(idleMs: number): void {
    checkInteger('idleMs', idleMs, 0, 0x7fffffff);
    this.#idleMs = idleMs;
    this.#timer?.clear();
    this.#timer = undefined;
    if (idleMs === 0 || this.isClosed) return;
    this.#seenActivity = this.#activity;
    this.#timer = this.#group.reactor.setTimeout(() => this.#onIdleTimer(), idleMs).unref();
  }

  /** The peer's address; undefined when it has gone. */
  get remoteAddress(): SocketAddress | undefined {
    const address = new SocketAddress();
    return this.#fd >= 0 && sys.getpeername(this.#fd, address) >= 0 ? address : undefined;
  }

  /** Our address. */
  get localAddress(): SocketAddress | undefined {
    const address = new SocketAddress();
    return this.#fd >= 0 && sys.getsockname(this.#fd, address) >= 0 ? address : undefined;
  }

  /** Keeps the reactor alive, which is so from the start. */
  ref(): this {
    this.#registration?.ref();
    return this;
  }

  unref(): this {
    this.#registration?.unref();
    return this;
  }

  /** @internal write first, then read, then mind what is closed: docs/semantics.md */
  onReady(readiness: Readiness): void {
    if ((readiness & Readiness.Writable) !== 0 && !this.#outgoing.isEmpty) this.#flush();
    if ((readiness & Readiness.Readable) !== 0) this.#read(readiness);
    else if ((readiness & Readiness.Error) !== 0) this.#failWithPendingError();
  }

  #read(readiness: Readiness): void {
    const registration = this.#registration as Registration;
    const memory = readMemory();
    const isLevel = registration.trigger === 'level';
    while ((this.#state & (PAUSED | READ_ENDED | CLOSED)) === 0) {
      const result = sys.recv(this.#fd, memory);
      if (result > 0) {
        this.bytesRead += result;
        this.#activity++;
        this.#group.handlers.data?.(this, readView(result));
        const isDrained = result < memory.length && (readiness & Readiness.ReadClosed) === 0;
        if (isLevel || isDrained || this.isClosed || !registration.charge(result)) return;
      } else if (result === 0) {
        this.#onReadEnd();
      } else if (result !== -EINTR) {
        if (result !== -EAGAIN) this.destroy(errnoError(result, 'recv', { fd: this.#fd }));
        return;
      }
    }
  }

  #onReadEnd(): void {
    this.#state |= READ_ENDED;
    this.#group.handlers.end?.(this);
    if (this.isClosed) return;
    if (!this.#group.settings.allowHalfOpen) this.end();
    if (this.#isFlagged(WRITE_SHUT)) this.destroy();
    else this.#updateInterest();
  }

  #send(bytes: Uint8Array | readonly Uint8Array[]): void {
    const isList = Array.isArray(bytes);
    const result = isList ? sys.writev(this.#fd, bytes) : sys.send(this.#fd, bytes as Uint8Array);
    if (result < 0 && result !== -EAGAIN && result !== -EINTR) {
      this.destroy(errnoError(result, 'send', { fd: this.#fd }));
      return;
    }
    const sent = Math.max(result, 0);
    this.#countWritten(sent);
    if (isList || sent < bytes.length) this.#append(bytes, sent);
  }

  // Keeps what is left behind the first `skip` bytes.
  #append(bytes: Uint8Array | readonly Uint8Array[], skip: number): void {
    let left = skip;
    for (const chunk of Array.isArray(bytes) ? (bytes as Uint8Array[]) : [bytes as Uint8Array]) {
      if (left >= chunk.length) {
        left -= chunk.length;
        continue;
      }
      this.#keep(left === 0 ? chunk : chunk.subarray(left));
      left = 0;
    }
    if (this.#outgoing.byteLength > this.#group.settings.queueMax) this.#overflow();
    else this.#updateInterest();
  }

  #keep(chunk: Uint8Array): void {
    if (this.#outgoing === NOTHING) this.#outgoing = new Outgoing();
    this.#outgoing.append(isScratch(chunk) ? Buffer.from(chunk) : chunk);
  }

  #flush(): void {
    while (!this.#outgoing.isEmpty) {
      const chunks = this.#outgoing.gather();
      const [first] = chunks as [Uint8Array];
      const result = chunks.length === 1 ? sys.send(this.#fd, first) : sys.writev(this.#fd, chunks);
      if (result === -EAGAIN) break;
      if (result === -EINTR) continue;
      if (result < 0) {
        this.destroy(errnoError(result, 'send', { fd: this.#fd }));
        return;
      }
      this.#countWritten(result);
      this.#outgoing.consume(result);
    }
    this.#finishIfFlushed();
    if (!this.isClosed) this.#tellDrain();
  }

  #tellDrain(): void {
    if (!this.#isFlagged(NEEDS_DRAIN)) return;
    if (this.#outgoing.byteLength > this.#group.settings.lowWaterMark) return;
    this.#state &= ~NEEDS_DRAIN;
    this.#group.handlers.drain?.(this);
  }

  #finishIfFlushed(): void {
    if (this.#isFlagged(ENDING) && this.#outgoing.isEmpty && !this.#isFlagged(WRITE_SHUT)) {
      this.#state |= WRITE_SHUT;
      // ENOTCONN: the peer has reset it meanwhile, which the next read tells.
      sys.shutdown(this.#fd, sys.constants.SHUT_WR);
      if (this.isReadEnded) {
        this.destroy();
        return;
      }
    }
    this.#updateInterest();
  }

  #hasRoom(): boolean {
    if (this.#outgoing.byteLength < this.#group.settings.highWaterMark) return !this.isClosed;
    this.#state |= NEEDS_DRAIN;
    return false;
  }

  #overflow(): void {
    const message = `more than ${this.#group.settings.queueMax} bytes wait to be sent`;
    this.destroy(new EdgewiseError('ERR_WRITE_QUEUE_FULL', message));
  }

  #countWritten(count: number): void {
    this.bytesWritten += count;
    this.#activity++;
  }

  #wantedInterest(mask = -1): Interest {
    const state = this.#state & mask;
    if ((state & CONNECTING) !== 0) return Interest.None;
    const reads = (state & (PAUSED | READ_ENDED)) === 0 ? Interest.Readable : Interest.None;
    const isHeld = (state & CORKED) !== 0 || this.#outgoing.isEmpty;
    return reads | (isHeld ? Interest.None : Interest.Writable);
  }

  #updateInterest(): void {
    const registration = this.#registration;
    if (registration === undefined || registration.isClosed) return;
    registration.setInterest(this.#wantedInterest());
  }

  #failWithPendingError(): void {
    const value = new Int32Array(1);
    sys.getsockopt(this.#fd, sys.constants.SOL_SOCKET, sys.constants.SO_ERROR, value);
    const [errno] = value as unknown as [number];
    if (errno !== 0) this.destroy(errnoError(-errno, 'recv', { fd: this.#fd }));
  }

  #onIdleTimer(): void {
    if (this.#activity === this.#seenActivity) this.#group.handlers.timeout?.(this);
    this.#seenActivity = this.#activity;
    if (!this.isClosed && this.#idleMs > 0) this.#timer?.refresh();
  }

  #isFlagged(bits: number): boolean {
    return (this.#state & bits) !== 0;
  }

  #assertWritable(): void {
    if (this.isClosed) throw new ClosedError('the Connection');
    if (!this.#isFlagged(ENDING)) return;
    throw new EdgewiseError('ERR_WRITE_AFTER_END', 'write after end');
  }
}
