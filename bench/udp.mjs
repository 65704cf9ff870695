// What the echo of one UDP datagram costs the server in CPU: edgewise, plain C on recvmmsg, and
// node:dgram, in alternating rounds (common.mjs).
//
//   npm run build && npm run bench:udp [-- --rounds 5 --seconds 1 --size 64 --window 32]
import { parseArgs } from 'node:util';
import { bindDatagram, Reactor } from '../dist/index.js';
import { MessageBatch } from '../dist/sys.js';
import { alternate, compilePeer, costTable, edgewise, nodePeer } from './common.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    size: { type: 'string', default: '64' },
    window: { type: 'string', default: '32' },
  },
});
const [rounds, seconds, size, window] = ['rounds', 'seconds', 'size', 'window'].map((name) =>
  Number(values[name]),
);

// Keeps `window` datagrams in flight; on loopback none is lost as long as buffers have room.
function load({ port }) {
  const reactor = new Reactor();
  let count = 0;
  const handlers = {
    messages(socket, batch, received) {
      count += received;
      socket.sendMany(batch, received);
    },
  };
  const socket = bindDatagram({ host: '127.0.0.1', reactor, handlers });
  socket.connect({ address: '127.0.0.1', port });
  const batch = new MessageBatch(window, size);
  batch.lengths.fill(size);
  socket.sendMany(batch, window);
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) reactor.turn(100);
  socket.close();
  reactor.close();
  return count;
}

const servers = {
  C: [compilePeer('udp_echo')],
  'edgewise, level': edgewise('udp-echo', '--port', '0'),
  'edgewise, edge': edgewise('udp-echo', '--port', '0', '--trigger', 'edge'),
  node: nodePeer('node-dgram-echo'),
};
const costs = await alternate(servers, { rounds, load });
console.log(`${size} bytes, ${window} in flight, ${rounds} rounds of ${seconds} s\n`);
console.log(costTable(costs, { unit: 'CPU us/datagram', bases: ['C', 'node'] }));
