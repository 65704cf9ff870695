// An echo server that does nothing for STALL_MS, once in PERIOD_MS: `stalling-server.mjs 200 1000`.
// Its thread sleeps meanwhile, so that the machine is free for what measures it.
import { createServer } from 'node:net';

const [stallMs, periodMs] = process.argv.slice(2).map(Number);
const never = new Int32Array(new SharedArrayBuffer(4));

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('data', (data) => socket.write(data));
});
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
  setInterval(() => Atomics.wait(never, 0, 0, stallMs), periodMs);
});
