// What a timer costs that is set and cleared again, beside Node's own setTimeout and clearTimeout,
// in one process and in alternating rounds. Most timers of a server never fire: they are the idle
// and request limits that the next message clears. Run `npm run build:ts` first.
//
//   node bench/timers.mjs [--rounds 15]
//
// Durations are "mixed" (10,000 distinct ones of 1 to 60,000 ms in random order) or one (30 s).
// What a pair of calls meets depends on the pattern, so all three are shown:
//   burst    10,000 timers are set, then all are cleared, in that order
//   ring     10,000 are pending; each pair clears the oldest and sets one of the same duration
//   alone    each timer is cleared at once, and nothing else is pending
// Figures are wall time per pair: the median of the rounds, and the median of their ratios. Ours
// include a reading of the monotonic clock per timer, which Node replaces by the time of its turn;
// the last line shows what that reading costs here.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Timers } from '../dist/timers/timers.js';

const PENDING_COUNT = 10_000;
const DURATION_MAX_MS = 60_000;
const LAP_COUNT = 10;
const PAIR_COUNT = PENDING_COUNT * LAP_COUNT;
const WARM_UP_COUNT = 3;

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const roundCount = Number(values.rounds);

function mixedDurations() {
  let state = 0x9e3779b9;
  const step = DURATION_MAX_MS / PENDING_COUNT;
  const durations = Array.from({ length: PENDING_COUNT }, (_, index) => 1 + index * step);
  for (let index = durations.length - 1; index > 0; index--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (index + 1));
    [durations[index], durations[other]] = [durations[other], durations[index]];
  }
  return durations;
}

const patterns = {
  burst: `
    const pending = new Array(durations.length);
    for (let lap = 0; lap < lapCount; lap++) {
      for (let at = 0; at < durations.length; at++) pending[at] = set(durations[at]);
      for (let at = 0; at < durations.length; at++) clear(pending[at]);
    }`,
  ring: `
    const pending = durations.map((duration) => set(duration));
    for (let lap = 1; lap < lapCount; lap++) {
      for (let at = 0; at < durations.length; at++) {
        clear(pending[at]);
        pending[at] = set(durations[at]);
      }
    }
    for (const timer of pending) clear(timer);`,
  alone: `
    for (let lap = 0; lap < lapCount; lap++) {
      for (let at = 0; at < durations.length; at++) clear(set(durations[at]));
    }`,
};

const nothing = () => undefined;
const now = () => performance.now() * 1e6;
const timers = new Timers(now, nothing);
const contestants = {
  edgewise: [(durationMs) => timers.setTimeout(nothing, durationMs), (timer) => timer.clear()],
  node: [(durationMs) => setTimeout(nothing, durationMs), (timer) => clearTimeout(timer)],
};

// Each contestant gets a copy of the loop: in a program, too, its calls have one target.
function compile(pattern) {
  return new Function('set', 'clear', 'durations', 'lapCount', patterns[pattern]);
}

function measure(run, [set, clear], durations) {
  const start = process.hrtime.bigint();
  run(set, clear, durations, LAP_COUNT);
  return Number(process.hrtime.bigint() - start) / PAIR_COUNT;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

async function compare(pattern, title, durations) {
  const runs = { edgewise: compile(pattern), node: compile(pattern) };
  const results = { edgewise: [], node: [] };
  for (let round = -WARM_UP_COUNT; round < roundCount; round++) {
    for (const name of round % 2 === 0 ? ['edgewise', 'node'] : ['node', 'edgewise']) {
      const pairNs = measure(runs[name], contestants[name], durations);
      if (round >= 0) results[name].push(pairNs);
    }
    timers.runDue(now(), nothing); // both loops take a turn between the rounds
    await new Promise((resolve) => setImmediate(resolve));
  }
  const ratios = results.edgewise.map((pairNs, round) => pairNs / results.node[round]);
  const cells = [median(results.edgewise).toFixed(0), median(results.node).toFixed(0)];
  const row = [...cells, median(ratios).toFixed(2)].map((cell) => cell.padStart(10)).join('');
  console.log(`${pattern.padEnd(7)}${title.padEnd(8)}${row}`);
}

function measureClock() {
  const start = process.hrtime.bigint();
  let sum = 0;
  for (let count = 0; count < PAIR_COUNT; count++) sum += now();
  return sum > 0 ? Number(process.hrtime.bigint() - start) / PAIR_COUNT : 0;
}

console.log(`ns per set + clear; ${roundCount} rounds of ${PAIR_COUNT} pairs each`);
console.log(`Node ${process.version}, ${process.platform} ${process.arch}, ${cpus()[0]?.model}`);
console.log(
  `${' '.repeat(15)}${['edgewise', 'node', 'ratio'].map((s) => s.padStart(10)).join('')}`,
);
const mixed = mixedDurations();
const one = new Array(PENDING_COUNT).fill(DURATION_MAX_MS / 2);
for (const pattern of Object.keys(patterns)) {
  await compare(pattern, 'mixed', mixed);
  await compare(pattern, 'one', one);
}
const clockNs = median(Array.from({ length: 9 }, measureClock));
console.log(`of ours, reading the clock: ${clockNs.toFixed(0)}`);
