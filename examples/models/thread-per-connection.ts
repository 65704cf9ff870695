// A thread per connection: each blocks as it likes. A descriptor is a number that all threads of the
// process share, so handing one over is passing the number.
import { setImmediate } from 'node:timers/promises';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import * as sys from 'edgewise/sys';
import { echoToTheEnd } from './blocking-echo.ts';
import { listen } from './common.ts';

if (isMainThread) {
  const listener = listen('blocking');
  for (;;) {
    const fd = sys.accept(listener);
    if (fd >= 0) new Worker(new URL(import.meta.url), { workerData: fd });
    await setImmediate(); // Node joins threads that have ended here
  }
} else {
  echoToTheEnd(workerData as number);
}
