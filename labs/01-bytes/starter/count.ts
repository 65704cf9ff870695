// A server to try `ask` with; nothing is to be done here. It reads a request to its end, and answers with its
// size: `node count.ts`, and in another terminal `echo hello | node ask.ts 127.0.0.1 7001`.
import * as sys from 'edgewise/sys';

const { AF_INET, SOCK_STREAM, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
const address = { address: '127.0.0.1', port: 7001 };
const room = new Uint8Array(65_536);

const listener = sys.socket(AF_INET, SOCK_STREAM);
sys.setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, 1);
for (const result of [sys.bind(listener, address), sys.listen(listener)]) {
  if (result < 0) throw new Error(sys.errnoName(result));
}
console.log(`listening on ${address.address}:${address.port}`);

for (;;) {
  const fd = sys.accept(listener);
  let size = 0;
  let count = sys.recv(fd, room);
  for (; count > 0; count = sys.recv(fd, room)) size += count;
  if (count === 0) sys.send(fd, Buffer.from(`${size} bytes\n`));
  sys.close(fd);
}
