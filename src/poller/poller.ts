// The Poller: one readiness mechanism of the kernel behind add / modify / remove / wait / notify.
// `wait` fills records in memory that was made once; `events` reads them. The layer above is the
// Reactor (src/reactor/reactor.ts); the layer below is native/core/poller.h.
import { constants } from 'node:os';
import {
  ClosedError,
  check,
  EdgewiseError,
  errnoError,
  invalidType,
  invalidValue,
  outOfRange,
} from '../errors.ts';
import { SHOWN, shown } from '../inspect.ts';
import { type NativePoller, native } from '../native.ts';
import { checkFd, checkInteger, checkTimeoutMs } from '../validate.ts';
import { type BusyPoll, checkBusyPoll } from './busy-poll.ts';
import { BACKENDS, type Backend, type Interest, TRIGGERS, type Trigger } from './interest.ts';
import { GENERATION_SPAN, PollerMemory, ReadyEvents, type Token } from './records.ts';

/** What a back-end can do on this system. */
export interface PollerCapabilities {
  /** The back-end that has them. */
  readonly backend: Backend;
  /** The triggers that it honours; any other is `ERR_TRIGGER_UNSUPPORTED`. */
  readonly triggers: readonly Trigger[];
  /** {@link Interest} bits that it can report; any other is ENOTSUP. */
  readonly interests: Interest;
  /** Whether `{ exclusive: true }` is possible (EPOLLEXCLUSIVE). */
  readonly exclusive: boolean;
  /** Whether it has a descriptor of its own, so that another set can watch it. */
  readonly nestable: boolean;
  /** Descriptors must be below it (FD_SETSIZE of select); Infinity when there is no limit. */
  readonly fdLimit: number;
  /** Whether `busyPoll` is possible (EPIOCSPARAMS, Linux 6.9). */
  readonly busyPoll: boolean;
}

/** Options of `new Poller`. */
export interface PollerOptions {
  /** Default: the best one of this system (epoll or kqueue). */
  readonly backend?: Backend | undefined;
  /** The most events that one wait brings, 1 to 65536. Default 1024. */
  readonly capacity?: number | undefined;
  /** Look for packets before sleeping. Default: what the system has for all sockets (socket(7), SO_BUSY_POLL). */
  readonly busyPoll?: BusyPoll | undefined;
}

/** Options of {@link Poller.add}. */
export interface AddOptions {
  /** One-of-many wake-ups among pollers that share the descriptor: EPOLLEXCLUSIVE, Linux. */
  readonly exclusive?: boolean | undefined;
}

const CAPACITY_DEFAULT = 1024;

function backendNumber(backend: unknown): number {
  const number = (BACKENDS as readonly unknown[]).indexOf(backend);
  if (number >= 0) return number;
  throw invalidValue('backend', `one of ${BACKENDS.join(', ')}`, backend);
}

/** @internal the number of a trigger in native code. @throws TypeError - ERR_INVALID_ARG_VALUE */
export function triggerNumber(trigger: unknown): number {
  const number = (TRIGGERS as readonly unknown[]).indexOf(trigger);
  if (number >= 0) return number;
  throw invalidValue('trigger', `one of ${TRIGGERS.join(', ')}`, trigger);
}

/** @internal @throws TypeError, RangeError - no Interest bits */
export function checkInterest(value: unknown): number {
  return checkInteger('interest', value, 0, 15);
}

/**
 * @internal what became of adding `fd`, with advice where there is any
 *
 * @throws ErrnoError - the call's own code.
 */
export function checkAdded(result: number, syscall: string, fd: number): void {
  if (result >= 0) return;
  const error = errnoError(result, syscall, { fd });
  if (result === -constants.errno.EPERM) error.message += `: ${ALWAYS_READY}`;
  throw error;
}

const ALWAYS_READY =
  'a file that is always ready, such as a regular one, cannot be waited for; use node:fs';

/**
 * Watches descriptors for readiness by one mechanism of the kernel.
 *
 * The caller owns the descriptors: remove each before closing it, and read or write until
 * would-block under the edge trigger (docs/semantics.md).
 *
 * @example
 * const poller = new Poller();
 * poller.add(fd, 7, Interest.Readable, 'level');
 * const count = poller.wait(-1);
 * for (let i = 0; i < count; i++) console.log(poller.events.token(i), poller.events.readiness(i));
 *
 * @see epoll(7), kqueue(2), poll(2), select(2)
 */
