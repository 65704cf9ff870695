// Two promise connections over a real socket, and the reactor under both, for one test.

import { connect } from '../../src/promises/connect.ts';
import type { Connection } from '../../src/promises/connection.ts';
import { type Listener, type ListenOptions, listen } from '../../src/promises/listener.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import type { Descriptors } from '../helpers/descriptors.ts';

export const HOST = '127.0.0.1';

export interface Pair {
  readonly reactor: Reactor;
  readonly listener: Listener;
  readonly client: Connection;
  readonly server: Connection;
}

/** @param options - for both sides. Everything is closed after the test. */
export async function openPair(
  descriptors: Descriptors,
  options: Partial<ListenOptions> = {},
): Promise<Pair> {
  const reactor = descriptors.using(new Reactor());
  reactor.attach();
  const listener = listen({ host: HOST, reactor, ...options });
  const accepting = listener.accept();
  const { port } = listener;
  const client = await connect({ host: HOST, port, reactor, ...pickConnect(options) });
  return { reactor, listener, client, server: await accepting };
}

function pickConnect({ trigger, highWaterMark, lowWaterMark }: Partial<ListenOptions>) {
  return {
    ...(trigger === undefined ? {} : { trigger }),
    ...(highWaterMark === undefined ? {} : { highWaterMark }),
    ...(lowWaterMark === undefined ? {} : { lowWaterMark }),
  };
}

/** The code of what a promise rejects with; `'resolved'` when it does not. */
export async function codeOf(promise: unknown): Promise<unknown> {
  try {
    await promise;
    return 'resolved';
  } catch (error) {
    return (error as { code?: unknown }).code ?? (error as Error).name;
  }
}

/** What a promise that has nothing to wait for resolves with; `'pending'` of any other. */
export function atOnce<T>(promise: Promise<T>): Promise<T | 'pending'> {
  return Promise.race([promise, Promise.resolve('pending' as const)]);
}
