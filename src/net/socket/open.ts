// Opens the socket of what listens or is bound, at the place that its options name. Without a host
// that is every address of both families, or of IPv4 where this machine has no IPv6.
import { constants as os } from 'node:os';
import { SocketAddress } from '../../address.ts';
import { check, ErrnoError } from '../../errors.ts';
import * as sys from '../../sys/index.ts';
import { checkApart } from '../../validate.ts';
import { addressOfHost, errorContextOf, familyOf } from './address.ts';

const { EAFNOSUPPORT, EADDRNOTAVAIL } = os.errno;

/** The options that name a place: `path`, `abstract`, or `host` and `port`. */
export interface Place {
  /** A Unix socket with a name in the file system. */
  readonly path?: string | undefined;
  /** A Unix socket of Linux's abstract namespace. */
  readonly abstract?: string | undefined;
  /** A numeric address. */
  readonly host?: string | undefined;
  /** 0 to 65535; 0, the default, takes a free one. */
  readonly port?: number | undefined;
}

/**
 * Checks that options name one place.
 *
 * @param inetOnly - names of options that mean nothing to a Unix socket.
 * @throws RangeError - ERR_OPTIONS_CONFLICT.
 */
export function checkPlace(options: Place, inetOnly: readonly string[]): void {
  checkApart(options, 'path', ['abstract', 'host', 'port', ...inetOnly]);
  checkApart(options, 'abstract', ['host', 'port', ...inetOnly]);
}

/** Whether options name a Unix socket. */
export function isUnixPlace({ path, abstract }: Place): boolean {
  return path !== undefined || abstract !== undefined;
}

/**
 * Opens a non-blocking socket and has it set up; closes it when that fails.
 *
 * @param type - SOCK_STREAM or SOCK_DGRAM.
 * @param setUp - sets options, binds, listens; what it throws comes through.
 * @returns the descriptor, which is the caller's to close.
 * @throws ErrnoError - EAFNOSUPPORT, EMFILE, …
 */
export function openSocket(
  address: SocketAddress,
  type: number,
  setUp: (fd: number, family: number) => void,
): number {
  const family = familyOf(address);
  const flags = type | sys.constants.SOCK_NONBLOCK;
  const fd = check(sys.socket(family, flags, 0), 'socket', errorContextOf(address));
  try {
    setUp(fd, family);
    return fd;
  } catch (error) {
    sys.close(fd);
    throw error;
  }
}

/**
 * Calls `open` with the address of a place; without a host with `::`, and with `0.0.0.0` after it
 * where there is no IPv6.
 *
 * @param open - opens a socket at an address. What it throws comes through.
 * @returns what `open` does.
 * @throws TypeError, RangeError - the options name no place.
 */
export function openAt(
  { path, abstract, host, port = 0 }: Place,
  open: (address: SocketAddress) => number,
): number {
  if (path !== undefined) return open(new SocketAddress({ path }));
  if (abstract !== undefined) return open(new SocketAddress({ abstract }));
  if (host !== undefined) return open(addressOfHost(host, port));
  try {
    return open(new SocketAddress({ address: '::', port }));
  } catch (error) {
    if (!isWithoutIpv6(error)) throw error;
    return open(new SocketAddress({ address: '0.0.0.0', port }));
  }
}

// EAFNOSUPPORT: the kernel has no IPv6. EADDRNOTAVAIL: it has, and it is switched off.
function isWithoutIpv6(error: unknown): boolean {
  const errno = error instanceof ErrnoError ? error.errno : 0;
  return errno === -EAFNOSUPPORT || errno === -EADDRNOTAVAIL;
}
