// The peer from Node itself: a UDP echo server on node:dgram. Prints "listening on HOST:PORT".
//
//   node node-dgram-echo.mjs [--port N] [--host ADDRESS]
import { createSocket } from 'node:dgram';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
  },
});

const socket = createSocket('udp4');
socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address));
socket.bind(Number(values.port), values.host, () => {
  const { address, port } = socket.address();
  process.stdout.write(`listening on ${address}:${port}\n`);
});
