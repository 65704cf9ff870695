// The same server with a mistake: it takes what comes at once for a line. On one machine that is nearly always right.
import { type Listener, listen } from 'edgewise';

export function startServer(port: number): Listener {
  return listen({
    port,
    handlers: {
      data(connection, bytes) {
        connection.write(`${bytes.toString().trim().toUpperCase()}\n`);
      },
    },
  });
}
