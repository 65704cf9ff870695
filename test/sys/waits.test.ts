// poll, ppoll, select and pselect of `edgewise/sys` over real descriptors. Wrong arguments: arguments.test.ts.
import { execFile } from 'node:child_process';
import { constants as os } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as sys from '../../src/sys/index.ts';
import { expectNoLeaks, owned } from '../helpers/leaks.ts';

const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK, SHUT_WR, FD_SETSIZE } = sys.constants;
const { POLLIN, POLLOUT, POLLHUP, POLLERR, POLLNVAL, POLLRDHUP } = sys.constants;
const hasPpoll = process.platform !== 'darwin';
const WAIT_MS = 60_000; // a wait that is to end earlier
const SOON_MS = 5;

function ok(result: number): number {
  expect(sys.errnoName(result)).toBe('OK');
  return result;
}

function pairOf(make: (fds: Int32Array) => number): [number, number] {
  const fds = new Int32Array(2);
  ok(make(fds));
  return [fds[0] ?? -1, fds[1] ?? -1];
}

const openPair = () =>
  pairOf((fds) => sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds));
const streamPair = () => openPair().map(owned) as [number, number];
const pipePair = () => pairOf((fds) => sys.pipe(fds)); // a test closes them itself, or owns them

/** A number that was open a moment ago. */
function closedNumber(): number {
  const [left] = streamPair();
  const fd = ok(sys.dup(left));
  ok(sys.close(fd));
  return fd;
}

