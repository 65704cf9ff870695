// A spin. The server always waits for Writable too, by the level trigger, with nothing to write: the
// socket has room, so no wait lasts, and a core is busy with nothing. `--fixed` waits for Readable
// alone, and would wait for Writable only while an answer is left over.
import { Interest, Reactor, Readiness, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';
import { pair } from './pair.ts';

const isFixed = process.argv.includes('--fixed');
const REST_MS = 20;
const bytes = new Uint8Array(4096);
const reactor = new Reactor();
const [server, client] = pair();
let callCount = 0;

function echo(readiness: number, { fd }: Registration): void {
  callCount++;
  if (callCount === 1) reactor.setTimeout(stop, REST_MS);
  if ((readiness & Readiness.Readable) === 0) return; // nothing to read, and nothing to write
  const count = sys.recv(fd, bytes);
  if (count > 0) sys.send(fd, bytes, 0, count);
}

function stop(): void {
  console.log(`the handler was called ${callCount} times for one message`);
  connection.closeDescriptor();
  sys.close(client);
}

const interest = isFixed ? Interest.Readable : Interest.Readable | Interest.Writable;
const connection = reactor.register(server, interest, { onReady: echo });
sys.send(client, Buffer.from('hello'));
await reactor.run();
