// An established stream connection (TCP or Unix): its life, what comes, and what is sent. It reads
// into the thread's one read memory, writes at once what the kernel takes, and keeps the rest in a
// write queue (flow/write-queue.ts). What connections have in common is in their group (group.ts),
// what can be asked of a socket in net/socket/facts.ts.
import { constants as os } from 'node:os';
import { SocketAddress } from '../../address.ts';
import { ClosedError, check, EdgewiseError, errnoError } from '../../errors.ts';
import { type CloseOptions, closeTimeoutMs } from '../../flow/close-options.ts';
import { IdleTimer } from '../../flow/idle-timer.ts';
import {
  encodeShort,
  READ_SIZE,
  readMemory,
  readView,
  receive,
  send,
} from '../../flow/read-memory.ts';
import {
  queueLimits,
  settleEntry,
  type Writable,
  WriteQueue,
  type WriteQueueEntry,
} from '../../flow/write-queue.ts';
import { SHOWN, shown } from '../../inspect.ts';
import { Interest, Readiness } from '../../poller/index.ts';
import type { Reactor, Registration, Timer } from '../../reactor/index.ts';
import * as sys from '../../sys/index.ts';
import { Role } from '../../trace/index.ts';
import { checkInteger, IOV_MAX } from '../../validate.ts';
import {
  checkDescriptors,
  receiveWithDescriptors,
  takeDescriptors,
} from '../socket/descriptor-passing.ts';
import { takePendingError } from '../socket/error.ts';
import {
  incomingCpuOf,
  localAddressOf,
  peerCredentialsOf,
  remoteAddressOf,
  tcpInfoOf,
} from '../socket/facts.ts';
import type { ProxyHeader } from '../socket/proxy-header.ts';
import { applyPlan, planTcpOptions, type TcpOptions } from '../socket/tcp.ts';
import type { ConnectionDriver } from './driver.ts';
import {
  checkFileRange,
  checkSentHandler,
  FileRangeEntry,
  type SentHandler,
} from './file-range.ts';
import type { ConnectionGroup } from './group.ts';
import { LingeringSocket } from './lingering.ts';
import { deliverDescriptors, PassedDescriptors } from './passed-descriptors.ts';
import { type ConnectionSnapshot, HANDED_OVER_BITS, notHandedOver } from './snapshot.ts';
import { State } from './state.ts';
import { ZeroCopy, type ZeroCopyDone } from './zero-copy.ts';

const { EAGAIN, EINTR, ENOTCONN } = os.errno;
const IDLE_MAX_MS = 0x7fffffff;

/** Of connections where nothing had to wait yet. It stays empty. */
const NO_QUEUE = new WriteQueue(queueLimits({}));

/**
 * One connection. It owns its descriptor.
 *
 * Errors of the peer and of the network end the connection and arrive at the `close` handler. No
 * method throws them; those that ask the socket, or are given a descriptor, throw what they name.
 */
export class Connection<Data = unknown> {
  /** What the caller keeps with it: what `createData` has made, or what was set later. */
  data: Data;
  /** Why it ended, when that was not orderly. */
  error: NodeJS.ErrnoException | undefined = undefined;
  /** Bytes received since it was made. */
  bytesRead = 0;
  /** Bytes that the kernel has taken since it was made. */
  bytesWritten = 0;
  /** @internal */
  readonly group: ConnectionGroup;
  #proxyHeader: ProxyHeader | undefined;
  #state: number = State.Connecting; // bits of State
  #fd = -1;
  #registration: Registration<Connection<Data>> | undefined = undefined; // from `establish` on
  #driver: ConnectionDriver | undefined = undefined;
  #queue = NO_QUEUE;
  #zeroCopy: ZeroCopy | undefined = undefined;
  #idle: IdleTimer | undefined = undefined;
  #deadline: Timer | undefined = undefined; // of `close`

  /**
   * @internal use `listen` or `connect`
   *
   * @param isKnown - the group has it before it is open: `close` is called also when it never opens.
   * @param proxyHeader - what the connection has begun with; it was read already.
   */
  constructor(group: ConnectionGroup, isKnown = false, proxyHeader?: ProxyHeader) {
    this.group = group;
    this.#proxyHeader = proxyHeader;
    if (isKnown) group.connections.add(this);
    try {
      this.data = group.settings.createData?.(this) as Data;
    } catch (error) {
      group.connections.delete(this); // it is not given out: `close` is not called
      this.destroy(); // with what it has begun meanwhile, such as the timer of a `close`
      throw error;
    }
  }

  /** @internal */
  get reactor(): Reactor {
    return this.group.reactor;
  }

  /** @internal */
  get trigger(): 'level' | 'edge' {
    return this.group.settings.trigger;
  }

  /** Whether it is not connected yet. What is written meanwhile is sent then. */
  get isConnecting(): boolean {
    return this.#is(State.Connecting);
  }

