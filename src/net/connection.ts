// An established stream connection (TCP or Unix): reads into the thread's one buffer, writes at
// once what the kernel takes, and keeps the rest with write interest armed only as long as there is
// some. Everything that connections have in common is in their group (group.ts).
import { constants as os } from 'node:os';
import { ClosedError, EdgewiseError, errnoError } from '../errors.ts';
import { Interest, Readiness } from '../interest.ts';
import type { Registration } from '../registration.ts';
import * as sys from '../sys.ts';
import type { Timer } from '../timers/timer.ts';
import { checkInteger, IOV_MAX } from '../validate.ts';
import type { ConnectionGroup } from './group.ts';
import { chunksOf, Outgoing, type Piece } from './outgoing.ts';
import type { Pump } from './pump.ts';
import { encodeShort, isScratch, readMemory, readView } from './scratch.ts';
import { StreamSocket } from './stream-socket.ts';

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
const UNREFERENCED = 256;
const CLOSING = 512; // the timer is the deadline of closeGracefully
const WRITE_FAILED = 1024; // to be closed with `error` when all that came before is read

const NOTHING = new Outgoing();

/**
 * One connection. It owns its descriptor.
 *
 * Errors of the peer and of the network end the connection and arrive at the `close` handler. No
 * method throws them; those that ask the socket, or are given a descriptor, throw what they say.
 */
export class Connection<Data = unknown> extends StreamSocket {
  /** What the user keeps with it. */
  data: Data | undefined = undefined;
  /** Why it ended, when that was not orderly. */
  error: Error | undefined = undefined;
  bytesRead = 0;
  bytesWritten = 0;
  readonly #group: ConnectionGroup;
  #registration: Registration<Connection<Data>> | undefined = undefined;
  #pump: Pump | undefined = undefined;
  #state = CONNECTING;
  #outgoing = NOTHING;
  #timer: Timer | undefined = undefined;
  #bytesSeen = 0; // by the idle timer: read and written until then

