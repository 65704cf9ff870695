// What the two halves of a datagram socket share: its descriptor, its handlers, its counts, what it
// waits for, and the calls that are made at the end of the turn. socket.ts makes it and closes it;
// receive.ts and send.ts work on it.
import { DeferredCalls } from '../../flow/index.ts';
import { Interest } from '../../poller/index.ts';
import type { Registration } from '../../reactor/index.ts';
import type { DatagramHandlers, DatagramSettings, DatagramStats } from './options.ts';
import type { DatagramSocket } from './socket.ts';

/** Errors that are reported at the end of one turn; more are only counted. */
const ERROR_COUNT_MAX = 64;

/** The state of one datagram socket. */
export class DatagramState<Data> {
  /** What handlers are given. */
  readonly socket: DatagramSocket<Data>;
  readonly settings: DatagramSettings<Data>;
  readonly handlers: DatagramHandlers<Data>;
  /** Calls of `drain`, `error` and `close`: none is made inside a call of the user's. */
  readonly calls: DeferredCalls;
  /** Written by both halves. */
  readonly stats: DatagramStats = {
    messagesReceived: 0,
    bytesReceived: 0,
    segmentsReceived: 0,
    truncated: 0,
    receiveDropped: 0,
    messagesSent: 0,
    bytesSent: 0,
    segmentsSent: 0,
    sendDropped: 0,
    sendFailed: 0,
    errors: 0,
  };
  /** The descriptor; -1 after it is closed. */
  fd: number;
  /** `pause` was called. */
  isPaused = false;
  /** `close` or `destroy` was called: nothing is received any more, nothing new is sent. */
  isClosing = false;
  /** It did not end in order: only `close` is called from here on. */
  isDestroyed = false;
  /** Set right after the socket is registered. */
  registration: Registration<undefined> | undefined = undefined;
  #isReferenced = true;
  #isSending = false;
  #waitsForRoom = false;
  #waitingErrorCount = 0;

  /** @param fd - open; it is closed by the socket. */
  constructor(socket: DatagramSocket<Data>, fd: number, settings: DatagramSettings<Data>) {
    this.socket = socket;
    this.fd = fd;
    this.settings = settings;
    this.handlers = settings.handlers;
    this.calls = new DeferredCalls(settings.reactor, settings.scope);
  }

  get isClosed(): boolean {
    return this.fd < 0;
  }

  /** Whether datagrams are received. */
  get isReceiving(): boolean {
    return !this.isPaused && !this.isClosing;
  }

  /** Whether the socket keeps the reactor alive while it is open. */
  get isReferenced(): boolean {
    return this.#isReferenced;
  }

  set isReferenced(isReferenced: boolean) {
    this.#isReferenced = isReferenced;
    this.#updateHold();
  }

  /** Whether datagrams are queued: as in libuv, they keep the reactor alive, `unref` or not. */
  set isSending(isSending: boolean) {
    if (isSending === this.#isSending) return;
    this.#isSending = isSending;
    this.#updateHold();
  }

  #updateHold(): void {
    if (this.#isReferenced || this.#isSending) this.registration?.ref();
    else this.registration?.unref();
  }

  /** Watches writability, or stops to; the sending half calls it. */
  waitForRoom(isWaiting: boolean): void {
    if (isWaiting === this.#waitsForRoom) return;
    this.#waitsForRoom = isWaiting;
    this.updateInterest();
  }

  /** What the socket waits for may have changed. */
  updateInterest(): void {
    const { registration } = this;
    if (registration === undefined || registration.isClosed) return;
    const reads = this.isReceiving ? Interest.Readable : Interest.None;
    try {
      registration.setInterest(reads | (this.#waitsForRoom ? Interest.Writable : Interest.None));
    } catch (error) {
      // ENOMEM; EBADF: closed behind our back. It would hear nothing, and no method throws that.
      this.calls.add(() => this.socket.destroy(error as Error));
    }
  }

  /**
   * Counts an error, and calls the `error` handler at the end of the turn.
   *
   * @param makeError - not called when there is no handler, or when the turn has enough errors.
   */
  reportError(makeError: () => Error): void {
    this.stats.errors++;
    const { handlers } = this;
    if (handlers.error === undefined || this.#waitingErrorCount === ERROR_COUNT_MAX) return;
    this.#waitingErrorCount++;
    const error = makeError();
    this.calls.add(() => {
      this.#waitingErrorCount--;
      if (!this.isDestroyed) handlers.error?.(this.socket, error);
    });
  }

  /** Calls the `drain` handler at the end of the turn. */
  reportDrain(): void {
    this.calls.add(() => {
      if (!this.isClosing) this.handlers.drain?.(this.socket);
    });
  }
}
