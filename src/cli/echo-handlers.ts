// The echo server on the net layer: listen() with two handlers. From a client that does not read its
// answers nothing more is read, until those that are queued have been sent.
import { type ConnectionHandlers, listen, Reactor } from '../index.ts';
import { type EchoOptions, type EchoServer, reactorOptionsOf } from './echo-server.ts';

const BACKLOG = 4096;

/** The handlers of every connection. */
export const echoHandlers: ConnectionHandlers = {
  data(connection, bytes) {
    if (!connection.write(bytes)) connection.pause();
  },
  drain(connection) {
    connection.resume();
  },
};

/**
 * Starts an echo server on a Reactor of its own, attached to Node's loop.
 *
 * @throws ErrnoError - EADDRINUSE, EADDRNOTAVAIL, EACCES: the address cannot be listened on.
 * @throws EdgewiseError - ERR_BACKEND_UNAVAILABLE, ERR_TRIGGER_UNSUPPORTED: not on this platform.
 */
export function startHandlersEcho(options: EchoOptions): EchoServer {
  const { host, port, trigger } = options;
  const reactor = new Reactor(reactorOptionsOf(options));
  try {
    const listener = listen({
      host,
      port,
      backlog: BACKLOG,
      trigger,
      reactor,
      handlers: echoHandlers,
    });
    return { port: listener.port, done: reactor.run(), close: () => reactor.close() };
  } catch (error) {
    reactor.close();
    throw error;
  }
}
