// The exit of a process as an event of a reactor: any process that is there, not only a child. What
// is watched is a descriptor of the process (native/core/process_watch.h), so that its number may be
// given to another one meanwhile. No child is reaped here.
import { constants as os } from 'node:os';
import { ClosedError, check, errnoError } from '../errors.ts';
import { SHOWN, shown } from '../inspect.ts';
import { native } from '../native.ts';
import { Interest } from '../poller/index.ts';
import {
  checkReactor,
  defaultReactor,
  type Reactor,
  type Registration,
  signalNumber,
} from '../reactor/index.ts';
import * as sys from '../sys/index.ts';
import { checkFunction, checkInteger, checkObject } from '../validate.ts';

const EXITED = 1;
const SIGNAL_MASK = 0x7f;

/** How a process ended. All undefined: it ended, and the system does not report how. */
export interface ProcessExit {
  /** Its number, which may belong to another process by now. */
  readonly pid: number;
  /** What it gave to exit(3), 0 to 255; undefined when a signal ended it. */
  readonly code: number | undefined;
  /** The signal that ended it; undefined when it left by itself, or by a signal without a name. */
  readonly signal: NodeJS.Signals | undefined;
  /** The same as one number, as waitpid(2) gives it. */
  readonly status: number | undefined;
}

/** Receives the exit of a process, once, in a turn of the reactor. */
export type ExitHandler = (exit: ProcessExit) => void;

/** Options of {@link watchExit}. */
export interface WatchExitOptions {
  /** Default: the reactor of this thread ({@link defaultReactor}), attached to Node's loop. */
  readonly reactor?: Reactor | undefined;
  /** Keep the async context of this call for the handler. Default true. */
  readonly asyncContext?: boolean | undefined;
}

function exitOf(pid: number, status: number | undefined): ProcessExit {
  if (status === undefined) return { pid, code: undefined, signal: undefined, status };
  const signum = status & SIGNAL_MASK;
  const name = Object.entries(os.signals).find(([, number]) => number === signum)?.[0];
  return {
    pid,
    code: signum === 0 ? (status >> 8) & 0xff : undefined,
    signal: name as NodeJS.Signals | undefined,
    status,
  };
}

/** A process that is watched, made by {@link watchExit}. It keeps the reactor alive until it ends. */
export class ExitWatch {
  /** The number of the process. */
  readonly pid: number;
  readonly #reactor: Reactor;
  readonly #handler: ExitHandler;
  readonly #registration: Registration;
  #fd: number;
  #hasExited = false;

  /** @internal use `watchExit`. Takes over `fd` when it does not throw. */
  constructor(
    pid: number,
    fd: number,
    reactor: Reactor,
    asyncContext: boolean,
    handler: ExitHandler,
  ) {
    this.pid = pid;
    this.#fd = fd;
    this.#handler = handler;
    this.#reactor = reactor;
    const onReady = () => this.#onReady();
    this.#registration = reactor.register(fd, Interest.Readable, { onReady }, { asyncContext });
    reactor.dependents.add(this);
  }

  /** Whether its exit was reported, or the watch was closed. */
  get isClosed(): boolean {
    return this.#fd < 0;
  }

  /**
   * Sends a signal to the process, and on Linux to no other that has its number now.
   *
   * @returns false: it has exited and was waited for.
   * @throws TypeError - ERR_INVALID_ARG_VALUE: no signal of that name here.
   * @throws ErrnoError - EPERM: we may not. EdgewiseError - ERR_CLOSED: it is not watched any more.
   * @see pidfd_send_signal(2), kill(2)
   */
  kill(signal: NodeJS.Signals = 'SIGTERM'): boolean {
    const signum = signalNumber(signal);
    if (this.#hasExited) return false;
    if (this.isClosed) throw new ClosedError('the ExitWatch');
    const result = native.signalProcess(this.#fd, this.pid, signum);
    if (result === -os.errno.ESRCH) return false;
    check(result, 'kill', { pid: this.pid });
    return true;
  }

  /** Keeps the reactor alive, which is so from the start. */
  ref(): this {
    this.#registration.ref();
    return this;
  }

  /** Lets the reactor end although the process has not. */
  unref(): this {
    this.#registration.unref();
    return this;
  }

  /** Whether it keeps the reactor alive until it is closed. */
  hasRef(): boolean {
    return this.#registration.hasRef();
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { pid, isClosed: closed } = this;
    return shown('ExitWatch', { pid, exited: this.#hasExited, closed });
  }

  /**
   * Ends the watch, not the process: the handler is not called any more. There is nothing to wait
   * for. Does nothing the second time.
   */
  close(): void {
    if (this.isClosed) return;
    this.#registration.close();
    sys.close(this.#fd);
    this.#fd = -1;
    this.#reactor.dependents.delete(this);
  }

  /** As `close`: no handler would get an error. */
  destroy(): void {
    this.close();
  }

  /** Ends the watch: see `close`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Ends the watch: see `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #onReady(): void {
    const status = new Int32Array(1);
    const state = native.statusOfProcess(this.#fd, status);
    if (state === 0) return; // it runs: woken for nothing
    this.#hasExited = state > 0;
    this.close();
    if (state < 0) throw errnoError(state, 'kevent', { pid: this.pid });
    this.#handler(exitOf(this.pid, state === EXITED ? status[0] : undefined));
  }
}

/**
 * Calls `handler` once when process `pid` has exited, whichever process is its parent. When it is a
 * zombie already, that is in the next turn. The process is not waited for: its parent, which for
 * children of `node:child_process` is Node, gets its status as ever.
 *
 * @param pid - 1 to 2^31 - 1. The number of a child is its own until it was waited for, which Node
 *   does in its loop: call this in the same turn as `spawn`, or when you know that it runs.
 * @throws ErrnoError - ESRCH: there is no such process, or it was waited for. EINVAL, ENOENT: it is
 *   a thread. EMFILE. ENOSYS: Linux before 5.3.
 * @throws TypeError, RangeError. EdgewiseError - ERR_CLOSED: the reactor is closed.
 * @see pidfd_open(2), kqueue(2) "EVFILT_PROC"; docs/sources.md "Processes"
 */
export function watchExit(pid: number, handler: ExitHandler): ExitWatch;
/** The same, with options. */
export function watchExit(pid: number, options: WatchExitOptions, handler: ExitHandler): ExitWatch;
export function watchExit(
  pid: number,
  optionsOrHandler: WatchExitOptions | ExitHandler,
  maybeHandler?: ExitHandler,
): ExitWatch {
  const isShort = typeof optionsOrHandler === 'function';
  const options = isShort ? {} : optionsOrHandler;
  const handler = isShort ? optionsOrHandler : maybeHandler;
  checkInteger('pid', pid, 1, 0x7fffffff);
  checkObject('options', options);
  checkFunction('handler', handler);
  const { reactor = defaultReactor(), asyncContext = true } = options;
  checkReactor(reactor, 'options.reactor');
  if (reactor.isClosed) throw new ClosedError('the Reactor');
  reactor.lintNames('watchExit', options, ['reactor', 'asyncContext']);
  const syscall = process.platform === 'linux' ? 'pidfd_open' : 'kevent';
  const fd = check(native.openProcess(pid), syscall, { pid });
  try {
    return new ExitWatch(pid, fd, reactor, asyncContext === true, handler as ExitHandler);
  } catch (error) {
    sys.close(fd);
    throw error;
  }
}
