// The Proactor: descriptors with operations that complete, timers, and one queue of completions, over
// a Reactor. The classic emulation: readiness arrives, the operation is done, its handler is called
// (docs/proactor.md compares it with Boost.Asio, which does the same over epoll).
import { AsyncResource } from 'node:async_hooks';
import { constants as os } from 'node:os';
import { ClosedError, errnoError, invalidType, invalidValue } from '../errors.ts';
import { SHOWN, shown } from '../inspect.ts';
import { defaultReactor, Reactor, type Timer } from '../reactor/index.ts';
import { checkFd, checkFunction, checkInteger, checkObject } from '../validate.ts';
import { Descriptor, type DescriptorOwner } from './descriptor.ts';
import {
  type CompletionHandler,
  Kind,
  type Operation,
  type OperationId,
  OperationPool,
} from './operation.ts';
import { type OperationOptions, optionsIn } from './options.ts';
import { CompletionQueue } from './queue.ts';

const { ECANCELED, EEXIST } = os.errno;
const DELAY_MAX_MS = 0x7fffffff;

/** Options of a {@link Proactor}. */
export interface ProactorOptions {
  /** Default: the reactor of this thread, attached to Node's loop. */
  readonly reactor?: Reactor | undefined;
  /** How the reactor watches: `'level'`, the default, or `'edge'`. Only the cost differs. */
  readonly trigger?: 'level' | 'edge' | undefined;
  /** Call each handler in the async context of its submission, for AsyncLocalStorage. Default false. */
  readonly asyncContext?: boolean | undefined;
}

/**
 * Operations that complete, over a reactor.
 *
 * Each is tried when it is submitted, waits while it would block, and completes exactly once: its
 * handler is called in a turn of the reactor, in the order in which the operations completed. What a
 * handler throws stops no other and goes to the reactor's `onError`. While an operation is pending the
 * reactor stays alive, unless {@link unref}; `reactor.run()` resolves when none is.
 *
 * A completion handler must not run turns of its reactor by hand: handlers of what completes meanwhile
 * are called only after it has returned.
 *
 * @example
 * const proactor = new Proactor({ reactor });
 * const client = proactor.open(fd);
 * client.read(buffer, (error, count) => console.log(error ?? `${count} bytes`));
 */
export class Proactor {
  /** The reactor that calls the handlers, in its turns. */
  readonly reactor: Reactor;
  /** @internal */
  readonly trigger: 'level' | 'edge';
  readonly #keepsContext: boolean;
  readonly #pool = new OperationPool();
  readonly #queue: CompletionQueue;
  readonly #descriptors = new Map<number, Descriptor>();
  readonly #delays = new Map<OperationId, Operation>();
  readonly #owner: DescriptorOwner;
  readonly #dependent = { close: () => this.#onReactorClosed() };
  #lastId = 0;
  #pendingCount = 0;
  #isReferenced = true;
  #isClosed = false;

