// The same echo server on node:net: noDelay, a 'data' handler that writes, and backpressure as the
// documentation has it. Prints "listening on HOST:PORT" once it accepts.
//
//   node node-net-echo.mjs [--port N] [--host ADDRESS]
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
  },
});

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => {
    if (!socket.write(chunk)) socket.pause();
  });
  socket.on('drain', () => socket.resume());
  socket.on('error', () => socket.destroy()); // the client has gone
});

server.listen({ port: Number(values.port), host: values.host, backlog: 4096 }, () => {
  const { address, port } = server.address();
  process.stdout.write(`listening on ${address}:${port}\n`);
});
