// A thread per connection: each blocks as it likes. A descriptor is a number that all threads of the
// process share, so handing one over is passing the number.
import { setImmediate } from 'node:timers/promises';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import * as sys from 'edgewise/sys';
import { echoToTheEnd } from './blocking-echo.ts';
import { listen } from './common.ts';

const THREADS_MAX = 64; // some 10 MB each: further clients wait in the kernel's queue
let threadCount = 0;
let onEnded: () => void;

function start(fd: number): void {
  const thread = new Worker(new URL(import.meta.url), { workerData: fd });
  threadCount++;
  thread.once('error', () => sys.close(fd)); // it could not start: no memory
  thread.once('exit', () => {
    threadCount--;
    onEnded?.();
  });
}

if (isMainThread) {
  const listener = listen('blocking');
  for (;;) {
    const fd = sys.accept(listener);
    if (fd >= 0) start(fd);
    await setImmediate(); // Node joins threads that have ended here
    if (threadCount < THREADS_MAX) continue;
    await new Promise<void>((resolve) => {
      onEnded = resolve;
    });
  }
} else {
  echoToTheEnd(workerData as number);
}