  /** Whether reading was stopped by `pause`. */
  get isPaused(): boolean {
    return this.#is(State.Paused);
  }

  /** Whether the peer has ended its side. */
  get isReadEnded(): boolean {
    return this.#is(State.ReadEnded);
  }

  /** Whether this side was ended with `end` or `close`. */
  get isWriteEnded(): boolean {
    return this.#is(State.Ending);
  }

  /** Whether it is closed, in whatever way. */
  get isClosed(): boolean {
    return this.#is(State.Closed);
  }

  /** Whether another thread serves it now: it is closed here, without a call of `close`. */
  get isHandedOver(): boolean {
    return this.#is(State.HandedOver);
  }

  #is(bits: number): boolean {
    return (this.#state & bits) !== 0;
  }

  /** @internal what its methods throw after its end */
  get closedError(): EdgewiseError {
    if (!this.isHandedOver) return new ClosedError('the Connection');
    return new EdgewiseError('ERR_HANDED_OVER', 'another thread serves the Connection now');
  }

  // ---- what can be asked of the socket ----

  /** The descriptor; -1 before it is connected and after it is closed. */
  get fd(): number {
    return this.#fd;
  }

  /**
   * The peer's address; undefined when it has gone, and before it is connected. That of the client
   * where a proxy has named it (option `proxyProtocol`), and then at any time.
   */
  get remoteAddress(): SocketAddress | undefined {
    const header = this.#proxyHeader;
    return header?.command === 'proxy' ? new SocketAddress(header.source) : this.peerAddress;
  }

