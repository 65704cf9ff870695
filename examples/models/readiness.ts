// The loop of select.ts and poll.ts: ask the kernel which descriptors are ready, and do one step for each.
import { type Backend, Interest, Poller } from 'edgewise';
import * as sys from 'edgewise/sys';
import { listen, step } from './common.ts';

/** Serves for ever, on this back-end of the Poller. */
export function serveOn(backend: Backend): never {
  const poller = new Poller({ backend });
  const listener = listen('non-blocking');
  poller.add(listener, listener, Interest.Readable, 'level'); // its number as token
  for (;;) {
    const count = poller.wait(-1);
    for (let i = 0; i < count; i++) {
      const fd = poller.events.token(i);
      if (fd === listener) accept(poller, listener);
      else echo(poller, fd);
    }
  }
}

function accept(poller: Poller, listener: number): void {
  const fd = sys.accept4(listener, null, sys.constants.SOCK_NONBLOCK);
  if (fd < 0) return; // it has gone again
  try {
    poller.add(fd, fd, Interest.Readable, 'level');
  } catch {
    sys.close(fd); // it cannot be watched: a number beyond those of select(2)
  }
}

function echo(poller: Poller, fd: number): void {
  const outcome = step(fd);
  if (outcome === 'closed') {
    poller.remove(fd); // before the descriptor is closed
    sys.close(fd);
    return;
  }
  const interest = outcome === 'writable' ? Interest.Writable : Interest.Readable;
  poller.modify(fd, fd, interest, 'level'); // changes an entry of a list; no system call
}
