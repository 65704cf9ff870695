// One process of the chat: `npm run example -- cluster/main PORT HEALTH_PORT BUS_URL`. Any number of
// them, on any number of hosts, are one chat. Started by systemd with a socket it listens on that.
import { setTimeout as delay } from 'node:timers/promises';
import { BroadcastChannel } from 'node:worker_threads';
import { activationSockets, serviceManager } from 'edgewise';
import { ReactorPool } from 'edgewise/multi';
import { openBus } from './bus.ts';
import { serveHealth } from './health.ts';

const [port = '7007', healthPort = '8007', url = 'nats://127.0.0.1:4222'] = process.argv.slice(2);
const { CHAT_PROXY, CHAT_THREADS = '2', CHAT_SETTLE_MS = '3000' } = process.env;
/** For threads to reach the bus. */
const START_MS = 120_000;
/** For members to finish what they have begun. */
const DRAIN_MS = 10_000;

const manager = serviceManager();
const [socket] = activationSockets();
const bus = await openBus(url, true);
const pool = new ReactorPool({
  size: Number(CHAT_THREADS),
  module: new URL(`./handlers${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
  ...(socket === undefined ? { host: '127.0.0.1', port: Number(port) } : { fd: socket.fd }),
  ...(CHAT_PROXY === undefined ? {} : { connection: { proxyProtocol: CHAT_PROXY as 'v1' | 'v2' } }),
  data: url,
  startTimeoutMs: START_MS,
});
await pool.start();

let isLeaving = false;
const health = serveHealth(Number(healthPort), () => bus.isReady && !isLeaving);
manager.ready(`listening on ${pool.port}`);
console.log(`listening on 127.0.0.1:${pool.port}`);

// First no one is sent here any more, then no one is let in, then those that are here leave.
async function leave(): Promise<void> {
  isLeaving = true;
  manager.stopping();
  await delay(Number(CHAT_SETTLE_MS)); // as long as the balancer takes to see it
  const threads = new BroadcastChannel('chat');
  threads.postMessage('leave');
  await pool.close({ timeoutMs: DRAIN_MS });
  threads.close();
  health.close();
  health.closeAllConnections();
  await bus.close();
  manager.close();
  console.log('left');
}
process.once('SIGTERM', leave);
process.once('SIGINT', leave);
