// Accepts connections: the handler of one listening descriptor. It takes a bounded number per
// event, so that a storm of connects does not keep others waiting, and survives running out of
// descriptors (accept(2): EMFILE, ENFILE, ENOBUFS), where a level-triggered listener would spin.
import { constants as os } from 'node:os';
import { channels } from '../../diagnostics.ts';
import { errnoCode, errnoError } from '../../errors.ts';
import { Interest, type Readiness } from '../../poller/index.ts';
import type { Handler, Reactor, Registration, Timer } from '../../reactor/index.ts';
import * as sys from '../../sys/index.ts';

const { EAGAIN, EBADF, EINTR, EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOTSOCK, EOPNOTSUPP } =
  os.errno;
const ACCEPTS_PER_EVENT_MAX = 64;
/** Of a listener that other threads accept from as well: the rest of its queue is for an idle one. */
const ACCEPTS_WHEN_SHARED_MAX = 1;
const BACKOFF_FIRST_MS = 10;
/** Nothing reports a descriptor that other code has closed: a look costs four calls of the system. */
const BACKOFF_NEXT_MS = 100;
/** The listening descriptor was closed or shut down behind our back: it would be reported for ever. */
const BROKEN: ReadonlySet<number> = new Set([EBADF, EINVAL, ENOTSOCK, EOPNOTSUPP]);

/**
 * What to do when no descriptor is left. `pause`: leave clients in the kernel's queue, and look
 * again after a while, or as soon as a connection is gone. `shed`: accept with a reserve
 * descriptor and close at once, so that clients see the close and do not wait.
 */
export type ExhaustionPolicy = 'pause' | 'shed';

/** Counts since the listener was made. */
export interface AcceptStats {
  /** Connections that were accepted, those that the policy `shed` closed at once not included. */
  accepted: number;
  /** Times that accept found no descriptor or no memory. */
  exhausted: number;
  /** Connections closed at once by the policy `shed`. */
  shed: number;
  /** Connections that were gone before they were accepted, or failed on the way (ECONNABORTED). */
  aborted: number;
  /** Connections that were reset because of their header of the PROXY protocol. */
  rejected: number;
}

const isExhaustion = (errno: number) =>
  errno === -EMFILE || errno === -ENFILE || errno === -ENOBUFS || errno === -ENOMEM;

/**
 * The handler of one listening descriptor. Give it the registration with `start`; it owns that, and
 * the reserve descriptor, until `stop`, but not the listening descriptor.
 */
export class Acceptor implements Handler {
  /** Counts so far. */
  readonly stats: AcceptStats = { accepted: 0, exhausted: 0, shed: 0, aborted: 0, rejected: 0 };
  readonly #reactor: Reactor;
  readonly #policy: ExhaustionPolicy;
  readonly #onAccepted: (fd: number) => void;
  readonly #onBroken: (error: Error) => void;
  readonly #acceptsMax: number;
  #registration: Registration | undefined;
  #reserve = -1;
  #backoffMs = 0;
  #isHeld = false;
  #timer: Timer | undefined;

  /**
   * @param onAccepted - gets each connected, non-blocking descriptor, and owns it. What it throws
   *   reaches the reactor's `onError`, and accepting goes on.
   * @param onBroken - the listening descriptor itself is not usable any more.
   * @param isShared - other threads accept from the same socket (EPOLLEXCLUSIVE).
   */
  constructor(
    reactor: Reactor,
    policy: ExhaustionPolicy,
    onAccepted: (fd: number) => void,
    onBroken: (error: Error) => void,
    isShared = false,
  ) {
    this.#reactor = reactor;
    this.#policy = policy;
    this.#onAccepted = onAccepted;
    this.#onBroken = onBroken;
    this.#acceptsMax = isShared ? ACCEPTS_WHEN_SHARED_MAX : ACCEPTS_PER_EVENT_MAX;
  }

