// poll(2): one call waits for all descriptors at once. Lab 2, task c.
import { Interest, Poller } from 'edgewise';
import { type LineCounter, listen } from './common.ts';

const listener = listen('non-blocking');
const clients = new Map<number, LineCounter>();
const poller = new Poller({ backend: 'poll' });
poller.add(listener, listener, Interest.Readable, 'level'); // the second one is the token: what an event shows

for (;;) {
  const count = poller.wait(1000);
  for (let i = 0; i < count; i++) {
    const fd = poller.events.token(i);
    // Task c: it is the listener, or a client; and the wait may last as long as nothing happens.
  }
}
