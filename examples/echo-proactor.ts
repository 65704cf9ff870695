// The same echo (RFC 862) as echo.ts, as a proactor: not "you may read now" but "it has been read".
// What is owed to a slow client needs no code: writeAll completes when all of it has left.
import { Reactor } from 'edgewise';
import { type Descriptor, Proactor } from 'edgewise/proactor';
import * as sys from 'edgewise/sys';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
const reactor = new Reactor();
const proactor = new Proactor({ reactor });

interface Client {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array; // one for each client: it belongs to the operation until that completes
}

function onAccepted(error: Error | undefined, fd: number): void {
  if (error !== undefined) throw error; // for all that can happen see src/cli/echo-proactor.ts
  const client = { descriptor: proactor.open(fd), bytes: new Uint8Array(4096) };
  client.descriptor.read(client.bytes, { data: client }, onRead);
  listener.accept(onAccepted);
}

function onRead(error: Error | undefined, count: number, client: Client): void {
  const isOver = error !== undefined || count === 0; // 0: it has sent its last
  if (isOver) hangUp(client);
  else client.descriptor.writeAll(client.bytes, { data: client, length: count }, onWritten);
}

function onWritten(error: Error | undefined, _count: number, client: Client): void {
  if (error !== undefined) hangUp(client);
  else client.descriptor.read(client.bytes, { data: client }, onRead);
}

function hangUp({ descriptor }: Client): void {
  descriptor.close(); // the Descriptor first: it borrows the number
  sys.close(descriptor.fd);
}

const fd = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
sys.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1); // the last run's connections may linger
const port = Number(process.argv[2] ?? 7007);
const result = sys.bind(fd, { address: '127.0.0.1', port }) || sys.listen(fd);
if (result < 0) throw new Error(`port ${port}: ${sys.errnoName(result)}`);
const listener = proactor.open(fd);
listener.accept(onAccepted);
reactor.onSignal('SIGINT', () => reactor.stop());
const name = new sys.SocketAddress();
sys.getsockname(fd, name);
console.log(`listening on ${name}`);
await reactor.run();
