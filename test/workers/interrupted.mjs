// A process that waits in the system call of its argument while a thread of it sends signals:
// `node interrupted.mjs poll` prints what the call returned, and then whether the signal has arrived.
import { constants } from 'node:os';
import { Worker } from 'node:worker_threads';
import * as sys from '../../dist/sys/index.js';

const LONG_MS = 60_000;
const SHORT_MS = 100;
const state = new Int32Array(new SharedArrayBuffer(8)); // has begun, has ended
const { SIGUSR2 } = constants.signals;
const none = new sys.PollDescriptors(1);
const calls = {
  poll: () => sys.poll(none, 0, LONG_MS),
  select: () => sys.select(0, null, null, null, LONG_MS),
  ppoll: () => sys.ppoll(none, 0, SHORT_MS, [SIGUSR2]),
  pselect: () => sys.pselect(0, null, null, null, SHORT_MS, [SIGUSR2]),
};

let hasArrived = false;
process.on('SIGUSR2', () => {
  hasArrived = true;
});
// Again and again: one that came before the call began would not end it.
const worker = new Worker(
  `const { workerData } = require('node:worker_threads');
  Atomics.store(workerData, 0, 1);
  Atomics.notify(workerData, 0);
  do process.kill(process.pid, 'SIGUSR2');
  while (Atomics.wait(workerData, 1, 0, 1) === 'timed-out');`,
  { eval: true, workerData: state },
);
// The thread starts by itself; its first sign is waited for with the loop standing.
Atomics.wait(state, 0, 0);
const result = calls[process.argv[2]]();
Atomics.store(state, 1, 1);
Atomics.notify(state, 1);
console.log(result < 0 ? sys.errnoName(result) : String(result));
await new Promise((resolve) => worker.once('exit', resolve));
if (result === 0 && hasArrived) console.log('then SIGUSR2');
