// What a call into the addon costs, of one build against another in one process:
// `node bench/programs/calls.mjs BEFORE.node [AFTER.node] [rounds]`. A round makes batches of calls
// with the one and with the other in turns; the table shows the medians of the rounds, and the
// median of their ratios. Nanoseconds per call, the system call included.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const [before, after = 'build/Release/edgewise.node', rounds = '31'] = process.argv.slice(2);
const ROUNDS_MIN = 15;
const BATCH = 128; // small messages of 64 bytes that the buffer of a socket pair holds
const BATCHES = 200; // of each build in a round
const MEMORY_BYTES = 48 + 16 * 64; // a head and 64 records: native/addon/poller_wrap.h

if (before === undefined || !(Number(rounds) >= ROUNDS_MIN)) {
  console.error(
    `usage: node bench/programs/calls.mjs BEFORE.node [AFTER.node] [rounds >= ${ROUNDS_MIN}]`,
  );
  process.exit(2);
}

// Text, so that each build has functions of its own, which see one kind of object only. `n` is the
// addon as src/native.ts has it, `poller` an open NativePoller, `pair` a connected pair of sockets.
const PREPARED = {
  send: 'fill',
  recv: 'drain',
  pinnedSend: 'fill',
  pinnedRecv: 'drain',
};
const CALLS = {
  // The call of the other systems' kernel queue: takes no argument, returns -ENOSYS.
  empty: process.platform === 'linux' ? 'n.kqueue()' : 'n.epoll_create1()',
  'a refused number': 'n.close(-1)',
  'wait(0)': 'poller.wait(0)',
  'recv, would block': 'n.recv(idle, bytes)',
  send: 'n.send(pair[0], bytes, 0, 64)',
  recv: 'n.recv(pair[1], bytes, 0, 64)',
  pinnedSend: 'n.pinnedSend(block, pair[0], 0, 64)',
  pinnedRecv: 'n.pinnedRecv(block, pair[1], 0, 64)',
};

function open(path) {
  const n = Object.create(createRequire(import.meta.url)(resolve(path)));
  const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK } = n.constants;
  const pair = new Int32Array(2);
  const quiet = new Int32Array(2);
  for (const fds of [pair, quiet]) {
    if (n.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) < 0)
      throw new Error('socketpair');
  }
  const [memory] = n.pin(MEMORY_BYTES);
  const [block] = n.pin(64);
  const poller = new n.NativePoller();
  if (poller.open(n.platformFacts()[1], memory) < 0) throw new Error('open');
  return { n, pair, idle: quiet[0], block, poller, bytes: new Uint8Array(64) };
}

/** A function that makes `BATCH` calls and returns how long they took. */
function timed(state, call) {
  const names = Object.keys(state);
  const body = `
    return function () {
      const startNs = process.hrtime.bigint();
      for (let i = 0; i < ${BATCH}; i++) ${call};
      return Number(process.hrtime.bigint() - startNs);
    };`;
  return new Function(...names, body)(...names.map((name) => state[name]));
}

/** A function that makes one batch of the calls and returns the nanoseconds of one. */
function caseOf(state, name) {
  const run = timed(state, CALLS[name]);
  const { n, pair, bytes } = state;
  const large = new Uint8Array(1 << 16);
  return () => {
    if (PREPARED[name] === 'drain') for (let j = 0; j < BATCH; j++) n.send(pair[0], bytes, 0, 64);
    const ns = run() / BATCH;
    if (PREPARED[name] === 'fill') while (n.recv(pair[1], large) > 0);
    return ns;
  };
}

/** The medians of a round: batches of the one build and of the other in turns. */
function measure(runs, round) {
  const times = [[], []];
  for (let batch = 0; batch < BATCHES; batch++) {
    for (const index of (batch + round) % 2 === 0 ? [0, 1] : [1, 0])
      times[index].push(runs[index]());
  }
  return times.map(median);
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const builds = [open(before), open(after)];
console.log(`before ${resolve(before)}\nafter  ${resolve(after)}\n${rounds} rounds`);
console.log('call                before ns   after ns   after / before');
for (const name of Object.keys(CALLS)) {
  const runs = builds.map((state) => caseOf(state, name));
  measure(runs, 0); // warm
  const all = Array.from({ length: Number(rounds) }, (_, round) => measure(runs, round));
  const ratio = median(all.map(([ns, afterNs]) => afterNs / ns));
  const cells = [0, 1].map((index) => median(all.map((times) => times[index])));
  const text = cells.map((ns) => ns.toFixed(1).padStart(11)).join('');
  console.log(`${name.padEnd(18)}${text}   ${ratio.toFixed(3)}`);
}
