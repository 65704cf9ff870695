// What a supervisor that started this process wants to know of it: that it is ready, that it is going,
// and, again and again, that its loop still turns. systemd's protocol, which others speak as well: a
// datagram of lines to the Unix socket that NOTIFY_SOCKET names. man 3 sd_notify, sd_watchdog_enabled.
import { constants as os } from 'node:os';
import { check, EdgewiseError, invalidValue } from '../../errors.ts';
import { checkReactor, defaultReactor, type Reactor, type Timer } from '../../reactor/index.ts';
import * as sys from '../../sys/index.ts';
import { checkObject } from '../../validate.ts';

const { AF_UNIX, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_CLOEXEC } = sys.constants;
const { EINTR } = os.errno;
const VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'] as const;
const US_PER_MS = 1000;
const WATCHDOG_MS_MAX = 0x7fffffff;

/** Options of {@link serviceManager}. */
export interface ServiceManagerOptions {
  /** Drives the watchdog, and so is what it watches. Default: the reactor of this thread. */
  readonly reactor?: Reactor | undefined;
}

/**
 * The supervisor of this process, made by `serviceManager`. Each call that reports something returns
 * whether there is a supervisor that was given it. None keeps the process alive.
 */
export class ServiceManager {
  /** Milliseconds within which it wants a sign of life; undefined: it does not watch. */
  readonly watchdogMs: number | undefined;
  readonly #address: sys.UnixAddress | sys.AbstractAddress | undefined;
  readonly #reactor: Reactor | undefined;
  #timer: Timer | undefined;

  /** @internal use `serviceManager` */
  constructor(
    address: sys.UnixAddress | sys.AbstractAddress | undefined,
    watchdogMs: number | undefined,
    reactor: Reactor | undefined,
  ) {
    this.#address = address;
    this.watchdogMs = watchdogMs;
    this.#reactor = reactor;
  }

  /** Whether there is one that wants to be notified. */
  get isPresent(): boolean {
    return this.#address !== undefined;
  }

  /**
   * The service accepts clients: READY=1. Starts the watchdog where there is one, from here on until
   * `stopping` or `close`: a sign of life (WATCHDOG=1) twice in its time, by a timer of the reactor.
   *
   * @param status - as of `status`; absent: none.
   * @returns whether there is a supervisor.
   * @throws as `notify`.
   */
  ready(status?: string): boolean {
    this.#startWatchdog();
    return this.notify(status === undefined ? { READY: '1' } : { READY: '1', STATUS: status });
  }

  /**
   * The service is ending: STOPPING=1. The watchdog goes on while connections finish; call `close` when
   * the process is to end without a reactor that turns.
   *
   * @returns whether there is a supervisor.
   * @throws as `notify`.
   */
  stopping(): boolean {
    return this.notify({ STOPPING: '1' });
  }

  /**
   * One line for people, which `systemctl status` shows.
   *
   * @returns whether there is a supervisor.
   * @throws as `notify`.
   */
  status(text: string): boolean {
    return this.notify({ STATUS: text });
  }

  /**
   * Sends variables in one datagram.
   *
   * @param variables - by names of capitals, digits and `_`; texts without line feeds and zero bytes.
   * @returns whether there is a supervisor.
   * @throws TypeError - a name or a text of another kind.
   * @throws ErrnoError - it cannot be sent: ENOENT, ECONNREFUSED: the socket is not there; EAGAIN: its
   *   queue is full; EACCES, EMFILE, …
   */
  notify(variables: Readonly<Record<string, string>>): boolean {
    checkObject('variables', variables);
    const lines = Object.entries(variables).map(([name, text]) => lineOf(name, text));
    if (this.#address === undefined) return false;
    const type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const fd = check(sys.socket(AF_UNIX, type), 'socket');
    try {
      const bytes = Buffer.from(lines.join('\n'));
      let result: number;
      do result = sys.sendto(fd, bytes, 0, bytes.length, 0, this.#address);
      while (result === -EINTR);
      check(result, 'sendto', { fd });
    } finally {
      sys.close(fd);
    }
    return true;
  }

  /** Ends the watchdog's signs of life. */
  close(): void {
    this.#timer?.clear();
    this.#timer = undefined;
  }

  /** As `close`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #startWatchdog(): void {
    if (this.#timer !== undefined || this.watchdogMs === undefined || !this.isPresent) return;
    const reactor = this.#reactor ?? defaultReactor();
    const live = () => void this.notify({ WATCHDOG: '1' });
    this.#timer = reactor.setInterval(live, this.watchdogMs / 2).unref();
  }
}

function lineOf(name: string, text: unknown): string {
  if (!/^[A-Z][A-Z0-9_]*$/.test(name)) throw invalidValue('variables', 'named by capitals', name);
  const isLine = typeof text === 'string' && !/[\n\0]/.test(text);
  if (!isLine) throw invalidValue(`variables.${name}`, 'text of one line', text);
  return `${name}=${text}`;
}

function invalid(name: string, text: string): EdgewiseError {
  return new EdgewiseError('ERR_NOTIFY_INVALID', `${name} is ${JSON.stringify(text)}`);
}

function addressOf(text: string | undefined): sys.UnixAddress | sys.AbstractAddress | undefined {
  if (text === undefined || text === '') return undefined;
  if (text.startsWith('/')) return { path: text };
  if (text.startsWith('@') && text.length > 1) return { abstract: text.slice(1) };
  throw invalid('NOTIFY_SOCKET', text);
}

function watchdogOf(text: string | undefined, pid: string | undefined): number | undefined {
  if (text === undefined || (pid !== undefined && pid !== String(process.pid))) return undefined;
  const milliseconds = /^\d{1,16}$/.test(text) ? Number(text) / US_PER_MS : 0;
  if (milliseconds >= 1) return Math.min(milliseconds, WATCHDOG_MS_MAX);
  throw invalid('WATCHDOG_USEC', text);
}

/**
 * Finds the supervisor that this process was started by, as systemd does it with `Type=notify` and
 * `WatchdogSec=`, and takes the variables that announce it out of `process.env`, so that children do
 * not speak for this process. Call it once, early, in the main thread.
 *
 * @returns one with `isPresent` false when no supervisor wants to be notified: its calls do nothing.
 * @throws EdgewiseError - ERR_NOTIFY_INVALID: a variable that makes no sense. TypeError - options.
 * @see sd_notify(3), sd_watchdog_enabled(3), systemd.service(5)
 */
export function serviceManager(options: ServiceManagerOptions = {}): ServiceManager {
  checkObject('options', options);
  const { reactor } = options;
  if (reactor !== undefined) checkReactor(reactor);
  const [socket, watchdog, pid] = VARIABLES.map((name) => {
    const text = process.env[name];
    delete process.env[name];
    return text;
  });
  return new ServiceManager(addressOf(socket), watchdogOf(watchdog, pid), reactor);
}
