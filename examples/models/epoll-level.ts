// epoll, level-triggered: the kernel keeps the list, and a call gives only who is ready. What is not
// read to its end is reported again, so one step for each event is enough. Linux only.
import * as sys from 'edgewise/sys';
import { listen, must, step } from './common.ts';

const { EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLLIN, EPOLLOUT, SOCK_NONBLOCK } = sys.constants;
const epoll = must(sys.epoll_create1(), 'epoll_create1');
const events = new sys.EpollEvents(1024);
const waitingToWrite = new Set<number>();

function echo(fd: number): void {
  const outcome = step(fd);
  if (outcome === 'closed') {
    waitingToWrite.delete(fd);
    sys.close(fd); // epoll forgets it, since nobody else has it open
    return;
  }
  const mustWait = outcome === 'writable';
  if (mustWait === waitingToWrite.has(fd)) return; // a call only where the interest changes
  if (mustWait) waitingToWrite.add(fd);
  else waitingToWrite.delete(fd);
  must(sys.epoll_ctl(epoll, EPOLL_CTL_MOD, fd, mustWait ? EPOLLOUT : EPOLLIN), 'epoll_ctl');
}

const listener = listen('non-blocking');
must(sys.epoll_ctl(epoll, EPOLL_CTL_ADD, listener, EPOLLIN), 'epoll_ctl');
for (;;) {
  const count = sys.epoll_wait(epoll, events, events.capacity, -1);
  for (let i = 0; i < count; i++) {
    const fd = events.data(i);
    if (fd !== listener) {
      echo(fd);
      continue;
    }
    const client = sys.accept4(listener, null, SOCK_NONBLOCK);
    if (client >= 0) must(sys.epoll_ctl(epoll, EPOLL_CTL_ADD, client, EPOLLIN), 'epoll_ctl');
  }
}
