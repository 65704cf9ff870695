// One end of a byte stream that is not a socket: a pipe, a FIFO, a terminal or the like, watched by a
// reactor until it ends. A DescriptorReader and a DescriptorWriter each have one, and give it what it
// calls. No socket calls: such a descriptor is read and written by read(2) and write(2), and ends by
// close(2).
import { AsyncResource } from 'node:async_hooks';
import { constants as os } from 'node:os';
import { ClosedError, check, EdgewiseError, type ErrnoError } from '../errors.ts';
import { DeferredCalls } from '../flow/deferred-calls.ts';
import { native } from '../native.ts';
import type { Interest, Readiness } from '../poller/index.ts';
import { checkDrive, defaultReactor, type Reactor, type Registration } from '../reactor/index.ts';
import * as sys from '../sys/index.ts';
import { Role as TraceRole } from '../trace/index.ts';
import { checkFd, checkHandlers, checkObject } from '../validate.ts';

/** What every reader and writer of a descriptor can be given. */
export interface EndpointOptions<Data = unknown> {
  /** `data` of the reader or writer from the start. */
  readonly data?: Data | undefined;
  /** Default: the reactor of this thread ({@link defaultReactor}), attached to Node's loop. */
  readonly reactor?: Reactor | undefined;
  /** `'level'`, the default, or `'edge'`. */
  readonly trigger?: 'level' | 'edge' | undefined;
  /** Keep the async context of this call for the handlers. Default true. */
  readonly asyncContext?: boolean | undefined;
}

/** How an endpoint begins. */
export interface Opening {
  readonly reactor: Reactor;
  readonly trigger: 'level' | 'edge';
  readonly scope: AsyncResource | undefined;
  readonly isBorrowed: boolean;
}

/** What differs between a reader and a writer. */
export interface Role {
  readonly syscall: 'read' | 'write';
  /** The access mode that does not allow it. */
  readonly unfit: number;
  readonly handlers: readonly string[];
  /** What it can be given beside what both can. */
  readonly options: readonly string[];
}

/** What an endpoint calls. */
export interface EndpointCalls {
  /** The descriptor is ready: move what can be moved. */
  transfer(readiness: Readiness): void;
  /** It is closed: call the user's `close` handler. */
  close(): void;
  /** Bytes that wait for room; undefined: for something else. Absent: it writes none. */
  queuedBytes?(): number | undefined;
}

/**
 * Checks what a reader or a writer is opened with.
 *
 * @throws TypeError - an option of the wrong kind. ErrnoError - EBADF: not open, or not for this.
 */
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
  const known = ['handlers', 'data', 'reactor', 'trigger', 'asyncContext', ...role.options];
  reactor.lintNames(role.syscall === 'read' ? 'openReader' : 'openWriter', options, known);
  reactor.lintNames('handlers', options.handlers as object, role.handlers);
  const { F_GETFL, O_ACCMODE, EBADF } = sys.constants;
  const mode = check(sys.fcntl(fd, F_GETFL), 'fcntl', { fd }) & O_ACCMODE;
  if (mode === role.unfit) check(-EBADF, role.syscall, { fd });
  const scope = asyncContext ? new AsyncResource('EDGEWISE_DESCRIPTOR') : undefined;
  return { reactor, trigger, scope, isBorrowed };
}

/** A descriptor, its registration, and its end. */
export class Endpoint {
  /** Why it ended, when that was not orderly. */
  error: NodeJS.ErrnoException | undefined = undefined;
  readonly registration: Registration<undefined>;
  readonly #opening: Opening;
  readonly #calls: EndpointCalls;
  readonly #deferred: DeferredCalls;
  readonly #dependent = { close: () => this.#closeWithReactor() };
  #fd: number;
  #whenClosed: (() => void)[] | undefined = [];

  /** When it throws, `fd` is still the caller's. */
  constructor(fd: number, opening: Opening, interest: Interest, calls: EndpointCalls) {
    this.#fd = fd;
    this.#opening = opening;
    this.#calls = calls;
    const { reactor, trigger, scope, isBorrowed } = opening;
    this.#deferred = new DeferredCalls(reactor, scope);
    const watched = {
      fd,
      interest,
      trigger,
      handler: this,
      isExclusive: false,
      scope,
      role: TraceRole.Pipe,
    };
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

  get reactor(): Reactor {
    return this.#opening.reactor;
  }

  /** Replaces what it waits for; what the kernel refuses ends it. */
  setInterest(interest: Interest): void {
    if (this.isClosed) return;
    try {
      this.registration.setInterest(interest);
    } catch (error) {
      // ENOMEM; EBADF: closed behind our back. It would hear nothing, and no method throws that.
      this.#deferred.add(() => this.destroy(error as Error));
    }
  }

  /** Closes at once; `error` reaches the `close` handler, which is called at the end of the turn. */
  destroy(error?: Error): void {
    if (this.isClosed) return;
    this.error = error;
    this.registration.close();
    if (!this.#opening.isBorrowed) sys.close(this.#fd);
    this.#fd = -1;
    this.#deferred.add(() => this.#onClosed());
  }

  /** Resolves when it is closed and the `close` handler was called. */
  whenClosed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#whenClosed === undefined) resolve();
      else this.#whenClosed.push(resolve);
    });
  }

  /** The reactor calls it. */
  onReady(readiness: Readiness): void {
    try {
      this.#calls.transfer(readiness);
    } catch (error) {
      // The user's handler threw in the middle of reading: an edge would not come again.
      if (!this.isClosed) this.registration.requeue();
      throw error;
    }
  }

  /** The reactor calls it: for audits and traces. */
  queuedBytes(): number | undefined {
    return this.#calls.queuedBytes?.();
  }

  #takeOver(): void {
    const { FD_CLOEXEC, F_SETFD } = sys.constants;
    try {
      check(sys.setNonBlocking(this.#fd), 'fcntl', { fd: this.#fd });
      check(sys.fcntl(this.#fd, F_SETFD, FD_CLOEXEC), 'fcntl', { fd: this.#fd });
      native.ownDescriptor(this.#fd); // another thread may have made it
    } catch (error) {
      this.registration.close();
      throw error;
    }
  }

  #closeWithReactor(): void {
    this.destroy(new ClosedError('the Reactor'));
    this.#deferred.run(); // there is no later turn
  }

  #onClosed(): void {
    this.reactor.dependents.delete(this.#dependent);
    const waiting = this.#whenClosed ?? [];
    this.#whenClosed = undefined;
    try {
      this.#calls.close();
    } finally {
      for (const resolve of waiting) resolve();
    }
  }
}

function notPollable(fd: number, cause: unknown): EdgewiseError {
  const message = `fd ${fd} is a file that is always ready: use node:fs, there is nothing to wait for`;
  return new EdgewiseError('ERR_NOT_POLLABLE', message, { cause });
}
