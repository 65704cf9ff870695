// Resets each client.
import { createServer } from 'node:net';

const server = createServer((socket) => socket.resetAndDestroy());
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});
