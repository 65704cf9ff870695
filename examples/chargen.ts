// Chargen (RFC 864): sends lines without end. It shows back-pressure: one send per event, of what
// the socket takes. A client that does not read makes it unwritable: no event, no buffer, no work.
import { Interest, Readiness, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';
import { hangUp, serve } from './listen.ts';

const LINE_LENGTH = 72;
const CHARACTERS = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));

// Each line starts one character further on; after 95 lines it is the first one again.
const lines = CHARACTERS.map((_, first) => {
  const turned = [...CHARACTERS.slice(first), ...CHARACTERS.slice(0, first)];
  return `${turned.slice(0, LINE_LENGTH).join('')}\r\n`;
});
const pattern = Buffer.from(lines.join('').repeat(1024)); // 7 MB: no socket takes that at once
const ignored = new Uint8Array(4096);

// `data` is the place in the pattern from which the client goes on.
const generator = {
  onReady(readiness: number, client: Registration<number>) {
    if ((readiness & Readiness.Writable) !== 0) {
      const sent = sys.send(client.fd, pattern, client.data);
      if (sent < 0 && sent !== sys.WOULD_BLOCK) return hangUp(client);
      // A short write is no error: the next event goes on where this one ended.
      client.data = (client.data + Math.max(sent, 0)) % pattern.length;
    }
    if ((readiness & Readiness.Readable) !== 0) {
      const count = sys.recv(client.fd, ignored);
      if (count === 0 || (count < 0 && count !== sys.WOULD_BLOCK)) hangUp(client);
    }
  },
};

await serve((fd, reactor) => {
  // Write interest for good is right only here, where there is always something to write. Anywhere
  // else it would call the handler again and again for nothing: see chat.ts.
  reactor.register(fd, Interest.Readable | Interest.Writable, generator, { data: 0 });
}, 7019);
