// poll(2): one call waits for all descriptors at once.
import { Interest, Poller } from 'edgewise';
import * as sys from 'edgewise/sys';
import { LineCounter, listen, sendAll } from './common.ts';

const { SOCK_NONBLOCK } = sys.constants;
const room = new Uint8Array(65_536);
const listener = listen('non-blocking');
const clients = new Map<number, LineCounter>();
const poller = new Poller({ backend: 'poll' });
poller.add(listener, listener, Interest.Readable, 'level');

for (;;) {
  const count = poller.wait(-1);
  for (let i = 0; i < count; i++) {
    const fd = poller.events.token(i);
    if (fd === listener) accept();
    else serve(fd);
  }
}

// Level reports the listener again while there are more.
function accept(): void {
  const fd = sys.accept4(listener, null, SOCK_NONBLOCK);
  if (fd < 0) return;
  clients.set(fd, new LineCounter());
  poller.add(fd, fd, Interest.Readable, 'level');
}

function serve(fd: number): void {
  const counter = clients.get(fd);
  if (counter === undefined) return;
  const count = sys.recv(fd, room);
  if (count === sys.WOULD_BLOCK) return;
  if (count > 0 && sendAll(fd, counter.answer(room.subarray(0, count)))) return;
  clients.delete(fd);
  poller.remove(fd);
  sys.close(fd);
}
