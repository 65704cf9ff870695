// A process with a reactor that is attached and never at rest, and what the rest of Node does meanwhile:
// `node busy.mjs <back-end> <driver> <ticks>` prints one line of JSON.
import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { Reactor } from './core.mjs';
import { pingPong } from './pingpong.mjs';

const [, , backend, driver, ticks] = process.argv;
const PERIOD_MS = 10;
const reactor = new Reactor({ backend });
const answers = pingPong(reactor, 32);
const counts = { stats: 0, messages: 0, immediates: 0, reactorTicks: 0 };
const gapsMs = [];

const echo = new Worker(
  "const { parentPort } = require('node:worker_threads');" +
    "parentPort.on('message', (message) => parentPort.postMessage(message));",
  { eval: true },
);
echo.on('message', (message) => {
  counts.messages++;
  echo.postMessage(message);
});
echo.postMessage('ping');

async function statForEver() {
  for (;;) {
    await stat('.');
    counts.stats++;
  }
}

function countImmediate() {
  counts.immediates++;
  setImmediate(countImmediate);
}

function report() {
  const late = gapsMs.map((gapMs) => gapMs - PERIOD_MS).sort((a, b) => a - b);
  const at = (share) => late[Math.floor(late.length * share)];
  const drift = { p50: at(0.5), p90: at(0.9), worst: late.at(-1) };
  console.log(JSON.stringify({ ...counts, answers: answers.count, drift }));
  process.exit(0);
}

echo.once('message', () => {
  reactor.setInterval(() => counts.reactorTicks++, PERIOD_MS);
  reactor.attach({ driver });
  statForEver();
  countImmediate();
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    gapsMs.push(now - last);
    last = now;
    if (gapsMs.length === Number(ticks)) report();
  }, PERIOD_MS);
});
