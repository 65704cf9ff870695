// An echo server: it listens, and does not answer yet.
import { createServer, type Socket } from 'node:net';
import { portIn } from './port.ts';

/** Called for each client. */
function onClient(socket: Socket): void {
  // Task a: send back what comes.
  socket.resume();
}

const server = createServer(onClient);
server.listen(portIn(process.argv), '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  console.log(`listening on 127.0.0.1:${port}`);
});
