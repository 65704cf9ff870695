// epoll by hand, as in the manual page: one end of a socket pair is in two sets, in one level-,
// in the other edge-triggered; and what epoll_wait says of it after each step. Linux only.
import * as sys from 'edgewise/sys';
import { check } from './listen.ts';

const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK, EPOLL_CTL_ADD, EPOLL_CTL_DEL } = sys.constants;
const { EPOLLIN, EPOLLRDHUP, EPOLLHUP, EPOLLET } = sys.constants;
const NAMES = Object.entries({ EPOLLIN, EPOLLRDHUP, EPOLLHUP });

const ends = new Int32Array(2);
check(sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 'socketpair');
const [near, far] = ends as unknown as [number, number];

const level = check(sys.epoll_create1(), 'epoll_create1');
const edge = check(sys.epoll_create1(), 'epoll_create1');
check(sys.epoll_ctl(level, EPOLL_CTL_ADD, near, EPOLLIN | EPOLLRDHUP), 'epoll_ctl');
check(sys.epoll_ctl(edge, EPOLL_CTL_ADD, near, EPOLLIN | EPOLLRDHUP | EPOLLET), 'epoll_ctl');

const events = new sys.EpollEvents(8);
function ask(epfd: number): string {
  const count = check(sys.epoll_wait(epfd, events, events.capacity, 0), 'epoll_wait');
  if (count === 0) return '-';
  const bits = events.events(0);
  return NAMES.filter(([, bit]) => (bits & bit) !== 0)
    .map(([name]) => name)
    .join('|');
}

function step(what: string, result?: number): void {
  const said = result === undefined ? '' : ` = ${result < 0 ? sys.errnoName(result) : result}`;
  console.log(`${`${what}${said}`.padEnd(22)} ${ask(level).padEnd(20)} ${ask(edge)}`);
}

console.log(`${'step'.padEnd(22)} ${'level'.padEnd(20)} edge`);
const bytes = new Uint8Array(4);
step('added');
step('write 8', sys.write(far, new Uint8Array(8)));
step('wait again'); // level: still readable. edge: nothing new.
step('read 4', sys.read(near, bytes));
step('wait again'); // 4 bytes are left, and an edge-triggered reader would wait for ever
step('write 1', sys.write(far, new Uint8Array(1))); // a new arrival is a new edge
step('read 4', sys.read(near, bytes));
step('read 4', sys.read(near, bytes)); // a short read: 1
step('read 4', sys.read(near, bytes)); // EAGAIN: drained, the only safe end under edge
step('shutdown', sys.shutdown(far, sys.constants.SHUT_WR));
step('read 4', sys.read(near, bytes)); // 0: the end; level reports it until the descriptor is gone

for (const epfd of [level, edge]) {
  check(sys.epoll_ctl(epfd, EPOLL_CTL_DEL, near), 'epoll_ctl'); // before close: a dup would stay
  sys.close(epfd);
}
for (const fd of ends) sys.close(fd);
