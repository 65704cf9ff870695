// The look-up of a name for connect(): by Node's resolver, or by the one that the caller gave.
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { invalidType } from '../../errors.ts';
import { native } from '../../native.ts';
import { checkObject } from '../../validate.ts';
import type { Connection } from '../connection/connection.ts';
import type { AttemptTarget } from './attempt.ts';
import { interleave } from './happy-eyeballs.ts';

/**
 * Finds the addresses of a name, best first, and calls back once, with them or with an error. As of
 * Node's own callbacks, undefined and any other falsy value is no error.
 */
export type Resolve = (
  host: string,
  callback: (error: Error | null | undefined, addresses?: readonly LookupAddress[]) => void,
) => void;

/** What was found: what to try, in that order, and what is wrong with the rest. */
export interface Found {
  readonly targets: readonly AttemptTarget[];
  /** One for each address that is none: it fails for itself, and the others are tried. */
  readonly errors: readonly Error[];
}

function resolveWithDns(host: string, callback: Parameters<Resolve>[1]): void {
  native.lookup(host, { all: true, verbatim: true }, callback);
}

/**
 * Finds the addresses of the host of a connect call; one that is numeric is its own address.
 *
 * What the resolver throws or answers in place of addresses destroys the connection. What `open`
 * throws, where connect(2) finishes at once, does not: so `start` is called after the resolver has
 * returned, also when that answers at once.
 *
 * @param toTarget - makes the target of an address, or throws.
 * @param start - called once, unless the connection is closed.
 */
export function lookUp(
  {
    host = 'localhost',
    resolve = resolveWithDns,
  }: { host?: string | undefined; resolve?: Resolve | undefined },
  // biome-ignore lint/suspicious/noExplicitAny: it does not look at the user's data
  connection: Connection<any>,
  toTarget: (address: string) => AttemptTarget,
  start: (found: Found) => void,
): void {
  let isAnswered = false;
  const answer = (begin: typeof start, error: unknown, addresses: unknown): void => {
    if (isAnswered || connection.isClosed) return;
    isAnswered = true;
    let found: Found;
    try {
      if (error) throw error;
      found = foundOf(host, addresses, toTarget);
    } catch (reason) {
      connection.destroy(reason as Error);
      return;
    }
    begin(found);
  };
  if (isIP(host) !== 0) {
    answer(start, null, [{ address: host, family: isIP(host) }]);
    return;
  }
  const startLater = (found: Found) =>
    connection.reactor.defer(() => {
      if (!connection.isClosed) start(found);
    });
  try {
    resolve(host, (error, addresses) => answer(startLater, error, addresses));
  } catch (error) {
    if (isAnswered)
      connection.reactor.report(error); // what it has answered holds
    else answer(startLater, error ?? new Error('the resolver threw nothing'), []);
  }
}

function foundOf(
  host: string,
  addresses: unknown,
  toTarget: (address: string) => AttemptTarget,
): Found {
  const list = addresses ?? [];
  if (!Array.isArray(list)) throw invalidType('addresses', 'an array of addresses', list);
  if (list.length === 0) throw notFound(host);
  const candidates: { family: number; target: AttemptTarget }[] = [];
  const errors: Error[] = [];
  for (const entry of list as readonly unknown[]) {
    try {
      const address = addressIn(entry);
      candidates.push({ family: isIP(address), target: toTarget(address) });
    } catch (error) {
      errors.push(error as Error);
    }
  }
  return { targets: interleave(candidates).map(({ target }) => target), errors };
}

// Its family is what the address says, whatever the resolver says.
function addressIn(entry: unknown): string {
  checkObject('address', entry);
  const { address } = entry as LookupAddress;
  if (typeof address === 'string') return address;
  throw invalidType('address.address', 'a string', address);
}

function notFound(host: string): Error {
  const error = new Error(`${host} has no address`);
  return Object.assign(error, { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host });
}
