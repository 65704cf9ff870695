// A chat server, step 10: it says how it is.
import { mkdirSync } from 'node:fs';
import { availableParallelism, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { BroadcastChannel } from 'node:worker_threads';
import { offerHandOver, takeOver } from 'edgewise';
import { ReactorPool } from 'edgewise/multi';
import { MODULE } from './chat.ts';
import { listenTls } from './tls.ts';
import { reportOf, watchThread } from './watch.ts';

const port = Number(process.argv[2] ?? 7000);
const tlsPort = Number(process.argv[3] ?? 7001);
const folder = join(tmpdir(), `chat-${userInfo().username}`);
mkdirSync(folder, { recursive: true, mode: 0o700 }); // only this user may ask for the sockets
const path = join(folder, `${port}.sock`);

watchThread('main');
const earlier = await takeOver({ path }); // undefined: there is no server before this one
const fd = earlier?.socket('chat')?.fd;
const size = availableParallelism();
const place = fd === undefined ? { host: '127.0.0.1', port } : { fd };
const pool = new ReactorPool({ size, module: MODULE, data: size, ...place });
await pool.start();
const tls = listenTls(tlsPort, pool.port, earlier?.socket('tls')?.fd);
await earlier?.confirm(); // from here on the earlier one does not accept
console.log(`listening on 127.0.0.1:${pool.port} with ${size} threads, with TLS on ${tls.address}`);

const chat = { fd: pool.fd, isClosed: false, close: () => undefined }; // `stop` closes the pool
const offer = offerHandOver({ path, sockets: { chat, tls }, handlers: { handedOver: stop } });

function stop(): void {
  console.log('stopping');
  offer.close();
  tls.close();
  const orders = new BroadcastChannel('chat');
  orders.postMessage('stop');
  orders.unref(); // or it keeps this process alive
  void pool.close({ timeoutMs: 10_000 });
}
process.on('SIGHUP', async () => console.log(reportOf(await pool.report())));
process.once('SIGINT', stop).once('SIGTERM', stop);
