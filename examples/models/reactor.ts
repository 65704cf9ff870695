// The reactor: it waits, and calls the handler of each descriptor that is ready. The loop is a library's, and
// timers, signals and other threads' messages come through the same one.
import { Interest, Reactor, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';
import { listen, step } from './common.ts';

function onListenerReady(_readiness: number, listener: Registration): void {
  const fd = sys.accept4(listener.fd, null, sys.constants.SOCK_NONBLOCK);
  if (fd < 0) return; // it has gone again
  try {
    reactor.register(fd, Interest.Readable, { onReady });
  } catch {
    sys.close(fd); // the kernel has no room to watch it: one client is lost, not the server
  }
}

function onReady(_readiness: number, client: Registration): void {
  const outcome = step(client.fd);
  if (outcome === 'closed') {
    client.close(); // the registration first: it borrows the descriptor
    sys.close(client.fd);
  } else {
    client.setInterest(outcome === 'writable' ? Interest.Writable : Interest.Readable);
  }
}

const reactor = new Reactor();
reactor.register(listen('non-blocking'), Interest.Readable, { onReady: onListenerReady });
await reactor.run();