export class Poller {
  /** The mechanism of the kernel that it uses. */
  readonly backend: Backend;
  /** What the back-end can do on this system. */
  readonly capabilities: PollerCapabilities;
  /** The events of the last {@link Poller.wait}. */
  readonly events: ReadyEvents;
  /** @internal */
  readonly memory: PollerMemory;
  /** @internal */
  readonly handle: NativePoller;
  readonly #syscall: string;
  #isClosed = false;

  /**
   * @throws EdgewiseError - ERR_BACKEND_UNAVAILABLE: this system does not have the back-end.
   * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED: `busyPoll`, where `capabilities` has none.
   * @throws ErrnoError - EMFILE, ENFILE: no descriptor left for the poller itself. EPERM: a `budget` of
   *   `busyPoll` beyond 64.
   */
  constructor(options: PollerOptions = {}) {
    if (typeof options !== 'object' || options === null) {
      throw invalidType('options', 'an object', options);
    }
    const { backend = Poller.preferredBackend, capacity = CAPACITY_DEFAULT, busyPoll } = options;
    this.capabilities = Poller.capabilitiesOf(backend);
    const looks = busyPoll === undefined ? undefined : checkBusyPoll(busyPoll, this.capabilities);
    this.backend = backend;
    this.#syscall = SYSCALLS[backend].control;
    this.memory = new PollerMemory(checkInteger('capacity', capacity, 1, 65_536));
    this.events = new ReadyEvents(this.memory.words);
    this.handle = new native.NativePoller();
    const result = this.handle.open(backendNumber(backend), this.memory.block);
    native.unpin(this.memory.block); // the handle has it now
    check(result, SYSCALLS[backend].open);
    if (looks !== undefined) this.#setBusyPoll(looks);
  }

  /** The back-ends of this system, the preferred one first. */
  static get backends(): Backend[] {
    const [available, preferred] = native.platformFacts();
    const names = BACKENDS.filter((_, number) => (available & (1 << number)) !== 0);
    const first = BACKENDS[preferred] as Backend;
    return [first, ...names.filter((name) => name !== first)];
  }

  /** The back-end of a poller that is made without naming one: epoll or kqueue. */
  static get preferredBackend(): Backend {
    return BACKENDS[native.platformFacts()[1]] as Backend;
  }

  /**
   * What `backend` can do on this system.
   *
   * @throws EdgewiseError - ERR_BACKEND_UNAVAILABLE: this system does not have it.
   */
  static capabilitiesOf(backend: Backend): PollerCapabilities {
    const facts = native.capabilities(backendNumber(backend));
    if (typeof facts === 'number') {
      if (Poller.backends.includes(backend)) throw errnoError(facts, SYSCALLS[backend].open);
      throw new EdgewiseError(
        'ERR_BACKEND_UNAVAILABLE',
        `${process.platform} has no ${backend}; it has ${Poller.backends.join(', ')}`,
      );
    }
    const [triggers, interests, exclusive, nestable, fdLimit, busyPoll] = facts;
    return Object.freeze({
      backend,
      triggers: TRIGGERS.filter((_, number) => (triggers & (1 << number)) !== 0),
      interests,
      exclusive: exclusive === 1,
      nestable: nestable === 1,
      fdLimit: fdLimit === 0 ? Number.POSITIVE_INFINITY : fdLimit,
      busyPoll: busyPoll === 1,
    });
  }

