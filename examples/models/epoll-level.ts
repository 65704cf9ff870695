// epoll, level-triggered: the kernel keeps the list, and a call returns only what is ready. What is not
// read to its end is reported again, so one step for each event is enough. Linux only.
import * as sys from 'edgewise/sys';
import { listen, must, step } from './common.ts';

const { EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLLIN, EPOLLOUT, SOCK_NONBLOCK } = sys.constants;
const epoll = must(sys.epoll_create1(), 'epoll_create1');
const events = new sys.EpollEvents(1024);
const waitingToWrite = new Set<number>();

function accept(listener: number): void {
  const fd = sys.accept4(listener, null, SOCK_NONBLOCK);
  if (fd < 0) return; // it has gone again
  const result = sys.epoll_ctl(epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
  if (result < 0) sys.close(fd); // no room to watch it (ENOMEM, ENOSPC)
}

function hangUp(fd: number): void {
  waitingToWrite.delete(fd);
  sys.close(fd); // epoll forgets it, since no one else has it open
}

function echo(fd: number) {
  const outcome = step(fd);
  if (outcome === 'closed') return hangUp(fd);
  const mustWait = outcome === 'writable';
  if (mustWait === waitingToWrite.has(fd)) return; // a call only where the interest changes
  if (mustWait) waitingToWrite.add(fd);
  else waitingToWrite.delete(fd);
  const result = sys.epoll_ctl(epoll, EPOLL_CTL_MOD, fd, mustWait ? EPOLLOUT : EPOLLIN);
  if (result < 0) hangUp(fd);
}

const listener = listen('non-blocking');
must(sys.epoll_ctl(epoll, EPOLL_CTL_ADD, listener, EPOLLIN), 'epoll_ctl');
for (;;) {
  const count = sys.epoll_wait(epoll, events, events.capacity, -1);
  for (let i = 0; i < count; i++) {
    const fd = events.data(i);
    if (fd === listener) accept(fd);
    else echo(fd);
  }
}
