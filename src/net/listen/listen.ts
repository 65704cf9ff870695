// listen(): makes a listening socket by its options and starts accepting. adoptListener() does so
// with a socket that another program has made.
import { lstatSync, type Stats, unlinkSync } from 'node:fs';
import { constants as os } from 'node:os';
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
import { errorContextOf } from '../socket/address.ts';
import { isUnixSocket, prepare } from '../socket/inherited.ts';
import { isUnixPlace, openAt, openSocket } from '../socket/open.ts';
import { applyPlan, planTcpOptions } from '../socket/tcp.ts';
import { checkPolicy, Listener, type ListenOptions } from './listener.ts';

const BACKLOG = 4096;
const { EADDRINUSE, ECONNREFUSED, ENOENT } = os.errno;
const { constants } = sys;

const OPTION_NAMES = Object.keys({
  ...CONNECTION_OPTIONS,
  host: true,
  port: true,
  path: true,
  abstract: true,
  backlog: true,
  reusePort: true,
  ipv6Only: true,
  exclusive: true,
  onExhaustion: true,
  tcp: true,
  onError: true,
  signal: true,
} satisfies Record<keyof ListenOptions, true>);

function option(fd: number, level: number, name: number | undefined, value: number): void {
  check(sys.setsockopt(fd, level, name as number, value), 'setsockopt', { fd });
}

function statOf(path: string | undefined): Stats | undefined {
  return path === undefined ? undefined : lstatSync(path, { throwIfNoEntry: false });
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    // Another process was faster, and it is gone, which is what we want.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

// A socket file without a listener is left behind by a process that was killed. connect(2) refuses
// any other file as well, so the kind is looked at first.
function isStale(address: SocketAddress): boolean {
  if (statOf(address.path)?.isSocket() !== true) return false;
  const fd = sys.socket(constants.AF_UNIX, constants.SOCK_STREAM | constants.SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  const result = sys.connect(fd, address);
  sys.close(fd);
  return result === -ECONNREFUSED || result === -ENOENT;
}

function bindAt(fd: number, address: SocketAddress): void {
  let result = sys.bind(fd, address);
  if (result === -EADDRINUSE && address.path !== undefined && isStale(address)) {
    unlinkIfThere(address.path);
    result = sys.bind(fd, address);
  }
  check(result, 'bind', errorContextOf(address));
}

function openListener(address: SocketAddress, options: ListenOptions): number {
  return openSocket(address, constants.SOCK_STREAM, (fd, family) => {
    setUp(fd, family, options);
    bindAt(fd, address);
    const result = sys.listen(fd, options.backlog ?? BACKLOG);
    if (result < 0 && address.path !== undefined) unlinkIfThere(address.path); // bind has made it
    check(result, 'listen', errorContextOf(address));
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
  const plan = planTcpOptions({ noDelay: true, ...options.tcp });
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
 * @throws TypeError, RangeError - an option of the wrong kind.
 * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED, ERR_DRIVER_UNAVAILABLE.
 * @see socket(7), ip(7), unix(7), listen(2)
 */
export function listen<Data = unknown>(options: ListenOptions<Data>): Listener<Data> {
  checkOptions(options);
  checkInteger('backlog', options.backlog ?? BACKLOG, 0, 0x7fffffff);
  checkInteger('port', options.port ?? 0, 0, 65_535);
  throwIfAborted(options.signal);
  const group = groupOf(options, isUnixPlace(options));
  group.reactor.lintNames('listen', options, OPTION_NAMES);
  let fd = -1;
  try {
    fd = openByOptions(options as ListenOptions);
    return start(fd, options, group, options.path);
  } catch (error) {
    if (fd >= 0) sys.close(fd);
    if (fd >= 0 && options.path !== undefined) unlinkIfThere(options.path); // bind has made it
    group.leaveIfIdle();
    throw error;
  }
}

function checkOptions<Data>(options: ListenOptions<Data>): void {
  checkObject('options', options);
  checkPolicy(options.onExhaustion);
  if (options.onError !== undefined) checkFunction('onError', options.onError);
  if (options.tcp !== undefined) planTcpOptions(options.tcp);
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
  const file = statOf(path);
  const filePath = path === undefined ? undefined : Buffer.from(resolve(path));
  const onAbort = () => listener.close();
  const listener = new Listener<Data>(fd, options, group, (keepsFile) => {
    signal?.removeEventListener('abort', onAbort);
    if (filePath !== undefined) native.disownFile(filePath);
    if (keepsFile) return;
    // Not the file of a listener that has replaced ours meanwhile.
    const now = file === undefined ? undefined : statOf(path);
    if (path !== undefined && now?.ino === file?.ino && now?.dev === file?.dev) unlinkIfThere(path);
  });
  if (filePath !== undefined) native.ownFile(filePath); // a worker that is terminated closes nothing
  signal?.addEventListener('abort', onAbort, { once: true });
  return listener;
}
