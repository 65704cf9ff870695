// What is not a stream connection, while one call of the kernel fails: the poller and the reactor
// themselves, datagram sockets, pipes, the proactor.
import { describe, expect, it } from 'vitest';
import { bindDatagram } from '../../src/net/datagram/bind.ts';
import { openReader, openWriter } from '../../src/pipe/index.ts';
import { Interest, type Trigger } from '../../src/poller/interest.ts';
import { Poller } from '../../src/poller/poller.ts';
import { Proactor } from '../../src/proactor/index.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import * as sys from '../../src/sys/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { Recorder, send, turnIdly } from '../helpers/handlers.ts';
import { inject, type KernelCall } from '../helpers/injection.ts';
import { eachTrigger } from '../helpers/matrix.ts';
import { ERRNOS, type Program, sweep } from './sweep.ts';

const TURNS_MAX = 60;
const descriptors = useDescriptors();
const BULK = Buffer.alloc(300_000, 'x');

function turns(reactor: Reactor, isDone: () => boolean): void {
  for (let i = 0; i < TURNS_MAX && !isDone(); i++) reactor.turn(20);
}

/** Two sockets send to each other, the one connected, and end in order. */
const datagrams =
  (trigger: 'level' | 'edge'): Program =>
  (report) => {
    const reactor = new Reactor({ onError: (error) => void report.stray.push(error) });
    let closed = 0;
    let messages = 0;
    const handlers = {
      message: () => {
        messages++;
      },
      error: (_socket: unknown, error: Error) => report.ended(error),
      close: (_socket: unknown, error?: Error) => {
        closed++;
        report.ended(error);
      },
    };
    let opened = 0;
    try {
      const common = { host: '127.0.0.1', reactor, trigger, handlers, sendBufferSize: 4096 };
      const a = bindDatagram(common);
      opened++;
      const b = bindDatagram(common);
      opened++;
      a.connect(b.address);
      for (let i = 0; i < 20; i++) report.calls(() => a.send(Buffer.alloc(1000)));
      report.calls(() => b.send('back', a.address));
      report.calls(() => b.pause());
      report.calls(() => b.resume());
      turns(reactor, () => messages >= 21 || report.errors.length > 0);
      a.disconnect();
      for (const socket of [a, b]) socket.close();
      turns(reactor, () => closed === opened);
      report.expectEnd('the sockets', closed === opened);
    } finally {
      reactor.close();
    }
  };

/** A writer fills a pipe, a reader pauses and empties it. */
const piped =
  (trigger: 'level' | 'edge'): Program =>
  (report) => {
    const reactor = new Reactor({ onError: (error) => void report.stray.push(error) });
    const fds = new Int32Array(2);
    sys.pipe2(fds, sys.constants.O_NONBLOCK);
    const owned = new Set<number>(fds);
    let closed = 0;
    let opened = 0;
    const close = (_end: unknown, error?: Error) => {
      closed++;
      report.ended(error);
    };
    try {
      const reader = openReader(fds[0] as number, {
        reactor,
        trigger,
        handlers: { data: () => undefined, close },
      });
      owned.delete(fds[0] as number);
      opened++;
      const writer = openWriter(fds[1] as number, { reactor, trigger, handlers: { close } });
      owned.delete(fds[1] as number);
      opened++;
      report.calls(() => reader.pause());
      report.calls(() => writer.write(BULK));
      report.calls(() => writer.write(BULK));
      reactor.turn(0);
      report.calls(() => reader.resume());
      report.calls(() => writer.end());
      turns(reactor, () => closed === opened);
      report.expectEnd('the pipe', closed === opened);
    } finally {
      reactor.close();
      for (const fd of owned) sys.close(fd);
    }
  };

/** Operations on both ends of a socket pair. */
const operations: Program = (report) => {
  const reactor = new Reactor({ onError: (error) => void report.stray.push(error) });
  const proactor = new Proactor({ reactor });
  const fds = new Int32Array(2);
  sys.socketpair(
    sys.constants.AF_UNIX,
    sys.constants.SOCK_STREAM | sys.constants.SOCK_NONBLOCK,
    0,
    fds,
  );
  let done = 0;
  const complete = (error: Error | undefined): void => {
    done++;
    report.ended(error);
  };
  try {
    const [a, b] = [...fds].map((fd) => proactor.open(fd)) as [
      ReturnType<Proactor['open']>,
      ReturnType<Proactor['open']>,
    ];
    const into = Buffer.alloc(BULK.length);
    a.readExactly(into, complete);
    b.read(Buffer.alloc(10), complete);
    b.writeAll(BULK, complete);
    a.writeAll(Buffer.alloc(10), complete);
    turns(reactor, () => done === 4 || report.errors.length > 0);
    if (done < 4) for (const end of [a, b]) end.close(); // an end that failed has a peer that waits
    turns(reactor, () => done === 4);
    report.expectEnd('the operations', done === 4);
  } finally {
    proactor.close();
    reactor.close();
    for (const fd of fds) sys.close(fd);
  }
};

