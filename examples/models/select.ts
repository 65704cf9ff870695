// select(2): a bit for each descriptor, all of which the kernel looks at in every call. None beyond
// FD_SETSIZE (1024) has a bit.
import * as sys from 'edgewise/sys';
import { listen, must, step } from './common.ts';

const { EINTR, FD_SETSIZE, SOCK_NONBLOCK } = sys.constants;
const reading = new sys.FdSet(); // what is waited for
const writing = new sys.FdSet();
const readable = new sys.FdSet(); // what is ready: select overwrites what it is given
const writable = new sys.FdSet();
const listener = listen('non-blocking');
let highest = listener;

function accept(): void {
  const fd = sys.accept4(listener, null, SOCK_NONBLOCK);
  if (fd < 0) return; // it has gone again
  if (fd >= FD_SETSIZE) {
    sys.close(fd); // it cannot be watched
    return;
  }
  reading.add(fd);
  highest = Math.max(highest, fd);
}

function echo(fd: number): void {
  const outcome = step(fd);
  reading.delete(fd);
  writing.delete(fd);
  if (outcome === 'closed') sys.close(fd);
  else (outcome === 'writable' ? writing : reading).add(fd);
}

reading.add(listener);
for (;;) {
  readable.copy(reading);
  writable.copy(writing);
  const ready = sys.select(highest + 1, readable, writable, null, -1);
  if (ready === -EINTR) continue; // a signal
  must(ready, 'select');
  // Every number has to be asked about, ready or not.
  for (let fd = 0; fd <= highest; fd++) {
    if (!readable.has(fd) && !writable.has(fd)) continue;
    if (fd === listener) accept();
    else echo(fd);
  }
}
