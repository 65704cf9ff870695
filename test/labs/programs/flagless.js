// Ignores --port, and always wants the same one.
import { createServer } from 'node:net';

const server = createServer((socket) => socket.pipe(socket));
server.listen(Number(process.env.FIXED_PORT), '127.0.0.1', () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});