const WATCHING: readonly KernelCall[] = [
  'epoll_ctl ADD',
  'epoll_ctl MOD',
  'epoll_ctl DEL',
  'close',
];

describe.each(['level', 'edge'] as const)('%s', (trigger) => {
  const datagramCalls: readonly KernelCall[] = [
    ...WATCHING,
    'socket',
    'bind',
    'connect',
    'getsockname',
    'setsockopt',
    'recv',
    'send',
  ];
  it.each(datagramCalls)('datagram sockets survive each error of %s', async (call) => {
    await sweep(datagrams(trigger), call);
  });

  it.each([...WATCHING, 'fcntl', 'read', 'write'] as const)(
    'a reader and a writer of a pipe survive each error of %s',
    async (call) => {
      await sweep(piped(trigger), call);
    },
  );
});

it.each(['epoll_ctl ADD', 'epoll_ctl DEL', 'recv', 'send'] as const)(
  'operations of a proactor survive each error of %s',
  async (call) => {
    await sweep(operations, call);
  },
);

eachTrigger((backend, trigger: Trigger) => {
  const codes = ERRNOS.map((code) => [code] as const);

  it.each(codes)('the Poller throws %s of each of its calls', (code) => {
    const poller = descriptors.using(new Poller({ backend }));
    const [ours] = descriptors.socketpair();
    const failed = expect.objectContaining({ code, syscall: expect.any(String) });
    let fault = inject('epoll_ctl ADD', code);
    expect(() => poller.add(ours, 1, Interest.Readable, trigger)).toThrow(failed);
    poller.add(ours, 1, Interest.Readable, trigger);
    expect(fault.count).toBe(1);
    fault = inject('epoll_ctl MOD', code);
    expect(() => poller.modify(ours, 1, Interest.Writable, trigger)).toThrow(failed);
    expect(fault.count).toBe(1);
    fault = inject('epoll_ctl DEL', code);
    expect(() => poller.remove(ours)).toThrow(failed);
    expect(fault.count).toBe(1);
    fault = inject('epoll_wait', code);
    expect(() => poller.wait(0)).toThrow(failed);
    expect(fault.count).toBe(1);
    expect(poller.wait(0)).toBe(0);
  });

  it.each(codes)('the Reactor is as it was after %s of each of its calls', async (code) => {
    const stray: unknown[] = [];
    const reactor = descriptors.using(
      new Reactor({ backend, onError: (error) => void stray.push(error) }),
    );
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder();
    const failed = expect.objectContaining({ code, syscall: expect.any(String) });
    let fault = inject('epoll_ctl ADD', code);
    const register = () => reactor.register(ours, Interest.Writable, recorder, { trigger });
    expect(register).toThrow(failed);
    expect([fault.count, reactor.registrationCount]).toEqual([1, 0]);
    const registration = register();
    for (const change of [
      () => registration.setInterest(Interest.Readable),
      () => registration.setTrigger(trigger === 'level' ? 'oneshot' : 'level'),
      () => registration.rearm(),
    ]) {
      fault = inject('epoll_ctl MOD', code);
      expect(change).toThrow(failed);
      expect(fault.count).toBe(1);
      expect(registration).toMatchObject({ interest: Interest.Writable, trigger, isClosed: false });
    }
    fault = inject('epoll_wait', code);
    expect(() => reactor.turn(0)).toThrow(failed);
    expect(fault.count).toBe(1);
    registration.setInterest(Interest.Readable);
    send(theirs, 'x');
    turnIdly(reactor);
    expect(recorder.readiness).toContain('Readable');
    fault = inject('epoll_ctl DEL', code);
    registration.close();
    expect([fault.count, reactor.registrationCount]).toEqual([1, 0]);
    expect(stray).toEqual([]);
  });
});
