// The same relay on node:net: `pipe` in both directions, ends carried over, and a failure of the
// one side the end of the other. Prints "listening on HOST:PORT" once it accepts.
//
//   node node-net-relay.mjs TARGET_PORT
import { connect, createServer } from 'node:net';

const targetPort = Number(process.argv[2]);

const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  const target = connect({
    host: '127.0.0.1',
    port: targetPort,
    noDelay: true,
    allowHalfOpen: true,
  });
  client.pipe(target);
  target.pipe(client);
  client.on('error', () => target.destroy());
  target.on('error', () => client.destroy());
});

server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  const { address, port } = server.address();
  process.stdout.write(`listening on ${address}:${port}\n`);
});
