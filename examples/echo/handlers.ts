// Echo with handlers: one object for all connections. `write` sends at once what the kernel takes,
// copies and keeps the rest, and says when to stop reading.
import { type Connection, type ConnectionHandlers, defaultReactor, listen } from 'edgewise';

const handlers: ConnectionHandlers = {
  data(connection: Connection, bytes: Buffer) {
    if (!connection.write(bytes)) connection.pause();
  },
  drain(connection: Connection) {
    connection.resume();
  },
}; // when the client ends, our side ends too, after all that was written

const listener = listen({ host: '127.0.0.1', port: Number(process.argv[2] ?? 7007), handlers });
defaultReactor().onSignal('SIGINT', () => defaultReactor().close());
console.log(`listening on ${listener.address}`);