  /** @internal use `listen` or `connect` */
  constructor(group: ConnectionGroup) {
    super();
    this.#group = group;
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
    this.setFd(fd);
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
    if (this.#isFlagged(UNREFERENCED)) this.#registration.unref();
    this.#state &= ~CONNECTING;
    group.add(this);
    if (idleTimeoutMs > 0 && this.#timer === undefined) this.setTimeout(idleTimeoutMs);
    try {
      group.handlers.open?.(this);
    } finally {
      if (!this.#outgoing.isEmpty || this.#isFlagged(ENDING)) this.#flush();
    }
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
   * @throws TypeError - neither text nor bytes, or memory that is shared or detached.
   */
  write(data: Writable): boolean {
    this.#assertWritable();
    const bytes = typeof data === 'string' ? (encodeShort(data) ?? Buffer.from(data)) : data;
    if (this.#isFlagged(WRITE_FAILED)) return false; // `close` is about to tell why
    const isLong = Array.isArray(bytes) && bytes.length > IOV_MAX;
    if (isLong || !this.#outgoing.isEmpty || this.#isFlagged(CONNECTING | CORKED)) {
      this.#append(bytes, 0);
    } else {
      this.#send(bytes);
    }
    return this.#hasRoom();
  }

  /** @internal sends what is not plain bytes, in its place among the writes; as `write` */
  enqueue(piece: Piece): boolean {
    this.#assertWritable();
    if (this.#isFlagged(WRITE_FAILED)) {
      piece.settle(this.error);
      return false;
    }
    const isFirst = this.#outgoing.isEmpty;
    this.#ownOutgoing().append(piece);
    if (this.#outgoing.byteLength > this.#group.settings.queueMax) this.#overflow();
    else if (isFirst && !this.#isFlagged(CONNECTING | CORKED)) this.#flush();
    return this.#hasRoom();
  }

  /**
   * @internal lets `pump` read and write from here on in place of the handlers; what was written
   * before leaves first. `undefined` gives the connection back to them.
   */
  divert(pump: Pump | undefined): void {
    this.#pump = pump;
    this.updateInterest();
  }

  /** @internal what the pump is interested in has changed */
  updateInterest(): void {
    const registration = this.#registration;
    if (registration === undefined || registration.isClosed) return;
    registration.setInterest(this.#wantedInterest());
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
    this.updateInterest();
  }

  /** Reads again. */
  resume(): void {
    this.#state &= ~PAUSED;
    this.updateInterest();
    if (this.#isFlagged(WRITE_FAILED) && !this.isClosed) this.#registration?.requeue();
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
    const wasOpen = this.#registration !== undefined;
    this.#state = (this.#state | CLOSED) & ~(CONNECTING | CORKED | NEEDS_DRAIN);
    this.error = error ?? this.error;
    this.#registration?.close();
    this.closeFd();
    this.#discardOutgoing();
    this.#timer?.clear();
    this.#pump?.onClosed(this.error);
    this.#group.onClosed(this, wasOpen);
  }

  /** Ends this side, and closes at the latest after `timeoutMs` milliseconds (from 0). */
  closeGracefully(timeoutMs: number): void {
    checkInteger('timeoutMs', timeoutMs, 0, 0x7fffffff);
    if (this.isClosed) return;
    this.end();
    if (this.isClosed) return;
    this.setTimeout(0);
    this.#timer?.clear(); // of an earlier call
    this.#state |= CLOSING;
    this.#timer = this.#group.setTimer(() => this.destroy(), timeoutMs);
  }

  /**
   * Calls the `timeout` handler when nothing was received or sent for that long. The wheel's timer
   * is set once and looks back when it fires: a message costs nothing, and the handler is
   * called after once to twice that time. Has no effect after `closeGracefully`.
   *
   * @param idleMs - milliseconds; 0 ends it.
   */
  setTimeout(idleMs: number): void {
    checkInteger('idleMs', idleMs, 0, 0x7fffffff);
    if (this.#isFlagged(CLOSING | CLOSED)) return;
    this.#timer?.clear();
    this.#timer = undefined;
    if (idleMs === 0) return;
    this.#bytesSeen = this.bytesRead + this.bytesWritten;
    this.#timer = this.#group.setTimer(() => this.#onIdleTimer(), idleMs).unref();
  }

  /** Keeps the reactor alive, which is so from the start. */
  ref(): this {
    this.#state &= ~UNREFERENCED;
    this.#registration?.ref();
    return this;
  }

  /** Lets the reactor end although the connection is open. */
  unref(): this {
    this.#state |= UNREFERENCED;
    this.#registration?.unref();
    return this;
  }

  /** @internal write first, then read, then mind what is closed: docs/semantics.md */
  onReady(readiness: Readiness): void {
    if ((readiness & Readiness.Writable) !== 0) {
      if (!this.#outgoing.isEmpty) this.#flush();
      this.#tellDrain();
    }
    if (this.isClosed) return;
    if (this.#pump !== undefined) this.#pump.onReady(readiness);
    else if ((readiness & Readiness.Readable) !== 0) this.#read(readiness);
    else if ((readiness & Readiness.Error) !== 0) this.#failWithPendingError();
  }

  #read(readiness: Readiness): void {
    const registration = this.#registration as Registration;
    const isLevel = registration.trigger === 'level';
    // With the end or an error queued behind them, a short read does not prove that all is read.
    const mayHaveMore = (readiness & (Readiness.ReadClosed | Readiness.Error)) !== 0;
    while ((this.#state & (PAUSED | READ_ENDED | CLOSED)) === 0) {
      const memory = readMemory();
      const { length } = memory;
      const result = sys.recv(this.fd, memory);
      if (result > 0) {
        this.bytesRead += result;
        this.#group.handlers.data?.(this, readView(result));
        if (this.isClosed) return;
        if (this.#isFlagged(WRITE_FAILED)) registration.requeue(Readiness.Readable);
        if (isLevel || (result < length && !mayHaveMore) || !registration.charge(result)) return;
      } else if (result === 0) {
        this.#onReadEnd();
      } else if (result !== -EINTR) {
        if (result !== -EAGAIN) this.destroy(errnoError(result, 'recv', { fd: this.fd }));
        else if (this.#isFlagged(WRITE_FAILED)) this.destroy();
        return;
      }
    }
  }

  #onReadEnd(): void {
    this.#state |= READ_ENDED;
    try {
      if (!this.#isFlagged(WRITE_FAILED)) this.#group.handlers.end?.(this);
    } finally {
      if (!this.#group.settings.allowHalfOpen) this.end();
      if (this.#isFlagged(WRITE_SHUT)) this.destroy();
      else this.updateInterest();
    }
  }

  #send(bytes: Uint8Array | readonly Uint8Array[]): void {
    const isList = Array.isArray(bytes);
    const result = isList ? sys.writev(this.fd, bytes) : sys.send(this.fd, bytes as Uint8Array);
    if (result < 0 && result !== -EAGAIN && result !== -EINTR) {
      this.#failWrite(errnoError(result, 'send', { fd: this.fd }));
      return;
    }
    const sent = Math.max(result, 0);
    this.bytesWritten += sent;
    if (isList || sent < bytes.length) this.#append(bytes, sent);
  }

  // Keeps what is left behind the first `skip` bytes.
  #append(bytes: Uint8Array | readonly Uint8Array[], skip: number): void {
    let left = skip;
    for (const chunk of chunksOf(bytes)) {
      if (left >= chunk.length) {
        left -= chunk.length;
        continue;
      }
      this.#keep(left === 0 ? chunk : chunk.subarray(left));
      left = 0;
    }
    if (this.#outgoing.byteLength > this.#group.settings.queueMax) this.#overflow();
    else this.updateInterest();
  }

  #keep(chunk: Uint8Array): void {
    this.#ownOutgoing().append(isScratch(chunk) ? Buffer.from(chunk) : chunk);
  }

  #ownOutgoing(): Outgoing {
    if (this.#outgoing === NOTHING) this.#outgoing = new Outgoing();
    return this.#outgoing;
  }

  #discardOutgoing(): void {
    const outgoing = this.#outgoing;
    this.#outgoing = NOTHING;
    if (!outgoing.isEmpty) outgoing.discard(this.error ?? new ClosedError('the Connection'));
  }

  #flush(): void {
    try {
      this.#sendQueued();
    } catch (error) {
      this.destroy(error as Error); // what is owed cannot be sent: memory spoiled, a file shrunk
    }
    if (!this.isClosed) this.#finishIfFlushed();
  }

  #sendQueued(): void {
    while (!this.#outgoing.isEmpty) {
      const result = this.#outgoing.sendTo(this.fd);
      if (result === -EAGAIN) return;
      if (result === -EINTR) continue;
      if (result < 0) {
        this.#failWrite(errnoError(result, 'send', { fd: this.fd }));
        return;
      }
      this.bytesWritten += result;
      this.#outgoing.consume(result);
      if (!this.#outgoing.isEmpty && !this.#mayGoOn(result)) return;
    }
  }

  // A long queue or file does not keep the others waiting. The interest is armed after this.
  #mayGoOn(sent: number): boolean {
    const registration = this.#registration as Registration;
    if (registration.charge(sent)) return true;
    if (registration.trigger === 'edge') registration.requeue(Readiness.Writable);
    return false;
  }

  // The peer does not listen any more, but may have sent something before that: it is read first,
  // in turns of its own, since this may be inside a call of the user's.
  #failWrite(error: Error): void {
    this.error = error;
    if (this.#isFlagged(PAUSED | READ_ENDED)) {
      this.destroy();
      return;
    }
    this.#discardOutgoing();
    this.#state = (this.#state | WRITE_FAILED | WRITE_SHUT) & ~NEEDS_DRAIN;
    this.updateInterest();
    this.#registration?.requeue(Readiness.Readable);
  }

  // Before the handler the interest is back to what it was: under the edge trigger only a change
  // makes the kernel report again.
  #tellDrain(): void {
    if (!this.#isFlagged(NEEDS_DRAIN)) return;
    if (this.#outgoing.byteLength > this.#group.settings.lowWaterMark) return;
    this.#state &= ~NEEDS_DRAIN;
    this.updateInterest();
    this.#group.handlers.drain?.(this);
  }

  #finishIfFlushed(): void {
    if (this.#isFlagged(ENDING) && this.#outgoing.isEmpty && !this.#isFlagged(WRITE_SHUT)) {
      this.#state |= WRITE_SHUT;
      // Also when the close follows at once: alone it would send no FIN while a duplicate of the
      // descriptor is open elsewhere, and an RST with lingerSeconds 0.
      // ENOTCONN: the peer has reset it meanwhile, which the next read tells.
      sys.shutdown(this.fd, sys.constants.SHUT_WR);
      if (this.isReadEnded) {
        this.destroy();
        return;
      }
    }
    this.updateInterest();
  }

  #hasRoom(): boolean {
    const isBelow = this.#outgoing.byteLength < this.#group.settings.highWaterMark;
    if (isBelow && !this.isClosed) return !this.#isFlagged(WRITE_FAILED);
    if (this.isClosed || this.#isFlagged(WRITE_FAILED)) return false;
    this.#state |= NEEDS_DRAIN;
    this.updateInterest();
    return false;
  }

  #overflow(): void {
    const message = `more than ${this.#group.settings.queueMax} bytes wait to be sent`;
    this.destroy(new EdgewiseError('ERR_WRITE_QUEUE_FULL', message));
  }

  #wantedInterest(mask = -1): Interest {
    const state = this.#state & mask;
    if ((state & CONNECTING) !== 0) return Interest.None;
    const reads = this.#pump?.interest ?? this.#readInterest(state);
    const hasWork = !this.#outgoing.isEmpty || (state & NEEDS_DRAIN) !== 0;
    return reads | (hasWork && (state & CORKED) === 0 ? Interest.Writable : Interest.None);
  }

  #readInterest(state: number): Interest {
    return (state & (PAUSED | READ_ENDED)) === 0 ? Interest.Readable : Interest.None;
  }

  #failWithPendingError(): void {
    const value = new Int32Array(1);
    sys.getsockopt(this.fd, sys.constants.SOL_SOCKET, sys.constants.SO_ERROR, value);
    const [errno] = value as unknown as [number];
    if (errno !== 0) this.destroy(errnoError(-errno, 'recv', { fd: this.fd }));
  }

  #onIdleTimer(): void {
    const bytes = this.bytesRead + this.bytesWritten;
    const isIdle = bytes === this.#bytesSeen;
    this.#bytesSeen = bytes;
    this.#timer?.refresh(); // first: the handler may set another one, or throw
    if (isIdle) this.#group.handlers.timeout?.(this);
  }

  #isFlagged(bits: number): boolean {
    return (this.#state & bits) !== 0;
  }

  /** @internal */
  protected tellLater(callback: () => void): void {
    this.#group.tellLater(callback);
  }

  #assertWritable(): void {
    if (this.isClosed) throw new ClosedError('the Connection');
    if (!this.#isFlagged(ENDING)) return;
    throw new EdgewiseError('ERR_WRITE_AFTER_END', 'write after end');
  }
}