  /**
   * Our address; undefined before it is connected and after it is closed. What the client has connected
   * to where a proxy has named it (option `proxyProtocol`), and then at any time.
   */
  get localAddress(): SocketAddress | undefined {
    const header = this.#proxyHeader;
    if (header?.command === 'proxy') return new SocketAddress(header.destination);
    return localAddressOf(this.#fd);
  }

  /**
   * What is at the other end of the socket itself, whatever a proxy has said: the proxy. Undefined when
   * it has gone, and before it is connected.
   */
  get peerAddress(): SocketAddress | undefined {
    return remoteAddressOf(this.#fd);
  }

  /** What the proxy has said of the client; undefined without the option `proxyProtocol`. */
  get proxyHeader(): ProxyHeader | undefined {
    return this.#proxyHeader;
  }

  /**
   * Sets options of the socket.
   *
   * @throws TypeError, RangeError - a value of the wrong kind; nothing was set.
   * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED: this system does not have one; nothing was set.
   *   ERR_CLOSED.
   * @throws ErrnoError - ENOTCONN: still connecting. Errors of the kernel, such as EOPNOTSUPP for
   *   an option of TCP on a Unix socket; options before it were set.
   * @see tcp(7); docs/net.md "Options"
   */
  setOptions(options: TcpOptions): void {
    const plan = planTcpOptions(options);
    this.#assertConnected('setsockopt');
    check(applyPlan(this.#fd, plan), 'setsockopt', { fd: this.#fd });
  }

  /**
   * What the kernel knows of a TCP connection: round-trip time, congestion window, losses, rates. A
   * member is undefined where this kernel does not report it.
   *
   * @throws EdgewiseError - ERR_CLOSED. ErrnoError - ENOTCONN: still connecting; EOPNOTSUPP,
   *   ENOPROTOOPT or EINVAL: not TCP.
   * @see tcp(7) "TCP_INFO"; docs/net.md "Looking inside"
   */
  tcpInfo(): sys.TcpInfo {
    this.#assertConnected('getsockopt');
    return tcpInfoOf(this.#fd);
  }

  /**
   * The process at the other end of a Unix socket, as it was when it connected (or listened). The
   * kernel vouches for it, not the peer.
   *
   * @throws EdgewiseError - ERR_CLOSED. ErrnoError - ENOTCONN: still connecting; EOPNOTSUPP: not a
   *   Unix socket.
   * @see unix(7) "SO_PEERCRED", getpeereid(3)
   */
  peerCredentials(): sys.PeerCredentials {
    this.#assertConnected('getpeereid');
    return peerCredentialsOf(this.#fd);
  }

  /**
   * The processor that handled the last packet that came; undefined before the first one, when it
   * is closed, and where the kernel does not report it (all but Linux).
   *
   * @see socket(7) "SO_INCOMING_CPU"
   */
  get incomingCpu(): number | undefined {
    return incomingCpuOf(this.#fd);
  }

  // Refuses what needs a connected descriptor.
  #assertConnected(syscall: string): void {
    if (this.isClosed) throw this.closedError;
    if (this.isConnecting) check(-ENOTCONN, syscall);
  }

  // ---- reading ----

  /** Stops reading: the kernel's buffers fill, and the peer is slowed down. */
  pause(): void {
    this.#state |= State.Paused;
    this.updateInterest();
    if (this.#is(State.WriteFailed)) this.requeue(Readiness.Error); // see #readNothing
  }

  /** Reads again. */
  resume(): void {
    this.#state &= ~State.Paused;
    this.updateInterest();
    if (this.#is(State.WriteFailed) && !this.isClosed) this.#registration?.requeue();
  }

  /**
   * @internal reads what has come, past the handlers.
   *
   * @returns as recv(2): 0 at the end, which is then known; -EAGAIN: nothing is there. After any
   *   other error the connection is closed with it.
   * @throws TypeError - `memory` cannot be read into.
   */
  receive(memory: Uint8Array): number {
    return this.#receive(memory, false); // descriptors that come are dropped by the kernel
  }

  #receive(memory: Uint8Array, takesDescriptors: boolean): number {
    for (;;) {
      const result = takesDescriptors
        ? receiveWithDescriptors(this.#fd, memory)
        : receive(this.#fd, memory);
      if (result > 0) {
        this.countRead(result);
      } else if (result === 0) {
        this.endRead();
      } else if (result === -EINTR) {
        continue;
      } else if (result !== -EAGAIN) {
        this.destroy(errnoError(result, 'recv', { fd: this.#fd }));
      } else if (this.#is(State.WriteFailed)) {
        this.destroy();
      }
      return result;
    }
  }

  #read(): void {
    const registration = this.registration;
    const { handlers, settings } = this.group;
    const { receivesDescriptors } = settings;
    const isLevel = registration.trigger === 'level';
    // Level: once, and again only after a read that has filled the memory, so that bulk takes fewer
    // waits. Edge: until would-block, since a short read does not prove that all is read. It stops
    // at an urgent mark (tcp(7)) and behind descriptors that were sent along (unix(7)).
    while (!this.#is(State.Paused | State.ReadEnded | State.Closed)) {
      const result = this.#receive(readMemory(), receivesDescriptors);
      if (result <= 0) return;
      if (receivesDescriptors) this.#deliver(readView(result));
      else handlers.data?.(this, readView(result));
      if (this.isClosed || this.#driver !== undefined) return; // a driver reads from here on
      if (this.#is(State.WriteFailed)) registration.requeue(Readiness.Readable);
      if (isLevel && result < READ_SIZE) return;
      if (!registration.charge(result)) return;
    }
  }

  #deliver(bytes: Buffer): void {
    const { handlers } = this.group;
    const received = takeDescriptors();
    if (received === undefined) handlers.data?.(this, bytes);
    else deliverDescriptors(this, handlers, received, bytes);
  }

  /** @internal the peer's end was read */
  endRead(): void {
    this.#state |= State.ReadEnded;
    const isOwn = this.#driver === undefined; // a driver decides for itself when to end our side
    try {
      if (isOwn && !this.#is(State.WriteFailed)) this.group.handlers.end?.(this);
    } finally {
      this.#followReadEnd();
    }
  }

  #followReadEnd(): void {
    if (this.#driver === undefined && !this.group.settings.allowHalfOpen) this.end();
    if (this.#is(State.WriteShut)) this.destroy();
    else this.updateInterest();
  }

  /** @internal so many bytes were received: by itself, or by its driver */
  countRead(bytes: number): void {
    this.bytesRead += bytes;
    this.#idle?.touch();
  }

  // ---- writing ----

  /** From so many unsent bytes on `write` returns false. */
  get highWaterMark(): number {
    return this.group.settings.highWaterMark;
  }

  /** Bytes that were written and that the kernel has not taken yet. */
  get writableLength(): number {
    return this.#queue.byteLength;
  }

  /** @internal bytes that wait for room in the kernel, or 1 for a file; undefined: for something else */
  get queuedBytes(): number | undefined {
    const isHeld = (this.#state & (State.Corked | State.Connecting)) !== 0;
    if (isHeld || this.#driver !== undefined) return undefined;
    if (!this.#queue.isEmpty) return Math.max(this.#queue.byteLength, 1);
    return this.#queue.hasWork ? undefined : 0; // `drain` is still to be reported
  }

  /** @internal whether all that was written has left: a driver sends nothing before */
  get isFlushed(): boolean {
    return this.#queue.isEmpty;
  }

  /**
   * Sends bytes, after all that was written before. What the kernel does not take is kept; bytes
   * of the `data` handler's view are copied then, any others must not be changed until they have
   * left (`writableLength`).
   *
   * @returns whether there is room: false from the high watermark on; `drain` is called when it has
   *   fallen to the low one. The bytes are kept either way, up to the hard cap, where the connection
   *   is closed with ERR_WRITE_QUEUE_FULL.
   * @throws EdgewiseError - ERR_WRITE_AFTER_END: after `end`. ERR_CLOSED.
   * @throws TypeError - neither text nor bytes, or memory that is shared or detached.
   */
  write(data: Writable): boolean {
    this.#assertWritable();
    const bytes = typeof data === 'string' ? (encodeShort(data) ?? Buffer.from(data)) : data;
    if (this.#is(State.WriteFailed)) return false; // `close` is about to say why
    const isLong = Array.isArray(bytes) && bytes.length > IOV_MAX;
    if (isLong || !this.#queue.isEmpty || this.#is(State.Connecting | State.Corked)) {
      this.#keep(bytes, 0);
    } else {
      this.#send(bytes);
    }
    return this.#hasRoom();
  }

  /**
   * Sends bytes and, with the first of them, descriptors over a Unix socket, after all that was
   * written before. The peer gets duplicates; these stay the caller's, to close as soon as this
   * returns.
   *
   * @param data - at least one byte; copied when it has to be kept.
   * @param fds - 1 to 253.
   * @returns as `write`.
   * @throws ErrnoError - nothing was sent: EBADF: one is closed. EMFILE: it had to wait, and no
   *   numbers are left for the duplicates. ETOOMANYREFS: too many of this user's are under way; when
   *   they had to wait, that closes the connection.
   * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED: TCP.
   * @throws as `write`; RangeError - no byte; none or too many descriptors.
   * @see unix(7) "SCM_RIGHTS"
   */
  writeDescriptors(data: string | Uint8Array, fds: readonly number[]): boolean {
    this.#assertWritable();
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const checked = checkDescriptors(fds, this.group.settings.isUnix);
    const entry = new PassedDescriptors(bytes, checked);
    const mustWait = State.Connecting | State.Corked | State.WriteFailed;
    if (this.#queue.isEmpty && !this.#is(mustWait)) this.countWritten(entry.sendNow(this.#fd));
    if (entry.isSent) return this.#hasRoom();
    entry.own();
    return this.enqueue(entry);
  }

  /**
   * Sends a range of a file, after all that was written before, without copying it into this
   * process. It holds no memory: it counts neither for `writableLength` nor for the hard cap.
   *
   * Keep the descriptor open until `onSent`, and close it there: it is never closed here. The file
   * position is neither used nor moved. Where the file is not in memory the kernel reads it from
   * its disk meanwhile, and this thread waits for that.
   *
   * If the file has become shorter by the time it is sent, the peer cannot get what it was promised,
   * and the connection is closed with ERR_FILE_SHRANK; with the ErrnoError of the file when it
   * cannot be read.
   *
   * @param fd - of a regular file, open for reading.
   * @param offset - first byte to send; 0 when absent.
   * @param length - bytes to send; all that follow `offset` when absent. 0 sends nothing, in order.
   * @param onSent - called once, at the end of a turn: the kernel has taken all of it, or, with the
   *   error, the connection was closed before. Not called when `sendFile` throws.
   * @returns whether there is room, as `write` does.
   * @throws TypeError, RangeError - ERR_INVALID_ARG_VALUE: not a regular file. ERR_OUT_OF_RANGE: the
   *   range ends behind the file. Another type.
   * @throws ErrnoError - EBADF: the descriptor is not open.
   * @throws EdgewiseError - ERR_WRITE_AFTER_END: after `end`. ERR_CLOSED.
   * @see sendfile(2); docs/net.md "Files"
   */
  sendFile(fd: number, offset = 0, length?: number, onSent?: SentHandler): boolean {
    checkSentHandler(onSent);
    const range = checkFileRange(fd, offset, length);
    const onSettled: SentHandler = (error) => {
      if (onSent !== undefined) this.group.defer(() => onSent(error));
    };
    return this.enqueue(new FileRangeEntry(range, onSettled));
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
    this.#zeroCopy ??= new ZeroCopy(this.group);
    return this.enqueue(this.#zeroCopy.entryOf(bytes, onDone));
  }

  /** @internal sends what is not plain bytes, in its place among the writes; as `write` */
  enqueue(entry: WriteQueueEntry): boolean {
    this.#assertWritable();
    if (this.#is(State.WriteFailed)) {
      settleEntry(entry, this.reactor, this.error);
      return false;
    }
    const isFirst = this.#queue.isEmpty;
    const queue = this.#ownQueue();
    queue.append(entry);
    if (!this.#overflows(queue) && isFirst && !this.#is(State.Connecting | State.Corked)) {
      this.#flush();
    }
    return this.#hasRoom();
  }

  /** @internal copies the bytes that `write` keeps: the caller uses its memory again */
  copyKeptBytes(): void {
    this.#state |= State.Copies;
  }

  /** Holds writes back until `uncork`, or the end of the turn, so that they leave together. */
  cork(): void {
    if (this.#is(State.Corked | State.Closed)) return;
    this.#state |= State.Corked;
    this.group.reactor.defer(() => this.uncork());
  }

  /** Sends what `cork` held back. */
  uncork(): void {
    if (!this.#is(State.Corked)) return;
    this.#state &= ~State.Corked;
    if (!this.isConnecting && !this.isClosed) this.#flush();
  }

  #send(bytes: Uint8Array | readonly Uint8Array[]): void {
    const isList = Array.isArray(bytes);
    const result = isList ? sys.writev(this.#fd, bytes) : send(this.#fd, bytes as Uint8Array);
    if (result < 0 && result !== -EAGAIN && result !== -EINTR) {
      this.#failWrite(errnoError(result, 'send', { fd: this.#fd }));
      return;
    }
    const sent = Math.max(result, 0);
    this.countWritten(sent);
    if (sent < (isList ? byteLengthOf(bytes) : bytes.length)) this.#keep(bytes, sent);
  }

  // Keeps what is left behind the first `skip` bytes.
  #keep(bytes: Uint8Array | readonly Uint8Array[], skip: number): void {
    const queue = this.#ownQueue();
    queue.keep(bytes, skip, this.#is(State.Copies));
    if (!this.#overflows(queue)) this.updateInterest();
  }

  #ownQueue(): WriteQueue {
    if (this.#queue === NO_QUEUE) this.#queue = new WriteQueue(this.group.settings);
    return this.#queue;
  }

  // Closes the connection beyond the hard cap. The writer of a stream minds its own limit.
  #overflows(queue: WriteQueue): boolean {
    const error = this.#isStream ? undefined : queue.overflow;
    if (error !== undefined) this.destroy(error);
    return error !== undefined;
  }

  #hasRoom(): boolean {
    if (this.#is(State.Closed | State.WriteFailed)) return false;
    const queue = this.#queue;
    if (queue === NO_QUEUE ? this.highWaterMark > 0 : queue.hasRoom) return true;
    this.#ownQueue().awaitDrain();
    this.updateInterest();
    return false;
  }

  #flush(isLast = false): void {
    let result = 0;
    try {
      result = this.#queue.flush(this, isLast);
    } catch (error) {
      this.destroy(error as Error); // what is left cannot be sent: memory spoiled, a file shrunk
    }
    if (result < 0) this.#failWrite(errnoError(result, 'send', { fd: this.#fd }));
    if (!this.isClosed) this.#finishIfFlushed();
  }

  /** @internal the queue has sent so many bytes */
  onSent(bytes: number): void {
    this.countWritten(bytes);
    this.#driver?.onSent?.();
  }

  /** @internal the kernel has taken so many bytes: from itself, or from its driver */
  countWritten(bytes: number): void {
    this.bytesWritten += bytes;
    this.#idle?.touch();
  }

  // The peer does not listen any more, but may have sent something before that: it is read first,
  // in turns of its own, since this may be inside a call of the user's. A stream is ended in such a
  // turn as well: its write has to return first.
  #failWrite(error: Error): void {
    this.error = error;
    if (this.#is(State.Paused | State.ReadEnded) && !this.#isStream) {
      this.destroy();
      return;
    }
    this.#discardQueue();
    this.#state |= State.WriteFailed | State.WriteShut;
    this.updateInterest();
    this.requeue(Readiness.Readable | Readiness.Error); // an error is never masked
  }

  #discardQueue(): void {
    const queue = this.#queue;
    this.#queue = NO_QUEUE;
    if (!queue.isEmpty) queue.discard(this.error ?? this.closedError, this.reactor);
  }

  // Before the handler the interest is back to what it was: under the edge trigger only a change
  // makes the kernel report again.
  #reportDrain(): void {
    if (!this.#queue.takeDrain()) return;
    this.updateInterest();
    if (this.#driver === undefined) this.group.handlers.drain?.(this);
    else this.#driver.onDrain?.();
  }

  #assertWritable(): void {
    if (this.isClosed) throw this.closedError;
    if (!this.#is(State.Ending)) return;
    throw new EdgewiseError('ERR_WRITE_AFTER_END', 'write after end');
  }

  // ---- ending ----

  /**
   * Ends this side when all that was written has left. The peer can go on sending; the connection
   * closes when it has ended too.
   *
   * @param data - written before the end.
   * @throws as `write`, when there is `data`.
   */
  end(data?: Writable): void {
    if (data !== undefined) this.write(data);
    if (this.#is(State.Ending | State.Closed)) return;
    this.#state |= State.Ending;
    if (!this.isConnecting) this.#finishIfFlushed();
  }

  #finishIfFlushed(): void {
    if (this.#is(State.Ending) && this.#queue.isEmpty && !this.#is(State.WriteShut)) {
      this.#state |= State.WriteShut;
      // Also when the close follows at once: alone it would send no FIN while a duplicate of the
      // descriptor is open elsewhere, and an RST with lingerSeconds 0.
      // ENOTCONN: the peer has reset it meanwhile, which the next read reports, if there is one. After
      // any other error the peer would wait for the end that was not sent.
      const result = sys.shutdown(this.#fd, sys.constants.SHUT_WR);
      if (this.#is(State.ReadEnded) || (result < 0 && result !== -ENOTCONN)) {
        if (result < 0) this.#failWithPendingError();
        this.destroy(
          result < 0 && result !== -ENOTCONN
            ? errnoError(result, 'shutdown', { fd: this.#fd })
            : undefined,
        );
        return;
      }
    }
    this.updateInterest();
  }

  /**
   * Closes in order: ends this side when all that was written has left, and closes when the peer has
   * ended too. What comes meanwhile is read: a paused connection is resumed. The `close` handler is
   * called at the end. Called again, it does nothing, except that a `timeoutMs` that is given replaces
   * the time limit.
   *
   * @param options - `timeoutMs`: after that time it is closed as by `destroy`. 0: at once, after
   *   what the kernel takes now; so it is too while the reactor closes. Default 30,000.
   * @throws TypeError, RangeError - no such time.
   */
  close(options: CloseOptions = {}): void {
    const timeoutMs = closeTimeoutMs(options);
    if (this.isClosed) return;
    if (this.#is(State.Closing) && options.timeoutMs === undefined) return;
    this.end();
    if (timeoutMs === 0 || this.reactor.isClosed) {
      this.#sendRest();
      this.destroy();
    }
    if (this.isClosed) return;
    this.#idle?.clear();
    this.#deadline?.clear(); // of an earlier call
    this.#state |= State.Closing;
    // The registration keeps the reactor alive, as long as it has to.
    this.#deadline = this.group.setTimer(() => this.destroy(), timeoutMs).unref();
    if (this.#driver === undefined && this.isPaused) this.resume(); // to read the peer's end
  }

  // Nothing is sent later.
  #sendRest(): void {
    this.#state &= ~State.Corked;
    if (!this.#queue.isEmpty && !this.#is(State.Connecting | State.Closed)) this.#flush(true);
  }

  /** Closes at once; what was not sent is lost. `error` reaches the `close` handler. */
  destroy(error?: Error): void {
    if (this.isClosed) return;
    const wasOpen = this.#registration !== undefined;
    this.#state = (this.#state | State.Closed) & ~(State.Connecting | State.Corked);
    this.error = error ?? this.error;
    if (wasOpen) this.#driver?.onClosing?.(this.error);
    this.#closeDescriptor();
    this.#discardQueue();
    this.#clearTimers();
    this.group.onClosed(this, wasOpen);
    this.#reportToDriver();
  }

  #closeDescriptor(): void {
    const registration = this.#registration;
    const zeroCopy = this.#zeroCopy?.holdsMemory === true ? this.#zeroCopy : undefined;
    if (zeroCopy === undefined && registration?.isClosed === false) {
      registration.closeDescriptor();
    } else {
      registration?.close();
      if (zeroCopy !== undefined) this.#linger(zeroCopy);
      else if (this.#fd >= 0) sys.close(this.#fd);
    }
    this.#fd = -1;
  }

  // Last: it may call the user, as a stream does, and what that throws must not cut this in two.
  #reportToDriver(): void {
    try {
      this.#driver?.onClosed(this.error);
    } catch (thrown) {
      this.reactor.report(thrown);
    }
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { fd, remoteAddress: remote, localAddress: local, error, writableLength } = this;
    const state = {
      connecting: this.isConnecting,
      paused: this.isPaused,
      readEnded: this.isReadEnded,
      writeEnded: this.isWriteEnded,
      closed: this.isClosed,
    };
    return shown('Connection', { fd, remote, local, ...state, unsent: writableLength, error });
  }

  /** As `destroy()`. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** As `close()`; resolves when it is closed and the `close` handler was called. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#is(State.CloseReported)) return;
    const closed = this.group.whenClosed(this);
    this.close();
    await closed;
  }

  /** @internal `close` was called, or is never going to be */
  onCloseReported(): void {
    this.#state |= State.CloseReported;
  }

  #linger(zeroCopy: ZeroCopy): void {
    new LingeringSocket(this.#fd, zeroCopy, this.group, this.hasRef());
  }

  #failWithPendingError(): void {
    const errno = takePendingError(this.#fd);
    if (errno !== 0) this.destroy(errnoError(errno, 'recv', { fd: this.#fd }));
  }

  // ---- time, and life ----

  /**
   * Calls the `timeout` handler when nothing was received or sent for that long, and again after
   * each such time; never before it, and later only by what the turn has to do. Has no effect after
   * `close`.
   *
   * @param idleMs - milliseconds, a whole number; 0 ends it.
   * @throws TypeError, RangeError - no such number.
   */
  setTimeout(idleMs: number): void {
    checkInteger('idleMs', idleMs, 0, IDLE_MAX_MS);
    if (this.#is(State.Closing | State.Closed)) return;
    this.#idle ??= new IdleTimer(this);
    this.#idle.set(idleMs);
  }

  /** @internal nothing was received or sent for the time of `setTimeout` */
  onIdle(): void {
    this.#idle?.restart(); // first: the handler may set another time, or throw
    this.group.inScope(() => this.group.handlers.timeout?.(this));
  }

  #clearTimers(): void {
    this.#idle?.clear();
    this.#deadline?.clear();
  }

  /** Keeps the reactor alive, as the option `keepsAlive` says, which is so from the start. */
  ref(): this {
    this.#state &= ~State.Unreferenced;
    this.#updateHold();
    return this;
  }

  /** Lets the reactor end although the connection is open, when all that was written has left. */
  unref(): this {
    this.#state |= State.Unreferenced;
    this.#updateHold();
    return this;
  }

  /** Whether it keeps the reactor alive: false after `unref`. */
  hasRef(): boolean {
    return !this.#is(State.Unreferenced);
  }

  // ---- for the other files of net, and for the rooms above ----

  /**
   * @internal the descriptor is connected: `fd` belongs to the connection from here on
   *
   * @param adopted - called in place of `open`: it was restored here.
   */
  establish(fd: number, adopted?: () => void): void {
    if (this.isClosed) {
      sys.close(fd); // `createData` has closed it
      return;
    }
    this.#fd = fd;
    const group = this.group;
    const { trigger, idleTimeoutMs } = group.settings;
    try {
      this.#registration = group.reactor.watch<Connection<Data>>({
        fd,
        interest: this.#wantedInterest(~State.Connecting),
        trigger,
        handler: group,
        data: this,
        isExclusive: false,
        scope: group.scope,
        role: Role.Connection,
        listenerFd: group.opener?.fd ?? -1,
      });
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    this.#state &= ~State.Connecting;
    this.#updateHold();
    group.add(this);
    if (idleTimeoutMs > 0 && adopted === undefined && this.#idle === undefined)
      this.setTimeout(idleTimeoutMs);
    try {
      this.#driver?.onOpen?.();
      if (adopted === undefined) group.handlers.open?.(this);
      else adopted();
    } finally {
      if (!this.#queue.isEmpty || this.#is(State.Ending)) this.#flush();
      if (adopted !== undefined && this.#is(State.ReadEnded)) this.#followReadEnd();
    }
  }

  /** @internal it was accepted: what its peer has sent already is read without an event */
  readFirst(): void {
    // Without the handler it may be about to get a driver.
    const reads = this.group.handlers.data !== undefined && this.#driver === undefined;
    if (reads && !this.isClosed) this.onReady(Readiness.Readable);
  }

  /** @internal to be charged and re-queued: of a connected one only */
  get registration(): Registration<Connection<Data>> {
    return this.#registration as Registration<Connection<Data>>;
  }

  /**
   * @internal lets `driver` read and write from here on in place of the handlers; what was written
   * before leaves first. `undefined` gives the connection back to them.
   */
  setDriver(driver: ConnectionDriver | undefined): void {
    this.#driver = driver;
    this.updateInterest();
  }

  /** @internal whether a driver reads and writes it */
  get hasDriver(): boolean {
    return this.#driver !== undefined;
  }

  get #isStream(): boolean {
    return this.#driver?.isUnlimited === true;
  }

  /** @internal has the driver called in the next turn */
  requeue(readiness: Readiness): void {
    if (this.#registration?.isClosed === false) this.#registration.requeue(readiness);
  }

  /** @internal what is to be waited for, or what holds the reactor, has changed: here or in the driver */
  updateInterest(): void {
    const registration = this.#registration;
    if (registration === undefined || registration.isClosed) return;
    try {
      registration.setInterest(this.#wantedInterest());
    } catch (error) {
      // ENOMEM; EBADF: closed behind our back. It would hear nothing, and no method throws that.
      this.group.defer(() => this.destroy(error as Error));
    }
    this.#updateHold();
  }

  // As in libuv, what waits to be sent holds the reactor, `unref` or not.
  #updateHold(): void {
    const isSending = !this.#queue.isEmpty || this.#driver?.isSending === true;
    if (isSending || (this.hasRef() && this.#isActive)) this.#registration?.ref();
    else this.#registration?.unref();
  }

  get #isActive(): boolean {
    const isReading = this.#driver?.isReading;
    if (isReading !== undefined) return isReading;
    const reads = (this.#state & (State.Paused | State.ReadEnded)) === 0;
    return reads || this.group.settings.keepsAlive === 'open';
  }

  #wantedInterest(mask = -1): Interest {
    const state = this.#state & mask;
    if ((state & State.Connecting) !== 0) return Interest.None;
    const reads = this.#driver?.interest ?? this.#readInterest(state);
    const writes = this.#queue.hasWork && (state & State.Corked) === 0;
    return reads | (writes ? Interest.Writable : Interest.None);
  }

  #readInterest(state: number): Interest {
    if ((state & (State.Paused | State.ReadEnded)) === 0) return Interest.Readable;
    const isKnown = (state & (State.ReadEnded | State.ReadClosedReported)) !== 0;
    return isKnown ? Interest.None : this.group.pausedInterest;
  }

  /** @internal write first, then read, then mind what is closed: docs/semantics.md */
  onReady(readiness: Readiness): void {
    if ((readiness & Readiness.Error) !== 0) {
      this.#zeroCopy?.onError(this.registration, this);
    }
    if ((readiness & Readiness.Writable) !== 0) {
      if (!this.#queue.isEmpty) this.#flush();
      this.#reportDrain();
    }
    if (this.isClosed) return;
    if (this.#driver !== undefined) this.#runDriver(this.#driver, readiness);
    else if ((readiness & Readiness.Readable) !== 0) this.#read();
    else this.#readNothing(readiness);
  }

  // Paused, or the peer's end was read. When a write has failed, the room that a paused connection may
  // wait for never comes.
  #readNothing(readiness: Readiness): void {
    if (this.#is(State.WriteFailed) && this.isPaused) this.destroy();
    else if ((readiness & Readiness.Error) !== 0) this.#failWithPendingError();
    if (this.#is(State.Closed | State.ReadEnded | State.ReadClosedReported)) return;
    if ((readiness & Readiness.ReadClosed) === 0 || !this.isPaused) return;
    this.#state |= State.ReadClosedReported;
    this.updateInterest();
    this.group.handlers.readClosed?.(this);
  }

  // After a failed write a stream reads what had come before. When no one reads it, it ends with the
  // error as a paused connection does.
  #runDriver(driver: ConnectionDriver, readiness: Readiness): void {
    const { bytesRead } = this;
    driver.onReady(readiness);
    if (!this.#is(State.WriteFailed) || !this.#isStream || this.isClosed) return;
    if (this.bytesRead === bytesRead) this.destroy();
    else this.requeue(Readiness.Readable | Readiness.Error);
  }

  /**
   * @internal gives the descriptor and its state away, to another thread; it is closed here.
   *
   * @throws EdgewiseError - ERR_CLOSED, ERR_HANDED_OVER. ERR_HANDOVER_FAILED: something cannot be
   *   handed over; nothing has changed.
   */
  detach(): ConnectionSnapshot & { readonly fd: number } {
    if (this.isClosed) throw this.closedError;
    if (this.isConnecting) throw notHandedOver('it is connecting');
    if (this.hasDriver) throw notHandedOver('it is relayed');
    if (this.#is(State.Closing | State.WriteFailed)) throw notHandedOver('it is being closed');
    if (this.#zeroCopy?.holdsMemory === true) throw notHandedOver('the kernel holds its memory');
    const unsent = this.#queue.copy();
    if (unsent === undefined) throw notHandedOver('what waits to be sent is not plain bytes');
    const { bytesRead, bytesWritten, proxyHeader } = this;
    const state = this.#state & HANDED_OVER_BITS;
    const { needsDrain } = this.#queue;
    const idleMs = this.#idle?.idleMs ?? 0;
    const fd = this.#fd;
    this.#registration?.close();
    this.#clearTimers();
    this.#discardQueue();
    this.#state = (this.#state | State.Closed | State.HandedOver) & ~State.Corked;
    this.#fd = -1;
    this.group.release(this);
    const counts = { bytesRead, bytesWritten };
    return { fd, state, unsent, needsDrain, idleMs, ...counts, proxyHeader };
  }

  /** @internal takes over the state of a connection of another thread; to be established then */
  restore(snapshot: ConnectionSnapshot): void {
    const { state, unsent, needsDrain, idleMs, bytesRead, bytesWritten } = snapshot;
    this.#state |= state;
    this.#proxyHeader = snapshot.proxyHeader;
    this.bytesRead = bytesRead;
    this.bytesWritten = bytesWritten;
    if (unsent.length > 0) this.#ownQueue().append(unsent);
    if (needsDrain) this.#ownQueue().awaitDrain();
    if (idleMs > 0) this.setTimeout(idleMs);
  }
}

/**
 * Makes the connection of a `connect` call. When `createData` has closed it, it `isClosed`: it must not
 * be established, and its `close` handler is called at the end of the turn.
 *
 * @throws what `createData` throws; the reactor has forgotten the group then.
 */
export function createConnection<Data>(group: ConnectionGroup): Connection<Data> {
  try {
    return new Connection<Data>(group, true);
  } catch (error) {
    group.leaveIfIdle();
    throw error;
  }
}

/**
 * Serves an accepted descriptor, which belongs to the connection from here on.
 *
 * @param proxyHeader - what was read from it already.
 * @throws what `createData` throws, and then it is closed; what the `open` handler throws.
 */
export function acceptConnection<Data>(
  group: ConnectionGroup,
  fd: number,
  proxyHeader?: ProxyHeader,
): Connection<Data> {
  let connection: Connection<Data>;
  try {
    connection = new Connection<Data>(group, false, proxyHeader);
  } catch (error) {
    sys.close(fd);
    throw error;
  }
  connection.establish(fd);
  return connection;
}

function byteLengthOf(chunks: readonly Uint8Array[]): number {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  return length;
}
