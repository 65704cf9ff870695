// One thread, one reactor: labs 5 and 6.
import { Interest, Reactor } from 'edgewise';
import * as sys from 'edgewise/sys';
import { LineClient } from '../lines.ts';
import { listen } from './common.ts';

const listener = listen('non-blocking');
const reactor = new Reactor();

reactor.register(listener, Interest.Readable, {
  onReady() {
    const fd = sys.accept4(listener, null, sys.constants.SOCK_NONBLOCK);
    if (fd >= 0) new LineClient(reactor, fd, () => sys.close(fd));
  },
});
for (;;) reactor.turn(-1);
