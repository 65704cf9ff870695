// Wrong arguments to `edgewise/sys`: each one a TypeError or RangeError with a code that names the
// argument, never a crash, never a descriptor left behind, and no exception of the caller's hidden.
import { describe, expect, test } from 'vitest';
import * as sys from '../../src/sys/index.ts';
import { expectNoLeaks, owned } from '../helpers/leaks.ts';
import { Random, seedOfRun } from '../helpers/random.ts';

const { constants } = sys;
const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK } = constants;
const isLinux = process.platform === 'linux';

// Whatever a test passes, TypeScript is not to object.
// biome-ignore lint/suspicious/noExplicitAny: wrong types are the subject
const any = (value: unknown): any => value;

const CODES = ['ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_VALUE', 'ERR_OUT_OF_RANGE'];

function thrownBy(call: () => unknown): Error & { code?: string } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

function expectRefused(call: () => unknown, code: string, argument: string): void {
  const error = thrownBy(call);
  expect(error.message).toContain(`"${argument}"`);
  expect(error.code).toBe(code);
  expect(error).toBeInstanceOf(code === 'ERR_OUT_OF_RANGE' ? RangeError : TypeError);
}

function streamPair(): [number, number] {
  const fds = new Int32Array(2);
  expect(sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds)).toBe(0);
  return [owned(fds[0] ?? -1), owned(fds[1] ?? -1)];
}