  /** @throws ClosedError - the reactor is closed. TypeError - an option of the wrong kind. */
  constructor(options: ProactorOptions = {}) {
    checkObject('options', options);
    const { reactor = defaultReactor(), trigger = 'level', asyncContext = false } = options;
    if (!(reactor instanceof Reactor)) throw invalidType('options.reactor', 'a Reactor', reactor);
    if (trigger !== 'level' && trigger !== 'edge') {
      throw invalidValue('options.trigger', "'level' or 'edge'", trigger);
    }
    if (reactor.isClosed) throw new ClosedError('the Reactor');
    reactor.lintNames('new Proactor', options, ['reactor', 'trigger', 'asyncContext']);
    this.reactor = reactor;
    this.trigger = trigger;
    this.#keepsContext = asyncContext === true;
    this.#queue = new CompletionQueue(reactor, this.#pool, (count) => this.#onDelivered(count));
    this.#owner = this.#makeOwner();
    reactor.dependents.add(this.#dependent);
  }

  /** Whether it was closed, by `close` or with its reactor. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Count of operations that were submitted and have not called their handler yet. */
  get pendingCount(): number {
    return this.#pendingCount;
  }

  /** Count of descriptors that are open here. */
  get descriptorCount(): number {
    return this.#descriptors.size;
  }

  /**
   * Makes a descriptor ready for operations. It is borrowed, must be non-blocking, and must not be
   * registered with the reactor otherwise: an operation that has to wait completes with EEXIST then.
   * A file that cannot be waited for, such as a regular one, works as long as nothing has to wait.
   *
   * @throws ErrnoError - EBADF: not open. EEXIST: open here already; close it before its number.
   */
  open(fd: number): Descriptor {
    this.#assertOpen();
    checkFd(fd);
    if (this.#descriptors.has(fd)) throw errnoError(-EEXIST, 'open', { fd });
    const descriptor = new Descriptor(this.#owner, fd);
    this.#descriptors.set(fd, descriptor);
    return descriptor;
  }

  /**
   * Completes after `delayMs` milliseconds, not before.
   *
   * @param delayMs - milliseconds, 0 to 2^31 - 1.
   * @param complete - gets 0.
   * @returns the number of the operation, for {@link cancel}.
   */
  delay(delayMs: number, complete: CompletionHandler<undefined>): OperationId;
  /**
   * The same with options.
   *
   * @param options - `data` is for the handler.
   */
  delay<Data = undefined>(
    delayMs: number,
    options: OperationOptions<Data> | undefined,
    complete: CompletionHandler<Data>,
  ): OperationId;
  delay(
    delayMs: number,
    options: OperationOptions | CompletionHandler<never> | undefined,
    complete = options as CompletionHandler<never>,
  ): OperationId {
    this.#assertOpen();
    const { data } = optionsIn(options);
    checkInteger('delayMs', delayMs, 0, DELAY_MAX_MS);
    checkFunction('complete', complete);
    const operation = this.#pool.take(Kind.Delay, complete as CompletionHandler, data);
    const id = this.#begin(operation);
    // The operation keeps the reactor alive, not its timer.
    operation.detail = this.reactor
      .setTimeout(() => {
        this.#delays.delete(id);
        this.#queue.push(operation);
      }, delayMs)
      .unref();
    this.#delays.set(id, operation);
    return id;
  }

  /**
   * Ends a delay, which completes with ECANCELED. Operations of a descriptor: `descriptor.cancel`.
   *
   * @returns false: no such delay is pending.
   */
  cancel(id: OperationId): boolean {
    const operation = this.#delays.get(id);
    if (operation === undefined) return false;
    this.#delays.delete(id);
    (operation.detail as Timer).clear();
    operation.error = errnoError(-ECANCELED, operation.syscall);
    this.#queue.push(operation);
    return true;
  }

  /** Keeps the reactor alive while operations are pending, which is so from the start. */
  ref(): this {
    return this.#setReferenced(true);
  }

  /** Lets the reactor end although operations are pending. */
  unref(): this {
    return this.#setReferenced(false);
  }

  /** Whether pending operations keep the reactor alive. */
  hasRef(): boolean {
    return this.#isReferenced;
  }

  /**
   * Cancels everything; the handlers of pending operations are called in the next turn, and nothing
   * new can be submitted. The descriptors stay open. When the reactor is closed, it closes its
   * proactors first, and their handlers are called at once, inside that call, since there is no later
   * turn.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const descriptor of [...this.#descriptors.values()]) descriptor.close();
    for (const id of [...this.#delays.keys()]) this.cancel(id);
    if (this.#pendingCount === 0) this.reactor.dependents.delete(this.#dependent);
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { trigger, descriptorCount: descriptors, pendingCount: pending } = this;
    return shown('Proactor', { trigger, descriptors, pending, closed: this.isClosed });
  }

  /** The same as {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #makeOwner(): DescriptorOwner {
    const { reactor, trigger } = this;
    return {
      reactor,
      trigger,
      take: (kind, complete, data) => this.#pool.take(kind, complete, data),
      begin: (operation) => this.#begin(operation),
      finish: (operation) => this.#queue.push(operation),
      onEventHandled: () => this.#queue.deliverFull(),
      takeBack: (operation) => {
        this.#pool.give(operation);
        this.#onDelivered(1);
      },
      forget: (descriptor) => this.#descriptors.delete(descriptor.fd),
    };
  }

  #begin(operation: Operation): OperationId {
    operation.id = ++this.#lastId;
    if (this.#keepsContext) operation.scope = new AsyncResource('EDGEWISE_OPERATION');
    if (this.#pendingCount++ === 0 && this.#isReferenced) this.reactor.countReferenced(1);
    return operation.id;
  }

  #onDelivered(count: number): void {
    if (count === 0) return;
    this.#pendingCount -= count;
    if (this.#pendingCount > 0) return;
    if (this.#isReferenced) this.reactor.countReferenced(-1);
    if (this.#isClosed) this.reactor.dependents.delete(this.#dependent);
  }

  #setReferenced(isReferenced: boolean): this {
    if (isReferenced === this.#isReferenced) return this;
    this.#isReferenced = isReferenced;
    if (this.#pendingCount > 0) this.reactor.countReferenced(isReferenced ? 1 : -1);
    return this;
  }

  #onReactorClosed(): void {
    this.close();
    this.#queue.drain();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ClosedError('the Proactor');
  }
}
