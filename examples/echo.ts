// Echo (RFC 862) on the raw Reactor: every client gets back what it sends.
import { Interest, Reactor, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
const reactor = new Reactor();
const bytes = new Uint8Array(65_536); // shared: only what a client does not take at once is copied

function onListenerReady(_readiness: number, listener: Registration): void {
  const fd = sys.accept4(listener.fd, null, SOCK_NONBLOCK);
  if (fd < 0) return; // the client has gone again; for all that can happen see listen.ts
  reactor.register(fd, Interest.Readable, { onReady: echo }, { data: new Uint8Array(0) });
}

// `data` is what the client has yet to take; until it has, nothing more is read from it.
function echo(_readiness: number, client: Registration<Uint8Array>) {
  let rest = client.data;
  if (rest.length === 0) {
    const count = sys.recv(client.fd, bytes);
    if (count === sys.WOULD_BLOCK) return;
    if (count <= 0) return hangUp(client); // 0: it has sent its last; < 0: -errno
    rest = bytes.subarray(0, count);
  }
  const sent = sys.send(client.fd, rest);
  if (sent < 0 && sent !== sys.WOULD_BLOCK) return hangUp(client);
  client.data = rest.slice(Math.max(sent, 0));
  client.setInterest(client.data.length > 0 ? Interest.Writable : Interest.Readable);
}

function hangUp(client: Registration<Uint8Array>): void {
  client.close(); // the registration first: it borrows the descriptor
  sys.close(client.fd);
}

const fd = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
sys.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1); // the last run's connections may linger
const port = Number(process.argv[2] ?? 7007);
const result = sys.bind(fd, { address: '127.0.0.1', port }) || sys.listen(fd);
if (result < 0) throw new Error(`port ${port}: ${sys.errnoName(result)}`);
reactor.register(fd, Interest.Readable, { onReady: onListenerReady });
reactor.onSignal('SIGINT', () => reactor.stop());
const name = new sys.SocketAddress();
sys.getsockname(fd, name);
console.log(`listening on ${name}`);
await reactor.run();
