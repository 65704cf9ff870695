// Many clients that send one byte a second each, spread evenly over the second: `node slow-crowd.mjs
// PORT COUNT`. What comes back is read and counted. For each line on standard input it connects all
// (`come`) or closes all (`go`), and prints a line of JSON when that is done.
import { createInterface } from 'node:readline';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { connect, Reactor } from '../../dist/index.js';

const PORT = Number(process.argv[2]);
const COUNT = Number(process.argv[3]);
const HOST = '127.0.0.1';
const PERIOD_MS = 1000;

const reactor = new Reactor();
reactor.attach();
const byte = Buffer.from('.');
const counts = { open: 0, closed: 0, sent: 0, received: 0, errors: {} };
const handlers = {
  open: () => void counts.open++,
  data(_, bytes) {
    counts.received += bytes.length;
  },
  close(_, error) {
    counts.closed++;
    if (error === undefined) return;
    counts.errors[error.code] = (counts.errors[error.code] ?? 0) + 1;
  },
};
let crowd = [];
let sender;

// Sends what is due by the clock, so that a late timer does not make the clients slower.
function startSending() {
  const startMs = performance.now();
  const first = counts.sent;
  sender = reactor.setInterval(() => {
    const due = Math.floor(((performance.now() - startMs) * COUNT) / PERIOD_MS);
    while (counts.sent - first < due) crowd[counts.sent++ % COUNT].write(byte);
  }, 1);
}

async function come() {
  const done = counts.open + COUNT;
  crowd = Array.from({ length: COUNT }, () =>
    connect({ host: HOST, port: PORT, handlers, reactor }),
  );
  while (counts.open < done && counts.closed === 0) await nextLoopPass();
  startSending();
}

async function go() {
  sender?.clear();
  const done = counts.closed + crowd.length;
  for (const connection of crowd) connection.destroy();
  while (counts.closed < done) await nextLoopPass();
  crowd = [];
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'come') await come();
  else await go();
  console.log(JSON.stringify(counts));
  counts.closed = 0;
}
reactor.close();
