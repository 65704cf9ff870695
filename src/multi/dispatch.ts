// Dispatch of accepted connections to the sub-reactors: one class for each strategy. The listening
// sockets belong to the main thread, also where sub-reactors accept: they get duplicates, so a thread
// that dies closes no listener, and clients wait in its queue until the thread runs again.

import { SocketAddress } from '../address.ts';
import { check } from '../errors.ts';
import { Acceptor, openByOptions, prepare } from '../net/index.ts';
import { Interest } from '../poller/index.ts';
import type { Reactor, Registration } from '../reactor/index.ts';
import * as sys from '../sys/index.ts';
import { type Balance, balanceOf } from './balance.ts';
import type { PoolSettings } from './options.ts';
import { steerByCpu } from './ownership.ts';
import type { SubReactor } from './sub-reactor.ts';

/** How connections reach the sub-reactors. */
export interface Dispatch {
  /** The port that is listened on, never 0. */
  readonly port: number;
  /** The listening socket, the first one where there are several; -1 after `close`. */
  readonly fd: number;
  /** A sub-reactor has started, for the first time or again. */
  admit(sub: SubReactor): void;
  /** There may be room again. */
  retry(): void;
  /** Whether it keeps the main reactor alive. */
  setReferenced(isReferenced: boolean): void;
  /** Accepts no new connections; those that were accepted before are still handed over. */
  close(): void;
}

function portOf(fd: number): number {
  const address = new SocketAddress();
  check(sys.getsockname(fd, address), 'getsockname', { fd });
  return address.port;
}

/** The socket that the pool was given, or one that it opens. @throws as `listen` and `adoptListener`. */
function listening({ fd, listen }: PoolSettings): number {
  if (fd === undefined) return openByOptions({ ...listen, handlers: {} });
  prepare(fd, 'listener');
  return fd;
}

/** The main reactor accepts. While no sub-reactor can take a connection it does not accept. */
class AcceptorDispatch implements Dispatch {
  readonly port: number;
  readonly #fd: number;
  readonly #acceptor: Acceptor;
  readonly #registration: Registration<undefined>;
  readonly #balance: Balance;
  readonly #subs: readonly SubReactor[];
  #waiting: number[] = [];
  readonly #reactor: Reactor;
  #isClosed = false;

  constructor(settings: PoolSettings, subs: readonly SubReactor[]) {
    const { balance, reactor } = settings;
    this.#subs = subs;
    this.#balance = balanceOf(balance);
    this.#fd = listening(settings);
    this.port = portOf(this.#fd);
    this.#acceptor = new Acceptor(
      reactor,
      'pause',
      (fd) => this.#onAccepted(fd),
      (error) => {
        reactor.defer(() => reactor.report(error));
        this.close();
      },
    );
    this.#registration = reactor.watch<undefined>({
      fd: this.#fd,
      interest: Interest.Readable,
      trigger: 'level',
      handler: this.#acceptor,
      data: undefined,
      isExclusive: false,
      scope: undefined,
    });
    this.#acceptor.start(this.#registration);
    this.#reactor = reactor;
    reactor.dependents.add(this);
  }

  get fd(): number {
    return this.#isClosed ? -1 : this.#fd;
  }

  admit(): void {
    this.retry();
  }

  retry(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const fd of waiting) if (!this.#hand(fd)) this.#waiting.push(fd);
    if (this.#waiting.length === 0 && !this.#isClosed) this.#acceptor.hold(false);
  }

  setReferenced(isReferenced: boolean): void {
    if (isReferenced) this.#registration.ref();
    else this.#registration.unref();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reactor.dependents.delete(this);
    this.#acceptor.stop();
    sys.close(this.#fd);
    this.retry();
    for (const fd of this.#waiting.splice(0)) sys.close(fd); // no sub-reactor is left
  }

  #onAccepted(fd: number): void {
    if (this.#hand(fd)) return;
    this.#waiting.push(fd);
    this.#acceptor.hold(true); // ends its loop: one waits at most
  }

  // The first choice, or else the next that can take it.
  #hand(fd: number): boolean {
    const subs = this.#subs;
    const first = this.#balance(fd, subs);
    for (let i = 0; i < subs.length; i++) {
      if (subs[(first + i) % subs.length]?.hand(fd) === true) return true;
    }
    return false;
  }
}

/** Sub-reactors accept, each from a socket of its own, or all from one. */
class SharedDispatch implements Dispatch {
  readonly port: number;
  readonly #fds: number[] = [];
  readonly #isExclusive: boolean;

  constructor(settings: PoolSettings) {
    const { listen, strategy, size } = settings;
    this.#isExclusive = strategy === 'exclusive';
    const reusePort = strategy === 'reusePort';
    let { port } = listen;
    try {
      for (let i = 0; i < (reusePort ? size : 1); i++) {
        const fd = reusePort
          ? openByOptions({ ...listen, port, reusePort, handlers: {} })
          : listening(settings);
        this.#fds.push(fd);
        port = portOf(fd);
      }
      if (settings.steerByCpu) steerByCpu(this.#fds[0] as number, size);
    } catch (error) {
      if (settings.fd === undefined) this.close(); // else it is still the caller's
      throw error;
    }
    this.port = port;
  }

  get fd(): number {
    return this.#fds[0] ?? -1;
  }

  admit(sub: SubReactor): void {
    const fd = this.#fds[sub.index % this.#fds.length];
    if (fd !== undefined) sub.listen(fd, this.#isExclusive);
  }

  retry(): void {
    // Nothing waits here: clients wait in the kernel's queue.
  }

  setReferenced(): void {
    // The threads accept: nothing of the main reactor is used.
  }

  close(): void {
    for (const fd of this.#fds.splice(0)) sys.close(fd);
  }
}

/**
 * Opens the listening sockets of a pool.
 *
 * @throws as `listen`.
 */
export function openDispatch(settings: PoolSettings, subs: readonly SubReactor[]): Dispatch {
  if (settings.strategy === 'acceptor') return new AcceptorDispatch(settings, subs);
  return new SharedDispatch(settings);
}
