// connect(): resolves the name, tries the addresses by Happy Eyeballs (RFC 8305), and establishes
// the connection with the first that answers.
import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { constants as os } from 'node:os';
import { SocketAddress } from '../address.ts';
import { errnoError, invalidType, outOfRange } from '../errors.ts';
import type { Timer } from '../timers/timer.ts';
import { checkFunction, checkInteger, checkObject } from '../validate.ts';
import { Attempt, type AttemptOwner, type AttemptTarget } from './attempt.ts';
import { Connection } from './connection.ts';
import type { ConnectionGroup } from './group.ts';
import { type ConnectionOptions, groupOf } from './settings.ts';
import type { TcpOptions } from './tcp.ts';

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
  /** 0 to 65535; 0, the default, takes a free one. */
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
  #targets: AttemptTarget[] = [];
  #delay: Timer | undefined;
  #deadline: Timer | undefined;

  // biome-ignore lint/suspicious/noExplicitAny: as above
  constructor(group: ConnectionGroup, connection: Connection<any>, delayMs: number) {
    this.#group = group;
    this.#connection = connection;
    this.#delayMs = delayMs;
    group.onGone = () => this.#cancel();
  }

  limit(timeoutMs: number, onTimeout: () => void): void {
    if (timeoutMs > 0) this.#deadline = this.#group.reactor.setTimeout(onTimeout, timeoutMs);
  }

  start(targets: AttemptTarget[]): void {
    this.#targets = targets;
    this.#tryNext();
  }

  onConnected(attempt: Attempt, fd: number): void {
    this.#attempts.delete(attempt);
    this.#cancel();
    this.#connection.establish(fd);
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
      this.#delay = this.#group.reactor.setTimeout(() => this.#tryNext(), this.#delayMs);
    }
    const attempt = new Attempt(this.#group.reactor, target, this);
    this.#attempts.add(attempt);
    attempt.start();
  }

  #cancel(): void {
    this.#targets = [];
    this.#delay?.clear();
    this.#deadline?.clear();
    for (const attempt of this.#attempts) attempt.cancel();
    this.#attempts.clear();
  }
}

function resolveWithDns(host: string, callback: Parameters<Resolve>[1]): void {
  dnsLookup(host, { all: true, verbatim: true }, callback);
}

function checkOptions(options: ConnectOptions): void {
  const { host, port, path, abstract, resolve, localAddress } = options;
  if (host !== undefined && typeof host !== 'string') throw invalidType('host', 'a string', host);
  if (path === undefined && abstract === undefined) checkInteger('port', port, 1, 65_535);
  if (resolve !== undefined) checkFunction('resolve', resolve);
  if (localAddress !== undefined && isIP(localAddress) === 0) {
    throw outOfRange('localAddress', 'a numeric address', localAddress);
  }
}

/**
 * Connects, and hands the events of the connection to `options.handlers`: `open` when it is
 * established, or `close` with the error. What is written before is sent then.
 *
 * @throws TypeError, RangeError - an option of the wrong kind.
 * @see connect(2), RFC 8305
 */
export function connect<Data = unknown>(options: ConnectOptions<Data>): Connection<Data> {
  checkObject('options', options);
  checkOptions(options as ConnectOptions);
  const delayMs = checkInteger(
    'attemptDelayMs',
    options.attemptDelayMs ?? ATTEMPT_DELAY_MS,
    10,
    60_000,
  );
  const timeoutMs = checkInteger('timeoutMs', options.timeoutMs ?? 0, 0, 0x7fffffff);
  options.signal?.throwIfAborted();
  const group = groupOf(options);
  const connection = new Connection<Data>(group);
  const connector = new Connector(group, connection, delayMs);
  const { host = 'localhost', port = 0, path, abstract, signal } = options;
  const context = path === undefined ? { address: host, port } : { path };
  connector.limit(timeoutMs, () =>
    connection.destroy(errnoError(-os.errno.ETIMEDOUT, 'connect', context)),
  );
  signal?.addEventListener('abort', () => connection.destroy(signal.reason), { once: true });
  // The handlers must not be called before the caller has the connection.
  group.reactor.defer(() => {
    if (connection.isClosed) return;
    if (path !== undefined || abstract !== undefined) {
      const address = new SocketAddress(
        path === undefined ? { abstract: abstract ?? '' } : { path },
      );
      connector.start([{ address, local: undefined, tcp: undefined }]);
    } else {
      resolveAndStart(connector, connection, host, options as ConnectOptions);
    }
  });
  return connection;
}

function resolveAndStart(
  connector: Connector,
  // biome-ignore lint/suspicious/noExplicitAny: it does not look at the user's data
  connection: Connection<any>,
  host: string,
  options: ConnectOptions,
): void {
  const { port = 0, localAddress, localPort = 0, resolve = resolveWithDns } = options;
  const tcp: TcpOptions = { noDelay: true, ...options.tcp };
  const local =
    localAddress === undefined
      ? undefined
      : new SocketAddress({ address: localAddress, port: localPort });
  const toTarget = (address: string): AttemptTarget => ({
    address: new SocketAddress({ address, port }),
    local,
    tcp,
  });
  const bare = host.split('%')[0] as string;
  if (isIP(bare) !== 0) {
    connector.start([toTarget(host)]);
    return;
  }
  resolve(host, (error, addresses) => {
    if (connection.isClosed) return;
    if (error !== null) connection.destroy(error);
    else connector.start(interleave(addresses).map(({ address }) => toTarget(address)));
  });
}
