// Echo on the Poller: the kernel's mechanism behind one interface, on every system. It owns the
// thread, and Ctrl-C ends it as it ends a C program: the kernel closes what is open.
import { Interest, Poller } from 'edgewise';
import * as sys from 'edgewise/sys';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
const bytes = Buffer.alloc(65_536); // shared: only what a client does not take at once is copied
const unsent = new Map<number, Buffer>(); // by descriptor
const poller = new Poller();

function accept(listener: number): void {
  const client = sys.accept4(listener, null, SOCK_NONBLOCK);
  if (client >= 0) poller.add(client, client, Interest.Readable, 'level'); // its number as token
}

function echo(client: number) {
  let rest = unsent.get(client);
  if (rest === undefined) {
    const count = sys.recv(client, bytes);
    if (count === sys.WOULD_BLOCK) return;
    if (count <= 0) return hangUp(client); // 0: it has sent its last; < 0: -errno
    rest = bytes.subarray(0, count);
  }
  const sent = sys.send(client, rest);
  if (sent < 0 && sent !== sys.WOULD_BLOCK) return hangUp(client);
  keep(client, rest.subarray(Math.max(sent, 0)));
}

// Until the client has taken the rest, nothing more is read from it. Most have taken all.
function keep(client: number, rest: Buffer): void {
  const wasWaiting = unsent.delete(client);
  if (rest.length > 0) unsent.set(client, Buffer.from(rest));
  if (wasWaiting === rest.length > 0) return;
  poller.modify(client, client, rest.length > 0 ? Interest.Writable : Interest.Readable, 'level');
}

function hangUp(client: number): void {
  unsent.delete(client);
  poller.remove(client); // before the descriptor is closed
  sys.close(client);
}

const listener = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
sys.setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, 1); // the last run's connections may linger
const port = Number(process.argv[2] ?? 7007);
const result = sys.bind(listener, { address: '127.0.0.1', port }) || sys.listen(listener, 4096);
if (result < 0) throw new Error(`port ${port}: ${sys.errnoName(result)}`);
poller.add(listener, listener, Interest.Readable, 'level');
const name = new sys.SocketAddress();
sys.getsockname(listener, name);
console.log(`listening on ${name}`);

for (;;) {
  const count = poller.wait(-1);
  for (let index = 0; index < count; index++) {
    const fd = poller.events.token(index);
    if (fd === listener) accept(fd);
    else echo(fd); // of a hang-up or an error recv reports as well
  }
}
