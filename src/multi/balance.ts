// Which sub-reactor gets the next connection.
import { SocketAddress } from '../address.ts';
import * as sys from '../sys/index.ts';
import type { PoolBalance } from './options.ts';

/** What a balance knows of a sub-reactor. */
export interface Candidate {
  readonly isRunning: boolean;
  /** Count of its open connections. */
  readonly open: number;
}

/** Returns the index of the first choice among `candidates`; the others follow it in order. */
export type Balance = (fd: number, candidates: readonly Candidate[]) => number;

function roundRobin(): Balance {
  let next = 0;
  return (_fd, candidates) => {
    const chosen = next % candidates.length;
    next = chosen + 1;
    return chosen;
  };
}

function leastConnections(_fd: number, candidates: readonly Candidate[]): number {
  let best = 0;
  let fewest = Number.POSITIVE_INFINITY;
  for (const [index, { isRunning, open }] of candidates.entries()) {
    if (!isRunning || open >= fewest) continue;
    best = index;
    fewest = open;
  }
  return best;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

// FNV-1a of the address without the port: a client that comes back gets the same sub-reactor.
function sourceHash(fd: number, candidates: readonly Candidate[]): number {
  const peer = new SocketAddress();
  if (sys.getpeername(fd, peer) < 0) return 0; // the client has gone already
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(peer.address ?? '')) {
    hash = Math.imul(hash ^ byte, FNV_PRIME) >>> 0;
  }
  return hash % candidates.length;
}

/** The function behind the name of a balance. */
export function balanceOf(name: PoolBalance): Balance {
  if (name === 'round-robin') return roundRobin();
  return name === 'least-connections' ? leastConnections : sourceHash;
}
