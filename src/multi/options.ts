// What a pool is given, checked once and with its defaults.
import { pathToFileURL } from 'node:url';
import { invalidType, invalidValue } from '../errors.ts';
import { defaultReactor, type Reactor } from '../index.ts';
import { planTcpOptions } from '../net/socket/tcp.ts';
import { checkReactor } from '../reactor/index.ts';
import { checkFunction, checkInteger, checkObject } from '../validate.ts';
import type { PoolConnectionOptions } from './protocol.ts';

/**
 * How connections come to the sub-reactors. `acceptor`: the main reactor accepts, and hands each
 * descriptor to one of them. `reusePort`: each has a listening socket of its own on the same port, and
 * the kernel chooses by a hash of the addresses. `exclusive`: one listening socket in all their epoll
 * sets, and the kernel wakes one (EPOLLEXCLUSIVE; Linux).
 */
export type PoolStrategy = 'acceptor' | 'reusePort' | 'exclusive';

/** Whom the strategy `acceptor` gives the next connection. `source-hash`: by the peer's address. */
export type PoolBalance = 'round-robin' | 'least-connections' | 'source-hash';

const STRATEGIES: readonly PoolStrategy[] = ['acceptor', 'reusePort', 'exclusive'];
const BALANCES: readonly PoolBalance[] = ['round-robin', 'least-connections', 'source-hash'];
const SIZE_MAX = 1024;
const START_TIMEOUT_MS = 30_000;

export interface ReactorPoolOptions {
  /** Sub-reactors, a thread each: 1 to 1024. */
  readonly size: number;
  /** What each of them runs: a file, or a URL that `import()` takes. See {@link SubReactorModule}. */
  readonly module: string | URL;
  /** Default `'acceptor'`. */
  readonly strategy?: PoolStrategy;
  /** For `acceptor`. Default `'round-robin'`. */
  readonly balance?: PoolBalance;
  /**
   * For `reusePort`: the sub-reactor is the number of the CPU that the connection came in on, modulo
   * their number. Linux. Default false: by a hash of the addresses.
   */
  readonly steerByCpu?: boolean;
  /** As for `listen`. */
  readonly host?: string;
  /** As for `listen`. */
  readonly port?: number;
  /** As for `listen`, for each listening socket. */
  readonly backlog?: number;
  /** Given to each connection, before the module's own `options`; must be cloneable. */
  readonly connection?: PoolConnectionOptions;
  /** Given to the module's `start`; must be cloneable. */
  readonly data?: unknown;
  /** The main reactor, attached. Default: the one of this thread. */
  readonly reactor?: Reactor;
  /** How long a thread may take to load the module and to start, in milliseconds. Default 30,000. */
  readonly startTimeoutMs?: number;
  /**
   * Told when a sub-reactor has died: ERR_SUB_REACTOR_DIED; the pool starts it anew by itself. Told
   * as well when that fails, and tried again. Default: `process.emitWarning`.
   */
  readonly onError?: (error: Error) => void;
  /** A handler that runs for so long is told to `onBlocked`; milliseconds, 0: never. Default 1000. */
  readonly blockedAfterMs?: number;
  /** Told once for each call of a handler that blocks. Default: `process.emitWarning`. */
  readonly onBlocked?: (blocked: BlockedHandler) => void;
}

/** A handler that keeps a sub-reactor from serving anybody else. */
export interface BlockedHandler {
  /** Of the sub-reactor. */
  readonly index: number;
  /** `'data'`, `'open'`, … */
  readonly handler: string;
  /** How long at least, up to now. */
  readonly blockedMs: number;
}

export interface PoolSettings {
  readonly size: number;
  readonly module: string;
  readonly strategy: PoolStrategy;
  readonly balance: PoolBalance;
  readonly steerByCpu: boolean;
  readonly listen: { readonly host?: string; readonly port: number; readonly backlog: number };
  readonly connection: PoolConnectionOptions;
  readonly data: unknown;
  readonly reactor: Reactor;
  readonly startTimeoutMs: number;
  readonly onError: (error: Error) => void;
  readonly blockedAfterMs: number;
  readonly onBlocked: (blocked: BlockedHandler) => void;
}

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

function reactorOf({ reactor = defaultReactor() }: ReactorPoolOptions): Reactor {
  checkReactor(reactor);
  return reactor;
}

/** The URL of a module that the user names by a path or a URL. */
export function urlOf(module: unknown): string {
  if (module instanceof URL) return module.href;
  if (typeof module !== 'string') throw invalidType('module', 'a path or a URL', module);
  return /^(file|data|node):/.test(module) ? module : pathToFileURL(module).href;
}

/** @throws TypeError, RangeError - an option of the wrong kind. EdgewiseError - as `listen`. */
export function settingsOf(options: ReactorPoolOptions): PoolSettings {
  checkObject('options', options);
  const { size, module, strategy = 'acceptor', balance = 'round-robin', host } = options;
  const { connection = {}, onError = (error) => process.emitWarning(error) } = options;
  checkObject('connection', connection);
  const { blockedAfterMs = BLOCKED_AFTER_MS, onBlocked = warnOfBlocked } = options;
  checkFunction('onError', onError);
  checkFunction('onBlocked', onBlocked);
  planTcpOptions(connection.tcp ?? {});
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
