// poll(2): an entry for each descriptor, all of which the kernel looks at in every call. No limit but
// that of the process.
import * as sys from 'edgewise/sys';
import { listen, must, step } from './common.ts';

const { EINTR, POLLIN, POLLOUT, SOCK_NONBLOCK } = sys.constants;
const LISTENER = 0; // its entry is the first
let fds = new sys.PollDescriptors(1024);
let count = 0; // entries in use: no hole is left among them

function watch(fd: number): void {
  if (count === fds.capacity) grow();
  fds.set(count++, fd, POLLIN);
}

function grow(): void {
  const larger = new sys.PollDescriptors(2 * count);
  for (let i = 0; i < count; i++) larger.set(i, fds.fd(i), fds.events(i));
  fds = larger;
}

function accept(): void {
  const fd = sys.accept4(fds.fd(LISTENER), null, SOCK_NONBLOCK);
  if (fd >= 0) watch(fd); // otherwise it has gone again
}

function echo(index: number): void {
  const fd = fds.fd(index);
  const outcome = step(fd);
  if (outcome !== 'closed') {
    fds.set(index, fd, outcome === 'writable' ? POLLOUT : POLLIN);
    return;
  }
  sys.close(fd);
  count--;
  fds.set(index, fds.fd(count), fds.events(count)); // the last entry takes its place
}

watch(listen('non-blocking'));
for (;;) {
  const ready = sys.poll(fds, count, -1);
  if (ready === -EINTR) continue; // a signal
  must(ready, 'poll');
  // Backwards: what takes the place of one that has gone was looked at before.
  for (let i = count - 1; i > LISTENER; i--) {
    if (fds.revents(i) !== 0) echo(i);
  }
  if (fds.revents(LISTENER) !== 0) accept();
}