function detached(): Uint8Array {
  const view = new Uint8Array(8);
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

/** Of a type that Node had before its Node-API did; an older Node has another one. */
function newestArray(): unknown {
  const { Float16Array = Int8Array } = globalThis as { Float16Array?: Int8ArrayConstructor };
  return new Float16Array(8);
}

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';
const eight = new Uint8Array(8);
const two = new Int32Array(2);
const message = new sys.ReceivedMessage(1);
const batch = new sys.MessageBatch(2, 16);
const pollfds = new sys.PollDescriptors(2);
const fdSet = new sys.FdSet();
const thrower = new Error('the caller’s own');
const throws = () => {
  throw thrower;
};

describe('wrong arguments', () => {
  expectNoLeaks();

  describe.each([
    ['recv', sys.recv],
    ['send', sys.send],
    ['read', sys.read],
    ['write', sys.write],
    ['recvfrom', sys.recvfrom],
    ['sendto', sys.sendto],
  ] as const)('%s(fd, bytes, offset, length, …)', (_, transfer) => {
    const call = any(transfer);
    test.each([
      ['fd', RANGE, [-1, eight]],
      ['fd', RANGE, [Number.NaN, eight]],
      ['fd', RANGE, [2 ** 31, eight]],
      ['fd', RANGE, [1.5, eight]],
      ['fd', TYPE, [1n, eight]],
      ['fd', TYPE, ['1', eight]],
      ['fd', TYPE, []],
      ['fd', TYPE, [Symbol('fd'), eight]],
      ['bytes', TYPE, [999, undefined]],
      ['bytes', TYPE, [999, 'text']],
      ['bytes', TYPE, [999, [1, 2]]],
      ['bytes', TYPE, [999, new ArrayBuffer(8)]],
      ['bytes', TYPE, [999, new DataView(new ArrayBuffer(8))]],
      ['bytes', TYPE, [999, new Uint16Array(8)]],
      ['bytes', TYPE, [999, newestArray()]],
      ['bytes', TYPE, [999, new Uint8ClampedArray(8)]],
      ['bytes', TYPE, [999, Object.create(Uint8Array.prototype)]],
      ['bytes', TYPE, [999, new Proxy(new Uint8Array(8), {})]],
      ['bytes', TYPE, [999, new Proxy(new Uint8Array(8), { get: throws, getPrototypeOf: throws })]],
      ['bytes', TYPE, [999, new Uint8Array(new SharedArrayBuffer(8))]],
      ['bytes', VALUE, [999, detached()]],
      ['offset', RANGE, [999, eight, 9]],
      ['offset', RANGE, [999, eight, -1]],
      ['offset', RANGE, [999, eight, 0.5]],
      ['offset', RANGE, [999, eight, 2 ** 53]],
      ['offset', TYPE, [999, eight, null]],
      ['offset', TYPE, [999, eight, 0n]],
      ['length', RANGE, [999, eight, 0, 9]],
      ['length', RANGE, [999, eight, 8, 1]],
      ['length', RANGE, [999, eight, undefined, Number.POSITIVE_INFINITY]],
      ['length', TYPE, [999, eight, 0, { valueOf: throws }]],
    ] as const)('%s: %s %#', (argument, code, args) => {
      expectRefused(() => call(...args), code, argument);
    });
  });

  test('flags of transfers', () => {
    for (const call of [sys.recv, sys.send, sys.recvfrom, sys.sendto].map(any)) {
      expectRefused(() => call(999, eight, 0, 8, -1), RANGE, 'flags');
      expectRefused(() => call(999, eight, 0, 8, 'x'), TYPE, 'flags');
    }
  });

  test('a view of a buffer that shrank away moves nothing', () => {
    const [left, right] = streamPair();
    const buffer = new (any(ArrayBuffer))(16, { maxByteLength: 16 });
    const tracking = new Uint8Array(buffer);
    const fixed = new Uint8Array(buffer, 8, 8);
    any(buffer).resize(4);
    expect(sys.send(left, tracking)).toBe(4);
    expect(sys.recv(right, fixed)).toBe(0);
    expectRefused(() => sys.recv(right, fixed, 0, 8), RANGE, 'length');
    any(buffer).resize(16);
    expect(sys.recv(right, fixed)).toBe(4);
  });

  test('own properties of a buffer are not believed', () => {
    const [left, right] = streamPair();
    const lying = new Uint8Array(4);
    Object.defineProperties(lying, { length: { value: 1 << 30 }, byteLength: { get: throws } });
    expect(sys.send(left, lying)).toBe(4);
    expectRefused(() => sys.recv(right, lying, 0, 5), RANGE, 'length');
  });

  test('arrays of buffers', () => {
    for (const call of [
      (buffers: unknown) => sys.readv(999, any(buffers)),
      (buffers: unknown) => sys.writev(999, any(buffers)),
      (buffers: unknown) => sys.recvmsg(999, any(buffers), message),
      (buffers: unknown) => sys.sendmsg(999, { buffers: any(buffers) }),
    ]) {
      expectRefused(() => call(undefined), TYPE, 'buffers');
      expectRefused(() => call(eight), TYPE, 'buffers');
      expectRefused(() => call({ length: 1, 0: eight }), TYPE, 'buffers');
      expectRefused(() => call(new Proxy([eight], {})), TYPE, 'buffers');
      expectRefused(() => call([eight, 'x']), TYPE, 'buffers[1]');
      expectRefused(() => call([eight, detached()]), VALUE, 'buffers[1]');
      expectRefused(() => call(new Array(1)), TYPE, 'buffers[0]');
      expectRefused(() => call(new Array(1025).fill(eight)), RANGE, 'buffers.length');
      const withGetter = [eight];
      Object.defineProperty(withGetter, 0, { get: throws });
      expect(thrownBy(() => call(withGetter))).toBe(thrower);
      expect(sys.errnoName(call(new Array(1024).fill(eight)))).toBe('EBADF');
    }
  });

  test('a getter of the array that detaches an earlier buffer is found out', () => {
    const [, right] = streamPair();
    const first = new Uint8Array(1 << 20);
    const buffers = [first, eight];
    Object.defineProperty(buffers, 1, {
      get() {
        if (first.length > 0) structuredClone(first.buffer, { transfer: [first.buffer] });
        return eight;
      },
    });
    expectRefused(() => sys.readv(right, buffers), VALUE, 'buffers[0]');
  });

  test('a getter that answers differently the second time still ends in a typed error', () => {
    const buffers: unknown[] = [eight];
    let reads = 0;
    Object.defineProperty(buffers, 0, { get: () => (reads++ === 0 ? 'x' : eight) });
    expectRefused(() => sys.readv(999, any(buffers)), VALUE, 'arguments');
  });

  test('addresses', () => {
    const bind = (address: unknown) => () => sys.bind(999, any(address));
    for (const none of [undefined, null, 'x', 5]) expectRefused(bind(none), TYPE, 'address');
    expectRefused(bind({}), TYPE, 'address.address');
    expectRefused(bind({ address: 5 }), TYPE, 'address.address');
    for (const text of ['', 'localhost', '1.2.3', '1.2.3.4.5', '::1%nosuch0', '::g', '1.2.3.4\0']) {
      expectRefused(bind({ address: text }), VALUE, 'address.address');
    }
    expectRefused(bind({ address: `::1${'x'.repeat(5000)}` }), VALUE, 'address.address');
    expectRefused(bind({ address: '::1', port: 65536 }), RANGE, 'address.port');
    expectRefused(bind({ address: '::1', port: -1 }), RANGE, 'address.port');
    expectRefused(bind({ address: '::1', port: '80' }), TYPE, 'address.port');
    expectRefused(bind({ address: '::1', port: null }), TYPE, 'address.port');
    expectRefused(bind({ path: '' }), VALUE, 'address.path');
    expectRefused(bind({ path: '/a\0b' }), VALUE, 'address.path');
    expectRefused(bind({ path: 5 }), TYPE, 'address.path');
    expectRefused(bind({ path: `/${'x'.repeat(107)}` }), RANGE, 'address.path');
    expectRefused(bind({ path: 'ü'.repeat(54) }), RANGE, 'address.path');
    expectRefused(bind({ path: new Uint8Array(new SharedArrayBuffer(3)) }), VALUE, 'address.path');
    expectRefused(bind({ path: detached() }), VALUE, 'address.path');
    if (isLinux) {
      expectRefused(bind({ abstract: new Uint8Array(108) }), RANGE, 'address.abstract');
      expectRefused(bind({ abstract: true }), TYPE, 'address.abstract');
    }
    for (const property of ['path', 'abstract', 'unspecified', 'address', 'port']) {
      const address = Object.defineProperty({ address: '::1' }, property, { get: throws });
      expect(thrownBy(bind(address))).toBe(thrower);
    }
    const proxied = new Proxy(new sys.SocketAddress(), {});
    expectRefused(bind(proxied), TYPE, 'this');
    expectRefused(() => sys.getsockname(999, proxied), TYPE, 'into');
    expectRefused(() => sys.getpeername(999, any({})), TYPE, 'into');
    expectRefused(() => sys.accept(999, any({})), TYPE, 'from');
    expectRefused(() => sys.recvfrom(999, eight, 0, 8, 0, any('x')), TYPE, 'from');
    expectRefused(() => sys.sendto(999, eight, 0, 8, 0, any(null)), TYPE, 'to');
    expectRefused(() => new sys.SocketAddress(any(7)), TYPE, 'from');
  });

  test('an address getter that makes another call does not disturb this one', () => {
    const [left] = streamPair();
    const address = {
      address: '127.0.0.1',
      get port() {
        sys.bind(left, { path: `/nonexistent/${'y'.repeat(60)}` });
        return 7;
      },
    };
    expect(String(new sys.SocketAddress(address))).toBe('127.0.0.1:7');
  });

  test.each([
    ['domain', () => sys.socket(-1, 1)],
    ['type', () => sys.socket(1, 2 ** 31)],
    ['protocol', () => sys.socket(1, 1, 0.5)],
    ['fds.length', () => sys.socketpair(1, 1, 0, new Int32Array(1))],
    ['fds.length', () => sys.pipe(new Int32Array(0))],
    ['flags', () => sys.pipe2(two, -1)],
    ['backlog', () => sys.listen(0, -1)],
    ['flags', () => sys.accept4(999, undefined, Number.NaN)],
    ['how', () => sys.shutdown(999, -1)],
    ['level', () => sys.getsockopt(999, -1, 1, two)],
    ['option', () => sys.setsockopt(999, 1, -1, 1)],
    ['value', () => sys.setsockopt(999, 1, 1, 2 ** 31)],
    ['value', () => sys.setsockopt(999, 1, 1, 1.5)],
    ['command', () => sys.fcntl(999, -1)],
    ['argument', () => sys.fcntl(999, 1, -1)],
    ['outFd', () => sys.sendfile(-1, 1, 0, 1)],
    ['offset', () => sys.sendfile(999, 999, -1, 1)],
    ['count', () => sys.sendfile(999, 999, 0, 2 ** 53)],
    ['position', () => sys.pread(999, new Uint8Array(2), -1)],
    ['length', () => sys.pread(999, new Uint8Array(2), 0, 1, 2)],
    ['inOffset', () => sys.splice(999, 0.5, 999, null, 1)],
    ['length', () => sys.splice(999, null, 999, null, -1)],
    ['initial', () => sys.eventfd(2 ** 32)],
    ['fd', () => sys.close(-1)],
    ['fd', () => sys.dup(Number.POSITIVE_INFINITY)],
    ['descriptorsMax', () => new sys.ReceivedMessage(254)],
    ['messagesMax', () => new sys.MessageBatch(1025, 1)],
    ['bytesMax', () => new sys.MessageBatch(1, 0)],
    ['messagesMax * bytesMax', () => new sys.MessageBatch(1024, 1 << 24)],
    ['index', () => batch.message(2)],
    ['index', () => batch.setAddress(-1, undefined)],
    ['count', () => sys.recvmmsg(999, batch, 3)],
    ['count', () => sys.sendmmsg(999, batch, -1)],
    ['segmentSize', () => sys.sendSegments(999, eight, 0, 8, 0)],
    ['segmentSize', () => sys.sendApart(999, eight, 0, 8, 65_536)],
    ['length', () => sys.sendApart(999, eight, 4, 5, 1)],
    ['message.descriptors[0]', () => sys.sendmsg(0, { buffers: [], descriptors: [-1] })],
    [
      'message.descriptors.length',
      () => sys.sendmsg(0, { buffers: [], descriptors: new Array(254).fill(0) }),
    ],
    ['capacity', () => new sys.EpollEvents(0)],
    ['capacity', () => new sys.PollDescriptors(2 ** 20 + 1)],
    ['index', () => pollfds.set(2, 999, 1)],
    ['fd', () => pollfds.set(0, -2, 1)],
    ['events', () => pollfds.set(0, 999, 2 ** 16)],
    ['index', () => pollfds.revents(-1)],
    ['nfds', () => sys.poll(pollfds, 3, 0)],
    ['nfds', () => sys.ppoll(pollfds, -1, 0)],
    ['timeoutMs', () => sys.poll(pollfds, 2, 0.5)],
    ['timeoutMs', () => sys.poll(pollfds, 2, -2)],
    ['timeoutMs', () => sys.ppoll(pollfds, 2, -0.5)],
    ['timeoutMs', () => sys.ppoll(pollfds, 2, 2 ** 31)],
    ['sigmask[1]', () => sys.ppoll(pollfds, 2, 0, [1, -1])],
    ['sigmask.length', () => sys.ppoll(pollfds, 2, 0, new Array(1025).fill(1))],
    ['fd', () => fdSet.add(constants.FD_SETSIZE)],
    ['fd', () => fdSet.delete(-1)],
    ['fd', () => fdSet.has(2 ** 31)],
    ['nfds', () => sys.select(constants.FD_SETSIZE + 1, fdSet, null, null, 0)],
    ['nfds', () => sys.pselect(-1, null, null, null, 0)],
    ['timeoutMs', () => sys.select(1, null, null, null, Number.NaN)],
    ['timeoutMs', () => sys.pselect(1, null, null, null, 2 ** 31)],
    ['capacity', () => new sys.KeventList(513)],
    ['op', () => sys.epoll_ctl(999, -1, 999)],
    ['events', () => sys.epoll_ctl(999, 1, 999, 2 ** 32)],
    ['data', () => sys.epoll_ctl(999, 1, 999, 1, -1)],
    ['clock', () => sys.timerfd_create(-1)],
    ['firstMs', () => sys.timerfd_settime(999, 0, -1)],
    ['firstMs', () => sys.timerfd_settime(999, 0, Number.NaN)],
    ['intervalMs', () => sys.timerfd_settime(999, 0, 0, 1e13)],
    ['value.length', () => sys.eventfd_read(999, new BigUint64Array(0))],
    ['value', () => sys.eventfd_write(999, -1)],
    ['value', () => sys.eventfd_write(999, 2n ** 64n - 1n)],
    ['value', () => sys.eventfd_write(999, 2 ** 53)],
    ['mask', () => sys.inotify_add_watch(999, '/', 2 ** 32)],
    ['watch', () => sys.inotify_rm_watch(999, 2 ** 31)],
    ['length', () => sys.inotifyEvents(eight, 9)],
    ['pid', () => sys.pidfd_open(0)],
    ['signum', () => sys.pidfd_send_signal(999, -1)],
    ['flags', () => sys.reopen(999, -1)],
    ['action', () => sys.tcsetattr(999, -1, new sys.Termios())],
    ['result', () => sys.errnoName(0.5)],
  ] as const)('out of range: %s %#', (argument, call) => {
    expectRefused(call, RANGE, argument);
  });

  test.each([
    ['fds', () => sys.pipe(any([0, 0]))],
    ['fds', () => sys.socketpair(1, 1, 0, any(eight))],
    ['fds', () => sys.pipe(new Int32Array(new SharedArrayBuffer(8)))],
    ['into', () => sys.getsockopt(999, 1, 1, any(4))],
    ['value', () => sys.setsockopt(999, 1, 1, any(true))],
    ['message', () => sys.sendmsg(999, any(null))],
    ['message.descriptors', () => sys.sendmsg(999, any({ buffers: [], descriptors: 5 }))],
    ['into', () => sys.recvmsg(999, [], any({}))],
    ['into', () => sys.recvmsg(999, [], new Proxy(message, {}))],
    ['batch', () => sys.recvmmsg(999, new Proxy(batch, {}))],
    ['into', () => sys.receiveError(999, any({}))],
    ['payload', () => sys.receiveError(999, new sys.ExtendedError(), any([]))],
    ['events', () => sys.epoll_wait(999, any([]), 1, 0)],
    ['fds', () => sys.poll(any([]), 1, 0)],
    ['fds', () => sys.ppoll(new Proxy(pollfds, {}), 1, 0)],
    ['timeoutMs', () => sys.poll(pollfds, 1, any(undefined))],
    ['sigmask', () => sys.ppoll(pollfds, 1, 0, any('SIGTERM'))],
    ['sigmask[0]', () => sys.pselect(1, null, null, null, 0, any(['SIGTERM']))],
    ['readfds', () => sys.select(1, any([]), null, null, 0)],
    ['writefds', () => sys.select(1, null, any(eight), null, 0)],
    ['exceptfds', () => sys.pselect(1, null, null, new Proxy(fdSet, {}), 0)],
    ['from', () => fdSet.copy(any({}))],
    ['changes', () => sys.kevent(999, any([]), 0, undefined, 0, 0)],
    ['value', () => sys.eventfd_read(999, any(eight))],
    ['value', () => sys.eventfd_read(999, new BigUint64Array(new SharedArrayBuffer(8)))],
    ['value', () => sys.eventfd_write(999, any('1'))],
    ['path', () => sys.inotify_add_watch(999, any(5), 1)],
    ['bytes', () => sys.inotifyEvents(any('text'))],
    ['termios', () => sys.tcgetattr(999, new Proxy(new sys.Termios(), {}))],
    ['isNonBlocking', () => sys.setNonBlocking(999, any(1))],
  ] as const)('of the wrong type: %s %#', (argument, call) => {
    expectRefused(call, TYPE, argument);
  });

  test.runIf(isLinux)('epoll_wait', () => {
    const epfd = owned(sys.epoll_create1());
    const events = new sys.EpollEvents(2);
    expectRefused(() => sys.epoll_wait(epfd, events, 3, 0), RANGE, 'maxevents');
    expectRefused(() => sys.epoll_wait(epfd, events, 0, 0), RANGE, 'maxevents');
    expectRefused(() => sys.epoll_wait(epfd, events, 2, -2), RANGE, 'timeoutMs');
    expectRefused(() => sys.epoll_wait(epfd, events, 2, 0.5), RANGE, 'timeoutMs');
  });

  test('a batch that was tampered with', () => {
    const mine = new sys.MessageBatch(2, 16);
    mine.lengths[0] = 17;
    expectRefused(() => sys.sendmmsg(999, mine, 1), RANGE, 'batch.lengths[0]');
    expect(mine.message(0)).toHaveLength(16);
    any(mine).messagesMax = 1000;
    expect(sys.errnoName(sys.recvmmsg(999, mine))).toBe('EBADF');
    mine.lengths[0] = 1;
    mine.segmentSizes[0] = 65_536;
    expectRefused(() => sys.sendmmsg(999, mine, 1), RANGE, 'batch.segmentSizes[0]');
    mine.segmentSizes[0] = 0;
    new Uint32Array(mine.lengths.buffer)[0] = 0xffffffff; // the length of the first address
    expectRefused(() => sys.sendmmsg(999, mine, 1), VALUE, 'arguments');
    structuredClone(mine.lengths.buffer, { transfer: [any(mine.lengths.buffer)] });
    expectRefused(() => sys.recvmmsg(999, mine), VALUE, 'batch');
    expectRefused(() => mine.room(0), VALUE, 'this');
  });

  test('10,000 random calls end in a number or a typed error', () => {
    const seed = seedOfRun();
    const random = new Random(seed);
    const calls = Object.entries(sys).filter(
      // With no sets and -1 both wait for ever, as in C.
      ([name, value]) => typeof value === 'function' && !/^([A-Z]|p?select$)/.test(name),
    );
    for (let i = 0; i < 10_000; i++) {
      const [name, call] = random.pick(calls);
      const count = random.below(8);
      const args = Array.from({ length: count }, () => random.pick(ODDITIES)());
      const shown = `seed ${seed}, call ${i}: ${name}`;
      try {
        const result = any(call)(...args);
        expect(typeof result, shown).toBe(OTHER_RESULTS[name] ?? 'number');
        if (result >= 0) closeWhatCameOf(name, result);
      } catch (error) {
        if (error === thrower) continue;
        expect(CODES, `${shown}: ${error}`).toContain((error as { code?: string }).code);
      }
    }
  });
});

const MAKERS =
  /^(socket|eventfd|epoll_create1|kqueue|timerfd_create|inotify_init1|pidfd_open|reopen)$/;
const OTHER_RESULTS: Readonly<Record<string, string>> = {
  errnoName: 'string',
  inotifyEvents: 'object',
};

// The calls that can succeed with odd arguments are those that make descriptors.
function closeWhatCameOf(name: string, result: number): void {
  if (/^(pipe2?|socketpair)$/.test(name)) for (const fd of two) sys.close(fd);
  else if (MAKERS.test(name)) sys.close(result);
}

// Descriptors among them are closed ones: a random call must neither reach one of the test runner's
// nor block.
const ODDITIES: readonly (() => unknown)[] = [
  ...[Number.NaN, Number.POSITIVE_INFINITY, -1, -0.5, 1.5, 999, 1 << 20].map((n) => () => n),
  ...[2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 31), 1n, -1n].map((n) => () => n),
  ...[undefined, null, true, '', '127.0.0.1', Symbol('x'), throws].map((v) => () => v),
  () => eight,
  () => detached(),
  () => new Uint8Array(new SharedArrayBuffer(8)),
  () => new Proxy(eight, {}),
  () => new Proxy({}, { get: throws, has: throws, getPrototypeOf: throws }),
  () => Object.defineProperty([eight], 0, { get: throws }),
  () => [eight, eight],
  () => [],
  () => ({ address: '127.0.0.1', port: 1 }),
  () => ({ path: '/nonexistent/socket' }),
  () => ({ buffers: [eight], descriptors: [999] }),
  () => ({ valueOf: throws, toString: throws, [Symbol.toPrimitive]: throws }),
  () => new sys.SocketAddress(),
  () => message,
  () => batch,
  () => new sys.EpollEvents(1),
  () => new sys.KeventList(1),
  () => two,
];
