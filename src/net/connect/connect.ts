// connect(): resolves the name, tries the addresses by Happy Eyeballs (RFC 8305), and establishes
// the connection with the first that answers.
import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { constants as os } from 'node:os';
import { SocketAddress } from '../../address.ts';
import { errnoError, invalidType, invalidValue } from '../../errors.ts';
import type { Timer } from '../../reactor/timers/timer.ts';
import { checkFunction, checkInteger, checkObject, checkSignal } from '../../validate.ts';
import { type Connection, createConnection } from '../connection/connection.ts';
import type { ConnectionGroup } from '../connection/group.ts';
import { type ConnectionOptions, groupOf } from '../connection/options.ts';
import { planTcpOptions, type TcpOptions } from '../socket/tcp.ts';
import { Attempt, type AttemptOwner, type AttemptTarget } from './attempt.ts';

/** RFC 8305, section 8: "Connection Attempt Delay". */
const ATTEMPT_DELAY_MS = 250;

/** Finds the addresses of a name, best first. */
export type Resolve = (
  host: string,
  callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

export interface ConnectOptions<Data = unknown> extends ConnectionOptions<Data> {
  /** A name or a numeric address; default `'localhost'`. */
  readonly host?: string;
  /** 1 to 65535. */
  readonly port?: number;
  /** A Unix socket instead of TCP. */
  readonly path?: string;
  /** A Unix socket of Linux's abstract namespace. */
  readonly abstract?: string;
  /** A numeric address of this machine to connect from. */
  readonly localAddress?: string;
  /**
   * 0 to 65535; 0, the default, takes a free one. With another one, an address that has not
   * answered within `attemptDelayMs` is given up for the next.
   */
  readonly localPort?: number;
  /** Give up with ETIMEDOUT after so long, name look-up included; 0, the default: never. */
  readonly timeoutMs?: number;
  /** Start with the next address when one has not answered for so long. Default 250. */
  readonly attemptDelayMs?: number;
  /** Default: `dns.lookup` of Node with every address. */
  readonly resolve?: Resolve;
  /** Set before connecting. `noDelay` is true unless said otherwise. */
  readonly tcp?: TcpOptions;
  /** Aborting closes the connection, connected or not, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The addresses with the families taking turns, the first one's first (RFC 8305, section 4). */
export function interleave(addresses: readonly LookupAddress[]): LookupAddress[] {
  const first = addresses.filter(({ family }) => family === addresses[0]?.family);
  const others = addresses.filter(({ family }) => family !== addresses[0]?.family);
  const mixed: LookupAddress[] = [];
  for (let i = 0; i < Math.max(first.length, others.length); i++) {
    mixed.push(...first.slice(i, i + 1), ...others.slice(i, i + 1));
  }
  return mixed;
}

function allErrors(errors: readonly Error[]): Error {
  const [first] = errors;
  if (first === undefined || errors.length === 1) return first ?? new Error('no address');
  const message = errors.map((error) => error.message).join('; ');
  return Object.assign(new AggregateError(errors, message), {
    code: (first as NodeJS.ErrnoException).code,
  });
}

/** The attempts of one connect call. */
class Connector implements AttemptOwner {
  readonly #group: ConnectionGroup;
  // biome-ignore lint/suspicious/noExplicitAny: it does not look at the user's data
  readonly #connection: Connection<any>;
  readonly #delayMs: number;
  readonly #attempts = new Set<Attempt>();
  readonly #errors: Error[] = [];
  readonly #signal: AbortSignal | undefined;
  #isHeld = true;
  #targets: AttemptTarget[] = [];
  #delay: Timer | undefined;
  #deadline: Timer | undefined;

  constructor(
    group: ConnectionGroup,
    // biome-ignore lint/suspicious/noExplicitAny: as the field above
    connection: Connection<any>,
    delayMs: number,
    signal: AbortSignal | undefined,
  ) {
    this.#group = group;
    this.#connection = connection;
    this.#delayMs = delayMs;
    this.#signal = signal;
    group.onGone = () => this.#onGone();
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    // Looking up a name, nothing is registered yet, and the reactor must not think that it is idle.
    group.reactor.countReferenced(1);
  }

  limit(timeoutMs: number, onTimeout: () => void): void {
    if (timeoutMs > 0) this.#deadline = this.#group.reactor.setTimeout(onTimeout, timeoutMs);
  }

  start(targets: AttemptTarget[]): void {
    this.#targets = targets;
    this.#tryNext();
  }

  readonly #onAbort = (): void => {
    this.#connection.destroy(this.#signal?.reason);
  };

  #onGone(): void {
    this.#giveUp();
    this.#release();
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  onConnected(attempt: Attempt, fd: number): void {
    this.#attempts.delete(attempt);
    this.#giveUp(); // before it: `open` may throw, or run a turn
    try {
      this.#group.inScope(() => this.#connection.establish(fd));
    } finally {
      this.#release(); // after it: the reactor is never without something to do
    }
  }

  onFailed(attempt: Attempt, error: Error): void {
    this.#attempts.delete(attempt);
    this.#errors.push(error);
    if (this.#connection.isClosed) return;
    if (this.#targets.length > 0) this.#tryNext();
    else if (this.#attempts.size === 0) this.#connection.destroy(allErrors(this.#errors));
  }

  #tryNext(): void {
    this.#delay?.clear();
    const target = this.#targets.shift();
    if (target === undefined) return;
    if (this.#targets.length > 0) {
      this.#delay = this.#group.reactor.setTimeout(() => this.#goOn(target), this.#delayMs);
    }
    const attempt = new Attempt(this.#group.reactor, target, this);
    this.#attempts.add(attempt);
    attempt.start();
  }

  // Two sockets cannot have one port: there the attempt that has not been answered makes room, and
  // that it failed starts the next one.
  #goOn({ local }: AttemptTarget): void {
    if (local === undefined || local.port === 0) this.#tryNext();
    else for (const attempt of [...this.#attempts]) attempt.giveUp();
  }

  #giveUp(): void {
    this.#targets = [];
    this.#delay?.clear();
    this.#deadline?.clear();
    for (const attempt of this.#attempts) attempt.cancel();
    this.#attempts.clear();
  }

  #release(): void {
    if (this.#isHeld) this.#group.reactor.countReferenced(-1);
    this.#isHeld = false;
  }
}

function resolveWithDns(host: string, callback: Parameters<Resolve>[1]): void {
  dnsLookup(host, { all: true, verbatim: true }, callback);
}

// Looks at everything that can be judged before connecting.
function checkOptions(options: ConnectOptions): void {
  const { host, port, path, abstract, resolve, localAddress, localPort, timeoutMs } = options;
  if (host !== undefined && typeof host !== 'string') throw invalidType('host', 'a string', host);
  if (path === undefined && abstract === undefined) checkInteger('port', port, 1, 65_535);
  if (resolve !== undefined) checkFunction('resolve', resolve);
  if (localAddress !== undefined && isIP(localAddress) === 0) {
    throw invalidValue('localAddress', 'a numeric address', localAddress);
  }
  checkInteger('localPort', localPort ?? 0, 0, 65_535);
  checkInteger('timeoutMs', timeoutMs ?? 0, 0, 0x7fffffff);
  checkSignal(options.signal);
}

function unixTarget({ path, abstract }: ConnectOptions): AttemptTarget | undefined {
  if (path === undefined && abstract === undefined) return undefined;
  const address = new SocketAddress(path === undefined ? { abstract: abstract ?? '' } : { path });
  return { address, local: undefined, tcp: undefined };
}

// Makes the target of each address of the host.
function inetTargets(options: ConnectOptions): (address: string) => AttemptTarget {
  const { port = 0, localAddress, localPort = 0 } = options;
  const tcp = planTcpOptions({ noDelay: true, ...options.tcp });
  const isBound = localAddress !== undefined || localPort > 0;
  return (address) => {
    const any = isIP(address) === 4 ? '0.0.0.0' : '::';
    const local = { address: localAddress ?? any, port: localPort };
    return {
      address: new SocketAddress({ address, port }),
      local: isBound ? new SocketAddress(local) : undefined,
      tcp,
    };
  };
}

/**
 * Connects, and hands the events of the connection to `options.handlers`: `open` when it is
 * established, or `close` with the error. What is written before is sent then. No handler is
 * called before this returns.
 *
 * Errors that reach `close`: those of connect(2), such as ECONNREFUSED; ETIMEDOUT after
 * `timeoutMs`; those of the look-up, such as ENOTFOUND; an AggregateError with the `code` of the
 * first one when several addresses failed; the signal's reason.
 *
 * @throws TypeError, RangeError - an option of the wrong kind.
 * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED. ERR_CLOSED: the reactor is closed.
 * @throws the reason of a signal that is aborted already.
 * @see connect(2), RFC 8305
 */
export function connect<Data = unknown>(options: ConnectOptions<Data>): Connection<Data> {
  checkObject('options', options);
  const plain = options as ConnectOptions;
  checkOptions(plain);
  const { attemptDelayMs = ATTEMPT_DELAY_MS, timeoutMs = 0, signal } = options;
  const delayMs = checkInteger('attemptDelayMs', attemptDelayMs, 10, 60_000);
  const unix = unixTarget(plain);
  const toTarget = inetTargets(plain);
  signal?.throwIfAborted();
  const group = groupOf(options, unix !== undefined);
  const connection = createConnection<Data>(group);
  group.connections.add(connection);
  const connector = new Connector(group, connection, delayMs, signal);
  const { host = 'localhost', port = 0, path } = options;
  const context = path === undefined ? { address: host, port } : { path };
  connector.limit(timeoutMs, () =>
    connection.destroy(errnoError(-os.errno.ETIMEDOUT, 'connect', context)),
  );
  // The handlers must not be called before the caller has the connection.
  group.reactor.defer(() => {
    if (connection.isClosed) return;
    if (unix !== undefined) connector.start([unix]);
    else lookUp(plain, connection, toTarget, (targets) => connector.start(targets));
  });
  return connection;
}

// What a resolver throws, and addresses that are none, end the connection; what `open` throws, if
// connect(2) finishes at once, does not. So a resolver, also one that answers at once, is left first.
function lookUp(
  { host = 'localhost', resolve = resolveWithDns }: ConnectOptions,
  // biome-ignore lint/suspicious/noExplicitAny: it does not look at the user's data
  connection: Connection<any>,
  toTarget: (address: string) => AttemptTarget,
  start: (targets: AttemptTarget[]) => void,
): void {
  let isAnswered = false;
  const answer = (
    begin: typeof start,
    error: Error | null,
    found: readonly LookupAddress[],
  ): void => {
    if (isAnswered || connection.isClosed) return;
    isAnswered = true;
    let targets: AttemptTarget[];
    try {
      if (error !== null) throw error;
      if (found.length === 0) throw notFound(host);
      targets = interleave(found).map(({ address }) => toTarget(address));
    } catch (reason) {
      connection.destroy(reason as Error);
      return;
    }
    begin(targets);
  };
  if (isIP(host) !== 0) {
    answer(start, null, [{ address: host, family: isIP(host) }]);
    return;
  }
  const startLater = (targets: AttemptTarget[]) =>
    connection.reactor.defer(() => {
      if (!connection.isClosed) start(targets);
    });
  try {
    resolve(host, (error, found) => answer(startLater, error, found));
  } catch (error) {
    answer(startLater, error as Error, []);
  }
}

function notFound(host: string): Error {
  const error = new Error(`${host} has no address`);
  return Object.assign(error, { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host });
}
