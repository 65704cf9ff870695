// One non-blocking connect to one address. When it is writable, SO_ERROR is read once, and then looked
// whether it is connected, and not to itself (socket/connected.ts).
import { constants as os } from 'node:os';
import type { SocketAddress } from '../../address.ts';
import { type ErrorContext, errnoError } from '../../errors.ts';
import { Interest } from '../../poller/index.ts';
import type { Handler, Reactor, Registration } from '../../reactor/index.ts';
import * as sys from '../../sys/index.ts';
import { errorContextOf, familyOf } from '../socket/address.ts';
import { connectResult } from '../socket/connected.ts';
import { takePendingError } from '../socket/error.ts';
import { applyPlan, type TcpPlan } from '../socket/tcp.ts';

const { EINPROGRESS, EINTR, ENOTCONN, ETIMEDOUT } = os.errno;
const { SOCK_NONBLOCK, SOCK_STREAM } = sys.constants;

/** What an attempt connects to, and how. */
export interface AttemptTarget {
  /** The peer. */
  readonly address: SocketAddress;
  /** Where to connect from, if not left to the kernel. */
  readonly local: SocketAddress | undefined;
  /** Set before connecting; undefined for Unix sockets. */
  readonly tcp: TcpPlan | undefined;
}

/** Receives the outcome of attempts: one call for each that was started and not cancelled. */
export interface AttemptOwner {
  /** `fd` is connected, and the owner's from here on. */
  onConnected(attempt: Attempt, fd: number): void;
  /** It failed with `error`; its descriptor is closed. */
  onFailed(attempt: Attempt, error: Error): void;
}

// As Node: only where a port was asked for as well.
function localContextOf(local: SocketAddress | undefined): ErrorContext {
  if (local === undefined || local.port === 0) return {};
  return { localAddress: local.address, localPort: local.port };
}

// Without the port where any was asked for.
function bindContextOf(local: SocketAddress | undefined): ErrorContext {
  if (local === undefined) return {};
  return local.port === 0 ? { address: local.address } : errorContextOf(local);
}

/** One connect(2), from `start` until it is reported to the owner or cancelled. */
export class Attempt implements Handler {
  readonly #reactor: Reactor;
  readonly #target: AttemptTarget;
  readonly #owner: AttemptOwner;
  #fd = -1;
  #isBound = true;
  #registration: Registration | undefined;

  constructor(reactor: Reactor, target: AttemptTarget, owner: AttemptOwner) {
    this.#reactor = reactor;
    this.#target = target;
    this.#owner = owner;
  }

  /** Begins; where connect(2) finishes at once, the owner is called before this returns. */
  start(): void {
    const result = this.#connect();
    if (result === 0) this.#finish();
    else if (result === -EINPROGRESS || result === -EINTR) this.#watch();
    else this.#fail(result, this.#isBound ? 'connect' : 'bind');
  }

  /** Gives up; the owner is not called. */
  cancel(): void {
    this.#registration?.close();
    if (this.#fd >= 0) sys.close(this.#fd);
    this.#fd = -1;
  }

  /** The same, and reports ETIMEDOUT to the owner. */
  giveUp(): void {
    this.#fail(-ETIMEDOUT);
  }

  /** The socket is writable, or has an error. */
  onReady(): void {
    const errno = takePendingError(this.#fd);
    if (errno === 0) this.#finish();
    else this.#fail(errno);
  }

  // 0 or -errno; the descriptor is made here.
  #connect(): number {
    const { address, local, tcp } = this.#target;
    const fd = sys.socket(familyOf(address), SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0) return fd;
    this.#fd = fd;
    const set = tcp === undefined ? 0 : applyPlan(fd, tcp);
    if (set < 0) return set;
    const bound = local === undefined ? 0 : sys.bind(fd, local);
    this.#isBound = bound >= 0;
    return bound < 0 ? bound : sys.connect(fd, address);
  }

  #watch(): void {
    try {
      this.#registration = this.#reactor.register(this.#fd, Interest.Writable, this);
    } catch (error) {
      this.cancel(); // too many for this back-end, or for the kernel
      this.#owner.onFailed(this, error as Error);
    }
  }

  #finish(): void {
    const result = connectResult(this.#fd);
    if (result === -ENOTCONN) {
      if (this.#registration === undefined) this.#watch();
      return; // a spurious report: it is still connecting
    }
    if (result < 0) {
      this.#fail(result);
      return;
    }
    this.#registration?.close();
    const fd = this.#fd;
    this.#fd = -1;
    this.#owner.onConnected(this, fd);
  }

  // What is wrong with the local end is bind's error, and about that.
  #fail(result: number, syscall: 'bind' | 'connect' = 'connect'): void {
    this.cancel();
    const { address, local } = this.#target;
    const context =
      syscall === 'bind'
        ? bindContextOf(local)
        : { ...errorContextOf(address), ...localContextOf(local) };
    this.#owner.onFailed(this, errnoError(result, syscall, context));
  }
}
