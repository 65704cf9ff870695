// What one wait costs when 10 descriptors are ready of all that are watched: epoll's cost follows
// what is ready, that of poll and select what is watched.
//
//   node idle-descriptors.mjs edgewise-epoll|edgewise-poll|edgewise-select WATCHED     (see answer.mjs)
//
// Both ends of socket pairs are watched for reading, level-triggered; 10 of them, spread evenly,
// hold a byte that is never read, so every wait(0) brings 10 events. Figures are CPU time (user and
// system, of the process) per `Poller.wait`. `select` goes as far as FD_SETSIZE, the others as far
// as the process's limit of descriptors: beyond that the program ends with a line that says so.
import { Interest, Poller } from '../../dist/index.js';
import * as sys from '../../dist/sys/index.js';
import { answer, cpuUs } from './answer.mjs';

const ACTIVE_COUNT = 10;
const MEASURE_US = 20_000; // of CPU time, at least, for one figure

const [way, watched] = process.argv.slice(2);
const watchedCount = Number(watched);

function refuse(reason) {
  console.error(reason);
  process.exit(1);
}

/** Ends of socket pairs; neighbours belong together. */
function openPairs() {
  const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;
  const ends = [];
  const pair = new Int32Array(2);
  while (ends.length < watchedCount) {
    const result = sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
    if (result < 0) refuse(`${ends.length} descriptors were available: ${sys.errnoName(result)}`);
    ends.push(...pair);
  }
  return ends;
}

const backend = way.replace('edgewise-', '');
if (!Poller.backends.includes(backend)) refuse(`${backend} is not available here`);
const poller = new Poller({ backend }); // comes first: it needs a descriptor itself
const ends = openPairs();
const { fdLimit } = poller.capabilities;
if (ends.at(-1) >= fdLimit) refuse(`${backend} takes descriptors below ${fdLimit} only`);
for (const [token, fd] of ends.entries()) poller.add(fd, token, Interest.Readable, 'level');
const step = watchedCount / ACTIVE_COUNT;
for (let index = 0; index < ACTIVE_COUNT; index++) {
  sys.write(ends[Math.floor(index * step) ^ 1], new Uint8Array(1));
}

function waitMany(count) {
  for (let wait = 0; wait < count; wait++) {
    if (poller.wait(0) !== ACTIVE_COUNT) throw new Error('a wait did not bring the active ones');
  }
}

let waitCount = 1;

await answer(() => {
  for (;;) {
    const before = cpuUs();
    waitMany(waitCount);
    const usedUs = cpuUs() - before;
    if (usedUs >= MEASURE_US) {
      return { nsPerOperation: (usedUs * 1000) / waitCount, operations: waitCount };
    }
    waitCount *= 2;
  }
});
