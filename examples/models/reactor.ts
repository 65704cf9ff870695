// The reactor: it waits, and calls the handler of whoever is ready. The loop is a library's, and
// timers, signals and other threads' messages come through the same one.
import { Interest, Reactor, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';
import { listen, step } from './common.ts';

function onListenerReady(_readiness: number, listener: Registration): void {
  const fd = sys.accept4(listener.fd, null, sys.constants.SOCK_NONBLOCK);
  if (fd >= 0) reactor.register(fd, Interest.Readable, { onReady });
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
