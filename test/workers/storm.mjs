// Sends a signal to this process about once per millisecond, until asked to stop or at its limit.
import { parentPort, workerData } from 'node:worker_threads';

const { state, signal, countMax } = workerData; // state: [is stopped, count sent, a word to sleep on]
while (Atomics.load(state, 0) === 0 && state[1] < countMax) {
  process.kill(process.pid, signal);
  if (Atomics.add(state, 1, 1) === 0) parentPort.postMessage('started');
  Atomics.wait(state, 2, 0, 1);
}
