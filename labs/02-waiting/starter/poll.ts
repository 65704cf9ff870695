// poll(2): one call waits for all descriptors at once. Lab 2, task c.
import { Interest, Poller } from 'edgewise';
import * as sys from 'edgewise/sys';
import { LineCounter, listen } from './common.ts';

const { SOCK_NONBLOCK } = sys.constants;
const listener = listen('non-blocking');
const clients = new Map<number, LineCounter>();
const poller = new Poller({ backend: 'poll' });
poller.add(listener, listener, Interest.Readable, 'level'); // the second one is the token: what an event shows

for (;;) {
  const count = poller.wait(1000);
  for (let i = 0; i < count; i++) {
    const fd = poller.events.token(i);
    if (fd === listener) accept();
    // Task c: the others are clients. And the wait may last as long as nothing happens.
  }
}

function accept(): void {
  const fd = sys.accept4(listener, null, SOCK_NONBLOCK);
  if (fd < 0) return;
  clients.set(fd, new LineCounter());
  // Task c: no one waits for this client.
}
