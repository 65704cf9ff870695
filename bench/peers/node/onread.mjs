// The echo server on node:net with `onread`: each socket reads into one buffer of its own, and no
// 'data' event and no new Buffer is made. A server has no such option, so that its socket's handle
// is given to a new one (not documented, but what there is). Nothing is read while a write is
// pending, for it refers to the buffer. Prints "listening on HOST:PORT".
import { createServer, Socket } from 'node:net';

const BUFFER_SIZE = 64 * 1024;
const BACKLOG = 4096;

function serve(accepted) {
  const handle = accepted._handle;
  accepted._handle = null;
  const buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  const resume = () => socket.resume();
  const callback = (length) => {
    socket.write(buffer.subarray(0, length));
    if (socket.writableLength === 0) return true; // the kernel has it
    socket.write('', resume); // called when what is before it has been written
    return false;
  };
  const socket = new Socket({ handle, onread: { buffer, callback } });
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy()); // the client has gone
}

const server = createServer({ pauseOnConnect: true }, serve);
server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, () => {
  const { address, port } = server.address();
  process.stdout.write(`listening on ${address}:${port}\n`);
});
