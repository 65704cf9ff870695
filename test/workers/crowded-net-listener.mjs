// An echo server that is short of descriptors: `crowded-net-listener.mjs POLICY TRIGGER [LIMIT]`. Prints its
// port, and for each line on standard input its figures as a line of JSON.
import { createInterface } from 'node:readline';
import { listen, Reactor } from '../../dist/index.js';
import { limitDescriptors } from './descriptor-limit.mjs';

const [, , onExhaustion, trigger, limit] = process.argv;
if (limit !== undefined) limitDescriptors(Number(limit));
const reactor = new Reactor();
reactor.attach();
const handlers = { data: (connection, bytes) => void connection.write(bytes) };
const listener = listen({ host: '127.0.0.1', reactor, trigger, onExhaustion, handlers });
console.log(listener.port);

const input = createInterface({ input: process.stdin });
input.on('line', () => {
  const { user, system } = process.cpuUsage();
  const figures = {
    ...listener.stats,
    open: listener.connections.size,
    waits: reactor.stats.waits,
  };
  console.log(JSON.stringify({ ...figures, cpuMs: (user + system) / 1000 }));
});
input.on('close', () => reactor.close());
