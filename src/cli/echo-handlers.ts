// The echo server on the net layer: listen() with one handler. A client that does not read what it
// is sent is not read from either, until what it is owed has left.
import { type ConnectionHandlers, listen, Reactor } from '../index.ts';
import type { EchoOptions, EchoServer } from './echo.ts';

const BACKLOG = 4096;

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
export function startHandlersEcho({ host, port, trigger, backend }: EchoOptions): EchoServer {
  const reactor = new Reactor(backend === undefined ? {} : { backend });
  try {
    const listener = listen({
      ...{ host, port, backlog: BACKLOG, trigger, reactor },
      handlers: echoHandlers,
    });
    return { port: listener.port, done: reactor.run(), close: () => reactor.close() };
  } catch (error) {
    reactor.close();
    throw error;
  }
}
