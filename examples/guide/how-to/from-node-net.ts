// A server written for node:net. The one line that has changed is the first.
import net from 'edgewise/net';

const server = net.createServer((socket) => {
  socket.setEncoding('utf8');
  socket.on('data', (text) => socket.write(String(text).toUpperCase()));
  socket.on('error', (error) => console.error(error.message));
});
server.listen(Number(process.argv[2] ?? 7012), '127.0.0.1', () => {
  console.log('listening on', server.address());
});
process.once('SIGTERM', () => server.close());
