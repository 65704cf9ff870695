// What it costs per event to keep the async context of a registration (`asyncContext: true`):
// `node bench/context.mjs [events]`. Descriptors that are always ready, a handler that does nothing;
// both ways in alternating rounds within one run, and the median of each.
import { AsyncLocalStorage } from 'node:async_hooks';
import { Interest, Reactor } from '../dist/index.js';
import * as sys from '../dist/sys.js';

const EVENTS = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = 7;
const DESCRIPTORS = 64;

const storage = new AsyncLocalStorage();
const handler = { onReady: () => undefined };

function makeReactor(asyncContext) {
  const reactor = new Reactor({ asyncContext });
  for (let i = 0; i < DESCRIPTORS; i++) {
    const fds = new Int32Array(2);
    sys.pipe2(fds, sys.constants.O_NONBLOCK | sys.constants.O_CLOEXEC);
    storage.run(i, () => reactor.register(fds[1], Interest.Writable, handler));
  }
  return reactor;
}

function nanosecondsPerEvent(reactor) {
  const start = process.cpuUsage();
  let eventCount = 0;
  while (eventCount < EVENTS) eventCount += reactor.turn(0);
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1000) / eventCount;
}

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

const reactors = { without: makeReactor(false), with: makeReactor(true) };
const costs = { without: [], with: [] };
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, reactor] of Object.entries(reactors)) {
    const cost = nanosecondsPerEvent(reactor);
    if (round > 0) costs[name].push(cost); // the first one compiles
  }
}
const [without, kept] = [median(costs.without), median(costs.with)];
console.log(
  `CPU per event, ${EVENTS} events, median of ${ROUNDS} alternating rounds, ${process.version}`,
);
console.log(`without asyncContext  ${without.toFixed(0)} ns`);
console.log(`with asyncContext     ${kept.toFixed(0)} ns  (+${(kept - without).toFixed(0)} ns)`);
