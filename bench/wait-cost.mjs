// What one wait costs when 10 descriptors are ready out of 10, 100, 1,000 and 10,000 watched ones:
// epoll's cost follows what is ready, that of poll and select what is watched. Build first.
//
//   node bench/wait-cost.mjs [--rounds 11] [--json FILE]
//
// Both ends of socket pairs are watched for reading, level-triggered; 10 of them, spread evenly,
// hold a byte that nobody reads, so every wait(0) brings 10 events. Figures are CPU time (user and
// system, of the process) per `Poller.wait`, the median of rounds in which all sets take turns; a
// ratio is the median of those to the smallest set of the same round. `select` goes as far as
// FD_SETSIZE, the others as far as the process's limit of descriptors, which is left as it is.
import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { Interest, Poller } from '../dist/index.js';
import * as sys from '../dist/sys.js';

const SIZES = [10, 100, 1000, 10_000];
const ACTIVE_COUNT = 10;
const MEASURE_US = 8000; // of CPU time, at least, for one figure of one round

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '11' }, json: { type: 'string' } },
});
const roundCount = Number(values.rounds);
if (!(Number.isInteger(roundCount) && roundCount > 0)) {
  console.error('--rounds must be a whole number from 1');
  process.exit(2);
}

/** As many ends of socket pairs as there may be, up to `count`; neighbours belong together. */
function openPairs(count) {
  const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK, EMFILE, ENFILE } = sys.constants;
  const ends = [];
  const pair = new Int32Array(2);
  while (ends.length < count) {
    const result = sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
    if (result === -EMFILE || result === -ENFILE) break;
    if (result < 0) throw new Error(`socketpair: ${sys.errnoName(result)}`);
    ends.push(...pair);
  }
  return ends;
}

/**
 * Watches the first `size` ends with `poller`, or those that its back-end can take. `active` are
 * the descriptors that will be ready, `feeders` the other ends of them.
 */
function makeSet(poller, size, ends) {
  const watched = ends.slice(0, size).filter((fd) => fd < poller.capabilities.fdLimit);
  for (const [token, fd] of watched.entries()) poller.add(fd, token, Interest.Readable, 'level');
  const step = watched.length / ACTIVE_COUNT;
  const places = Array.from({ length: ACTIVE_COUNT }, (_, index) => Math.floor(index * step));
  return {
    poller,
    size: watched.length,
    isWhole: watched.length === size,
    active: places.map((place) => watched[place]),
    feeders: places.map((place) => ends[place ^ 1]),
    waitCount: 1,
    samplesNs: [],
  };
}

/** All sets of one back-end; it ends with the first one that could not be had whole. */
function makeSets(pollers, ends) {
  const sets = [];
  for (const [index, poller] of pollers.entries()) {
    if (sets.at(-1)?.isWhole !== false) sets.push(makeSet(poller, SIZES[index], ends));
  }
  // A set that is hardly larger than the one before would show nothing.
  const [last, before] = [sets.at(-1), sets.at(-2)];
  return last.isWhole || last.size >= before.size * 2 ? sets : sets.slice(0, -1);
}

function waitMany(poller, count) {
  for (let wait = 0; wait < count; wait++) {
    if (poller.wait(0) !== ACTIVE_COUNT) throw new Error('a wait did not bring the active ones');
  }
}

function cpuUsageUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function measureNs(set) {
  waitMany(set.poller, 1); // epoll drops here what was ready for another set
  for (;;) {
    const startUs = cpuUsageUs();
    waitMany(set.poller, set.waitCount);
    const usedUs = cpuUsageUs() - startUs;
    if (usedUs >= MEASURE_US) return (usedUs * 1000) / set.waitCount;
    set.waitCount *= 2;
  }
}

function runRound(sets) {
  const byte = new Uint8Array(1);
  for (const set of sets) {
    for (const fd of set.feeders) sys.write(fd, byte);
    set.samplesNs.push(measureNs(set));
    for (const fd of set.active) sys.read(fd, byte);
  }
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

function summarize(sets) {
  const [base] = sets;
  return sets.map(({ poller, size, samplesNs }) => ({
    backend: poller.backend,
    watched: size,
    active: ACTIVE_COUNT,
    cpuNsPerWait: Math.round(median(samplesNs)),
    ratio: median(samplesNs.map((sampleNs, round) => sampleNs / base.samplesNs[round])),
  }));
}

function print(results) {
  console.log(
    `CPU time of one wait, ${ACTIVE_COUNT} ready; median of ${roundCount} rounds; ` +
      `Node ${process.version}, ${process.platform} ${release()}, ${cpus()[0]?.model}\n`,
  );
  console.log(
    `${'back-end'.padEnd(10)}${'watched'.padStart(8)}${'ns/wait'.padStart(12)}     ratio`,
  );
  for (const { backend, watched, cpuNsPerWait, ratio } of results) {
    const columns = [backend.padEnd(10), String(watched).padStart(8)];
    columns.push(cpuNsPerWait.toLocaleString('en').padStart(12), ratio.toFixed(2).padStart(10));
    console.log(columns.join(''));
  }
}

// The pollers come first: they need descriptors themselves.
const pollers = Poller.backends.map((backend) => SIZES.map(() => new Poller({ backend })));
const ends = openPairs(SIZES.at(-1));
const setsOfBackends = pollers.map((ofBackend) => makeSets(ofBackend, ends));
runRound(setsOfBackends.flat()); // warms up
for (const set of setsOfBackends.flat()) set.samplesNs = [];
for (let round = 0; round < roundCount; round++) runRound(setsOfBackends.flat());

const results = setsOfBackends.flatMap(summarize);
print(results);
if (ends.length < SIZES.at(-1)) {
  console.log(`\n${ends.length} descriptors were to be had: the limit of this process (ulimit -n)`);
}
if (values.json !== undefined) {
  const facts = { node: process.version, platform: process.platform, kernel: release() };
  writeFileSync(values.json, `${JSON.stringify({ ...facts, roundCount, results }, null, 2)}\n`);
}
for (const poller of pollers.flat()) poller.close();
for (const fd of ends) sys.close(fd);
