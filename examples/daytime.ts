// Daytime (RFC 867): sends each client the time and hangs up. It shows an orderly end. close(2)
// on a socket that has unread input, or gets some later, sends a reset, and a reset may overtake
// our line. So: send, say that this was all, read until the client has said the same, then close.
import { Interest, type Registration, type Timer } from 'edgewise';
import * as sys from 'edgewise/sys';
import { hangUp, serve } from './listen.ts';

const LINGER_MS = 2000;
const ignored = new Uint8Array(4096);

const lingerer = {
  onReady(_readiness: number, client: Registration<Timer | undefined>): void {
    const count = sys.recv(client.fd, ignored);
    if (count > 0 || count === sys.WOULD_BLOCK) return; // level-triggered: we are called again
    client.data?.clear();
    hangUp(client);
  },
};

await serve((fd, reactor) => {
  // The send buffer of a new connection is empty, so one short line always fits. An error needs no
  // answer here: the recv that follows gets it, or the end.
  sys.send(fd, Buffer.from(`${new Date().toUTCString()}\r\n`));
  sys.shutdown(fd, sys.constants.SHUT_WR);
  const client = reactor.register<Timer | undefined>(fd, Interest.Readable, lingerer);
  // A client that never ends its side would hold the descriptor for ever.
  client.data = reactor.setTimeout(() => hangUp(client), LINGER_MS);
}, 7013);
