// The sending side of a connection: writes at once what the kernel takes, keeps the rest in order,
// and ends the side when all has left. What else a connection does is in connection.ts.
import { constants as os } from 'node:os';
import { EdgewiseError, errnoError } from '../../errors.ts';
import { encodeShort, isScratch, send } from '../../flow/read-memory.ts';
import { chunksOf, Outgoing, type Piece, type Writable } from '../../flow/write-queue.ts';
import { Readiness } from '../../poller/interest.ts';
import type { Registration } from '../../reactor/registration.ts';
import * as sys from '../../sys/index.ts';
import { IOV_MAX } from '../../validate.ts';
import { checkRights, RightsPiece } from '../socket/descriptor-passing.ts';
import type { ConnectionGroup } from './group.ts';
import { State } from './state.ts';
import { StreamSocket } from './stream-socket.ts';
import { ZeroCopy, type ZeroCopyDone } from './zero-copy.ts';

const { EAGAIN, EINTR } = os.errno;

const NOTHING = new Outgoing();

/** A stream socket that is written to: see {@link Connection}. */
export abstract class SendingSocket extends StreamSocket {
  /** Why it ended, when that was not orderly. */
  error: Error | undefined = undefined;
  bytesWritten = 0;
  /** @internal */
  readonly group: ConnectionGroup;
  /** @internal absent until it is connected */
  protected registered: Registration | undefined = undefined;
  /** @internal */
  protected zeroCopy: ZeroCopy | undefined = undefined;
  /** @internal */
  protected outgoing = NOTHING;

  /** @internal use `listen` or `connect` */
  constructor(group: ConnectionGroup) {
    super();
    this.group = group;
  }

  /** From so many unsent bytes on `write` answers false. */
  get highWaterMark(): number {
    return this.group.settings.highWaterMark;
  }

  /** Whether this side was ended with `end`. */
  get isWriteEnded(): boolean {
    return (this.state & State.Ending) !== 0;
  }

  /** Bytes that were written and that the kernel has not taken yet. */
  get writableLength(): number {
    return this.outgoing.byteLength;
  }

  /** @internal whether all that was written has left: a pump sends nothing before */
  get isFlushed(): boolean {
    return this.outgoing.isEmpty;
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
    if (this.is(State.WriteFailed)) return false; // `close` is about to tell why
    const isLong = Array.isArray(bytes) && bytes.length > IOV_MAX;
    if (isLong || !this.outgoing.isEmpty || this.is(State.Connecting | State.Corked)) {
      this.#append(bytes, 0);
    } else {
      this.#send(bytes);
    }
    return this.#hasRoom();
  }

  /**
   * Sends bytes and, with the first of them, descriptors over a Unix socket, after all that was
   * written before. The peer gets duplicates; these stay the caller's, who may close them as soon
   * as this returns.
   *
   * @param data - at least one byte; copied when it has to be kept.
   * @param fileDescriptors - 1 to 253.
   * @returns as `write`.
   * @throws ErrnoError - nothing was sent: EBADF: one is closed. EMFILE: it had to wait, and there
   *   are none for the duplicates. ETOOMANYREFS: too many of this user's are under way; when they
   *   had to wait, that closes the connection.
   * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED: TCP.
   * @throws as `write`; RangeError - no byte; none or too many descriptors.
   * @see unix(7) "SCM_RIGHTS"
   */
  writeDescriptors(data: string | Uint8Array, fileDescriptors: readonly number[]): boolean {
    this.#assertWritable();
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const fds = checkRights(fileDescriptors, this.group.settings.isUnix);
    const piece = new RightsPiece(bytes, fds);
    const mustWait = State.Connecting | State.Corked | State.WriteFailed;
    if (this.outgoing.isEmpty && !this.is(mustWait)) {
      this.bytesWritten += piece.sendNow(this.fd);
    }
    if (piece.isSent) return this.#hasRoom();
    piece.own();
    return this.enqueue(piece);
  }

  /**
   * As `write`, but the kernel sends from this memory, without a copy where it can (MSG_ZEROCOPY):
   * worth it from some 10 KB on, over a network. Do not change or transfer `bytes` before `onDone`,
   * which may come after `close`: the peer has to acknowledge them.
   *
   * @param onDone - called once, at the end of a turn; never when this throws.
   * @returns, and throws as `write`.
   * @see docs/net.zero-copy.md
   */
  writeZeroCopy(bytes: Uint8Array, onDone: ZeroCopyDone): boolean {
    this.#assertWritable();
    this.zeroCopy ??= new ZeroCopy(this.group);
    return this.enqueue(this.zeroCopy.pieceOf(bytes, onDone));
  }

