// epoll, edge-triggered: an event reports once that something has changed. So everything is done until
// it would block, and the interest is never changed. Linux only.
import * as sys from 'edgewise/sys';
import { listen, must, step } from './common.ts';

const { EPOLL_CTL_ADD, EPOLLIN, EPOLLOUT, EPOLLET, SOCK_NONBLOCK } = sys.constants;
const BOTH = EPOLLIN | EPOLLOUT | EPOLLET;
const epoll = must(sys.epoll_create1(), 'epoll_create1');
const events = new sys.EpollEvents(1024);

function acceptAll(listener: number): void {
  for (;;) {
    const fd = sys.accept4(listener, null, SOCK_NONBLOCK);
    if (fd < 0) return; // would-block: the queue is empty
    const result = sys.epoll_ctl(epoll, EPOLL_CTL_ADD, fd, BOTH >>> 0);
    if (result < 0) sys.close(fd); // no room to watch it (ENOMEM, ENOSPC)
  }
}

// A client that never pauses would keep the others waiting: examples/discard.ts has a budget.
function echoAll(fd: number): void {
  let outcome = step(fd);
  while (outcome === 'again') outcome = step(fd);
  if (outcome === 'closed') sys.close(fd);
}

const listener = listen('non-blocking');
must(sys.epoll_ctl(epoll, EPOLL_CTL_ADD, listener, (EPOLLIN | EPOLLET) >>> 0), 'epoll_ctl');
for (;;) {
  const count = sys.epoll_wait(epoll, events, events.capacity, -1);
  for (let i = 0; i < count; i++) {
    const fd = events.data(i);
    if (fd === listener) acceptAll(fd);
    else echoAll(fd);
  }
}
