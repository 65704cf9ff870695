// The look-up of a name for connect(): by Node's resolver, or by the one that the caller gave.
import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import type { Connection } from '../connection/connection.ts';
import type { AttemptTarget } from './attempt.ts';
import { interleave } from './happy-eyeballs.ts';

/** Finds the addresses of a name, best first, and calls back once, with them or with an error. */
export type Resolve = (
  host: string,
  callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

function resolveWithDns(host: string, callback: Parameters<Resolve>[1]): void {
  dnsLookup(host, { all: true, verbatim: true }, callback);
}

/**
 * Finds the addresses of the host of a connect call; one that is numeric is its own address.
 *
 * What the resolver throws or answers, and what is no address, destroys the connection. What `open`
 * throws, where connect(2) finishes at once, does not: so `start` is called after the resolver has
 * returned, also when that answers at once.
 *
 * @param toTarget - makes the target of an address; what it throws destroys the connection.
 * @param start - called once with the targets in the order to try, unless the connection is closed.
 */
export function lookUp(
  { host = 'localhost', resolve = resolveWithDns }: { host?: string; resolve?: Resolve },
  // biome-ignore lint/suspicious/noExplicitAny: it does not look at the user's data
  connection: Connection<any>,
  toTarget: (address: string) => AttemptTarget,
  start: (targets: AttemptTarget[]) => void,
): void {
  let isAnswered = false;
  const answer = (
    begin: typeof start,
    error: Error | null,
    found: readonly LookupAddress[],
  ): void => {
    if (isAnswered || connection.isClosed) return;
    isAnswered = true;
    let targets: AttemptTarget[];
    try {
      if (error !== null) throw error;
      if (found.length === 0) throw notFound(host);
      targets = interleave(found).map(({ address }) => toTarget(address));
    } catch (reason) {
      connection.destroy(reason as Error);
      return;
    }
    begin(targets);
  };
  if (isIP(host) !== 0) {
    answer(start, null, [{ address: host, family: isIP(host) }]);
    return;
  }
  const startLater = (targets: AttemptTarget[]) =>
    connection.reactor.defer(() => {
      if (!connection.isClosed) start(targets);
    });
  try {
    resolve(host, (error, found) => answer(startLater, error, found));
  } catch (error) {
    answer(startLater, error as Error, []);
  }
}

function notFound(host: string): Error {
  const error = new Error(`${host} has no address`);
  return Object.assign(error, { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host });
}
