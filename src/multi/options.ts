// The options of a pool, checked once and with their defaults.
import { pathToFileURL } from 'node:url';
import { conflict, invalidType, invalidValue } from '../errors.ts';
import { checkProxyOptions, lintTcp, planTcpOptions } from '../net/index.ts';
import { checkReactor, defaultReactor, type Reactor } from '../reactor/index.ts';
import { checkApart, checkFd, checkFunction, checkInteger, checkObject } from '../validate.ts';
import type { PoolConnectionOptions } from './protocol.ts';

/**
 * How connections reach the sub-reactors. `acceptor`: the main reactor accepts, and hands each
 * descriptor to one of them. `reusePort`: each has a listening socket of its own on the same port, and
 * the kernel chooses by a hash of the addresses. `exclusive`: one listening socket in all their epoll
 * sets, and the kernel wakes one (EPOLLEXCLUSIVE; Linux).
 */
export type PoolStrategy = 'acceptor' | 'reusePort' | 'exclusive';

/** Which sub-reactor gets the next connection (`acceptor`). `source-hash`: by the peer's address. */
export type PoolBalance = 'round-robin' | 'least-connections' | 'source-hash';

const STRATEGIES: readonly PoolStrategy[] = ['acceptor', 'reusePort', 'exclusive'];
const BALANCES: readonly PoolBalance[] = ['round-robin', 'least-connections', 'source-hash'];
const SIZE_MAX = 1024;
const START_TIMEOUT_MS = 30_000;

/** Options of a {@link ReactorPool}. */
export interface ReactorPoolOptions {
  /** Count of sub-reactors, a thread each: 1 to 1024. */
  readonly size: number;
  /** What each of them runs: a file, or a URL for `import()`. See {@link SubReactorModule}. */
  readonly module: string | URL;
  /** Default `'acceptor'`. */
  readonly strategy?: PoolStrategy | undefined;
  /** For `acceptor`. Default `'round-robin'`. */
  readonly balance?: PoolBalance | undefined;
  /**
   * For `reusePort`: the sub-reactor is the number of the CPU that received the connection, modulo
   * their count. Linux. Default false: by a hash of the addresses.
   */
  readonly steerByCpu?: boolean | undefined;
  /** As for `listen`. */
  readonly host?: string | undefined;
  /** As for `listen`. */
  readonly port?: number | undefined;
  /** As for `listen`, for each listening socket. */
  readonly backlog?: number | undefined;
  /**
   * A socket that listens already, in the place of `host`, `port` and `backlog`: one of a supervisor, or of
   * the process before this one (`takeOver`). Not with `reusePort`, where each thread has a socket. It is
   * the pool's when `start` has resolved; when that rejects, it is still the caller's.
   */
  readonly fd?: number | undefined;
  /** Options of each connection; they override the module's `options`. Must be cloneable. */
  readonly connection?: PoolConnectionOptions | undefined;
  /** For the module's `start`; must be cloneable. */
  readonly data?: unknown;
  /** The main reactor, attached. Default: the one of this thread. */
  readonly reactor?: Reactor | undefined;
  /** Time limit for a thread to load the module and to start, in milliseconds. Default 30,000. */
  readonly startTimeoutMs?: number | undefined;
  /**
   * Called when a sub-reactor has died: ERR_SUB_REACTOR_DIED; the pool restarts it. Called as well when
   * the restart fails, which is then tried again. Default: `process.emitWarning`.
   */
  readonly onError?: ((error: NodeJS.ErrnoException) => void) | undefined;
  /** A handler that runs for so long is reported to `onBlocked`; milliseconds, 0: never. Default 1000. */
  readonly blockedAfterMs?: number | undefined;
  /** Called once for each call of a handler that blocks. Default: `process.emitWarning`. */
  readonly onBlocked?: ((blocked: BlockedHandler) => void) | undefined;
}

/** A handler that keeps a sub-reactor from serving other connections. */
export interface BlockedHandler {
  /** The sub-reactor. */
  readonly index: number;
  /** `'data'`, `'open'`, … */
  readonly handler: string;
  /** Milliseconds that it has run for, at least. */
  readonly blockedMs: number;
}

/** Checked options of a pool. */
export interface PoolSettings {
  readonly size: number;
  readonly module: string;
  readonly strategy: PoolStrategy;
  readonly balance: PoolBalance;
  readonly steerByCpu: boolean;
  readonly listen: {
    readonly host?: string | undefined;
    readonly port: number;
    readonly backlog: number;
  };
  readonly fd: number | undefined;
  readonly connection: PoolConnectionOptions;
  readonly data: unknown;
  readonly reactor: Reactor;
  readonly startTimeoutMs: number;
  readonly onError: (error: NodeJS.ErrnoException) => void;
  readonly blockedAfterMs: number;
  readonly onBlocked: (blocked: BlockedHandler) => void;
}

