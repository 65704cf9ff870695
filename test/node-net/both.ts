// One function run over node:net and over edgewise/net. What it returns must be the same.
import { once } from 'node:events';
import nodeNet from 'node:net';
import { expect, it } from 'vitest';
import edgewiseNet from '../../src/node-net/index.ts';
import { defaultReactor } from '../../src/reactor/index.ts';
import { itUncut } from '../helpers/cuts.ts';

export type Net = typeof nodeNet;
export const HOST = '127.0.0.1';
export const ours = edgewiseNet as unknown as Net;
export { nodeNet };

defaultReactor(); // its descriptors are no test's leak

const MAJOR = Number(process.versions.node.split('.')[0]);

/** What older versions of Node do otherwise: then `expected` is what ours is compared with. */
export interface Since {
  /** Major version of Node. */
  readonly since: number;
  readonly expected: unknown;
}

/** Defines a test of `run` on both. */
export function same(title: string, run: (net: Net) => unknown, since?: Since): void {
  it(title, bodyOf(run, since));
}

/** The same, of what comes in one chunk. */
export function sameUncut(title: string, run: (net: Net) => unknown): void {
  itUncut(title, bodyOf(run));
}

function bodyOf(run: (net: Net) => unknown, since?: Since): () => Promise<void> {
  return async () => {
    const result = await run(ours);
    const isOlder = since !== undefined && MAJOR < since.since;
    expect(result).toEqual(isOlder ? since.expected : await run(nodeNet));
    expect(result).toBeDefined();
  };
}

/** What programs look at of an error. */
export function shapeOf(error: unknown): Record<string, unknown> {
  const { name, message } = error as Error;
  return { name, message, ...(error as object) };
}

/** What a call throws. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
    return 'nothing';
  } catch (error) {
    const { code, name, message } = error as NodeJS.ErrnoException;
    return { code, name, message };
  }
}

/** Notes events with their arguments: errors by code, others as they are. */
export function noted(
  emitter: NodeJS.EventEmitter,
  names: readonly string[],
  list: string[] = [],
): string[] {
  for (const name of names) {
    emitter.on(name, (...args: unknown[]) => {
      const shown = args.map((each) =>
        each instanceof Error ? ((each as NodeJS.ErrnoException).code ?? each.message) : each,
      );
      list.push([name, ...shown.map(String)].join(' '));
    });
  }
  return list;
}

/** A server that listens on a free port. */
export async function listening(
  net: Net,
  onConnection: (socket: nodeNet.Socket) => void = () => undefined,
  options: nodeNet.ServerOpts = {},
): Promise<{ server: nodeNet.Server; port: number }> {
  const server = net.createServer(options, onConnection).listen(0, HOST);
  await once(server, 'listening');
  return { server, port: (server.address() as nodeNet.AddressInfo).port };
}

/** Both ends of a connection: ours or Node's are both of `net`. */
export async function pairOf(net: Net, options: object = {}, serverOptions: object = {}) {
  const { server, port } = await listening(net, undefined, serverOptions);
  const client = net.connect({ port, host: HOST, ...options } as nodeNet.NetConnectOpts);
  const [[peer]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
  return { server, port, client, peer: peer as nodeNet.Socket };
}

/** Until a socket has emitted `close`, whatever was its error. */
export function closed(socket: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => setImmediate(resolve)); // after all listeners
  });
}

/** Until a server has closed. */
export async function closing(server: nodeNet.Server): Promise<void> {
  const done = once(server, 'close');
  server.close();
  await done;
}
