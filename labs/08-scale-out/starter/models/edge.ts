// One thread, edge-triggered: lab 4. Each read goes on until would-block, which is one call more.
import { Interest, Poller } from 'edgewise';
import * as sys from 'edgewise/sys';
import { Lines } from '../lines.ts';
import { listen, step } from './common.ts';

const listener = listen('non-blocking');
const clients = new Map<number, Lines>();
const poller = new Poller();
poller.add(listener, listener, Interest.Readable, 'edge');

for (;;) {
  const count = poller.wait(-1);
  for (let i = 0; i < count; i++) {
    const fd = poller.events.token(i);
    const lines = clients.get(fd);
    if (lines === undefined) acceptAll();
    else drain(fd, lines);
  }
}

function acceptAll(): void {
  for (;;) {
    const fd = sys.accept4(listener, null, sys.constants.SOCK_NONBLOCK);
    if (fd < 0) return;
    clients.set(fd, new Lines());
    poller.add(fd, fd, Interest.Readable, 'edge');
  }
}

function drain(fd: number, lines: Lines): void {
  let outcome = step(fd, lines);
  while (outcome === 'answered') outcome = step(fd, lines);
  if (outcome === 'would block') return;
  clients.delete(fd);
  poller.remove(fd);
  sys.close(fd);
}
