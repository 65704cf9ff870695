// A restart without a refused connection: run it, and run it again in another terminal. The second one
// takes the listening socket over from the first, which finishes its connections and ends.
import { mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import {
  adoptListener,
  type ConnectionHandlers,
  type HandOver,
  listen,
  offerHandOver,
  takeOver,
} from 'edgewise';

const DRAIN_MS = 5000;
const CLOSE_MS = 1000;

const [port = '7007', given] = process.argv.slice(2);
const folder = join(tmpdir(), `edgewise-${userInfo().username}`);
if (given === undefined) mkdirSync(folder, { recursive: true, mode: 0o700 }); // of this user alone
const path = given ?? join(folder, `handover-${port}.sock`);

const handlers: ConnectionHandlers = {
  data: (connection, bytes) => void connection.write(bytes),
};

const earlier = await takeOver({ path }); // undefined: this is the first process
const inherited = earlier?.socket('echo');
const listener =
  inherited === undefined
    ? listen({ host: '127.0.0.1', port: Number(port), handlers })
    : adoptListener(inherited.fd, { handlers });
await earlier?.confirm(); // until here the earlier one accepts as well
console.log(`listening on 127.0.0.1:${listener.port}`);

// By now this process does not listen any more. It ends when the last connection is gone.
function drain(_: HandOver, pid?: number): void {
  console.log(`handed over to ${pid ?? 'the next'}, ${listener.connections.size} to finish`);
  const late = setTimeout(() => {
    for (const connection of listener.connections) connection.close({ timeoutMs: CLOSE_MS });
  }, DRAIN_MS);
  late.unref();
}

const offer = offerHandOver({ path, sockets: { echo: listener }, handlers: { handedOver: drain } });

function stop(): void {
  offer.close();
  listener.close();
  for (const connection of listener.connections) connection.destroy();
}
process.once('SIGINT', stop).once('SIGTERM', stop);
process.once('exit', () => console.log(`served ${listener.stats.closed} connections`));
