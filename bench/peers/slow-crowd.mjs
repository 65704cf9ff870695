// Many clients that send one byte a second each, spread evenly over the second: `node slow-crowd.mjs
// PORT COUNT`. What comes back is read and counted. It prints `open` when all are connected, goes on
// until its standard input ends, and prints a line of JSON then: bytes `sent` and `received`.
import { once } from 'node:events';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { connect, Reactor } from '../../dist/index.js';

const PORT = Number(process.argv[2]);
const COUNT = Number(process.argv[3]);
const HOST = '127.0.0.1';
const PERIOD_MS = 1000;

const reactor = new Reactor();
reactor.attach();
const byte = Buffer.from('.');
const counts = { open: 0, sent: 0, received: 0 };
let failure;
const handlers = {
  open: () => void counts.open++,
  data(_, bytes) {
    counts.received += bytes.length;
  },
  close(_, error) {
    failure ??= error ?? new Error('the server closed a connection');
  },
};
const crowd = Array.from({ length: COUNT }, () =>
  connect({ host: HOST, port: PORT, handlers, reactor }),
);
function failNow() {
  console.error(`error: ${failure.message}`);
  process.exit(1);
}

while (counts.open < COUNT && failure === undefined) await nextLoopPass();
if (failure !== undefined) failNow();

// Sends what is due by the clock, so that a late timer does not make the clients slower.
const startMs = performance.now();
reactor.setInterval(() => {
  const due = Math.floor(((performance.now() - startMs) * COUNT) / PERIOD_MS);
  while (counts.sent < due) crowd[counts.sent++ % COUNT].write(byte);
}, 1);
console.log('open');
await once(process.stdin.resume(), 'end');
if (failure !== undefined) failNow();
console.log(JSON.stringify(counts));
process.exit();
