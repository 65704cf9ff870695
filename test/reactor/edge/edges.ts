// Edge handlers that the tests of this folder share.
import type { Edge, EdgeHandler, EdgeOptions, Settled } from '../../../src/index.ts';
import { isBytes } from '../../../src/index.ts';
import { Interest } from '../../../src/poller/interest.ts';
import type { ReactorOptions } from '../../../src/reactor/options.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import type { Registration } from '../../../src/reactor/registration.ts';
import { type Descriptors, useDescriptors } from '../../helpers/descriptors.ts';

export const bytes: Buffer = Buffer.alloc(1024);
/** What a handler returns that returns nothing. */
export const FORGETS = undefined as unknown as Settled;

/** Reads to the end of what is there. */
export function drain(edge: Edge): Settled {
  for (;;) {
    const count = edge.recv(bytes);
    if (!isBytes(count)) return edge.settled(count);
  }
}

export interface Counted extends EdgeHandler {
  count: number;
}

/** A handler that counts its calls; `act` gets the number of this one, from 1. */
export function counting(act: (edge: Edge, count: number) => Settled): Counted {
  return {
    count: 0,
    onReady(edge) {
      return act(edge, ++this.count);
    },
  };
}

interface Registered {
  readonly fd: number;
  readonly peer: number;
  readonly handler: Counted;
  readonly registration: Registration;
}

/** What a test file calls once. */
export function useEdges(): {
  readonly descriptors: Descriptors;
  make(options?: ReactorOptions): Reactor;
  register(
    reactor: Reactor,
    act: (edge: Edge, count: number) => Settled,
    options?: EdgeOptions,
    interest?: Interest,
  ): Registered;
} {
  const descriptors = useDescriptors();
  return {
    descriptors,
    make: (options = {}) => descriptors.using(new Reactor(options)),
    register(reactor, act, options = {}, interest = Interest.Readable) {
      const [fd, peer] = descriptors.socketpair();
      const handler = counting(act);
      const registration = reactor.registerEdge<unknown>(fd, interest, handler, options);
      return { fd, peer, handler, registration };
    },
  };
}
