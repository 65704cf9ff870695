// The echo server of ../epoll_echo.c through node:ffi (Node 26 and later): the calls of libc from
// JavaScript, one crossing for each. Level-triggered, one shared buffer, one recv and one send per
// message, writability watched only while the peer does not take what it is owed. Signatures are of
// int32 where the values allow, for BigInt costs. Linux. Prints "listening on HOST:PORT".
import { dlopen, getRawPointer, toArrayBuffer } from 'node:ffi';
import { constants, endianness } from 'node:os';

const [AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC] = [2, 1, 0o4000, 0o2000000];
const [SOL_SOCKET, SO_REUSEADDR, IPPROTO_TCP, TCP_NODELAY] = [1, 2, 6, 1];
const [EPOLLIN, EPOLLOUT, EPOLL_CTL_ADD, EPOLL_CTL_MOD] = [1, 4, 1, 3];
const MSG_NOSIGNAL = 0x4000;
const NULL = 0n;
const { EAGAIN } = constants.errno;

const BUFFER_SIZE = 64 * 1024;
const BACKLOG = 4096;
const BATCH_MAX = 1024;
const ACCEPT_MAX = 64;

const functionOf = (...parameters) => ({ arguments: parameters, return: 'int32' });
const { functions: libc } = dlopen(null, {
  socket: functionOf('int32', 'int32', 'int32'),
  setsockopt: functionOf('int32', 'int32', 'int32', 'pointer', 'int32'),
  bind: functionOf('int32', 'pointer', 'int32'),
  listen: functionOf('int32', 'int32'),
  getsockname: functionOf('int32', 'pointer', 'pointer'),
  accept4: functionOf('int32', 'pointer', 'pointer', 'int32'),
  recv: functionOf('int32', 'pointer', 'int32', 'int32'),
  send: functionOf('int32', 'pointer', 'int32', 'int32'),
  close: functionOf('int32'),
  epoll_create1: functionOf('int32'),
  epoll_ctl: functionOf('int32', 'int32', 'int32', 'pointer'),
  epoll_wait: functionOf('int32', 'pointer', 'int32', 'int32'),
  __errno_location: { arguments: [], return: 'pointer' },
});
const errno = new Int32Array(toArrayBuffer(libc.__errno_location(), 4, false)); // of this thread

function checked(result, what) {
  if (result < 0) throw new Error(`${what} failed: errno ${errno[0]}`);
  return result;
}

// struct epoll_event is packed on x86-64 alone.
const EVENT_SIZE = process.arch === 'x64' ? 12 : 16;
const DATA_AT = EVENT_SIZE - 8;
const isLittleEndian = endianness() === 'LE';
const events = new DataView(new ArrayBuffer(BATCH_MAX * EVENT_SIZE));
const eventsPointer = getRawPointer(events.buffer);
const event = new DataView(new ArrayBuffer(EVENT_SIZE));
const eventPointer = getRawPointer(event.buffer);
const buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
const bufferPointer = getRawPointer(buffer);
const one = new Int32Array([1]);
const onePointer = getRawPointer(one);

const epoll = checked(libc.epoll_create1(0), 'epoll_create1');
/** Descriptor -> what its peer is owed. */
const debts = new Map();

function watch(operation, fd, interest) {
  event.setUint32(0, interest, isLittleEndian);
  event.setInt32(DATA_AT, fd, isLittleEndian);
  checked(libc.epoll_ctl(epoll, operation, fd, eventPointer), 'epoll_ctl');
}

function drop(fd) {
  debts.delete(fd);
  libc.close(fd);
}

function echo(fd) {
  const received = libc.recv(fd, bufferPointer, BUFFER_SIZE, 0);
  if (received < 0 && errno[0] === EAGAIN) return;
  if (received <= 0) return drop(fd);
  const sent = libc.send(fd, bufferPointer, received, MSG_NOSIGNAL);
  if (sent === received) return;
  if (sent < 0 && errno[0] !== EAGAIN) return drop(fd);
  debts.set(fd, Buffer.from(buffer.subarray(Math.max(sent, 0), received)));
  watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
}

function pay(fd, debt) {
  const sent = libc.send(fd, getRawPointer(debt), debt.length, MSG_NOSIGNAL);
  if (sent < 0 && errno[0] !== EAGAIN) return drop(fd);
  if (sent < debt.length) {
    debts.set(fd, debt.subarray(Math.max(sent, 0)));
  } else {
    debts.delete(fd);
    watch(EPOLL_CTL_MOD, fd, EPOLLIN);
  }
}

function acceptSome(listener) {
  for (let i = 0; i < ACCEPT_MAX; i++) {
    const fd = libc.accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, onePointer, 4);
    watch(EPOLL_CTL_ADD, fd, EPOLLIN);
  }
}

function listen() {
  const fd = checked(libc.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), 'socket');
  libc.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, onePointer, 4);
  const address = new DataView(new ArrayBuffer(16)); // struct sockaddr_in
  const length = new Int32Array([address.byteLength]);
  address.setUint16(0, AF_INET, isLittleEndian);
  address.setUint32(4, 0x7f000001);
  const pointer = getRawPointer(address.buffer);
  checked(libc.bind(fd, pointer, address.byteLength), 'bind');
  checked(libc.listen(fd, BACKLOG), 'listen');
  checked(libc.getsockname(fd, pointer, getRawPointer(length)), 'getsockname');
  process.stdout.write(`listening on 127.0.0.1:${address.getUint16(2)}\n`);
  return fd;
}

const listener = listen();
watch(EPOLL_CTL_ADD, listener, EPOLLIN);
for (;;) {
  const count = libc.epoll_wait(epoll, eventsPointer, BATCH_MAX, -1);
  for (let i = 0; i < count; i++) {
    const fd = events.getInt32(i * EVENT_SIZE + DATA_AT, isLittleEndian);
    const debt = debts.get(fd);
    if (fd === listener) acceptSome(listener);
    else if (debt === undefined) echo(fd);
    else pay(fd, debt);
  }
}
