// A thread per connection: each blocks as it likes. This file is also what each thread runs.
import { setImmediate } from 'node:timers/promises';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import * as sys from 'edgewise/sys';
import { listen, serveToTheEnd } from './common.ts';

if (isMainThread) {
  const listener = listen('blocking');
  for (;;) {
    const fd = sys.accept(listener); // waits for a client
    if (fd >= 0) new Worker(new URL(import.meta.url), { workerData: fd });
    await setImmediate(); // Node joins threads that have ended here
  }
} else {
  serveToTheEnd(workerData as number);
}
