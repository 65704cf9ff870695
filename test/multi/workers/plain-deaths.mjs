// What Node itself keeps of threads that are terminated: threads that load the same modules as a
// sub-reactor, and run nothing of them. Arguments: threads, terminations. Prints the growth of memory
// since a third of them, as JSON (kills.mjs compares its own).
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { growthSince, memoryHeld } from './memory.mjs';

async function start() {
  const worker = new Worker(new URL(import.meta.url));
  await once(worker, 'message');
  return worker;
}

async function main(size, deaths) {
  const workers = await Promise.all(Array.from({ length: size }, start));
  let before;
  for (let death = 0; death < deaths; death++) {
    const index = death % size;
    await workers[index].terminate();
    workers[index] = await start();
    if (death === Math.floor(deaths / 3)) before = memoryHeld();
  }
  console.log(JSON.stringify(growthSince(before)));
  await Promise.all(workers.map((worker) => worker.terminate()));
}

if (isMainThread) {
  const [size, deaths] = process.argv.slice(2).map(Number);
  await main(size, deaths);
} else {
  await import('../../../dist/multi/index.js');
  await import('./sub-echo.mjs');
  parentPort.on('message', () => undefined);
  parentPort.postMessage('ready');
}
