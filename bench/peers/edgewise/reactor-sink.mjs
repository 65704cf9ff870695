// Reads what clients send, and drops it, on the raw Reactor and edgewise/sys: one handler and one
// buffer for all connections. A read that has filled the buffer is followed by another one, and one
// that has not shows that the queue is empty, as far as the budget of a dispatch goes.
// Usage: reactor-sink.mjs [level|edge]. Prints "listening on HOST:PORT".
import { Interest, Reactor, Readiness } from '../../../dist/index.js';
import * as sys from '../../../dist/sys/index.js';

const { AF_INET, IPPROTO_TCP, SOCK_NONBLOCK, SOCK_STREAM, SOL_SOCKET } = sys.constants;
const { EINTR, SO_REUSEADDR, TCP_NODELAY } = sys.constants;
const BUFFER_SIZE = 64 * 1024;
const BACKLOG = 4096;
const ACCEPT_COUNT_MAX = 64;
const HOST = '127.0.0.1';

const [trigger = 'level'] = process.argv.slice(2);
const reactor = new Reactor();
const buffer = new sys.PinnedBuffer(BUFFER_SIZE);

const sink = {
  onReady(readiness, registration) {
    const { fd } = registration;
    const isEnding = (readiness & Readiness.ReadClosed) !== 0; // it may be queued behind the bytes
    for (;;) {
      const received = buffer.recv(fd);
      if (received <= 0) {
        if (received !== sys.WOULD_BLOCK && received !== -EINTR) drop(registration);
        return;
      }
      if (!registration.charge(received)) return; // the reactor calls again
      if (received < BUFFER_SIZE && !isEnding) return;
    }
  },
};

function drop(registration) {
  registration.close();
  sys.close(registration.fd);
}

const acceptor = {
  onReady(_readiness, listener) {
    for (let count = 0; count < ACCEPT_COUNT_MAX; count++) {
      const fd = sys.accept4(listener.fd, null, SOCK_NONBLOCK);
      if (fd < 0) return; // all are accepted; else the level trigger comes back
      sys.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
      reactor.register(fd, Interest.Readable, sink, { trigger });
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
