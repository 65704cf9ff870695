// What a timer costs that is set and cleared again: ours, or Node's own setTimeout and clearTimeout.
// Most timers of a server never fire: they are the idle and request limits that the next message
// clears.
//
//   node timers.mjs edgewise-timers|node-timers burst|ring|alone mixed|one     (see answer.mjs)
//
// Durations are "mixed" (10,000 distinct ones of 1 to 60,000 ms in random order) or one (30 s).
// What a pair of calls meets depends on the pattern:
//   burst    10,000 timers are set, then all are cleared, in that order
//   ring     10,000 are pending; each pair clears the oldest and sets one of the same duration
//   alone    each timer is cleared at once, and nothing else is pending
// Wall time per pair, of what a program calls: ours in a turn of a reactor, Node's in one of its loop.
// Ours includes a reading of the monotonic clock per timer, which Node replaces by the time of its
// turn.
import { Reactor } from '../../dist/index.js';
import { answer } from './answer.mjs';

const PENDING_COUNT = 10_000;
const DURATION_MAX_MS = 60_000;
const LAP_COUNT = 10;
const PAIR_COUNT = PENDING_COUNT * LAP_COUNT;
const WARM_UP_COUNT = 20; // rounds until V8 has compiled all that is hot

const [way, pattern, kind] = process.argv.slice(2);

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
  burst(set, clear, durations) {
    const pending = new Array(durations.length);
    for (let lap = 0; lap < LAP_COUNT; lap++) {
      for (let at = 0; at < durations.length; at++) pending[at] = set(durations[at]);
      for (let at = 0; at < durations.length; at++) clear(pending[at]);
    }
  },
  ring(set, clear, durations) {
    const pending = durations.map((duration) => set(duration));
    for (let lap = 1; lap < LAP_COUNT; lap++) {
      for (let at = 0; at < durations.length; at++) {
        clear(pending[at]);
        pending[at] = set(durations[at]);
      }
    }
    for (const timer of pending) clear(timer);
  },
  alone(set, clear, durations) {
    for (let lap = 0; lap < LAP_COUNT; lap++) {
      for (let at = 0; at < durations.length; at++) clear(set(durations[at]));
    }
  },
};

const nothing = () => undefined;
const reactor = new Reactor();
const [set, clear] =
  way === 'node-timers'
    ? [(durationMs) => setTimeout(nothing, durationMs), (timer) => clearTimeout(timer)]
    : [(durationMs) => reactor.setTimeout(nothing, durationMs), (timer) => timer.clear()];
const durations =
  kind === 'mixed' ? mixedDurations() : new Array(PENDING_COUNT).fill(DURATION_MAX_MS / 2);

let elapsedNs = 0;

function run() {
  const start = process.hrtime.bigint();
  patterns[pattern](set, clear, durations);
  elapsedNs = Number(process.hrtime.bigint() - start);
}

function measure() {
  if (way === 'node-timers') {
    run();
  } else {
    reactor.defer(run);
    reactor.turn(0);
  }
  return { nsPerOperation: elapsedNs / PAIR_COUNT, operations: PAIR_COUNT };
}

for (let round = 0; round < WARM_UP_COUNT; round++) measure();
await answer(measure);
