// listen(): makes a listening socket by its options and starts accepting. adoptListener() does so
// with a socket that another program has made.
import { resolve } from 'node:path';
import type { SocketAddress } from '../../address.ts';
import { check } from '../../errors.ts';
import { native } from '../../native.ts';
import * as sys from '../../sys/index.ts';
import {
  checkFd,
  checkFunction,
  checkInteger,
  checkObject,
  throwIfAborted,
} from '../../validate.ts';
import { CONNECTION_OPTIONS, groupOf } from '../connection/options.ts';
import { removeFile, statOf } from '../socket/file.ts';
import { isUnixSocket, prepare } from '../socket/inherited.ts';
import { checkPlace, isUnixPlace, openAt, openSocket } from '../socket/open.ts';
import { applyPlan, lintTcp, planOrDefaults, planTcpOptions } from '../socket/tcp.ts';
import { checkPolicy, Listener, type ListenOptions } from './listener.ts';
import { bindAndListen } from './path.ts';
import { checkProxyOptions, PROXY_OPTIONS } from './proxy-reader.ts';

const BACKLOG = 4096;
const { constants } = sys;
/** What means nothing to a Unix socket. */
const INET_ONLY = ['reusePort', 'ipv6Only'];

const ADOPT_OPTIONS = {
  ...CONNECTION_OPTIONS,
  ...PROXY_OPTIONS,
  exclusive: true,
  onExhaustion: true,
  tcp: true,
  onError: true,
  signal: true,
} satisfies Record<keyof AdoptListenerOptions<unknown>, true>;

const ADOPT_NAMES = Object.keys(ADOPT_OPTIONS);
const OPTION_NAMES = Object.keys({
  ...ADOPT_OPTIONS,
  host: true,
  port: true,
  path: true,
  abstract: true,
  backlog: true,
  reusePort: true,
  ipv6Only: true,
} satisfies Record<keyof ListenOptions, true>);

function option(fd: number, level: number, name: number | undefined, value: number): void {
  check(sys.setsockopt(fd, level, name as number, value), 'setsockopt', { fd });
}

function openListener(address: SocketAddress, options: ListenOptions): number {
  return openSocket(address, constants.SOCK_STREAM, (fd, family) => {
    setUp(fd, family, options);
    bindAndListen(fd, address, options.backlog ?? BACKLOG);
  });
}

function setUp(fd: number, family: number, options: ListenOptions): void {
  const isUnix = family === constants.AF_UNIX;
  if (!isUnix) option(fd, constants.SOL_SOCKET, constants.SO_REUSEADDR, 1);
  if (!isUnix && options.reusePort === true) {
    option(fd, constants.SOL_SOCKET, constants.SO_REUSEPORT, 1);
  }
  if (family === constants.AF_INET6) {
    option(fd, constants.IPPROTO_IPV6, constants.IPV6_V6ONLY, options.ipv6Only === true ? 1 : 0);
  }
  if (isUnix) return; // `tcp` has no effect there
  const plan = planOrDefaults(options.tcp);
  check(applyPlan(fd, plan), 'setsockopt', { fd });
}

/**
 * Opens a socket that listens; no one accepts from it yet. Without a host: on every
 * address of both families, or of IPv4 where there is no IPv6.
 */
export function openByOptions(options: ListenOptions): number {
  return openAt(options, (address) => openListener(address, options));
}

/**
 * Listens for stream connections and hands their events to `options.handlers`.
 *
 * @throws ErrnoError - EADDRINUSE, EADDRNOTAVAIL, EACCES, …: the address cannot be listened on.
 * @throws TypeError, RangeError - an option of the wrong kind. ERR_OPTIONS_CONFLICT: two that contradict each
 *   other, such as `path` and `port`.
 * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED, ERR_DRIVER_UNAVAILABLE.
 * @see socket(7), ip(7), unix(7), listen(2)
 */
export function listen<Data = unknown>(options: ListenOptions<Data>): Listener<Data> {
  checkOptions(options);
  checkPlace(options, INET_ONLY);
  checkInteger('backlog', options.backlog ?? BACKLOG, 0, 0x7fffffff);
  checkInteger('port', options.port ?? 0, 0, 65_535);
  throwIfAborted(options.signal);
  const group = groupOf(options, isUnixPlace(options));
  group.reactor.lintNames('listen', options, OPTION_NAMES);
  lintTcp(group.reactor, options.tcp);
  let fd = -1;
  try {
    fd = openByOptions(options as ListenOptions);
    return start(fd, options, group, options.path);
  } catch (error) {
    group.leaveIfIdle();
    if (fd >= 0) discard(fd, options.path);
    throw error;
  }
}

// The file first, while no one takes it for stale: bind has made it.
function discard(fd: number, path: string | undefined): void {
  try {
    if (path !== undefined) removeFile(path);
  } finally {
    sys.close(fd);
  }
}

function checkOptions<Data>(options: ListenOptions<Data>): void {
  checkObject('options', options);
  checkPolicy(options.onExhaustion);
  if (options.onError !== undefined) checkFunction('onError', options.onError);
  if (options.tcp !== undefined) planTcpOptions(options.tcp);
  checkProxyOptions(options);
}

/**
 * Listens on a descriptor that is bound and listening already: one that a supervisor handed over.
 * The listener owns it from here on; when this throws, it is still the caller's.
 *
 * @throws as `listen`; ErrnoError - EBADF, ENOTSOCK, EINVAL: it is no listening socket.
 */
export function adoptListener<Data = unknown>(
  fd: number,
  options: AdoptListenerOptions<Data>,
): Listener<Data> {
  checkFd(fd);
  checkOptions(options);
  throwIfAborted(options.signal);
  prepare(fd, 'listener');
  const group = groupOf(options, isUnixSocket(fd));
  group.reactor.lintNames('adoptListener', options, ADOPT_NAMES);
  lintTcp(group.reactor, options.tcp);
  try {
    return start(fd, options, group);
  } catch (error) {
    group.leaveIfIdle();
    throw error;
  }
}

/** The options of {@link adoptListener}: those of {@link listen} that do not make the socket. */
export type AdoptListenerOptions<Data> = Omit<
  ListenOptions<Data>,
  'host' | 'port' | 'path' | 'abstract' | 'backlog' | 'reusePort' | 'ipv6Only'
>;

function start<Data>(
  fd: number,
  options: ListenOptions<Data>,
  group: ReturnType<typeof groupOf>,
  path?: string,
): Listener<Data> {
  const { signal } = options;
  const place = path === undefined ? undefined : resolve(path); // wherever the process goes meanwhile
  const file = place === undefined ? undefined : statOf(place);
  const filePath = place === undefined ? undefined : Buffer.from(place);
  const onAbort = () => listener.close();
  const listener = new Listener<Data>(fd, options, group, (keepsFile) => {
    signal?.removeEventListener('abort', onAbort);
    if (filePath !== undefined) native.disownFile(filePath);
    if (keepsFile) return;
    // Not the file of a listener that has replaced ours meanwhile.
    if (place === undefined || file === undefined) return;
    const now = statOf(place);
    if (now?.ino === file.ino && now.dev === file.dev) removeFile(place);
  });
  if (filePath !== undefined) native.ownFile(filePath); // a worker that is terminated closes nothing
  signal?.addEventListener('abort', onAbort, { once: true });
  return listener;
}
