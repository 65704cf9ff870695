// Echoes messages between two connections of handlers and prints what they cost in memory:
// `node --expose-gc message-allocation.mjs <messages> [handler that allocates]`.

import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { adoptConnection } from '../../dist/net/index.js';
import * as sys from '../../dist/sys/index.js';
import { Reactor } from './core.mjs';

const [, , messages, mutant] = process.argv;
const MESSAGES = Number(messages);
const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC } = sys.constants;

let collections = 0;
new PerformanceObserver((list) => {
  collections += list.getEntries().length;
}).observe({ entryTypes: ['gc'] });

const reactor = new Reactor();
const fds = new Int32Array(2);
let count = 0;
let kept; // keeps the optimizer from leaving the mutant's object out
const handlers = {
  data(connection, bytes) {
    count++;
    if (mutant !== undefined) kept = { count };
    connection.write(bytes);
  },
};
sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds);
for (const fd of fds) adoptConnection(fd, { reactor, handlers });
sys.write(fds[0], Buffer.alloc(64), 0, 64);

async function measure(more) {
  globalThis.gc();
  for (let pass = 0; pass < 5; pass++) await nextLoopPass(); // the observer is called for it here
  collections = 0;
  const before = process.memoryUsage().heapUsed;
  for (const end = count + more; count < end; ) reactor.turn(0);
  const grown = process.memoryUsage().heapUsed - before;
  for (let pass = 0; pass < 5; pass++) await nextLoopPass();
  return { collections, grown };
}

// The first ones are interpreted and compiled, on threads that may have to wait on a busy machine.
for (let round = 0; round < 4; round++) await measure(100_000);
const cost = await measure(MESSAGES);
console.log(JSON.stringify({ messages: MESSAGES, ...cost, kept: kept !== undefined }));
process.exit();