  /** Starts with the registration of the listening descriptor. */
  start(registration: Registration): void {
    this.#registration = registration;
    if (this.#policy === 'shed') this.#openReserve();
  }

  /** Stops accepting, or goes on: clients wait in the kernel's queue meanwhile. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (this.#timer?.isPending !== true) this.#listen(Interest.Readable);
  }

  /** Ends accepting for good. The listening descriptor stays open. */
  stop(): void {
    this.#registration?.close();
    this.#registration = undefined;
    this.#timer?.clear();
    this.#backoffMs = 0; // nothing to retry, and no reserve to open
    if (this.#reserve >= 0) sys.close(this.#reserve);
    this.#reserve = -1;
  }

  /** A descriptor has become free: no need to wait for the backoff. */
  retry(): void {
    if (this.#backoffMs === 0) return;
    this.#timer?.clear();
    this.#goOn();
  }

  /** Accepts what waits in the queue, up to the bound of one event. */
  onReady(_readiness: Readiness, registration: Registration): void {
    let mayHaveMore = true;
    for (let count = 0; count < this.#acceptsMax; count++) {
      const fd = sys.accept4(registration.fd, null, sys.constants.SOCK_NONBLOCK);
      if (fd >= 0) {
        this.stats.accepted++;
        this.#backoffMs = 0;
        try {
          this.#onAccepted(fd);
        } catch (error) {
          this.#reactor.report(error); // of the user's `open`: the others in the queue do not wait
        }
      } else {
        mayHaveMore = fd !== -EAGAIN && this.#survives(fd, registration.fd);
      }
      if (!mayHaveMore || registration.isClosed || this.#isHeld) break;
    }
    // Level reports the rest by itself; an edge would not.
    const isEdge = registration.trigger === 'edge';
    const goesOn = mayHaveMore && !this.#isHeld && !registration.isClosed;
    if (goesOn && isEdge) registration.requeue();
  }

  // Answers whether to go on accepting.
  #survives(errno: number, fd: number): boolean {
    if (isExhaustion(errno)) {
      this.stats.exhausted++;
      if (channels.listenerExhausted.hasSubscribers) {
        channels.listenerExhausted.publish({ fd, code: errnoCode(errno), policy: this.#policy });
      }
      return this.#policy === 'shed' ? this.#shed(fd) : this.#pause();
    }
    if (BROKEN.has(-errno)) {
      this.#onBroken(errnoError(errno, 'accept', { fd }));
      return false;
    }
    if (errno !== -EINTR) this.stats.aborted++; // that one connection has failed: ECONNABORTED, EPROTO, ENETDOWN, …
    return true;
  }

  #pause(): boolean {
    this.#listen(Interest.None);
    if (this.#registration === undefined) return false;
    this.#backoffMs = this.#backoffMs === 0 ? BACKOFF_FIRST_MS : BACKOFF_NEXT_MS;
    this.#timer?.clear();
    this.#timer = this.#reactor.setTimeout(() => this.#goOn(), this.#backoffMs).unref();
    return false;
  }

  #goOn(): void {
    if (this.#policy === 'shed' && this.#reserve < 0) this.#openReserve();
    this.#listen(Interest.Readable);
  }

  // Gives the reserve up, accepts with its number, closes the connection, and takes it back.
  #shed(fd: number): boolean {
    if (this.#reserve < 0) return this.#pause();
    sys.close(this.#reserve);
    this.#reserve = -1;
    const victim = sys.accept4(fd, null, sys.constants.SOCK_NONBLOCK);
    if (victim >= 0) {
      sys.close(victim);
      this.stats.shed++;
    }
    this.#openReserve();
    if (isExhaustion(victim)) return this.#pause(); // of another kind than the reserve can help
    return victim !== -EAGAIN;
  }

  // No file of node:fs: Node would close its number once more when a worker thread ends. Negative
  // when another open has taken the number meanwhile: the next exhaustion pauses.
  #openReserve(): void {
    this.#reserve = sys.socket(sys.constants.AF_UNIX, sys.constants.SOCK_STREAM);
  }

  #listen(interest: Interest): void {
    const registration = this.#registration;
    if (registration === undefined || registration.isClosed) return;
    try {
      registration.setInterest(this.#isHeld ? Interest.None : interest);
    } catch (error) {
      this.#onBroken(error as Error); // ENOMEM; EBADF: closed behind our back
    }
  }
}
