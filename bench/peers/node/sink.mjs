// Reads what clients send, and drops it, on node:net. Prints "listening on HOST:PORT".
import { createServer } from 'node:net';

const server = createServer((socket) => {
  socket.resume();
  socket.on('error', () => socket.destroy()); // the client has gone
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  const { address, port } = server.address();
  process.stdout.write(`listening on ${address}:${port}\n`);
});
