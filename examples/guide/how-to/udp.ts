// Answers each datagram with what was in it.
import { bindDatagram } from 'edgewise';

const socket = bindDatagram({
  host: '127.0.0.1',
  port: Number(process.argv[2] ?? 7010),
  handlers: {
    message(socket, bytes, from) {
      socket.send(bytes, from); // `bytes` is copied when it has to wait
    },
    error: (_socket, error) => console.error(error.message), // and the socket goes on
  },
});
console.log(`bound to ${socket.address}`);
process.once('SIGTERM', () => socket.close());
