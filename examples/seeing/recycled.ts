// A recycled number. A guest says "kick" at the moment at which another one says something. The
// handler closes the other, a newcomer gets its number, and the kernel's report of what the other had
// said comes next: by its number it would be the newcomer's. edgewise drops it, as its registration has
// ended. `--fixed` closes after the batch, when no report of the other is left.
import { Interest, Reactor, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';
import { pair } from './pair.ts';

const isFixed = process.argv.includes('--fixed');
const bytes = new Uint8Array(64);
const reactor = new Reactor();
const open: number[] = [];

function enter(name: string): { guest: Registration<string>; client: number } {
  const [fd, client] = pair();
  open.push(client);
  const guest = reactor.register(fd, Interest.Readable, { onReady: listen }, { data: name });
  return { guest, client };
}

function listen(_readiness: number, { fd, data: name }: Registration<string>): void {
  const count = sys.recv(fd, bytes);
  if (count <= 0) return;
  const word = Buffer.from(bytes.subarray(0, count)).toString();
  console.log(`${name}, fd ${fd}: ${word}`);
  if (word !== 'kick') return;
  if (isFixed) reactor.defer(kick);
  else kick();
}

function kick(): void {
  bob.guest.closeDescriptor();
  const { guest } = enter('carol');
  console.log(`bob was fd ${bob.guest.fd}, carol is fd ${guest.fd}`);
  reactor.defer(() => {
    console.log(`reports that were dropped: ${reactor.stats.staleDropped}`);
    for (const end of [alice.guest, guest]) end.closeDescriptor();
    for (const fd of open) sys.close(fd);
  });
}

const alice = enter('alice');
const bob = enter('bob');
sys.send(alice.client, Buffer.from('kick'));
sys.send(bob.client, Buffer.from('hello'));
await reactor.run();
