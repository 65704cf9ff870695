// A descriptor that was closed behind the reactor's back: its entry in the kernel's set lives on while a
// duplicate keeps the file open (a ghost), and its number may name another file.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Interest, Readiness } from '../../src/poller/interest.ts';
import { Poller } from '../../src/poller/poller.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import type { Handler } from '../../src/reactor/registration.ts';
import * as sys from '../../src/sys/index.ts';
import { inject } from '../helpers/injection.ts';

const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;
let fds: number[] = [];
let reactor: Reactor;

function openPair(): [number, number] {
  const pair = new Int32Array(2);
  expect(sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair)).toBe(0);
  fds.push(...pair);
  return [...pair] as [number, number];
}

function openPipe(): [number, number] {
  const pair = new Int32Array(2);
  expect(sys.pipe(pair)).toBe(0);
  fds.push(...pair);
  return [...pair] as [number, number];
}

function close(fd: number): void {
  expect(sys.close(fd)).toBe(0);
  fds = fds.filter((open) => open !== fd);
}

function dup(fd: number): number {
  const copy = sys.dup(fd);
  fds.push(copy);
  return copy;
}

const silent: Handler = { onReady: () => undefined };

beforeEach(() => {
  reactor = new Reactor();
});

afterEach(() => {
  reactor.close();
  for (const fd of fds) sys.close(fd);
  fds = [];
});

test.runIf(Poller.backends.includes('epoll'))(
  'a set that is built anew does not watch the file that got the number of a closed one',
  () => {
    const [kept, ghost] = openPair();
    const reported: number[] = [];
    reactor.register(
      kept,
      Interest.Writable,
      { onReady: () => void reported.push(kept) },
      { trigger: 'edge' },
    );
    const ghostly = reactor.register(ghost, Interest.Writable, silent);
    dup(ghost);
    dup(kept);
    close(kept);
    close(ghost);
    ghostly.close();
    expect(openPair()).toEqual([kept, ghost].sort((a, b) => a - b));
    reactor.turn(0);
    expect(reported).toEqual([kept]); // through the duplicate: the description is watched still
    expect(reactor.stats.ghostsRemoved).toBe(1);
    reactor.turn(0);
    expect(reported).toEqual([kept]);
  },
);

test.runIf(Poller.backends.includes('epoll'))(
  'a number that comes back to the file of a ghost can be registered',
  () => {
    const [fd] = openPair();
    const registration = reactor.register(fd, Interest.Writable, silent);
    const copy = dup(fd);
    close(fd);
    registration.close();
    expect(dup(copy)).toBe(fd);
    const reported: number[] = [];
    reactor.register(fd, Interest.Writable, {
      onReady: (readiness) => void reported.push(readiness),
    });
    reactor.turn(0);
    expect(reported).toEqual([Readiness.Writable]);
    expect(reactor.stats.ghostsRemoved).toBe(0);
  },
);

test.runIf(Poller.backends.includes('epoll'))(
  'a set that is built anew sees the file that was added apart from a ghost of the same number',
  () => {
    const [a, b] = openPair();
    const other = dup(a);
    const earlier = reactor.register(other, Interest.Writable, silent, { trigger: 'edge' });
    close(other); // its entry lives on: `a` keeps the file open
    const [number] = openPair(); // the lowest that is free
    expect(number).toBe(other);
    const reported: number[] = [];
    const handler: Handler = { onReady: (readiness) => void reported.push(readiness) };
    reactor.register(number, Interest.Readable, handler, { trigger: 'edge-oneshot' });
    expect(earlier.isClosed).toBe(true);
    close(number);
    expect(dup(a)).toBe(number); // the file of the ghost, under the number of both
    close(b);
    reactor.turn(0); // the ghost fires
    expect(reactor.stats.ghostsRemoved).toBe(1);
    reactor.turn(0);
    expect(reported).toEqual([]);
  },
);

test.runIf(Poller.backends.includes('epoll'))(
  'a set that is built anew sees the ends of a pipe apart, which share one inode',
  () => {
    const [reader, writer] = openPipe();
    reactor.register(reader, Interest.Readable, silent);
    const copy = dup(reader);
    close(reader); // its entry lives on
    expect(dup(writer)).toBe(reader);
    const registration = reactor.register(reader, Interest.Writable, silent, { trigger: 'edge' });
    close(reader);
    close(writer);
    expect(dup(copy)).toBe(reader);
    reactor.turn(0); // the ghost reports the hang-up
    expect(reactor.stats.ghostsRemoved).toBe(1);
    expect(() => registration.setTrigger('level')).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  },
);

test.runIf(Poller.backends.includes('epoll'))(
  'a ghost that cannot be removed is reported once, and counted when it is',
  () => {
    const errors: string[] = [];
    using short = new Reactor({
      onError: (error) => void errors.push((error as NodeJS.ErrnoException).code as string),
    });
    const [ghost] = openPair();
    const ghostly = short.register(ghost, Interest.Writable, silent);
    dup(ghost);
    close(ghost);
    ghostly.close();
    const fault = inject('epoll_create1', 'EMFILE', { times: 20 });
    for (let i = 0; i < 20; i++) short.turn(0);
    expect(fault.count).toBe(20);
    expect(errors).toEqual(['EMFILE']);
    expect(short.stats.ghostsRemoved).toBe(0);
    for (let i = 0; i < 3; i++) short.turn(0);
    expect(short.stats.ghostsRemoved).toBe(1);
    expect(errors).toHaveLength(1);
  },
);

test.each(Poller.backends.filter((backend) => backend === 'poll' || backend === 'select'))(
  '%s: a number that was one end of a pipe and is the other is an error',
  (backend) => {
    using other = new Reactor({ backend });
    const [reader, writer] = openPipe();
    const reported: number[] = [];
    const handler: Handler = { onReady: (readiness) => void reported.push(readiness) };
    other.register(reader, Interest.Readable | Interest.Writable, handler);
    dup(reader); // the writer has a reader still, and no error of its own
    close(reader);
    expect(dup(writer)).toBe(reader);
    other.turn(0);
    expect(reported.map((readiness) => readiness & Readiness.Error)).toEqual([Readiness.Error]);
  },
);
