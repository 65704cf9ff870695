// A lost edge. The server waits by the edge trigger and reads once for each report. A client sends
// 10,000 bytes and waits for an answer: 4,096 are read, the rest stays in the kernel, which has
// reported it already. Both wait, until the client gives up. `--fixed` reads until would-block.
import { Interest, Reactor, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';
import { pair } from './pair.ts';

const isFixed = process.argv.includes('--fixed');
const PATIENCE_MS = 100;
const request = new Uint8Array(10_000);
const bytes = new Uint8Array(4096);
const reactor = new Reactor();
const [server, client] = pair();
let received = 0;

function serve(_readiness: number, { fd }: Registration): void {
  do {
    const count = sys.recv(fd, bytes);
    if (count === sys.WOULD_BLOCK) return; // drained: what comes next is reported
    received += count;
    if (received === request.length) sys.send(fd, Buffer.from('thanks'));
  } while (isFixed);
}

function end(what: string): void {
  console.log(`${what} ${received} of ${request.length} bytes were read`);
  patience.clear();
  for (const end of ends) end.closeDescriptor();
}

const ends = [
  reactor.register(server, Interest.Readable, { onReady: serve }, { trigger: 'edge' }),
  reactor.register(client, Interest.Readable, { onReady: () => end('answered:') }),
];
const patience = reactor.setTimeout(() => end('no answer:'), PATIENCE_MS);
sys.send(client, request);
await reactor.run();
