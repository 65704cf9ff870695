// Non-blocking, busy: no client is ever waited for, each is tried again and again. One thread serves
// them all, and uses a whole core while they are silent.
import * as sys from 'edgewise/sys';
import { listen, step } from './common.ts';

const listener = listen('non-blocking');
const clients = new Set<number>();
for (;;) {
  const client = sys.accept4(listener, null, sys.constants.SOCK_NONBLOCK);
  if (client >= 0) clients.add(client);
  for (const fd of clients) {
    if (step(fd) !== 'closed') continue; // 'readable' and 'writable': perhaps the next time
    clients.delete(fd);
    sys.close(fd);
  }
}
