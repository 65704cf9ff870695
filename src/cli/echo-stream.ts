// The echo server on streams of Node: each connection is a Duplex that is piped into itself.
import { listen, Reactor } from '../index.ts';
import { toDuplex } from '../stream/index.ts';
import { type EchoOptions, type EchoServer, reactorOptionsOf } from './echo-server.ts';

const BACKLOG = 4096;

/**
 * Starts an echo server on a Reactor of its own, attached to Node's loop.
 *
 * @throws ErrnoError - EADDRINUSE, EADDRNOTAVAIL, EACCES: the address cannot be listened on.
 * @throws EdgewiseError - ERR_BACKEND_UNAVAILABLE, ERR_TRIGGER_UNSUPPORTED: not on this platform.
 */
export function startStreamEcho(options: EchoOptions): EchoServer {
  const { host, port, trigger } = options;
  const reactor = new Reactor(reactorOptionsOf(options));
  try {
    const listener = listen({
      host,
      port,
      backlog: BACKLOG,
      trigger,
      reactor,
      handlers: {
        open(connection) {
          const duplex = toDuplex(connection);
          duplex.on('error', () => undefined); // the client has gone, which is no error of the server
          duplex.pipe(duplex);
        },
      },
    });
    return { port: listener.port, done: reactor.run(), close: () => reactor.close() };
  } catch (error) {
    reactor.close();
    throw error;
  }
}
