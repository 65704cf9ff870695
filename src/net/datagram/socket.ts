// A datagram socket, UDP or Unix, as its user sees it. It is one state (state.ts) with two halves that
// work on it, receive.ts and send.ts; here is what is neither: its peer, its groups, its life.
import { constants as os } from 'node:os';
import { type AddressInput, SocketAddress } from '../../address.ts';
import { ClosedError, check, invalidType } from '../../errors.ts';
import { type CloseOptions, closeTimeoutMs, encodeShort } from '../../flow/index.ts';
import { SHOWN, shown } from '../../inspect.ts';
import { Interest, Readiness } from '../../poller/index.ts';
import type { Reactor, Registration, Timer } from '../../reactor/index.ts';
import * as sys from '../../sys/index.ts';
import { Role } from '../../trace/index.ts';
import { checkBytes, checkError, checkInteger } from '../../validate.ts';
import { errorContextOf } from '../socket/address.ts';
import { checkDescriptors } from '../socket/descriptor-passing.ts';
import { remoteAddressOf } from '../socket/facts.ts';
import { type MulticastOptions, setMembership, setMulticastOptions } from '../socket/multicast.ts';
import { takePendingErrors } from './error-queue.ts';
import {
  type DatagramSettings,
  type DatagramStats,
  type SendOptions,
  segmentSizeOf,
} from './options.ts';
import { ReceivingHalf } from './receive.ts';
import { SendingHalf } from './send.ts';
import type { SendOutcome } from './send-queue.ts';
import { DatagramState } from './state.ts';

const { EAFNOSUPPORT } = os.errno;

/**
 * A datagram socket, made by `bindDatagram`. It owns its descriptor, and belongs to the thread of its
 * reactor.
 *
 * No method but `connect`, `disconnect` and those for multicast throws for what the network does:
 * the `error` handler is called, and `stats` counts every datagram that was not delivered.
 *
 * @see udp(7), unix(7)
 */
export class DatagramSocket<Data = unknown> implements Disposable, AsyncDisposable {
  /** What the user keeps with it; from the start what the option `data` was. */
  data: Data;
  readonly #state: DatagramState<Data>;
  readonly #receiving: ReceivingHalf<Data>;
  readonly #sending: SendingHalf<Data>;
  readonly #address = new SocketAddress();
  /** As it was bound: a peer changes the address, and on Linux to lose it may lose the port. */
  readonly #bound: SocketAddress;
  readonly #registration: Registration<undefined>;
  /** What the reactor closes when it is closed. */
  readonly #dependent = { close: () => this.#closeWithReactor() };
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#destroy(this.#signal?.reason);
  /** The time limit of `close`. */
  #timer: Timer | undefined = undefined;
  /** What `destroy` was given. */
  #error: NodeJS.ErrnoException | undefined = undefined;
  /** The `close` handler was called. */
  #isEnded = false;
  /** Called after the `close` handler. */
  #onEnded: (() => void)[] = [];

