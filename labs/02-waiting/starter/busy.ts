// Busy: no call waits; each client is tried again and again. Lab 2, task b.
import * as sys from 'edgewise/sys';
import { LineCounter, listen } from './common.ts';

const listener = listen('non-blocking');
const clients = new Map<number, LineCounter>();

for (;;) {
  const accepted = sys.accept4(listener, null, 0); // does not wait: WOULD_BLOCK when no client is there
  if (accepted >= 0) clients.set(accepted, new LineCounter());
  for (const [fd, counter] of clients) {
    // Task b: try this client. It has something, or nothing yet, or its end, or an error.
  }
}
