// Non-blocking, busy: nobody is ever waited for, everybody is asked again and again. One thread holds
// them all, and burns a whole core while they are silent.
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
