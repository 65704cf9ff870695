// Blocking, one client at a time: lab 2.
import * as sys from 'edgewise/sys';
import { listen, serveToTheEnd } from './common.ts';

const listener = listen('blocking');
for (;;) {
  const fd = sys.accept(listener); // waits for a client
  if (fd >= 0) serveToTheEnd(fd);
}
