// Discard (RFC 863) by `registerEdge`: the same as discard.ts, and the drain rule cannot be forgotten.
// A handler that returns early does not compile; try it: leave a `return` out.
import { type Edge, Interest, isBytes, type Settled } from 'edgewise';
import * as sys from 'edgewise/sys';
import { hangUp, serve } from './listen.ts';

const bytes = new Uint8Array(65_536);

const discarder = {
  onReady(edge: Edge<{ byteCount: number }>): Settled {
    for (;;) {
      const count = edge.recv(bytes);
      if (!isBytes(count)) {
        if (count === sys.WOULD_BLOCK) return edge.settled(count); // the next byte is a new edge
        const how = count === 0 ? 'the end' : sys.errnoName(count);
        console.log(`discarded ${edge.data.byteCount} bytes, then ${how}`);
        hangUp(edge.registration);
        return edge.closed();
      }
      edge.data.byteCount += count;
      const over = edge.charge(count);
      if (over) return over; // out of budget: the reactor calls again, behind the others
    }
  },
};

await serve((fd, reactor) => {
  reactor.registerEdge(fd, Interest.Readable, discarder, { data: { byteCount: 0 } });
}, 7009);
