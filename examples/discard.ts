// Discard (RFC 863): throws away what it is sent. It shows the edge trigger and its drain rule: the
// kernel reports once, so a handler goes on until would-block, the end, an error, or its budget.
import { Interest, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';
import { hangUp, serve } from './listen.ts';

const bytes = new Uint8Array(65_536);

const discarder = {
  onReady(_readiness: number, client: Registration<{ byteCount: number }>) {
    for (;;) {
      const count = sys.recv(client.fd, bytes);
      if (count === sys.WOULD_BLOCK) return; // drained: the next byte will be a new edge
      if (count <= 0) {
        const how = count === 0 ? 'the end' : sys.errnoName(count);
        console.log(`discarded ${client.data.byteCount} bytes, then ${how}`);
        return hangUp(client);
      }
      client.data.byteCount += count;
      // A client that sends without end would keep the others waiting. Out of budget, we return,
      // and the reactor calls again in its next turn: no edge is lost.
      if (!client.charge(count)) return;
    }
  },
};

await serve((fd, reactor) => {
  const data = { byteCount: 0 };
  // Whatever came between accept and this call is reported as well: adding makes the kernel look.
  reactor.register(fd, Interest.Readable, discarder, { trigger: 'edge', data });
}, 7009);
