// A server for tests of the engine: `node server.mjs good|dies|silent`. It answers each connection
// with one byte. `dies`: it ends with the first connection; `silent`: it ends before it listens.
import { createServer } from 'node:net';

const [kind] = process.argv.slice(2);
if (kind === 'silent') {
  console.error('no port for me');
  process.exit(3);
}
const server = createServer((socket) => {
  if (kind === 'dies') process.exit(4);
  socket.on('error', () => undefined); // the load goes as it likes
  socket.end('.');
});
server.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${server.address().port}`));
