// A thread pool: so many threads, each of which accepts, serves to the end, and accepts again. The
// kernel's queue of the listener is the pool's: a client that comes when all are busy waits in it.
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import * as sys from 'edgewise/sys';
import { echoToTheEnd } from './blocking-echo.ts';
import { listen } from './common.ts';
import { threads } from './flags.ts';

if (isMainThread) {
  const listener = listen('blocking');
  for (let i = 0; i < threads; i++) {
    new Worker(new URL(import.meta.url), { workerData: listener });
  }
} else {
  for (;;) {
    const fd = sys.accept(workerData as number); // one of the threads that wait gets it
    if (fd >= 0) echoToTheEnd(fd);
  }
}
