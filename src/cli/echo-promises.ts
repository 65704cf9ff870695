// The echo server with async/await: a loop for the listener and a loop for each connection.
import { Reactor } from '../index.ts';
import { type Connection, listen } from '../promises/index.ts';
import { type EchoOptions, type EchoServer, reactorOptionsOf } from './echo-server.ts';

const BACKLOG = 4096;
const BUFFER_SIZE = 16 * 1024;

async function echo(connection: Connection): Promise<void> {
  const buffer = Buffer.allocUnsafe(BUFFER_SIZE);
  try {
    for (;;) {
      const count = await connection.readInto(buffer);
      if (count === 0) break;
      await connection.write(buffer.subarray(0, count));
    }
    await connection.end();
  } catch {
    connection.destroy(); // the client has gone, which is no error of the server
  }
}

/**
 * Starts an echo server on a Reactor of its own, attached to Node's loop.
 *
 * @throws ErrnoError - EADDRINUSE, EADDRNOTAVAIL, EACCES: the address cannot be listened on.
 * @throws EdgewiseError - ERR_BACKEND_UNAVAILABLE, ERR_TRIGGER_UNSUPPORTED: not on this platform.
 */
export function startPromisesEcho(options: EchoOptions): EchoServer {
  const { host, port, trigger } = options;
  const reactor = new Reactor(reactorOptionsOf(options));
  try {
    const listener = listen({ host, port, backlog: BACKLOG, trigger, reactor });
    const accepting = (async () => {
      for await (const connection of listener) echo(connection);
    })();
    const done = Promise.all([reactor.run(), accepting]).then(() => undefined);
    return { port: listener.port, done, close: () => reactor.close() };
  } catch (error) {
    reactor.close();
    throw error;
  }
}
