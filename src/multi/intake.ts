// How connections come to the sub-reactors: one class for each strategy. The listening sockets are
// the main thread's, also where sub-reactors accept: they get duplicates, so a thread that dies takes
// no listener along, and clients wait in its queue until it is there again.

import { SocketAddress } from '../address.ts';
import { check } from '../errors.ts';
import { Interest, type Reactor } from '../index.ts';
import { Acceptor } from '../net/listen/acceptor.ts';
import { openByOptions } from '../net/listen/listen.ts';
import type { Registration } from '../reactor/registration.ts';
import * as sys from '../sys/index.ts';
import { type Balance, balanceOf } from './balance.ts';
import type { PoolSettings } from './options.ts';
import { steerByCpu } from './ownership.ts';
import type { SubReactor } from './sub-reactor.ts';

export interface Intake {
  readonly port: number;
  /** A sub-reactor runs, for the first time or again. */
  admit(sub: SubReactor): void;
  /** There may be room again. */
  retry(): void;
  /** No new connections; those that were accepted are handed over still. */
  close(): void;
}

function portOf(fd: number): number {
  const address = new SocketAddress();
  check(sys.getsockname(fd, address), 'getsockname', { fd });
  return address.port;
}

/** The main reactor accepts. While nobody can take a connection it does not accept any more. */
class HandingOut implements Intake {
  readonly port: number;
  readonly #fd: number;
  readonly #acceptor: Acceptor;
  readonly #registration: Registration<undefined>;
  readonly #balance: Balance;
  readonly #subs: readonly SubReactor[];
  #waiting: number[] = [];
  readonly #reactor: Reactor;
  #isClosed = false;

  constructor({ listen, balance, reactor }: PoolSettings, subs: readonly SubReactor[]) {
    this.#subs = subs;
    this.#balance = balanceOf(balance);
    this.#fd = openByOptions({ ...listen, handlers: {} });
    this.port = portOf(this.#fd);
    this.#acceptor = new Acceptor(
      reactor,
      'pause',
      (fd) => this.#onAccepted(fd),
      () => this.close(),
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

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reactor.dependents.delete(this);
    this.#acceptor.stop();
    sys.close(this.#fd);
    this.retry();
    for (const fd of this.#waiting.splice(0)) sys.close(fd); // no sub-reactor is left to serve it
  }

  #onAccepted(fd: number): void {
    if (this.#hand(fd)) return;
    this.#waiting.push(fd);
    this.#acceptor.hold(true); // ends its loop: there is one waiting at most
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
class Sharing implements Intake {
  readonly port: number;
  readonly #fds: number[] = [];
  readonly #isExclusive: boolean;

  constructor({ listen, strategy, size, ...settings }: PoolSettings) {
    this.#isExclusive = strategy === 'exclusive';
    const reusePort = strategy === 'reusePort';
    let { port } = listen;
    try {
      for (let i = 0; i < (reusePort ? size : 1); i++) {
        const fd = openByOptions({ ...listen, port, reusePort, handlers: {} });
        this.#fds.push(fd);
        port = portOf(fd);
      }
      if (settings.steerByCpu) steerByCpu(this.#fds[0] as number, size);
    } catch (error) {
      this.close();
      throw error;
    }
    this.port = port;
  }

  admit(sub: SubReactor): void {
    const fd = this.#fds[sub.index % this.#fds.length];
    if (fd !== undefined) sub.listen(fd, this.#isExclusive);
  }

  retry(): void {
    // Nothing waits here: it does so in the kernel's queue.
  }

  close(): void {
    for (const fd of this.#fds.splice(0)) sys.close(fd);
  }
}

/** @throws as `listen`. */
export function openIntake(settings: PoolSettings, subs: readonly SubReactor[]): Intake {
  return settings.strategy === 'acceptor' ? new HandingOut(settings, subs) : new Sharing(settings);
}
