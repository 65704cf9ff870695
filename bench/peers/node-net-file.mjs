// Sends a file to each client, as one does with Node's own streams.
// Usage: node-net-file.mjs FILE. Prints "listening on 127.0.0.1:PORT".
import { createReadStream } from 'node:fs';
import { createServer } from 'node:net';

const [path] = process.argv.slice(2);
const server = createServer((socket) => {
  socket.on('error', () => undefined); // a client that has gone
  createReadStream(path).pipe(socket);
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});
