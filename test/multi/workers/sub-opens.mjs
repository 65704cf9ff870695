// The module of a pool in tests of what closes the descriptors of a thread: `data.kind` says what it
// opens when it starts, or with `waits` when it is asked; `data.cells` takes a number of it.
import { listen, watchExit } from '../../../dist/index.js';
import * as sys from '../../../dist/sys/index.js';

const { AF_UNIX, SOCK_STREAM, F_DUPFD_CLOEXEC } = sys.constants;
const STDERR = 2;

function must(result) {
  if (result < 0) throw new Error(sys.errnoName(result));
  return result;
}

function pairOf(make) {
  const fds = new Int32Array(2);
  must(make(fds));
  return fds;
}

const socketpair = () => pairOf((fds) => sys.socketpair(AF_UNIX, SOCK_STREAM, 0, fds));

const OPEN = {
  socket: () => sys.socket(AF_UNIX, SOCK_STREAM),
  socketpair,
  pipe: () => pairOf((fds) => sys.pipe(fds)),
  dup: () => sys.dup(STDERR),
  fcntl: () => sys.fcntl(STDERR, F_DUPFD_CLOEXEC, 0),
  recvmsg: () => {
    const [from, to] = socketpair();
    must(sys.sendmsg(from, { buffers: [Buffer.from('x')], descriptors: [STDERR, STDERR] }));
    must(sys.recvmsg(to, [Buffer.alloc(1)], new sys.ReceivedMessage(2)));
    for (const fd of [from, to]) must(sys.close(fd));
  },
  watchExit: () => void watchExit(process.pid, () => undefined).unref(),
  eventfd: () => sys.eventfd(0),
  timerfd_create: () => sys.timerfd_create(sys.constants.CLOCK_MONOTONIC),
  inotify_init1: () => sys.inotify_init1(),
  pidfd_open: () => sys.pidfd_open(process.pid),
  reopen: () => {
    const [reader, writer] = pairOf((fds) => sys.pipe(fds));
    must(sys.reopen(reader));
    for (const fd of [reader, writer]) must(sys.close(fd));
  },
  epoll_create1: () => sys.epoll_create1(),
  kqueue: () => sys.kqueue(),
  // The same port each time that the thread is started.
  listener: ({ cells }) => {
    const { port } = listen({ host: '127.0.0.1', port: cells[0], handlers: {} }).unref();
    cells[0] = port;
  },
  'shed listener': () =>
    void listen({ host: '127.0.0.1', onExhaustion: 'shed', handlers: {} }).unref().close(),
};

let wish;

function open() {
  const result = OPEN[wish.kind](wish);
  if (typeof result === 'number') wish.cells[0] = must(result);
}

export function start({ data }) {
  wish = data;
  if (!data.waits) open();
}

export const handlers = {
  data(connection, bytes) {
    open();
    connection.write(bytes);
  },
};
