// Echo in the manner of node:net: nothing but the import says that it is not.
import net from 'edgewise/net';

const server = net.createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => {
    if (!socket.write(chunk)) socket.pause();
  });
  socket.on('drain', () => socket.resume());
  socket.on('error', () => socket.destroy()); // the client has gone in the middle
});

server.listen(Number(process.argv[2] ?? 7007), '127.0.0.1', () => {
  const { address, port } = server.address() as { address: string; port: number };
  console.log(`listening on ${address}:${port}`);
});
process.once('SIGINT', () => process.exit());
