// Busy: no call waits; each client is tried again and again.
import * as sys from 'edgewise/sys';
import { LineCounter, listen, sendAll } from './common.ts';

const { SOCK_NONBLOCK } = sys.constants;
const room = new Uint8Array(65_536);
const listener = listen('non-blocking');
const clients = new Map<number, LineCounter>();

for (;;) {
  const accepted = sys.accept4(listener, null, SOCK_NONBLOCK);
  if (accepted >= 0) clients.set(accepted, new LineCounter());
  for (const [fd, counter] of clients) {
    const count = sys.recv(fd, room);
    if (count === sys.WOULD_BLOCK) continue; // nothing yet
    if (count > 0 && sendAll(fd, counter.answer(room.subarray(0, count)))) continue;
    clients.delete(fd);
    sys.close(fd);
  }
}
