// Busy: no call waits; each client is tried again and again. Lab 2, task b.
import * as sys from 'edgewise/sys';
import { LineCounter, listen, sendAll } from './common.ts';

const room = new Uint8Array(65_536);
const listener = listen('non-blocking');
const clients = new Map<number, LineCounter>();

for (;;) {
  const accepted = sys.accept4(listener, null, 0); // WOULD_BLOCK when no client is there
  if (accepted >= 0) clients.set(accepted, new LineCounter());
  for (const [fd, counter] of clients) {
    const count = sys.recv(fd, room);
    // Task b: this waits for one client while the others wait for it. And it may be nothing yet, the end, or an error.
    if (count > 0) sendAll(fd, counter.answer(room.subarray(0, count)));
  }
}
