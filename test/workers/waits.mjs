// How long blocking turns last in a thread whose Node has things to do that it cannot do meanwhile:
// `node waits.mjs <back-end> <main | worker> <'' | timers | crowded>` prints what it found, as JSON.
// `timers`: Node has timers, one of which is due all the time. `crowded`: 1100 descriptors are open,
// so that select cannot watch what is made for the first blocking turn.
import { stat } from 'node:fs';
import { isMainThread, Worker } from 'node:worker_threads';
import * as sys from '../../dist/sys/index.js';
import { Reactor } from './core.mjs';

const [, , backend, where, state] = process.argv;
const WAIT_MS = 120;
const LONG_MS = 10_000;
const ROUNDS = 8;

function tookMs(action) {
  const startMs = performance.now();
  action();
  return performance.now() - startMs;
}

function measure() {
  const reactor = new Reactor({ backend });
  const crowd = [];
  if (state === 'crowded') for (let i = 0; i < 1100; i++) crowd.push(sys.dup(1));
  if (state === 'timers') {
    setTimeout(() => undefined, 0);
    setTimeout(() => undefined, WAIT_MS / 2);
    setInterval(() => undefined, WAIT_MS / 4).unref();
  }
  // What Node has to do from the start ends turns, once for each.
  let firstTurns = 0;
  while (firstTurns < 20 && tookMs(() => reactor.turn(10)) < 10) firstTurns++;

  const before = reactor.stats;
  const roundsMs = Array.from({ length: ROUNDS }, () => tookMs(() => reactor.turn(WAIT_MS)));
  const { turns, emptyWakes } = reactor.stats;

  // A turn without a limit ends for the first timer, and not for those that were cleared.
  let isFired = false;
  const cleared = [1, 2, 70, 71, 150].map((delayMs) =>
    reactor.setTimeout(() => undefined, delayMs),
  );
  reactor.setTimeout(() => {
    isFired = true;
  }, 151);
  for (const timer of cleared) timer.clear();
  let turnsToTimer = 0;
  while (!isFired && turnsToTimer < 50) {
    reactor.turn(-1);
    turnsToTimer++;
  }

  // And for what comes for Node's loop, once.
  stat('.', () => undefined);
  const forNodeMs = tookMs(() => reactor.turn(LONG_MS));
  const afterNodeMs = tookMs(() => reactor.turn(WAIT_MS));
  reactor.close();
  for (const fd of crowd) sys.close(fd);
  const found = { firstTurns, roundsMs, turnsToTimer, forNodeMs, afterNodeMs };
  return { ...found, turns: turns - before.turns, emptyWakes: emptyWakes - before.emptyWakes };
}

// What comes for a loop that has never run is not seen: libuv has not registered its descriptors yet.
await new Promise(setImmediate);
if (where === 'worker' && isMainThread) {
  new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
} else {
  process.stdout.write(JSON.stringify(measure()));
}
