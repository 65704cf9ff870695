// A datagram socket, UDP or Unix: what its user sees. Receiving and sending are in
// datagram.receiver.ts and datagram.sender.ts, what is told at the end of the turn in
// datagram.news.ts.
import { constants as os } from 'node:os';
import { type AddressInput, SocketAddress } from '../../address.ts';
import { ClosedError, check, errnoError, invalidType } from '../../errors.ts';
import { encodeShort } from '../../flow/read-memory.ts';
import { Interest, Readiness } from '../../poller/interest.ts';
import type { Reactor } from '../../reactor/reactor.ts';
import type { Registration } from '../../reactor/registration.ts';
import { MessageBatch } from '../../sys/batch.ts';
import * as sys from '../../sys/index.ts';
import { checkBytes, checkInteger } from '../../validate.ts';
import { checkDescriptors } from '../socket/descriptor-passing.ts';
import { type MulticastOptions, setMembership, setMulticastOptions } from '../socket/multicast.ts';
import { DatagramErrors } from './error-queue.ts';
import { DatagramNews } from './news.ts';
import {
  type DatagramSettings,
  type DatagramStats,
  type SendOptions,
  segmentSizeOf,
} from './options.ts';
import { DatagramReceiver } from './receive.ts';
import { contextOf, DatagramSender } from './send.ts';

const { EAFNOSUPPORT } = os.errno;
const { SOL_SOCKET, SO_ERROR } = sys.constants;

/**
 * A datagram socket, made by `bindDatagram`. It owns its descriptor.
 *
 * No method but `connect`, `disconnect` and those for multicast throws for what the network does:
 * the `error` handler is told, and `stats` counts every datagram that was not delivered.
 */
