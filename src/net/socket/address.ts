// Addresses of sockets: which family they belong to, what an error says of them, and the option
// `host` of what listens or is bound. man 7 ip, 7 ipv6, 7 unix.
import { isIP } from 'node:net';
import { type AddressInput, SocketAddress } from '../../address.ts';
import { type ErrorContext, invalidValue } from '../../errors.ts';
import { constants } from '../../sys/index.ts';

/**
 * The first argument of socket(2) for an address.
 *
 * @param address - an IPv4, IPv6 or Unix address.
 * @returns AF_INET, AF_INET6 or AF_UNIX.
 */
export function familyOf(address: SocketAddress): number {
  if (address.family === 'IPv4') return constants.AF_INET;
  return address.family === 'IPv6' ? constants.AF_INET6 : constants.AF_UNIX;
}

/**
 * What an error says of the address that it is about: `address` and `port` of an IP address, `path` of
 * a Unix socket with a name; nothing of an unnamed one.
 *
 * @throws TypeError, RangeError - it is no address.
 */
export function errorContextOf(of: AddressInput): ErrorContext {
  const known = SocketAddress.slotIn(of) === undefined ? new SocketAddress(of) : of;
  const { family, address, port, path, abstract } = known as SocketAddress;
  if (family === 'IPv4' || family === 'IPv6') return { address, port };
  return path === undefined && abstract === undefined ? {} : { path: String(known) };
}

/**
 * The option `host` with a port, as an address to bind to.
 *
 * @param host - a numeric address of this machine.
 * @param port - 0 to 65535.
 * @throws TypeError - ERR_INVALID_ARG_VALUE: a name, which is not looked up here. Another type.
 * @throws RangeError - no port.
 */
export function addressOfHost(host: string, port: number): SocketAddress {
  if (typeof host === 'string' && isIP(host) === 0) {
    throw invalidValue('options.host', 'a numeric address, such as 127.0.0.1 or ::1', host);
  }
  return new SocketAddress({ address: host, port });
}
