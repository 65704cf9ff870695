// Pushes events through a handler on the raw path and prints what it cost in memory:
// `node --expose-gc allocation.mjs <back-end> <trigger> <events> [settles] [allocates] [LEVEL]`: `settles`
// is by registerEdge, `allocates` a handler that makes an object for each event, LEVEL that of a trace.
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import * as sys from '../../dist/sys/index.js';
import { Interest, isBytes, Reactor } from './core.mjs';

const [, , backend, trigger, events, ...modes] = process.argv;
const [settles, allocates] = ['settles', 'allocates'].map((mode) => modes.includes(mode));
const EVENTS = Number(events);
const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC } = sys.constants;

let collections = 0;
new PerformanceObserver((list) => {
  collections += list.getEntries().length;
}).observe({ entryTypes: ['gc'] });

const reactor = new Reactor({ backend });
const level = modes.find((mode) => mode !== 'settles' && mode !== 'allocates');
if (level !== undefined) reactor.trace({ level });
const byte = Buffer.alloc(1);
const isOneshot = trigger.endsWith('oneshot');
let eventCount = 0;
let kept; // keeps the optimizer from leaving the mutant's object out

// Answers each byte with a byte: one end's event makes the other end's.
const handler = {
  onReady(_readiness, registration) {
    eventCount++;
    if (allocates) kept = { eventCount };
    while (sys.read(registration.fd, byte, 0, 1) === 1) {
      sys.write(registration.fd, byte, 0, 1);
      if (!registration.charge(1)) break;
    }
    if (isOneshot) registration.rearm();
  },
};
// The same by `registerEdge`.
const edgeHandler = {
  onReady(edge) {
    eventCount++;
    if (allocates) kept = { eventCount };
    for (;;) {
      const result = edge.recv(byte, 0, 1);
      if (!isBytes(result)) return edge.settled(result);
      edge.send(byte, 0, 1);
      const over = edge.charge(1);
      if (over) return over;
    }
  },
};
function register(fd) {
  if (settles) reactor.registerEdge(fd, Interest.Readable, edgeHandler);
  else reactor.register(fd, Interest.Readable, handler, { trigger });
}
for (let i = 0; i < 2; i++) {
  const fds = new Int32Array(2);
  sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds);
  for (const fd of fds) register(fd);
  sys.write(fds[0], byte);
}

function push(count) {
  const end = eventCount + count;
  while (eventCount < end) reactor.turn(0);
}

async function measure(count) {
  globalThis.gc();
  for (let pass = 0; pass < 5; pass++) await nextLoopPass(); // the observer is called for it here
  collections = 0;
  const before = process.memoryUsage().heapUsed;
  push(count);
  const grown = process.memoryUsage().heapUsed - before;
  for (let pass = 0; pass < 5; pass++) await nextLoopPass();
  return { collections, grown };
}

// The first ones are interpreted and compiled, on threads that may have to wait on a busy machine.
for (let round = 0; round < 4; round++) await measure(100_000);
const cost = await measure(EVENTS);
console.log(JSON.stringify({ events: EVENTS, ...cost, kept: kept !== undefined }));
