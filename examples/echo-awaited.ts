// The echo of echo-proactor.ts once more, with operations that are awaited: one loop per client.
import { Reactor } from 'edgewise';
import { awaitable, Proactor } from 'edgewise/proactor';
import * as sys from 'edgewise/sys';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
const reactor = new Reactor();
const proactor = new Proactor({ reactor });

async function echo(fd: number): Promise<void> {
  const client = awaitable(proactor.open(fd));
  const bytes = new Uint8Array(4096);
  try {
    for (;;) {
      const length = await client.read(bytes);
      if (length === 0) break;
      await client.writeAll(bytes, { length });
    }
  } catch {
    // the client has gone in the middle, which is its own affair
  }
  client.descriptor.close();
  sys.close(fd);
}

const fd = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
sys.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1); // the last run's connections may linger
const port = Number(process.argv[2] ?? 7007);
const result = sys.bind(fd, { address: '127.0.0.1', port }) || sys.listen(fd);
if (result < 0) throw new Error(`port ${port}: ${sys.errnoName(result)}`);
reactor.attach();
const controller = new AbortController();
process.once('SIGINT', () => controller.abort());
process.once('SIGTERM', () => controller.abort());
const name = new sys.SocketAddress();
sys.getsockname(fd, name);
console.log(`listening on ${name}`);
const listener = awaitable(proactor.open(fd));
try {
  for (;;) echo(await listener.accept({ signal: controller.signal }));
} catch (error) {
  if (!controller.signal.aborted) throw error;
}
reactor.close(); // completes what the clients wait for
