// What one timer costs that is set and cleared again, beside Node's own setTimeout and
// clearTimeout, in one process and in alternating rounds. Most timers of a server never fire: they
// are the idle and request limits that the next message clears. Run `npm run build:ts` first.
//
//   node bench/timers.mjs [--rounds 15] [--pairs 200000]
//
// "mixed": 10,000 timers are pending, with 10,000 distinct durations of 1 to 60,000 ms in random
// order; a pair clears the oldest of them and sets a new one. "one duration" does so with 30 s.
// Figures are wall time per pair, the median of the rounds. Ours reads performance.now() for the
// clock at each call, as a Reactor reads its own.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Timers } from '../dist/timers/timers.js';

const PENDING_COUNT = 10_000;
const DURATION_MAX_MS = 60_000;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    pairs: { type: 'string', default: '200000' },
  },
});
const roundCount = Number(values.rounds);
const pairCount = Number(values.pairs);

function mixedDurations() {
  let state = 0x9e3779b9;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const step = DURATION_MAX_MS / PENDING_COUNT;
  const durations = Array.from(
    { length: PENDING_COUNT },
    (_, index) => 1 + Math.floor(index * step),
  );
  for (let index = durations.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [durations[index], durations[other]] = [durations[other], durations[index]];
  }
  return durations;
}

const nothing = () => undefined;
const timers = new Timers(() => performance.now() * 1e6, nothing);
const contestants = {
  edgewise: {
    set: (durationMs) => timers.setTimeout(nothing, durationMs),
    clear: (timer) => timer.clear(),
    // A reactor passes over its timers once per turn; Node does so in its own loop.
    turn: () => timers.runDue(performance.now() * 1e6, nothing),
  },
  node: {
    set: (durationMs) => setTimeout(nothing, durationMs),
    clear: (timer) => clearTimeout(timer),
    turn: nothing,
  },
};

/** Each contestant has its own copy, so that each call in it is monomorphic, as in a program. */
function compileRound() {
  return new Function(
    'contestant',
    'durations',
    'pairCount',
    `
    const { set, clear } = contestant;
    const size = durations.length;
    const pending = durations.map((duration) => set(duration));
    const startNs = process.hrtime.bigint();
    for (let pair = 0, at = 0; pair < pairCount; pair++) {
      clear(pending[at]);
      pending[at] = set(durations[at]);
      if (++at === size) at = 0;
    }
    const endNs = process.hrtime.bigint();
    for (const timer of pending) clear(timer);
    return Number(endNs - startNs) / pairCount;`,
  );
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

async function compare(title, durations) {
  const runs = { edgewise: compileRound(), node: compileRound() };
  const results = { edgewise: [], node: [] };
  for (let round = -2; round < roundCount; round++) {
    const order = round % 2 === 0 ? ['edgewise', 'node'] : ['node', 'edgewise'];
    for (const name of order) {
      const pairNs = runs[name](contestants[name], durations, pairCount);
      contestants[name].turn();
      if (round >= 0) results[name].push(pairNs); // two rounds warm up
      await new Promise((resolve) => setImmediate(resolve)); // Node's loop runs its own timers
    }
  }
  const ours = median(results.edgewise);
  const theirs = median(results.node);
  const ratio = median(results.edgewise.map((pairNs, round) => pairNs / results.node[round]));
  console.log(
    `${title.padEnd(14)} edgewise ${ours.toFixed(0).padStart(5)} ns/pair` +
      `   node ${theirs.toFixed(0).padStart(5)} ns/pair   ratio ${ratio.toFixed(3)}`,
  );
}

console.log(
  `set + clear, ${PENDING_COUNT} pending, ${roundCount} rounds of ${pairCount} pairs; ` +
    `Node ${process.version}, ${cpus()[0]?.model}`,
);
await compare('mixed', mixedDurations());
await compare('one duration', new Array(PENDING_COUNT).fill(30_000));
