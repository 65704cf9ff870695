// Echo on the system calls alone: epoll by hand, one descriptor at a time. Linux only. It owns the
// thread, and Ctrl-C ends it as it ends a C program: the kernel closes what is open.
import * as sys from 'edgewise/sys';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
const { EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLLIN, EPOLLOUT } = sys.constants;
const bytes = Buffer.alloc(65_536); // shared: only what a client does not take at once is copied
const unsent = new Map<number, Buffer>(); // by descriptor
const epoll = must(sys.epoll_create1(), 'epoll_create1');

function must(result: number, syscall: string): number {
  if (result < 0) throw new Error(`${syscall}: ${sys.errnoName(result)}`);
  return result;
}

function accept(listener: number): void {
  const client = sys.accept4(listener, null, SOCK_NONBLOCK);
  if (client >= 0) must(sys.epoll_ctl(epoll, EPOLL_CTL_ADD, client, EPOLLIN, client), 'epoll_ctl');
}

function echo(client: number): void {
  let rest = unsent.get(client);
  if (rest === undefined) {
    const count = sys.recv(client, bytes);
    if (count === sys.WOULD_BLOCK) return;
    if (count <= 0) return void sys.close(client); // 0: it has sent its last; < 0: -errno
    rest = bytes.subarray(0, count);
  }
  const sent = sys.send(client, rest);
  const hasFailed = sent < 0 && sent !== sys.WOULD_BLOCK;
  keep(client, rest.subarray(hasFailed ? rest.length : Math.max(sent, 0)));
  if (hasFailed) sys.close(client); // epoll forgets it, since no one else has it open
}

// Until the client has taken the rest, nothing more is read from it. Most have taken all.
function keep(client: number, rest: Buffer): void {
  const wasWaiting = unsent.delete(client);
  if (rest.length > 0) unsent.set(client, Buffer.from(rest));
  if (wasWaiting === rest.length > 0) return;
  const interest = rest.length > 0 ? EPOLLOUT : EPOLLIN;
  must(sys.epoll_ctl(epoll, EPOLL_CTL_MOD, client, interest, client), 'epoll_ctl');
}

const listener = must(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK), 'socket');
sys.setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, 1); // the last run's connections may linger
const port = Number(process.argv[2] ?? 7007);
must(sys.bind(listener, { address: '127.0.0.1', port }) || sys.listen(listener, 4096), 'bind');
must(sys.epoll_ctl(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, listener), 'epoll_ctl');
const name = new sys.SocketAddress();
sys.getsockname(listener, name);
console.log(`listening on ${name}`);

const events = new sys.EpollEvents(256);
for (;;) {
  const count = sys.epoll_wait(epoll, events, events.capacity, -1);
  for (let index = 0; index < count; index++) {
    const fd = events.data(index);
    (fd === listener ? accept : echo)(fd);
  }
}
