// connect(): looks at the options, resolves the name, and leaves the rest to the attempts
// (happy-eyeballs.ts), which establish the connection with the first address that answers.
import { isIP } from 'node:net';
import { constants as os } from 'node:os';
import { SocketAddress } from '../../address.ts';
import { errnoError, invalidType, invalidValue } from '../../errors.ts';
import {
  checkFunction,
  checkInteger,
  checkObject,
  checkSignal,
  throwIfAborted,
} from '../../validate.ts';
import { type Connection, createConnection } from '../connection/connection.ts';
import { CONNECTION_OPTIONS, type ConnectionOptions, groupOf } from '../connection/options.ts';
import { checkPlace, isUnixPlace } from '../socket/open.ts';
import { lintTcp, planOrDefaults, type TcpOptions } from '../socket/tcp.ts';
import type { AttemptTarget } from './attempt.ts';
import { ATTEMPT_DELAY_MS, Connector } from './happy-eyeballs.ts';
import { lookUp, type Resolve } from './look-up.ts';

/** Options of {@link connect}. */
export interface ConnectOptions<Data = unknown> extends ConnectionOptions<Data> {
  /** A name or a numeric address; default `'localhost'`. */
  readonly host?: string | undefined;
  /** 1 to 65535. */
  readonly port?: number | undefined;
  /** A Unix socket instead of TCP. */
  readonly path?: string | undefined;
  /** A Unix socket of Linux's abstract namespace. */
  readonly abstract?: string | undefined;
  /** A numeric address of this machine to connect from. */
  readonly localAddress?: string | undefined;
  /**
   * 0 to 65535; 0, the default, takes a free one. With another one, an address that has not
   * answered within `attemptDelayMs` is given up for the next.
   */
  readonly localPort?: number | undefined;
  /** Give up with ETIMEDOUT after so long, name look-up included; 0, the default: never. */
  readonly timeoutMs?: number | undefined;
  /** Start with the next address when one has not answered for so long. Default 250. */
  readonly attemptDelayMs?: number | undefined;
  /** Default: `dns.lookup` of Node with every address. */
  readonly resolve?: Resolve | undefined;
  /** Set before connecting. `noDelay` is true unless said otherwise. */
  readonly tcp?: TcpOptions | undefined;
  /** Aborting closes the connection, connected or not, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const OPTION_NAMES = Object.keys({
  ...CONNECTION_OPTIONS,
  host: true,
  port: true,
  path: true,
  abstract: true,
  localAddress: true,
  localPort: true,
  timeoutMs: true,
  attemptDelayMs: true,
  resolve: true,
  tcp: true,
  signal: true,
} satisfies Record<keyof ConnectOptions, true>);

/** What means nothing to a Unix socket. */
const INET_ONLY = ['localAddress', 'localPort', 'attemptDelayMs', 'resolve'];

// Checks everything that can be checked before connecting.
function checkOptions(options: ConnectOptions): void {
  const { host, port, resolve, localAddress, localPort, timeoutMs } = options;
  checkPlace(options, INET_ONLY);
  if (host !== undefined && typeof host !== 'string') throw invalidType('host', 'a string', host);
  if (!isUnixPlace(options)) checkInteger('port', port, 1, 65_535);
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
  const tcp = planOrDefaults(options.tcp);
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
 * @throws TypeError, RangeError - an option of the wrong kind. ERR_OPTIONS_CONFLICT: two that contradict each
 *   other, such as `path` and `port`.
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
  throwIfAborted(signal);
  const group = groupOf(options, unix !== undefined);
  group.reactor.lintNames('connect', options, OPTION_NAMES);
  lintTcp(group.reactor, options.tcp);
  const connection = createConnection<Data>(group);
  if (connection.isClosed) return connection;
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
    else {
      lookUp(plain, connection, toTarget, ({ targets, errors }) =>
        connector.start(targets, errors),
      );
    }
  });
  return connection;
}
