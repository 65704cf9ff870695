// A ghost. The server closes a descriptor of which a duplicate is open, and only then its registration.
// epoll has watched the open file, not the number: it goes on reporting what has no number any more,
// until the reactor builds its set anew. `--fixed` closes the registration first.
import { Interest, Reactor } from 'edgewise';
import * as sys from 'edgewise/sys';
import { pair } from './pair.ts';

const isFixed = process.argv.includes('--fixed');
const REST_MS = 50;
const reactor = new Reactor();
const [server, client] = pair();
const registration = reactor.register(server, Interest.Readable, {
  onReady: () => console.log('not called: the registration has ended'),
});
const duplicate = sys.dup(server);

if (isFixed) registration.close();
sys.close(server);
registration.close(); // too late for the kernel, if it comes second
sys.send(client, Buffer.from('is anyone there?'));

reactor.setTimeout(() => {
  console.log(`ghosts that were removed: ${reactor.stats.ghostsRemoved}`);
  for (const fd of [client, duplicate]) sys.close(fd);
}, REST_MS);
await reactor.run();
