// Echoes what clients send, under the edge trigger: reads until there is no more, by a handler of
// `register` or of `registerEdge`, with the same calls of the kernel.
// Usage: drained-echo.mjs register|registerEdge. Prints "listening on HOST:PORT".
import { Interest, isBytes, Reactor } from '../../../dist/index.js';
import * as sys from '../../../dist/sys/index.js';

const { AF_INET, IPPROTO_TCP, SOCK_NONBLOCK, SOCK_STREAM, SOL_SOCKET } = sys.constants;
const { SO_REUSEADDR, TCP_NODELAY } = sys.constants;
const BUFFER_SIZE = 64 * 1024;
const BACKLOG = 4096;
const HOST = '127.0.0.1';

const reactor = new Reactor();
const buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);

// Clients of this benchmark take their answers: a short send ends the connection.
const handlers = {
  register: {
    onReady(_readiness, registration) {
      const { fd } = registration;
      for (;;) {
        const received = sys.recv(fd, buffer);
        if (received === sys.WOULD_BLOCK) return;
        if (received <= 0 || sys.send(fd, buffer, 0, received) < received) {
          registration.closeDescriptor();
          return;
        }
        if (!registration.charge(received)) return;
      }
    },
  },
  registerEdge: {
    onReady(edge) {
      for (;;) {
        const received = edge.recv(buffer);
        if (received === sys.WOULD_BLOCK) return edge.settled(received);
        if (!isBytes(received) || edge.send(buffer, 0, received) < received) {
          edge.registration.closeDescriptor();
          return edge.closed();
        }
        const over = edge.charge(received);
        if (over) return over;
      }
    },
  },
};

const how = process.argv[2] === 'registerEdge' ? 'registerEdge' : 'register';
const watch = {
  register: (fd) => reactor.register(fd, Interest.Readable, handlers.register, { trigger: 'edge' }),
  registerEdge: (fd) => reactor.registerEdge(fd, Interest.Readable, handlers.registerEdge),
}[how];

const acceptor = {
  onReady(_readiness, listener) {
    for (;;) {
      const fd = sys.accept4(listener.fd, null, SOCK_NONBLOCK);
      if (fd < 0) return; // all are accepted; else the level trigger comes back
      sys.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
      watch(fd);
    }
  },
};

function checked(result, syscall) {
  if (result < 0) throw new Error(`${syscall}: ${sys.errnoName(result)}`);
  return result;
}

const fd = checked(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), 'socket');
checked(sys.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1), 'setsockopt');
checked(sys.bind(fd, { address: HOST, port: 0 }), 'bind');
checked(sys.listen(fd, BACKLOG), 'listen');
reactor.register(fd, Interest.Readable, acceptor);
const address = new sys.SocketAddress();
checked(sys.getsockname(fd, address), 'getsockname');
process.stdout.write(`listening on ${HOST}:${address.port}\n`);
await reactor.run();
