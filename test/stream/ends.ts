// Two promise connections, one of which becomes a stream, and what ends them, for the tables of endings.
import { connect } from '../../src/promises/connect.ts';
import type { Connection } from '../../src/promises/connection.ts';
import { listen } from '../../src/promises/listener.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { volume } from '../helpers/cuts.ts';
import type { Descriptors } from '../helpers/descriptors.ts';
import { Mine } from '../helpers/endings.ts';
import { inject } from '../helpers/injection.ts';
import { setLinger } from '../helpers/linger.ts';

const HOST = '127.0.0.1';
export const IDLE_MS = 20;
export const LONG = Buffer.alloc(volume(30_000_000)); // more than the kernel takes while nothing is read

export interface Ends {
  readonly reactor: Reactor;
  readonly mine: Connection;
  readonly peer: Connection;
}

export async function openEnds(descriptors: Descriptors): Promise<Ends> {
  const reactor = descriptors.using(new Reactor());
  reactor.attach();
  const listener = listen({ host: HOST, reactor });
  const mine = connect({ host: HOST, port: listener.port, reactor });
  const peer = await listener.accept();
  return { reactor, peer, mine: await mine };
}

function fault(call: 'recv' | 'send', { mine }: Ends): void {
  // Pinned memory goes before the descriptor.
  const fits = (...[first, second]: readonly unknown[]) =>
    (typeof second === 'number' ? second : first) === mine.fd;
  inject(call, 'EIO', { fits });
}

export const atPeer = {
  'the peer ends': ({ peer }: Ends) => peer.end(),
  'the peer closes': ({ peer }: Ends) => peer.destroy(),
  'the peer resets': ({ peer }: Ends) => {
    setLinger(peer.fd);
    peer.destroy();
  },
  'recv fails': (ends: Ends) => {
    fault('recv', ends);
    return ends.peer.write('x');
  },
  'send fails': (ends: Ends) => {
    fault('send', ends);
    (async () => {
      while ((await ends.peer.read()) !== null);
    })().catch(() => undefined);
  },
  'the connection is destroyed': ({ mine }: Ends) => mine.raw.destroy(),
  'the connection is destroyed with an error': ({ mine }: Ends) => mine.raw.destroy(new Mine()),
  'the reactor is closed': ({ reactor }: Ends) => reactor.close(),
};

type AtPeer = keyof typeof atPeer;
export type Outcomes<Name extends string> = Partial<Record<Name, string>>;

/** What closes it whatever waits, with the errors of those that have none of their own. */
export const CLOSED = {
  'the connection is destroyed': 'ERR_CLOSED',
  'the connection is destroyed with an error': 'MINE',
  'the reactor is closed': 'ERR_CLOSED',
} satisfies Outcomes<AtPeer>;

/** What reads: the peer's end is `end`. */
export function reading(end: string) {
  const ended = { 'the peer ends': end, 'the peer closes': end, 'the peer resets': 'ECONNRESET' };
  return { ...CLOSED, ...ended, 'recv fails': 'EIO' } satisfies Outcomes<AtPeer>;
}

/** What writes: the peer has bytes that it has not read. */
export const WRITING = {
  ...CLOSED,
  'the peer closes': 'ECONNRESET',
  'the peer resets': 'ECONNRESET',
  'send fails': 'EIO',
} satisfies Outcomes<AtPeer>;

/** As `outcomes`, of which each is `outcome`. */
export function all<Name extends string>(
  outcomes: Outcomes<Name>,
  outcome: string,
): Outcomes<Name> {
  return Object.fromEntries(Object.keys(outcomes).map((name) => [name, outcome])) as Outcomes<Name>;
}