  /** @internal use `bindDatagram`; `fd` is the socket's from here on, unless this throws */
  constructor(fd: number, settings: DatagramSettings<Data>, signal?: AbortSignal) {
    this.data = settings.data;
    check(sys.getsockname(fd, this.#address), 'getsockname', { fd });
    this.#bound = new SocketAddress(this.#address);
    const state = new DatagramState(this, fd, settings);
    this.#state = state;
    this.#receiving = new ReceivingHalf(state);
    this.#sending = new SendingHalf(state);
    this.#registration = settings.reactor.watch<undefined>({
      fd,
      interest: Interest.Readable,
      trigger: settings.trigger,
      handler: this,
      data: undefined,
      isExclusive: false,
      scope: settings.scope,
      role: Role.Datagram,
    });
    state.registration = this.#registration;
    settings.reactor.dependents.add(this.#dependent);
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** The descriptor; -1 after it is closed. */
  get fd(): number {
    return this.#state.fd;
  }

  /** Where it is bound, with the port that it got. */
  get address(): SocketAddress {
    return this.#address;
  }

  /** The port, 0 for Unix sockets. */
  get port(): number {
    return this.#address.port;
  }

  /** The peer that `connect` has set; undefined: none. */
  get remoteAddress(): SocketAddress | undefined {
    return remoteAddressOf(this.#state.fd);
  }

  /** @internal */
  get reactor(): Reactor {
    return this.#state.settings.reactor;
  }

  /** Whether the descriptor is closed: by `destroy` at once, by `close` when all has left. */
  get isClosed(): boolean {
    return this.#state.isClosed;
  }

  /** Whether `pause` was called. */
  get isPaused(): boolean {
    return this.#state.isPaused;
  }

  /** How many datagrams wait for room in the kernel. */
  get queuedCount(): number {
    return this.#sending.queuedCount;
  }

  /** @internal as a handler: for audits and traces */
  queuedBytes(): number | undefined {
    return this.#sending.queuedBytes;
  }

  /** Counts since it was made; a copy. */
  get stats(): Readonly<DatagramStats> {
    return { ...this.#state.stats };
  }

  /**
   * Sends one datagram, after all that are queued.
   *
   * @param data - text goes as UTF-8. Of no length: an empty datagram. Copied when it has to wait.
   * @param to - the receiver; absent: the peer that `connect` has set.
   * @param options - `segmentSize`: `data` is several datagrams, and may be of any length.
   * @returns whether it was taken, by the kernel or the queue. false: it was dropped, since the
   *   queue is full (`drain` is called when it is empty) or the kernel refused it (`error` is called
   *   with the reason); of several datagrams, those that could not be taken.
   * @throws TypeError, RangeError - wrong arguments. ClosedError - after `close` or `destroy`.
   * @see sendto(2), udp(7)
   */
  send(data: string | Uint8Array, to?: AddressInput, options?: SendOptions): boolean {
    this.#assertOpen();
    const bytes = typeof data === 'string' ? (encodeShort(data) ?? Buffer.from(data)) : data;
    if (options === undefined) return this.#sending.send(bytes, to, 0);
    checkBytes('data', bytes);
    return this.#sending.send(bytes, to, segmentSizeOf(options));
  }

  /**
   * @internal as `send`, for the rooms that report on each datagram; `error` is not called for it
   *
   * @param outcome - called at the end of a turn when -EAGAIN was returned.
   * @returns bytes sent; -EAGAIN: it is queued; -ENOBUFS: the queue is full; -errno.
   */
  sendTracked(bytes: Uint8Array, to: AddressInput | undefined, outcome: SendOutcome): number {
    this.#assertOpen();
    checkBytes('data', bytes);
    return this.#sending.sendTracked(bytes, to, outcome);
  }

  /**
   * Sends one datagram and, with it, descriptors over a Unix socket. The receiver gets duplicates;
   * these stay the caller's, which may close them as soon as this returns.
   *
   * @param fds - 1 to 253.
   * @returns as `send`; `error` is called with ETOOMANYREFS when too many of this user's are under
   *   way.
   * @throws ErrnoError - EBADF: one is closed. EMFILE: it has to wait, and no numbers are left for
   *   the duplicates.
   * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED: UDP.
   * @throws as `send`.
   * @see unix(7) "SCM_RIGHTS"
   */
  sendDescriptors(data: string | Uint8Array, fds: readonly number[], to?: AddressInput): boolean {
    this.#assertOpen();
    const checked = checkDescriptors(fds, this.#state.settings.isUnix);
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    return this.#sending.sendDescriptors(bytes, to, checked);
  }

  /**
   * Sends the first `count` messages of a batch, in one system call where the kernel takes them all.
   * A message with a size in `batch.segmentSizes` leaves as several datagrams.
   *
   * @param batch - the one that the `messages` handler was given, or one of the user's own.
   * @param count - 0 to `batch.messagesMax`.
   * @returns how many messages were taken, by the kernel or the queue; the others were dropped, as
   *   in `send`.
   * @throws TypeError, RangeError - wrong arguments. ClosedError - after `close` or `destroy`.
   * @see sendmmsg(2)
   */
  sendMany(batch: sys.MessageBatch, count: number): number {
    this.#assertOpen();
    if (!(batch instanceof sys.MessageBatch)) throw invalidType('batch', 'a MessageBatch', batch);
    checkInteger('count', count, 0, batch.messagesMax);
    return count === 0 ? 0 : this.#sending.sendMany(batch, count);
  }

  /**
   * Sets the peer: `send` needs no address, only its datagrams are received, and what the network
   * says of it (ECONNREFUSED) reaches the `error` handler. Another call sets another peer.
   *
   * @throws ErrnoError - ENETUNREACH, EAFNOSUPPORT, EACCES, …
   * @throws ClosedError - after `close` or `destroy`.
   * @see connect(2)
   */
  connect(to: AddressInput): void {
    this.#assertOpen();
    const { fd } = this.#state;
    check(sys.connect(fd, to), 'connect', errorContextOf(to));
    check(sys.getsockname(fd, this.#address), 'getsockname', { fd });
  }

  /**
   * Forgets the peer. The port stays.
   *
   * @throws ErrnoError - EADDRINUSE: the kernel had given the port away, and it was taken.
   * @throws ClosedError - after `close` or `destroy`.
   */
  disconnect(): void {
    this.#assertOpen();
    const { fd } = this.#state;
    const result = sys.connect(fd, { unspecified: true });
    // EAFNOSUPPORT: how macOS and the BSDs say that they have done it.
    if (result !== -EAFNOSUPPORT) check(result, 'connect', { fd });
    check(sys.getsockname(fd, this.#address), 'getsockname', { fd });
    // Linux gives back a port that it had chosen itself.
    if (this.port !== this.#bound.port) {
      check(sys.bind(fd, this.#bound), 'bind', errorContextOf(this.#bound));
    }
    check(sys.getsockname(fd, this.#address), 'getsockname', { fd });
  }

  /**
   * Receives what is sent to a multicast group, on the port that it is bound to.
   *
   * @param group - a multicast address, of the family of the socket.
   * @param on - a network interface, by name or, for IPv4, by address; absent: the system chooses.
   * @param source - receives only from this address, of the same family; absent: from all.
   * @throws TypeError - ERR_INVALID_ARG_VALUE: no IP address, or no such interface.
   * @throws ErrnoError - EADDRINUSE: joined already. EINVAL: not a multicast address. ENODEV.
   * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED: `source` with IPv6, on NetBSD and OpenBSD.
   * @throws ClosedError - after `close` or `destroy`.
   */
  joinGroup(group: string, on?: string, source?: string): void {
    this.#assertOpen();
    setMembership(this.#state.fd, group, on, source, true);
  }

  /**
   * Leaves a group, with the arguments of `joinGroup`.
   *
   * @throws as `joinGroup`; ErrnoError - EADDRNOTAVAIL: it was not joined.
   */
  leaveGroup(group: string, on?: string, source?: string): void {
    this.#assertOpen();
    setMembership(this.#state.fd, group, on, source, false);
  }

  /**
   * Sets how datagrams to groups are sent.
   *
   * @throws TypeError, RangeError - wrong arguments. ErrnoError - what the kernel says.
   * @throws ClosedError - after `close` or `destroy`.
   */
  setMulticast(options: MulticastOptions): void {
    this.#assertOpen();
    setMulticastOptions(this.#state.fd, this.#address.family, options);
  }

  /** Stops receiving, after the batch that is being delivered; the kernel drops what it cannot keep. */
  pause(): void {
    this.#state.isPaused = true;
    this.#state.updateInterest();
  }

  /** Receives again. */
  resume(): void {
    this.#state.isPaused = false;
    this.#state.updateInterest();
  }

  /** Keeps the reactor alive, which is so from the start. */
  ref(): this {
    this.#state.isReferenced = true;
    return this;
  }

  /** Lets the reactor end although the socket is open, when all that was queued has left. */
  unref(): this {
    this.#state.isReferenced = false;
    return this;
  }

  /** Whether the socket keeps the reactor alive while it is open. */
  hasRef(): boolean {
    return this.#state.isReferenced;
  }

  /**
   * Ends in order: receives nothing from now on, sends what is queued, and closes the descriptor
   * then; at once when nothing is queued. The `close` handler is called at the end of that turn.
   *
   * What has not left after the time limit is dropped. Called again, it does nothing, except that
   * a `timeoutMs` that is given replaces the time limit.
   *
   * @param options - `timeoutMs`: the time limit; 0: send what the kernel takes now.
   * @throws TypeError, RangeError - wrong options.
   */
  close(options: CloseOptions = {}): void {
    const timeoutMs = closeTimeoutMs(options);
    const state = this.#state;
    if (state.isClosed) return;
    const isFirst = !state.isClosing;
    if (isFirst) {
      state.isClosing = true;
      this.#sending.end(() => this.#finish());
      if (state.isClosed) return;
      state.updateInterest();
    }
    if (isFirst || options.timeoutMs !== undefined) this.#limit(timeoutMs);
  }

  /**
   * Ends at once: what is queued is dropped, and the descriptor is closed. The `close` handler is
   * called at the end of the turn. Does nothing when it is closed.
   *
   * @param error - why; the `close` handler gets it.
   * @throws TypeError - it is no Error.
   */
  destroy(error?: Error): void {
    checkError(error);
    this.#destroy(error);
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { fd, address, remoteAddress: remote, queuedCount: queued } = this;
    const state = { paused: this.isPaused, closed: this.isClosed };
    return shown('DatagramSocket', { fd, address, remote, queued, ...state });
  }

  /** As `destroy()`: `using socket = bindDatagram(…)`. */
  [Symbol.dispose](): void {
    this.#destroy(undefined);
  }

  /**
   * As `close()`: `await using socket = bindDatagram(…)`.
   *
   * @returns resolves after the `close` handler was called, in a turn of the reactor.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    if (this.#isEnded) return Promise.resolve();
    return new Promise((resolve) => this.#onEnded.push(resolve));
  }

  /** @internal */
  onReady(readiness: Readiness, registration: Registration<undefined>): void {
    const state = this.#state;
    if ((readiness & Readiness.Writable) !== 0) this.#sending.flush();
    if ((readiness & (Readiness.Readable | Readiness.Error)) === 0 || state.isClosed) return;
    if (state.isReceiving) this.#receiving.receive(readiness, registration);
    else takePendingErrors(state);
  }

  #limit(timeoutMs: number): void {
    this.#timer?.clear();
    const { reactor } = this.#state.settings;
    if (timeoutMs === 0 || reactor.isClosed) {
      this.#destroy(undefined);
      return;
    }
    // The registration keeps the reactor alive as long as the socket is open.
    this.#timer = reactor.setTimeout(() => this.#destroy(undefined), timeoutMs).unref();
  }

  #destroy(error: NodeJS.ErrnoException | undefined): void {
    if (this.isClosed) return;
    this.#state.isDestroyed = true;
    this.#error = error;
    this.#finish();
  }

  #finish(): void {
    const state = this.#state;
    const { fd } = state;
    state.isClosing = true;
    state.fd = -1;
    this.#registration.close();
    this.#sending.close();
    this.#timer?.clear();
    sys.close(fd);
    state.calls.addLast(() => this.#reportClose());
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  #reportClose(): void {
    const { handlers, settings } = this.#state;
    settings.reactor.dependents.delete(this.#dependent);
    this.#isEnded = true;
    const onEnded = this.#onEnded;
    this.#onEnded = [];
    try {
      handlers.close?.(this, this.#error);
    } finally {
      for (const resolve of onEnded) resolve();
    }
  }

  // There is no later turn.
  #closeWithReactor(): void {
    this.#destroy(new ClosedError('the Reactor'));
    this.#state.calls.run();
  }

  #assertOpen(): void {
    if (this.#state.isClosing) throw new ClosedError('the DatagramSocket');
  }
}
