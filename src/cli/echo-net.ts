// The echo server on edgewise/net: the same code as bench/peers/node-net-echo.mjs, with another import.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Reactor } from '../index.ts';
import { createServer } from '../node-net/index.ts';
import { type EchoOptions, type EchoServer, reactorOptionsOf } from './echo-server.ts';

const BACKLOG = 4096;

/**
 * Starts an echo server on a Reactor of its own, attached to Node's loop.
 *
 * @throws ErrnoError - EADDRINUSE, EADDRNOTAVAIL, EACCES: the address cannot be listened on.
 * @throws EdgewiseError - ERR_BACKEND_UNAVAILABLE, ERR_TRIGGER_UNSUPPORTED: not on this platform.
 */
export async function startNetEcho(options: EchoOptions): Promise<EchoServer> {
  const { host, port, trigger } = options;
  const reactor = new Reactor(reactorOptionsOf(options));
  const server = createServer({ noDelay: true, trigger, reactor }, (socket) => {
    socket.on('data', (chunk) => {
      if (!socket.write(chunk)) socket.pause();
    });
    socket.on('drain', () => socket.resume());
    socket.on('error', () => socket.destroy()); // the client has gone
  });
  try {
    await once(server.listen({ host, port, backlog: BACKLOG }), 'listening');
    const { port: bound } = server.address() as AddressInfo;
    return { port: bound, done: reactor.run(), close: () => reactor.close() };
  } catch (error) {
    reactor.close();
    throw error;
  }
}