  /** Whether `close` was called: every other method throws ERR_CLOSED. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Starts watching `fd`.
   *
   * @param fd - an open descriptor, 0 to 2^31 - 1; borrowed: it is never closed here.
   * @param token - comes back with each event of `fd`; a whole number from 0 to 2^53 - 1.
   * @param interest - {@link Interest} bits. 0: hang-up and error only, reported once.
   * @param trigger - default `'level'`.
   * @throws ErrnoError - EEXIST: added already. EBADF: not open, or a descriptor of the poller's own.
   *   EPERM: a kind of file that cannot be waited for, such as a regular file. EINVAL: exclusive
   *   with oneshot, priority or readClosed. ENOTSUP: an interest, or exclusive, that the back-end
   *   does not have. ENOMEM; ENOSPC: beyond `/proc/sys/fs/epoll/max_user_watches`.
   * @throws EdgewiseError - ERR_TRIGGER_UNSUPPORTED, ERR_CLOSED.
   * @see epoll_ctl(2), kevent(2)
   */
  add(
    fd: number,
    token: Token,
    interest: Interest,
    trigger: Trigger = 'level',
    options?: AddOptions,
  ): void {
    checkInteger('token', token, 0, Number.MAX_SAFE_INTEGER);
    const [slot, generation] = [Math.floor(token / GENERATION_SPAN), token % GENERATION_SPAN];
    const exclusive = options?.exclusive === true;
    const result = this.addRaw(fd, slot, generation, interest, trigger, exclusive);
    checkAdded(result, this.#syscall, fd);
  }

  /**
   * Replaces token, interest and trigger of `fd`, and re-arms a oneshot.
   *
   * @throws ErrnoError - ENOENT: not added. EINVAL: added as exclusive. Otherwise as `add`.
   */
  modify(fd: number, token: Token, interest: Interest, trigger: Trigger = 'level'): void {
    checkInteger('token', token, 0, Number.MAX_SAFE_INTEGER);
    const [slot, generation] = [Math.floor(token / GENERATION_SPAN), token % GENERATION_SPAN];
    check(this.modifyRaw(fd, slot, generation, interest, trigger), this.#syscall, { fd });
  }

  /**
   * Stops watching `fd`. Call it before `fd` is closed.
   *
   * @throws ErrnoError - ENOENT: not added. EBADF: not open; it is forgotten all the same.
   */
  remove(fd: number): void {
    this.#assertOpen();
    check(this.handle.remove(checkFd(fd)), this.#syscall, { fd });
  }

  /**
   * Waits until a watched descriptor is ready, the time is up, or `notify` was called.
   *
   * Nothing of Node's ends it, unlike `reactor.turn`: `worker.terminate()` and
   * `process.exit()` wait for a thread that blocks here. Give it a limit, or have a descriptor in
   * the set by which another thread can ask this one to end.
   *
   * @param timeoutMs - milliseconds. -1 blocks, 0 polls. Fractions are honoured where the kernel
   *   counts in nanoseconds and rounded up elsewhere, never down.
   * @returns count of records in `events`, 0 to capacity; 0 means timeout or wake-up.
   * @throws ErrnoError - never EINTR, never EAGAIN.
   * @see epoll_wait(2), kevent(2), poll(2), select(2)
   */
  wait(timeoutMs: number): number {
    this.#assertOpen();
    return check(this.handle.wait(checkTimeoutMs(timeoutMs)), SYSCALLS[this.backend].wait);
  }

  /** Makes the current or the next `wait` return; several calls before it count as one. */
  notify(): void {
    this.#assertOpen();
    check(this.handle.notify(), 'write');
  }

  /** Ends the poller; watched descriptors stay open. Does nothing the second time. */
  close(): void {
    this.#isClosed = true;
    this.handle.close();
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { backend, isClosed: closed } = this;
    return shown('Poller', { backend, closed });
  }

  /** The same as `close()`: `using poller = new Poller()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal for the Reactor: 0 or -errno */
  addRaw(
    fd: number,
    slot: number,
    generation: number,
    interest: Interest,
    trigger: Trigger,
    exclusive: boolean,
  ): number {
    const how = this.checkWatch(fd, interest, trigger);
    return this.handle.add(fd, slot, generation, interest, how, exclusive ? 1 : 0);
  }

  /** @internal for the Reactor: 0 or -errno */
  modifyRaw(
    fd: number,
    slot: number,
    generation: number,
    interest: Interest,
    trigger: Trigger,
  ): number {
    const how = this.checkWatch(fd, interest, trigger);
    return this.handle.modify(fd, slot, generation, interest, how);
  }

  /** @internal what `add` and `modify` refuse before the kernel is asked; the trigger's number */
  checkWatch(fd: number, interest: Interest, trigger: Trigger): number {
    this.#assertOpen();
    checkFd(fd);
    checkInterest(interest);
    const number = triggerNumber(trigger);
    const { fdLimit, triggers } = this.capabilities;
    if (fd >= fdLimit) throw outOfRange('fd', `below ${fdLimit} (FD_SETSIZE of select)`, fd);
    if (triggers.includes(trigger)) return number;
    throw new EdgewiseError(
      'ERR_TRIGGER_UNSUPPORTED',
      `${this.backend} has no ${trigger} trigger; it has ${triggers.join(', ')}`,
    );
  }

  #setBusyPoll(looks: ReturnType<typeof checkBusyPoll>): void {
    const result = this.handle.setBusyPoll(...looks);
    if (result < 0) this.close();
    check(result, 'ioctl');
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ClosedError('the Poller');
  }
}

// The names that errors carry in `syscall`.
const SYSCALLS: Record<Backend, { open: string; control: string; wait: string }> = {
  epoll: { open: 'epoll_create1', control: 'epoll_ctl', wait: 'epoll_wait' },
  kqueue: { open: 'kqueue', control: 'kevent', wait: 'kevent' },
  poll: { open: 'pipe', control: 'poll', wait: 'poll' },
  select: { open: 'pipe', control: 'select', wait: 'select' },
};
