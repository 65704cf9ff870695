// bindDatagram(): makes a datagram socket by its options and starts receiving. bind(2), udp(7),
// unix(7).
import { check, EdgewiseError } from '../../errors.ts';
import * as sys from '../../sys/index.ts';
import { checkInteger, checkObject } from '../../validate.ts';
import { errorContextOf } from '../socket/address.ts';
import { removeFile } from '../socket/file.ts';
import { checkPlace, isUnixPlace, openAt, openSocket } from '../socket/open.ts';
import { enableErrorQueue } from './error-queue.ts';
import { type DatagramOptions, datagramSettings, OPTION_NAMES } from './options.ts';
import { DatagramSocket } from './socket.ts';

const { constants } = sys;
const { SOL_SOCKET } = constants;
/** What means nothing to a Unix socket. */
const INET_ONLY = ['reuseAddress', 'reusePort', 'ipv6Only', 'broadcast', 'gro'];

function setOption(fd: number, level: number, option: number, value: number): void {
  check(sys.setsockopt(fd, level, option, value), 'setsockopt', { fd });
}

function setUp(fd: number, family: number, options: DatagramOptions): void {
  const { reuseAddress, reusePort, broadcast, receiveBufferSize, sendBufferSize } = options;
  if (reuseAddress === true) setOption(fd, SOL_SOCKET, constants.SO_REUSEADDR, 1);
  if (reusePort === true) setOption(fd, SOL_SOCKET, constants.SO_REUSEPORT, 1);
  if (broadcast === true) setOption(fd, SOL_SOCKET, constants.SO_BROADCAST, 1);
  for (const [option, name, size] of [
    [constants.SO_RCVBUF, 'receiveBufferSize', receiveBufferSize],
    [constants.SO_SNDBUF, 'sendBufferSize', sendBufferSize],
  ] as const) {
    if (size !== undefined) setOption(fd, SOL_SOCKET, option, checkInteger(name, size, 1, 1 << 30));
  }
  if (family === constants.AF_INET6) {
    const { IPPROTO_IPV6, IPV6_V6ONLY } = constants;
    setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6Only === true ? 1 : 0);
  }
  if (options.errorQueue === true) setErrorQueue(fd, family);
  // Without it datagrams arrive one by one: a kernel before 5.0, another system, a Unix socket.
  const { IPPROTO_UDP, UDP_GRO } = constants;
  if (options.gro === true && UDP_GRO !== undefined) sys.setsockopt(fd, IPPROTO_UDP, UDP_GRO, 1);
}

function setErrorQueue(fd: number, family: number): void {
  if (constants.IP_RECVERR === undefined || family === constants.AF_UNIX) {
    const message = 'only UDP sockets on Linux have an error queue';
    throw new EdgewiseError('ERR_OPTION_UNSUPPORTED', message);
  }
  check(enableErrorQueue(fd, family === constants.AF_INET6), 'setsockopt', { fd });
}

function openByOptions(options: DatagramOptions): number {
  return openAt(options, (address) =>
    openSocket(address, constants.SOCK_DGRAM, (fd, family) => {
      setUp(fd, family, options);
      check(sys.bind(fd, address), 'bind', errorContextOf(address));
    }),
  );
}

/**
 * Binds a datagram socket, UDP or Unix, and hands what it receives to `options.handlers`.
 *
 * @returns the socket, which receives from the next turn on; the caller closes it.
 * @throws the reason of `options.signal`, when it is aborted already.
 * @throws ErrnoError - EADDRINUSE, EADDRNOTAVAIL, EACCES, …: the address cannot be bound. EMFILE,
 *   ENFILE: no descriptors are left.
 * @throws TypeError, RangeError - an option of the wrong kind. ERR_OPTIONS_CONFLICT: two that contradict each
 *   other, such as `path` and `port`, or the handlers `message` and `messages`.
 * @throws EdgewiseError - ERR_TRIGGER_UNSUPPORTED, ERR_DRIVER_UNAVAILABLE; ERR_OPTION_UNSUPPORTED:
 *   `errorQueue` on another system than Linux, or for a Unix socket.
 * @see udp(7), unix(7), bind(2)
 *
 * @example
 * const socket = bindDatagram({
 *   port: 5353,
 *   handlers: { message: (socket, bytes, from) => socket.send(bytes, from) },
 * });
 */
export function bindDatagram<Data = unknown>(options: DatagramOptions<Data>): DatagramSocket<Data> {
  checkObject('options', options);
  const { signal, path } = options;
  checkPlace(options, INET_ONLY);
  const settings = datagramSettings(options, isUnixPlace(options));
  settings.reactor.lintNames('bindDatagram', options, OPTION_NAMES);
  const fd = openByOptions(options as DatagramOptions);
  try {
    return new DatagramSocket<Data>(fd, settings, signal);
  } catch (error) {
    sys.close(fd);
    if (path !== undefined) removeFile(path); // bind has made it
    throw error;
  }
}
