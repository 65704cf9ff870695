// One thread, level-triggered: lab 3.
import { Interest, Poller } from 'edgewise';
import * as sys from 'edgewise/sys';
import { Lines } from '../lines.ts';
import { listen, step } from './common.ts';

const listener = listen('non-blocking');
const clients = new Map<number, Lines>();
const poller = new Poller();
poller.add(listener, listener, Interest.Readable, 'level');

for (;;) {
  const count = poller.wait(-1);
  for (let i = 0; i < count; i++) {
    const fd = poller.events.token(i);
    const lines = clients.get(fd);
    if (lines === undefined) accept();
    else if (step(fd, lines) === 'ended') drop(fd);
  }
}

function accept(): void {
  const fd = sys.accept4(listener, null, sys.constants.SOCK_NONBLOCK);
  if (fd < 0) return;
  clients.set(fd, new Lines());
  poller.add(fd, fd, Interest.Readable, 'level');
}

function drop(fd: number): void {
  clients.delete(fd);
  poller.remove(fd);
  sys.close(fd);
}
