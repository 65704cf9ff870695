// Blocking, one at a time: the simplest server. The second client waits until the first has gone.
import * as sys from 'edgewise/sys';
import { echoToTheEnd } from './blocking-echo.ts';
import { listen } from './common.ts';

const listener = listen('blocking');
for (;;) {
  const fd = sys.accept(listener); // waits for a client
  if (fd >= 0) echoToTheEnd(fd);
}