  /** @internal sends what is not plain bytes, in its place among the writes; as `write` */
  enqueue(piece: Piece): boolean {
    this.#assertWritable();
    if (this.is(State.WriteFailed)) {
      piece.settle(this.error);
      return false;
    }
    const isFirst = this.outgoing.isEmpty;
    this.ownOutgoing().append(piece);
    if (this.#isOverfull()) this.#overflow();
    else if (isFirst && !this.is(State.Connecting | State.Corked)) this.flush();
    return this.#hasRoom();
  }

  /** @internal copies the bytes that `write` keeps: the caller uses its memory again */
  copyWhatIsKept(): void {
    this.state |= State.Copies;
  }

  /** Holds writes back until `uncork`, or the end of the turn, so that they leave together. */
  cork(): void {
    if (this.is(State.Corked | State.Closed)) return;
    this.state |= State.Corked;
    this.group.reactor.defer(() => this.uncork());
  }

  /** Sends what `cork` held back. */
  uncork(): void {
    if (!this.is(State.Corked)) return;
    this.state &= ~State.Corked;
    if (!this.isConnecting && !this.isClosed) this.flush();
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
    if ((this.state & (State.Ending | State.Closed)) !== 0) return;
    this.state |= State.Ending;
    if (!this.isConnecting) this.#finishIfFlushed();
  }

  /** Closes at once; what was not sent is lost. `error` reaches the `close` handler. */
  abstract destroy(error?: Error): void;

  /** @internal what is waited for has changed */
  abstract updateInterest(): void;

  /** @internal tells that there is room again */
  protected abstract onDrain(): void;

  /** @internal whether a stream of Node reads and writes it */
  protected abstract get isStream(): boolean;

  #send(bytes: Uint8Array | readonly Uint8Array[]): void {
    const isList = Array.isArray(bytes);
    const result = isList ? sys.writev(this.fd, bytes) : send(this.fd, bytes as Uint8Array);
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
    if (this.#isOverfull()) this.#overflow();
    else this.updateInterest();
  }

  #keep(chunk: Uint8Array): void {
    const mustCopy = this.is(State.Copies) || isScratch(chunk);
    this.ownOutgoing().append(mustCopy ? Buffer.from(chunk) : chunk);
  }

  /** @internal */
  protected ownOutgoing(): Outgoing {
    if (this.outgoing === NOTHING) this.outgoing = new Outgoing();
    return this.outgoing;
  }

  /** @internal */
  protected discardOutgoing(): void {
    const outgoing = this.outgoing;
    this.outgoing = NOTHING;
    if (!outgoing.isEmpty) outgoing.discard(this.error ?? this.closedError);
  }

  /** @internal */
  protected flush(): void {
    try {
      this.#sendQueued();
    } catch (error) {
      this.destroy(error as Error); // what is owed cannot be sent: memory spoiled, a file shrunk
    }
    if (!this.isClosed) this.#finishIfFlushed();
  }

  #sendQueued(): void {
    while (!this.outgoing.isEmpty) {
      const result = this.outgoing.sendTo(this.fd);
      if (result === -EAGAIN) return;
      if (result === -EINTR) continue;
      if (result < 0) {
        this.#failWrite(errnoError(result, 'send', { fd: this.fd }));
        return;
      }
      this.bytesWritten += result;
      this.outgoing.consume(result);
      if (!this.outgoing.isEmpty && !this.#mayGoOn(result)) return;
    }
  }

  // A long queue or file does not keep the others waiting, and goes on in the next turn: the kernel
  // has not said that it is full, so there is nothing to sleep for.
  #mayGoOn(sent: number): boolean {
    const registration = this.registered as Registration;
    if (registration.charge(sent, Readiness.Writable)) return true; // or has re-queued an edge
    if (registration.trigger === 'level') registration.requeue(Readiness.Writable);
    return false;
  }

  // The peer does not listen any more, but may have sent something before that: it is read first,
  // in turns of its own, since this may be inside a call of the user's. A stream is told of its end
  // in such a turn as well: its write has to return first.
  #failWrite(error: Error): void {
    this.error = error;
    if (this.is(State.Paused | State.ReadEnded) && !this.isStream) {
      this.destroy();
      return;
    }
    this.discardOutgoing();
    this.state = (this.state | State.WriteFailed | State.WriteShut) & ~State.NeedsDrain;
    this.updateInterest();
    this.registered?.requeue(Readiness.Readable | Readiness.Error); // an error is never masked
  }

  // Before the handler the interest is back to what it was: under the edge trigger only a change
  // makes the kernel report again.
  /** @internal */
  protected tellDrain(): void {
    if (!this.is(State.NeedsDrain)) return;
    if (this.outgoing.byteLength > this.group.settings.lowWaterMark) return;
    this.state &= ~State.NeedsDrain;
    this.updateInterest();
    this.onDrain();
  }

  #finishIfFlushed(): void {
    if (this.is(State.Ending) && this.outgoing.isEmpty && !this.is(State.WriteShut)) {
      this.state |= State.WriteShut;
      // Also when the close follows at once: alone it would send no FIN while a duplicate of the
      // descriptor is open elsewhere, and an RST with lingerSeconds 0.
      // ENOTCONN: the peer has reset it meanwhile, which the next read tells, if there is one.
      const result = sys.shutdown(this.fd, sys.constants.SHUT_WR);
      if (this.is(State.ReadEnded)) {
        if (result < 0) this.failWithPendingError();
        this.destroy();
        return;
      }
    }
    this.updateInterest();
  }

  #hasRoom(): boolean {
    const isBelow = this.outgoing.byteLength < this.group.settings.highWaterMark;
    if (isBelow && !this.isClosed) return !this.is(State.WriteFailed);
    if (this.isClosed || this.is(State.WriteFailed)) return false;
    this.state |= State.NeedsDrain;
    this.updateInterest();
    return false;
  }

  #isOverfull(): boolean {
    const { byteLength } = this.outgoing;
    return byteLength > this.group.settings.queueMax && !this.isStream;
  }

  #overflow(): void {
    const message = `more than ${this.group.settings.queueMax} bytes wait to be sent`;
    this.destroy(new EdgewiseError('ERR_WRITE_QUEUE_FULL', message));
  }

  /** @internal */
  protected failWithPendingError(): void {
    const errno = this.takePendingError();
    if (errno !== 0) this.destroy(errnoError(errno, 'recv', { fd: this.fd }));
  }

  #assertWritable(): void {
    if (this.isClosed) throw this.closedError;
    if (!this.is(State.Ending)) return;
    throw new EdgewiseError('ERR_WRITE_AFTER_END', 'write after end');
  }
}