/** How long a call took. */
function tookMs(call: () => void): number {
  const start = process.hrtime.bigint();
  call();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

const CALLS = [
  ['poll', (fds: sys.PollDescriptors, n: number, ms: number) => sys.poll(fds, n, ms)],
  ['ppoll', (fds: sys.PollDescriptors, n: number, ms: number) => sys.ppoll(fds, n, ms)],
] as const;

describe.each(CALLS.slice(0, hasPpoll ? 2 : 1))('%s', (_, call) => {
  expectNoLeaks();

  test('reports what is asked for and is there, and counts the entries', () => {
    const [left, right] = streamPair();
    const fds = new sys.PollDescriptors(3);
    fds.set(0, left, POLLIN);
    fds.set(1, right, POLLIN | POLLOUT);
    expect([fds.fd(0), fds.events(1), fds.fd(2)]).toEqual([left, POLLIN | POLLOUT, -1]);
    expect(call(fds, 3, -1)).toBe(1);
    expect([0, 1, 2].map((i) => fds.revents(i))).toEqual([0, POLLOUT, 0]);
    ok(sys.send(right, Buffer.from('x')));
    expect(call(fds, 3, -1)).toBe(2);
    expect([0, 1, 2].map((i) => fds.revents(i))).toEqual([POLLIN, POLLOUT, 0]);
    expect(call(fds, 1, 0)).toBe(1); // the others are not looked at
  });

  test('passes over what has the number -1, and what was written anew has found nothing', () => {
    const [left, right] = streamPair();
    ok(sys.send(right, Buffer.from('x')));
    const fds = new sys.PollDescriptors(1);
    fds.set(0, left, POLLIN);
    expect(call(fds, 1, 0)).toBe(1);
    fds.set(0, -1, POLLIN);
    expect(fds.revents(0)).toBe(0);
    expect(call(fds, 1, 0)).toBe(0);
  });

  test('of a closed descriptor reports POLLNVAL, and is no error', () => {
    const [left] = streamPair();
    const fds = new sys.PollDescriptors(2);
    fds.set(0, closedNumber(), POLLIN);
    fds.set(1, left, POLLOUT);
    expect(call(fds, 2, -1)).toBe(2);
    expect([fds.revents(0), fds.revents(1)]).toEqual([POLLNVAL, POLLOUT]);
  });

  test('reports hang-ups and errors that were not asked for', () => {
    const [readEnd, writeEnd] = pipePair();
    const fds = new sys.PollDescriptors(2);
    fds.set(0, owned(readEnd), 0);
    ok(sys.close(writeEnd));
    expect(call(fds, 1, WAIT_MS)).toBe(1);
    expect(fds.revents(0)).toBe(POLLHUP);
    const [otherRead, otherWrite] = pipePair();
    ok(sys.close(otherRead));
    fds.set(1, owned(otherWrite), 0);
    expect(call(fds, 2, WAIT_MS)).toBe(2);
    expect(fds.revents(1) & (POLLERR | POLLHUP)).not.toBe(0);
  });

  test.runIf(POLLRDHUP !== undefined)('reports POLLRDHUP where it is asked for', () => {
    const [left, right] = streamPair();
    ok(sys.shutdown(right, SHUT_WR));
    const fds = new sys.PollDescriptors(2);
    fds.set(0, left, POLLRDHUP);
    fds.set(1, left, POLLIN);
    expect(call(fds, 2, WAIT_MS)).toBe(2);
    expect([fds.revents(0), fds.revents(1)]).toEqual([POLLRDHUP, POLLIN]);
  });

  test('ends when the time is up, and not before', () => {
    const fds = new sys.PollDescriptors(1);
    fds.set(0, streamPair()[0], POLLIN);
    let result = -1;
    expect(tookMs(() => (result = call(fds, 1, SOON_MS)))).toBeGreaterThanOrEqual(SOON_MS);
    expect(result).toBe(0);
    expect(call(fds, 0, 0)).toBe(0); // none at all
  });

  test('looks at thousands of entries', () => {
    const [left, right] = streamPair();
    ok(sys.send(right, Buffer.from('x')));
    const fds = new sys.PollDescriptors(5000); // one descriptor in many entries counts in each
    for (let i = 0; i < fds.capacity; i += 2) fds.set(i, left, POLLIN);
    expect(call(fds, fds.capacity, -1)).toBe(2500);
    expect([fds.revents(4998), fds.revents(4999)]).toEqual([POLLIN, 0]);
  });
});

const SELECTS = [
  ['select', sys.select],
  ['pselect', sys.pselect],
] as const;

describe.each(SELECTS)('%s', (_, call) => {
  expectNoLeaks();

  test('leaves in the sets what is ready, and counts one in two of them twice', () => {
    const [left, right] = streamPair();
    ok(sys.send(right, Buffer.from('x')));
    const [readable, writable, exceptional] = [new sys.FdSet(), new sys.FdSet(), new sys.FdSet()];
    for (const set of [readable, writable, exceptional]) {
      set.add(left);
      set.add(right);
    }
    expect(call(Math.max(left, right) + 1, readable, writable, exceptional, -1)).toBe(3);
    const shown = [readable, writable, exceptional].map((set) =>
      [left, right].map((fd) => set.has(fd)),
    );
    expect(shown).toEqual([
      [true, false],
      [true, true],
      [false, false],
    ]);
  });

  test('does not look at what is above nfds, and leaves it in', () => {
    const [left, right] = streamPair();
    ok(sys.send(right, Buffer.from('x')));
    const readable = new sys.FdSet();
    readable.add(left);
    expect(call(left, readable, null, null, 0)).toBe(0);
    expect(readable.has(left)).toBe(true);
    expect(call(left + 1, readable, null, null, 0)).toBe(1);
  });

  test('of a closed descriptor returns EBADF, and the sets are as they were', () => {
    const [left] = streamPair();
    const closed = closedNumber();
    const [readable, writable] = [new sys.FdSet(), new sys.FdSet()];
    readable.add(closed);
    readable.add(left);
    writable.add(left);
    const result = call(FD_SETSIZE, readable, writable, null, WAIT_MS);
    expect(sys.errnoName(result)).toBe('EBADF');
    expect([readable.has(closed), readable.has(left), writable.has(left)]).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('an end of a stream is readable', () => {
    const [left, right] = openPair();
    owned(left);
    ok(sys.close(right));
    const readable = new sys.FdSet();
    readable.add(left);
    expect(call(left + 1, readable, null, null, WAIT_MS)).toBe(1);
  });

  test('when time is up the sets are empty, and it was not up before', () => {
    const [left] = streamPair();
    const readable = new sys.FdSet();
    readable.add(left);
    let result = -1;
    const took = tookMs(() => (result = call(left + 1, readable, null, null, SOON_MS - 0.3)));
    expect(took).toBeGreaterThanOrEqual(SOON_MS - 0.3);
    expect([result, readable.has(left)]).toEqual([0, false]);
    expect(call(0, null, null, null, 0.0001)).toBe(0);
  });

  test('of seven hundred descriptors finds the one', () => {
    const [left, right] = streamPair();
    const readable = new sys.FdSet();
    for (let i = 0; i < 700; i++) {
      const fd = owned(ok(sys.dup(left)));
      if (fd < FD_SETSIZE) readable.add(fd);
    }
    readable.add(right);
    ok(sys.send(left, Buffer.from('x')));
    expect(call(FD_SETSIZE, readable, null, null, -1)).toBe(1);
    expect(readable.has(right)).toBe(true);
  });
});

test('an FdSet has the numbers below FD_SETSIZE and no others', () => {
  const set = new sys.FdSet();
  for (const fd of [0, 7, 8, FD_SETSIZE - 1]) set.add(fd);
  const other = new sys.FdSet();
  other.add(1);
  other.copy(set);
  set.delete(8);
  set.delete(9);
  expect([0, 1, 7, 8, FD_SETSIZE - 1].map((fd) => set.has(fd))).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
  expect([0, 1, 7, 8, FD_SETSIZE - 1].map((fd) => other.has(fd))).toEqual([
    true,
    false,
    true,
    true,
    true,
  ]);
  set.clear();
  expect([0, 7, FD_SETSIZE - 1].some((fd) => set.has(fd))).toBe(false);
  expect(() => set.add(FD_SETSIZE)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
});

test.runIf(hasPpoll)('a mask of a signal that does not exist is EINVAL', () => {
  const fds = new sys.PollDescriptors(1);
  expect(sys.errnoName(sys.ppoll(fds, 0, 0, [0]))).toBe('EINVAL');
  expect(sys.errnoName(sys.pselect(0, null, null, null, 0, [4096]))).toBe('EINVAL');
  expect(sys.ppoll(fds, 0, 0, [os.signals.SIGTERM])).toBe(0);
});

test.skipIf(hasPpoll)('macOS has no ppoll', () => {
  expect(sys.errnoName(sys.ppoll(new sys.PollDescriptors(1), 0, 0))).toBe('ENOSYS');
});

describe('in a process of its own, which is sent signals while it waits', () => {
  const path = fileURLToPath(new URL('../workers/interrupted.mjs', import.meta.url));
  const run = async (name: string) =>
    (await promisify(execFile)(process.execPath, [path, name])).stdout;

  test.each(['poll', 'select'])('%s ends with EINTR', async (name) => {
    expect(await run(name)).toBe('EINTR\n');
  });

  const masked = hasPpoll ? ['ppoll', 'pselect'] : ['pselect'];
  test.each(masked)('%s is not ended by those in its mask', async (name) => {
    expect(await run(name)).toBe('0\nthen SIGUSR2\n');
  });
});

test('in a worker', async () => {
  const worker = new Worker(new URL('../workers/waits-calls.mjs', import.meta.url));
  onTestFinished(() => void worker.terminate());
  const results = await new Promise((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
  });
  expect(results).toEqual({ poll: [1, POLLIN], select: [1, true], empty: 0 });
});
