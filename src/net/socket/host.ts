// The option `host` of what listens and of what is bound: an address of this machine, as a number.
import { isIP } from 'node:net';
import { SocketAddress } from '../../address.ts';
import { invalidValue } from '../../errors.ts';

/** @throws TypeError, RangeError - a name, which nobody looks up here; no port. */
export function addressOfHost(host: string, port: number): SocketAddress {
  if (typeof host === 'string' && isIP(host) === 0) {
    throw invalidValue('options.host', 'a numeric address, such as 127.0.0.1 or ::1', host);
  }
  return new SocketAddress({ address: host, port });
}
