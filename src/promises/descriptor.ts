// readable() and writable(): waits for the readiness of any descriptor.
import { EdgewiseError } from '../errors.ts';
import { Interest, type Readiness } from '../poller/index.ts';
import type { Handler, Reactor, Registration } from '../reactor/index.ts';
import { checkFd } from '../validate.ts';
import { placeOf } from './timing.ts';
import { settled, Waiter, type WaitOptions } from './waiter.ts';

/** How to wait for a descriptor. */
export interface DescriptorOptions extends WaitOptions {
  /** Default: the reactor of this thread, attached to Node's loop. */
  readonly reactor?: Reactor | undefined;
}

// What waits for one descriptor: a waiter for each direction, and one registration for both.
class DescriptorWaiters implements Handler<undefined> {
  readonly #waiters = new Map<Interest, Waiter<Readiness>>();
  readonly #onIdle: () => void;
  #registration: Registration<undefined> | undefined = undefined;

  constructor(onIdle: () => void) {
    this.#onIdle = onIdle;
  }

  wait(reactor: Reactor, fd: number, interest: Interest, signal?: AbortSignal): Waiter<Readiness> {
    if (this.#waiters.has(interest)) {
      const what = interest === Interest.Readable ? 'readable' : 'writable';
      throw new EdgewiseError('ERR_WAIT_IN_PROGRESS', `fd ${fd} is awaited already (${what})`);
    }
    const waiter = new Waiter<Readiness>(signal, () => this.#leave(interest));
    this.#waiters.set(interest, waiter);
    try {
      if (this.#registration !== undefined) this.#registration.setInterest(this.#interest);
      else this.#register(reactor, fd);
    } catch (error) {
      this.#leave(interest);
      waiter.resolve(0); // releases the signal; nothing has the promise
      throw error;
    }
    return waiter;
  }

  onReady(readiness: Readiness): void {
    for (const [interest, waiter] of [...this.#waiters]) {
      // A hang-up or an error is the end of waiting for both.
      if ((readiness & (interest | ~(Interest.Readable | Interest.Writable))) === 0) continue;
      this.#leave(interest);
      waiter.resolve(readiness);
    }
  }

  get #interest(): Interest {
    return [...this.#waiters.keys()].reduce<number>((all, one) => all | one, Interest.None);
  }

  #register(reactor: Reactor, fd: number): void {
    this.#registration = reactor.register(fd, this.#interest, this, { trigger: 'level' });
  }

  #leave(interest: Interest): void {
    this.#waiters.delete(interest);
    if (this.#waiters.size > 0) this.#narrowInterest();
    if (this.#waiters.size > 0) return;
    this.#registration?.close();
    this.#onIdle();
  }

  // Called where nothing may be thrown. EBADF, ENOENT: the descriptor was closed behind our back,
  // so that the others would wait for ever.
  #narrowInterest(): void {
    if (this.#registration?.isClosed !== false) return;
    try {
      this.#registration.setInterest(this.#interest);
    } catch (error) {
      for (const waiter of this.#waiters.values()) waiter.reject(error);
      this.#waiters.clear();
    }
  }
}

const awaited = new WeakMap<Reactor, Map<number, DescriptorWaiters>>();

async function waitFor(
  fd: number,
  interest: Interest,
  options: DescriptorOptions,
): Promise<Readiness> {
  const { reactor, signal } = placeOf(options);
  checkFd(fd);
  let ofReactor = awaited.get(reactor);
  if (ofReactor === undefined) {
    ofReactor = new Map();
    awaited.set(reactor, ofReactor);
  }
  const all = ofReactor;
  let waiters = all.get(fd);
  if (waiters === undefined) {
    waiters = new DescriptorWaiters(() => all.delete(fd));
    all.set(fd, waiters);
  }
  return settled(waiters.wait(reactor, fd, interest, signal), reactor);
}

/**
 * Waits until a descriptor can be read from, or has ended or failed, which a read then shows. The
 * descriptor must be non-blocking, not registered otherwise, and stay open meanwhile.
 *
 * @returns the readiness, as `Registration` handlers get it.
 * @throws ErrnoError - EBADF: not open. EPERM: a file that cannot be waited for, such as a regular
 *   one. EEXIST: registered with the reactor otherwise.
 * @throws EdgewiseError - ERR_WAIT_IN_PROGRESS: another call waits for the same. ERR_CLOSED.
 */
export function readable(fd: number, options: DescriptorOptions = {}): Promise<Readiness> {
  return waitFor(fd, Interest.Readable, options);
}

/** Waits until a descriptor can be written to; otherwise as {@link readable}. */
export function writable(fd: number, options: DescriptorOptions = {}): Promise<Readiness> {
  return waitFor(fd, Interest.Writable, options);
}
