// One non-blocking connect to one address. Writability alone proves nothing: SO_ERROR is read once,
// then the peer's name, and a socket that has connected to itself counts as refused (on loopback a
// connect to a free port of the ephemeral range can meet itself by simultaneous open).
import { constants as os } from 'node:os';
import { SocketAddress } from '../../address.ts';
import { check, errnoError } from '../../errors.ts';
import { Interest } from '../../poller/interest.ts';
import type { Reactor } from '../../reactor/reactor.ts';
import type { Handler, Registration } from '../../reactor/registration.ts';
import * as sys from '../../sys/index.ts';
import { applyPlan, type TcpPlan } from '../socket/tcp.ts';

const { EINPROGRESS, EINTR, ECONNREFUSED, ENOTCONN, ETIMEDOUT } = os.errno;
const { constants } = sys;

export interface AttemptTarget {
  readonly address: SocketAddress;
  /** Where to connect from, if not left to the kernel. */
  readonly local: SocketAddress | undefined;
  /** Undefined for Unix sockets. */
  readonly tcp: TcpPlan | undefined;
}

export interface AttemptOwner {
  /** `fd` is connected, and the owner's from here on. */
  onConnected(attempt: Attempt, fd: number): void;
  onFailed(attempt: Attempt, error: Error): void;
}

function familyOf(address: SocketAddress): number {
  if (address.family === 'IPv4') return constants.AF_INET;
  return address.family === 'IPv6' ? constants.AF_INET6 : constants.AF_UNIX;
}

export class Attempt implements Handler {
  readonly #reactor: Reactor;
  readonly #target: AttemptTarget;
  readonly #owner: AttemptOwner;
  #fd = -1;
  #registration: Registration | undefined;

  constructor(reactor: Reactor, target: AttemptTarget, owner: AttemptOwner) {
    this.#reactor = reactor;
    this.#target = target;
    this.#owner = owner;
  }

  start(): void {
    const result = this.#connect();
    if (result === 0) this.#judge();
    else if (result === -EINPROGRESS || result === -EINTR) this.#watch();
    else this.#fail(result);
  }

  /** Gives up, without a word to the owner. */
  cancel(): void {
    this.#registration?.close();
    if (this.#fd >= 0) sys.close(this.#fd);
    this.#fd = -1;
  }

  /** The same, and the owner is told ETIMEDOUT. */
  giveUp(): void {
    this.#fail(-ETIMEDOUT);
  }

  onReady(): void {
    const error = new Int32Array(1);
    sys.getsockopt(this.#fd, constants.SOL_SOCKET, constants.SO_ERROR, error);
    const [errno] = error as unknown as [number];
    if (errno === 0) this.#judge();
    else this.#fail(-errno);
  }

  // 0 or -errno; the descriptor is made here.
  #connect(): number {
    const { address, local, tcp } = this.#target;
    const type = constants.SOCK_STREAM | constants.SOCK_NONBLOCK;
    const fd = sys.socket(familyOf(address), type, 0);
    if (fd < 0) return fd;
    this.#fd = fd;
    const set = tcp === undefined ? 0 : applyPlan(fd, tcp);
    if (set < 0) return set;
    const bound = local === undefined ? 0 : sys.bind(fd, local);
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

  #judge(): void {
    const peer = new SocketAddress();
    const result = sys.getpeername(this.#fd, peer);
    if (result === -ENOTCONN) return; // a spurious report: it is still under way
    if (result < 0) {
      this.#fail(result);
      return;
    }
    if (this.#isSelf(peer)) {
      this.#fail(-ECONNREFUSED);
      return;
    }
    this.#registration?.close();
    const fd = this.#fd;
    this.#fd = -1;
    this.#owner.onConnected(this, fd);
  }

  #isSelf(peer: SocketAddress): boolean {
    if (peer.port === 0) return false;
    const local = new SocketAddress();
    check(sys.getsockname(this.#fd, local), 'getsockname', { fd: this.#fd });
    return local.port === peer.port && local.address === peer.address;
  }

  #fail(result: number): void {
    this.cancel();
    const { address, port, path } = this.#target.address;
    const context = path === undefined ? { address, port } : { path };
    this.#owner.onFailed(this, errnoError(result, 'connect', context));
  }
}
