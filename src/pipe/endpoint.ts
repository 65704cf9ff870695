// What a DescriptorReader and a DescriptorWriter have in common: one end of a pipe, a FIFO, a
// terminal or the like, watched by a reactor until it ends. No socket calls: such a descriptor is
// read and written by read(2) and write(2), and ends by close(2).
import { AsyncResource } from 'node:async_hooks';
import { constants as os } from 'node:os';
import { ClosedError, check, EdgewiseError, type ErrnoError } from '../errors.ts';
import type { Interest, Readiness } from '../poller/interest.ts';
import { checkDrive, defaultReactor } from '../reactor/index.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type { Registration } from '../reactor/registration.ts';
import * as sys from '../sys/index.ts';
import { checkFd, checkHandlers, checkObject } from '../validate.ts';

/** What every reader and writer of a descriptor can be given. */
export interface EndpointOptions<Data = unknown> {
  /** `data` of the reader or writer from the start. */
  readonly data?: Data;
  /** Default: the reactor of this thread ({@link defaultReactor}), attached to Node's loop. */
  readonly reactor?: Reactor;
  /** `'level'`, the default, or `'edge'`. */
  readonly trigger?: 'level' | 'edge';
  /** Keep the async context of this call for the handlers. Default true. */
  readonly asyncContext?: boolean;
}

/** @internal how an endpoint begins */
export interface Opening {
  readonly reactor: Reactor;
  readonly trigger: 'level' | 'edge';
  readonly scope: AsyncResource | undefined;
  readonly isBorrowed: boolean;
}

/** @internal what a reader, or a writer, is */
export interface Role {
  readonly syscall: 'read' | 'write';
  /** The access mode with which it cannot be had. */
  readonly unfit: number;
  readonly handlers: readonly string[];
}

/** @internal checks what readers and writers are given */
export function openingOf(
  fd: number,
  options: EndpointOptions & { readonly handlers: unknown },
  role: Role,
  isBorrowed: boolean,
): Opening {
  checkFd(fd);
  checkObject('options', options);
  checkHandlers(options.handlers, role.handlers);
  const { reactor = defaultReactor(), trigger = 'level', asyncContext = true } = options;
  checkDrive(reactor, trigger);
  const { F_GETFL, O_ACCMODE, EBADF } = sys.constants;
  const mode = check(sys.fcntl(fd, F_GETFL), 'fcntl', { fd }) & O_ACCMODE;
  if (mode === role.unfit) check(-EBADF, role.syscall, { fd });
  const scope = asyncContext ? new AsyncResource('EDGEWISE_DESCRIPTOR') : undefined;
  return { reactor, trigger, scope, isBorrowed };
}

/** One end of a byte stream that is no socket: see {@link DescriptorReader}, {@link DescriptorWriter}. */
export abstract class Endpoint {
  /** Why it ended, when that was not orderly. */
  error: Error | undefined = undefined;
  /** @internal */
  protected readonly registration: Registration<undefined>;
  readonly #opening: Opening;
  readonly #dependent = { close: () => this.#closeWithReactor() };
  #fd: number;
  #isCloseTold = false;

  /** @internal use `openReader` or `openWriter`. When it throws, `fd` is still the caller's. */
  constructor(fd: number, opening: Opening, interest: Interest) {
    this.#fd = fd;
    this.#opening = opening;
    const { reactor, trigger, scope, isBorrowed } = opening;
    const watched = { fd, interest, trigger, handler: this, isExclusive: false, scope };
    try {
      this.registration = reactor.watch<undefined>({ ...watched, data: undefined });
    } catch (error) {
      throw (error as ErrnoError).errno === -os.errno.EPERM ? notPollable(fd, error) : error;
    }
    if (!isBorrowed) this.#takeOver();
    reactor.dependents.add(this.#dependent);
  }

  /** The descriptor; -1 after it is closed. */
  get fd(): number {
    return this.#fd;
  }

  get isClosed(): boolean {
    return this.#fd < 0;
  }

  /** Keeps the reactor alive, which is so from the start. */
  ref(): this {
    this.registration.ref();
    return this;
  }

  /** Lets the reactor end although this is open. */
  unref(): this {
    this.registration.unref();
    return this;
  }

  hasRef(): boolean {
    return this.registration.hasRef();
  }

  /** Closes at once; what was not read or written is lost. `error` reaches the `close` handler. */
  destroy(error?: Error): void {
    if (this.isClosed) return;
    this.error = error;
    const { reactor, isBorrowed } = this.#opening;
    this.registration.close();
    if (!isBorrowed) sys.close(this.#fd);
    this.#fd = -1;
    if (!reactor.isClosed) reactor.defer(() => this.#tellClosed());
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  /** @internal */
  onReady(readiness: Readiness): void {
    try {
      this.transfer(readiness);
    } catch (error) {
      // The user's handler threw in the middle of reading: an edge would not come again.
      if (!this.isClosed) this.registration.requeue();
      throw error;
    }
  }

  /** @internal moves what can be moved */
  protected abstract transfer(readiness: Readiness): void;

  /** @internal calls the user's `close` handler */
  protected abstract onClosed(): void;

  #takeOver(): void {
    const { FD_CLOEXEC, F_SETFD } = sys.constants;
    try {
      check(sys.setNonBlocking(this.#fd), 'fcntl', { fd: this.#fd });
      check(sys.fcntl(this.#fd, F_SETFD, FD_CLOEXEC), 'fcntl', { fd: this.#fd });
    } catch (error) {
      this.registration.close();
      throw error;
    }
  }

  #closeWithReactor(): void {
    this.destroy(new ClosedError('the Reactor'));
    this.#tellClosed(); // there is no later turn
  }

  #tellClosed(): void {
    if (this.#isCloseTold) return;
    this.#isCloseTold = true;
    const { reactor, scope } = this.#opening;
    reactor.dependents.delete(this.#dependent);
    if (scope === undefined) this.onClosed();
    else scope.runInAsyncScope(() => this.onClosed());
  }
}

function notPollable(fd: number, cause: unknown): EdgewiseError {
  const message = `fd ${fd} is a file that is always ready: use node:fs, there is nothing to wait for`;
  return new EdgewiseError('ERR_NOT_POLLABLE', message, { cause });
}