const OPTION_NAMES = Object.keys({
  size: true,
  module: true,
  strategy: true,
  balance: true,
  steerByCpu: true,
  host: true,
  port: true,
  backlog: true,
  fd: true,
  connection: true,
  data: true,
  reactor: true,
  startTimeoutMs: true,
  onError: true,
  blockedAfterMs: true,
  onBlocked: true,
} satisfies Record<keyof ReactorPoolOptions, true>);
const CONNECTION_NAMES = Object.keys({
  trigger: true,
  highWaterMark: true,
  lowWaterMark: true,
  queueBytesMax: true,
  allowHalfOpen: true,
  idleTimeoutMs: true,
  keepsAlive: true,
  tcp: true,
  proxyProtocol: true,
  proxyTimeoutMs: true,
} satisfies Record<keyof PoolConnectionOptions, true>);
const BACKLOG = 4096;
const BLOCKED_AFTER_MS = 1000;

function warnOfBlocked({ index, handler, blockedMs }: BlockedHandler): void {
  const text = `the handler '${handler}' of sub-reactor ${index} has blocked for ${blockedMs} ms`;
  process.emitWarning(text, 'EdgewiseWarning');
}

function oneOf<Choice extends string>(
  name: string,
  choices: readonly Choice[],
  value: unknown,
): Choice {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw invalidValue(name, `one of ${choices.join(', ')}`, value);
  return found;
}

function inheritedOf(options: ReactorPoolOptions): number | undefined {
  const { fd, strategy } = options;
  if (fd === undefined) return undefined;
  checkFd(fd);
  checkApart(options, 'fd', ['host', 'port', 'backlog']);
  if (strategy === 'reusePort') throw conflict('fd', 'strategy'); // each thread has a socket
  return fd;
}

function reactorOf({ reactor = defaultReactor() }: ReactorPoolOptions): Reactor {
  checkReactor(reactor);
  return reactor;
}

// As Node looks: also a URL of another realm, such as jsdom's.
function isUrl(value: unknown): value is URL {
  if (typeof value !== 'object' || value === null) return false;
  const { href, protocol } = value as Partial<URL>;
  return typeof href === 'string' && typeof protocol === 'string';
}

/** The URL of a module that the user names by a path or a URL. */
export function urlOf(module: unknown): string {
  if (isUrl(module)) return module.href;
  if (typeof module !== 'string') throw invalidType('module', 'a path or a URL', module);
  return /^(file|data|node):/.test(module) ? module : pathToFileURL(module).href;
}

function lintPool(reactor: Reactor, options: object, connection: PoolConnectionOptions): void {
  reactor.lintNames('new ReactorPool', options, OPTION_NAMES);
  reactor.lintNames('connection', connection, CONNECTION_NAMES);
  lintTcp(reactor, connection.tcp);
}

/**
 * Checks the options of a pool and fills in the defaults.
 *
 * @throws TypeError, RangeError - an option of the wrong kind; ERR_OPTIONS_CONFLICT: one of another strategy.
 *   EdgewiseError - as `listen`.
 */
export function settingsOf(options: ReactorPoolOptions): PoolSettings {
  checkObject('options', options);
  const { size, module, strategy = 'acceptor', balance = 'round-robin', host } = options;
  const { connection = {}, onError = (error) => process.emitWarning(error) } = options;
  checkObject('connection', connection);
  const { blockedAfterMs = BLOCKED_AFTER_MS, onBlocked = warnOfBlocked } = options;
  checkFunction('onError', onError);
  checkFunction('onBlocked', onBlocked);
  planTcpOptions(connection.tcp ?? {});
  lintPool(reactorOf(options), options, connection);
  if (strategy !== 'acceptor' && options.balance !== undefined)
    throw conflict('balance', 'strategy');
  if (strategy !== 'reusePort' && options.steerByCpu === true) {
    throw conflict('steerByCpu', 'strategy');
  }
  checkProxyOptions(connection);
  return {
    size: checkInteger('size', size, 1, SIZE_MAX),
    module: urlOf(module),
    strategy: oneOf('strategy', STRATEGIES, strategy),
    balance: oneOf('balance', BALANCES, balance),
    steerByCpu: options.steerByCpu === true,
    listen: {
      ...(host !== undefined && { host }),
      port: checkInteger('port', options.port ?? 0, 0, 65_535),
      backlog: checkInteger('backlog', options.backlog ?? BACKLOG, 0, 0x7fffffff),
    },
    fd: inheritedOf(options),
    connection,
    data: options.data,
    reactor: reactorOf(options),
    startTimeoutMs: checkInteger(
      'startTimeoutMs',
      options.startTimeoutMs ?? START_TIMEOUT_MS,
      1,
      0x7fffffff,
    ),
    onError,
    blockedAfterMs: checkInteger('blockedAfterMs', blockedAfterMs, 0, 0x7fffffff),
    onBlocked,
  };
}
