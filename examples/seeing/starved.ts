// A starved client. Two clients have sent something at the same moment: one a lot, one a word. The
// handler takes all of the first, in small reads, before it returns: the other waits for all of them.
// `--fixed` charges what it reads and returns when the budget is used up; the reactor calls it again
// after the others.
import { Interest, Reactor, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';
import { pair } from './pair.ts';

const isFixed = process.argv.includes('--fixed');
const bytes = new Uint8Array(16);
const reactor = new Reactor();
const [busy, busyClient] = pair();
const [patient, patientClient] = pair();
let readCount = 0;

function takeAll(_readiness: number, registration: Registration): void {
  for (;;) {
    const count = sys.recv(registration.fd, bytes);
    if (count === sys.WOULD_BLOCK) return; // drained
    if (count <= 0) return void registration.closeDescriptor();
    readCount++;
    if (isFixed && !registration.charge(count)) return; // re-queued: the others have their turn
  }
}

function answer(_readiness: number, registration: Registration): void {
  if (sys.recv(registration.fd, bytes) === sys.WOULD_BLOCK) return;
  console.log(`the patient client waited for ${readCount} reads of the busy one`);
  registration.closeDescriptor();
}

reactor.register(busy, Interest.Readable, { onReady: takeAll }, { trigger: 'edge' });
reactor.register(patient, Interest.Readable, { onReady: answer });
sys.send(busyClient, new Uint8Array(64 * 1024));
sys.send(patientClient, Buffer.from('hello'));
for (const client of [busyClient, patientClient]) sys.close(client);
await reactor.run();
