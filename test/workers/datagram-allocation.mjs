// Sends flows of datagrams to itself and prints what receiving each has left on the heap, which no
// collection has tidied meanwhile: `node --expose-gc --min-semi-space-size=64 --max-semi-space-size=64
// datagram-allocation.mjs <segment size, 0: one by one> <datagrams> [handler that allocates]`.
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { bindDatagram, Reactor } from '../../dist/index.js';

const [, , segmentSize, datagrams, mutant] = process.argv;
const SIZE = 100;
const PER_SEND = 32;
const size = Number(segmentSize);

let collections = 0;
new PerformanceObserver((list) => {
  collections += list.getEntries().length;
}).observe({ entryTypes: ['gc'] });

const reactor = new Reactor();
let received = 0;
let senders = 0;
let kept;
const handlers = {
  message(_socket, bytes, from) {
    received++;
    if (from !== undefined) senders += bytes.length > 0 ? 1 : 0;
    if (mutant !== undefined) kept = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  },
};
const server = bindDatagram({ host: '127.0.0.1', reactor, handlers, gro: size > 0 });
const client = bindDatagram({ host: '127.0.0.1', reactor, handlers: {} });
const flow = Buffer.alloc(size > 0 ? PER_SEND * SIZE : SIZE);
const options = { segmentSize: size };

function push(count) {
  const end = received + count;
  while (received < end) {
    if (size > 0) client.send(flow, server.address, options);
    else for (let i = 0; i < PER_SEND; i++) client.send(flow, server.address);
    for (let turn = 0; turn < 5 && received < end; turn++) reactor.turn(0);
  }
}

async function measure(count) {
  globalThis.gc();
  for (let pass = 0; pass < 5; pass++) await nextLoopPass();
  collections = 0;
  const before = process.memoryUsage().heapUsed;
  const receivedBefore = received;
  push(count);
  const grown = process.memoryUsage().heapUsed - before;
  for (let pass = 0; pass < 5; pass++) await nextLoopPass();
  return { collections, bytesEach: grown / (received - receivedBefore) };
}

for (let round = 0; round < 4; round++) await measure(20_000);
const cost = await measure(Number(datagrams));
console.log(JSON.stringify({ ...cost, received, senders, kept: kept !== undefined }));
reactor.close();