export class DatagramSocket<Data = unknown> {
  /** What the user keeps with it. */
  data: Data | undefined;
  readonly #settings: DatagramSettings<Data>;
  readonly #registration: Registration<undefined>;
  readonly #news: DatagramNews<Data>;
  readonly #errors: DatagramErrors<Data> | undefined;
  readonly #receiver: DatagramReceiver<Data>;
  readonly #sender: DatagramSender<Data>;
  readonly #address = new SocketAddress();
  /** As it was bound: a peer changes the address, and on Linux to lose it may lose the port. */
  readonly #bound: SocketAddress;
  readonly #stats: DatagramStats = {
    ...{ messagesReceived: 0, bytesReceived: 0, segmentsReceived: 0, truncated: 0 },
    ...{ receiveDropped: 0, messagesSent: 0, bytesSent: 0, segmentsSent: 0 },
    ...{ sendDropped: 0, sendFailed: 0, errors: 0 },
  };
  #fd: number;
  #isPaused = false;
  #onClosed: (() => void) | undefined = undefined;

  /** @internal use `bindDatagram`; `fd` is the socket's from here on, unless this throws */
  constructor(fd: number, settings: DatagramSettings<Data>) {
    this.#fd = fd;
    this.#settings = settings;
    this.data = settings.data;
    check(sys.getsockname(fd, this.#address), 'getsockname', { fd });
    this.#bound = new SocketAddress(this.#address);
    const stats = this.#stats;
    const news = new DatagramNews(this, settings, stats);
    this.#news = news;
    const errors = settings.hasErrorQueue ? new DatagramErrors(fd, news) : undefined;
    this.#errors = errors;
    this.#receiver = new DatagramReceiver(this, settings, stats, news, errors);
    const onChange = () => this.#updateInterest();
    this.#sender = new DatagramSender(fd, settings, stats, news, errors, onChange);
    this.#registration = settings.reactor.watch<undefined>({
      fd,
      interest: Interest.Readable,
      trigger: settings.trigger,
      handler: this,
      data: undefined,
      isExclusive: false,
      scope: settings.scope,
    });
    settings.reactor.dependents.add(news);
  }

  /** The descriptor; -1 after it is closed. */
  get fd(): number {
    return this.#fd;
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
    const address = new SocketAddress();
    return this.#fd >= 0 && sys.getpeername(this.#fd, address) >= 0 ? address : undefined;
  }

  /** @internal */
  get reactor(): Reactor {
    return this.#settings.reactor;
  }

  get isClosed(): boolean {
    return this.#fd < 0;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Datagrams that wait for room in the kernel. */
  get queuedCount(): number {
    return this.#settings.outbox.count;
  }

  get stats(): Readonly<DatagramStats> {
    return { ...this.#stats };
  }

  /**
   * Sends one datagram, after all that are queued.
   *
   * @param data - text goes as UTF-8. Of no length: an empty datagram.
   * @param to - the receiver; absent: the peer that `connect` has set.
   * @param options - `segmentSize`: `data` is several datagrams, and may be of any length.
   * @returns whether it was taken, by the kernel or the queue. false: it was dropped, since the
   *   queue is full (`drain` tells when it is empty) or the kernel refused it (`error` tells why);
   *   of several datagrams, those that could not be taken.
   * @throws TypeError, RangeError - wrong arguments. ClosedError.
   * @see sendto(2), udp(7)
   */
  send(data: string | Uint8Array, to?: AddressInput, options?: SendOptions): boolean {
    this.#assertOpen();
    const bytes = typeof data === 'string' ? (encodeShort(data) ?? Buffer.from(data)) : data;
    if (options === undefined) return this.#sender.send(bytes, to, 0);
    checkBytes('data', bytes);
    return this.#sender.send(bytes, to, segmentSizeOf(options));
  }

  /**
   * Sends one datagram and, with it, descriptors over a Unix socket. The receiver gets duplicates;
   * these stay the caller's, who may close them as soon as this returns.
   *
   * @param fileDescriptors - 1 to 253.
   * @returns as `send`; `error` is told ETOOMANYREFS when too many of this user's are under way.
   * @throws ErrnoError - EBADF: one is closed. EMFILE: it has to wait, and there are none for the
   *   duplicates.
   * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED: UDP.
   * @throws as `send`.
   * @see unix(7) "SCM_RIGHTS"
   */
  sendDescriptors(
    data: string | Uint8Array,
    fileDescriptors: readonly number[],
    to?: AddressInput,
  ): boolean {
    this.#assertOpen();
    const fds = checkDescriptors(fileDescriptors, this.#settings.isUnix);
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    return this.#sender.sendDescriptors(bytes, to, fds);
  }

  /**
   * Sends the first `count` messages of a batch, in one system call where the kernel takes them all.
   * A message with a size in `batch.segmentSizes` leaves as several datagrams.
   *
   * @param batch - the one that the `messages` handler was given, or one of the user's own.
   * @param count - 0 to `batch.messagesMax`.
   * @returns how many messages were taken, by the kernel or the queue; the others were dropped, as
   *   in `send`.
   * @throws TypeError, RangeError - wrong arguments. ClosedError.
   * @see sendmmsg(2)
   */
  sendMany(batch: MessageBatch, count: number): number {
    this.#assertOpen();
    if (!(batch instanceof MessageBatch)) throw invalidType('batch', 'a MessageBatch', batch);
    checkInteger('count', count, 0, batch.messagesMax);
    return count === 0 ? 0 : this.#sender.sendMany(batch, count);
  }

  /**
   * Sets the peer: `send` needs no address, only its datagrams are received, and what the network
   * says of it (ECONNREFUSED) reaches the `error` handler. Another call sets another peer.
   *
   * @throws ErrnoError - ENETUNREACH, EAFNOSUPPORT, EACCES, …
   * @see connect(2)
   */
  connect(to: AddressInput): void {
    this.#assertOpen();
    check(sys.connect(this.#fd, to), 'connect', contextOf(to));
    check(sys.getsockname(this.#fd, this.#address), 'getsockname', { fd: this.#fd });
  }

  /**
   * Forgets the peer. The port stays.
   *
   * @throws ErrnoError - EADDRINUSE: the kernel had given the port away, and it was taken.
   */
  disconnect(): void {
    this.#assertOpen();
    const fd = this.#fd;
    const result = sys.connect(fd, { unspecified: true });
    // EAFNOSUPPORT: how macOS and the BSDs say that they have done it.
    if (result !== -EAFNOSUPPORT) check(result, 'connect', { fd });
    check(sys.getsockname(fd, this.#address), 'getsockname', { fd });
    // Linux gives back a port that it had chosen itself.
    if (this.port !== this.#bound.port) check(sys.bind(fd, this.#bound), 'bind', { fd });
    check(sys.getsockname(fd, this.#address), 'getsockname', { fd });
  }

  /**
   * Receives what is sent to a multicast group, on the port that it is bound to.
   *
   * @param group - a multicast address, of the family of the socket.
   * @param on - a network interface, by name or, for IPv4, by address; absent: the system chooses.
   * @throws TypeError - ERR_INVALID_ARG_VALUE: no IP address, or no such interface.
   * @throws ErrnoError - EADDRINUSE: joined already. EINVAL: not a multicast address. ENODEV.
   */
  joinGroup(group: string, on?: string): void {
    this.#assertOpen();
    setMembership(this.#fd, group, on, true);
  }

  /**
   * Leaves a group, with the arguments of `joinGroup`.
   *
   * @throws as `joinGroup`; ErrnoError - EADDRNOTAVAIL: it was not joined.
   */
  leaveGroup(group: string, on?: string): void {
    this.#assertOpen();
    setMembership(this.#fd, group, on, false);
  }

  /**
   * Says how datagrams to groups are sent.
   *
   * @throws TypeError, RangeError - wrong arguments. ErrnoError - what the kernel says.
   */
  setMulticast(options: MulticastOptions): void {
    this.#assertOpen();
    setMulticastOptions(this.#fd, this.#address.family, options);
  }

  /** Stops receiving, after the batch that is being delivered; the kernel drops what it cannot keep. */
  pause(): void {
    this.#isPaused = true;
    this.#updateInterest();
  }

  /** Receives again. */
  resume(): void {
    this.#isPaused = false;
    this.#updateInterest();
  }

  /** Keeps the reactor alive, which is so from the start. */
  ref(): this {
    this.#registration.ref();
    return this;
  }

  unref(): this {
    this.#registration.unref();
    return this;
  }

  /** Closes at once; what is queued is dropped. Does nothing the second time. */
  close(): void {
    if (this.isClosed) return;
    const fd = this.#fd;
    this.#fd = -1;
    this.#registration.close();
    this.#sender.close();
    sys.close(fd);
    this.#onClosed?.();
    this.#news.addClose();
  }

  /** @internal closes when `signal` is aborted, and lets go of it when closed before */
  closeOn(signal: AbortSignal): void {
    const close = () => this.close();
    signal.addEventListener('abort', close, { once: true });
    this.#onClosed = () => signal.removeEventListener('abort', close);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  onReady(readiness: Readiness, registration: Registration<undefined>): void {
    if ((readiness & Readiness.Writable) !== 0) this.#sender.flush();
    if ((readiness & (Readiness.Readable | Readiness.Error)) === 0) return;
    if (this.#isPaused) this.#takePendingError();
    else this.#receiver.receive(readiness, registration);
  }

  // Unread, it would be reported for ever.
  #takePendingError(): void {
    this.#errors?.take();
    const fd = this.#fd;
    const value = new Int32Array(1);
    sys.getsockopt(fd, SOL_SOCKET, SO_ERROR, value);
    const [errno] = value as unknown as [number];
    if (errno !== 0) this.#news.addError(() => errnoError(-errno, 'getsockopt', { fd }));
  }

  #updateInterest(): void {
    if (this.#registration.isClosed) return;
    const reads = this.#isPaused ? Interest.None : Interest.Readable;
    this.#registration.setInterest(reads | (this.#sender.isWaiting ? Interest.Writable : 0));
  }

  #assertOpen(): void {
    if (this.isClosed) throw new ClosedError('the DatagramSocket');
  }
}
