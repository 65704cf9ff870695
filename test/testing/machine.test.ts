// What a test sees of the machine and does to it beside the network: sockets, the log, calls that fail, reports of
// nothing, and time in which the program does not run.
import { constants } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defaultReactor, Interest, listen, Reactor } from '../../src/index.ts';
import * as sys from '../../src/sys/index.ts';
import { type Simulation, simulate } from '../../src/testing/index.ts';
import { failureOf } from './failure.ts';

const PORT = 7007;
const { AF_INET, AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOCK_NONBLOCK } = sys.constants;
const { EIO, ENOSPC } = constants.errno;

function pair(type: number = SOCK_STREAM | SOCK_NONBLOCK): [number, number] {
  const fds = new Int32Array(2);
  sys.socketpair(AF_UNIX, type, 0, fds);
  return [fds[0] as number, fds[1] as number];
}

describe('sockets', () => {
  it('are shown with their state, addresses, and what waits in them', async () => {
    await simulate({}, async (sim) => {
      listen({ port: PORT, handlers: { data: (connection) => connection.pause() } });
      const client = await sim.connect(PORT);
      client.write('a');
      await sim.settle();
      client.write('bcd');
      await sim.settle();
      const udp = sys.socket(AF_INET, SOCK_DGRAM);
      const [left, right] = pair();
      sys.write(left, Buffer.from('xy'));
      const rows = sim
        .sockets()
        .map(({ fd: _, remote, ...row }) => ({ ...row, hasRemote: remote !== '' }));
      const none = { unread: 0, unsent: 0, hasRemote: false };
      const own = { ...none, kind: 'tcp', hasRemote: true };
      expect(rows).toEqual([
        { ...own, state: 'listening', local: `:::${PORT}`, hasRemote: false },
        { ...own, state: 'connected', local: `127.0.0.1:${PORT}`, unread: 3 },
        { ...none, kind: 'udp', state: 'new', local: '0.0.0.0:0' },
        { ...none, kind: 'unix', state: 'connected', local: '' },
        { ...none, kind: 'unix', state: 'connected', local: '', unread: 2 },
      ]);
      client.end();
      await sim.settle();
      expect(sim.sockets()[1]?.state).toBe('closing');
      for (const fd of [udp, left, right]) sys.close(fd);
    });
  });
});

describe('the log', () => {
  const logOf = async (seed: number): Promise<string> => {
    let log = '';
    const faults = { delayMs: 20, cut: 0.5, shortReads: 0.5 };
    await simulate({ runs: 2, seed, faults }, async (sim) => {
      listen({
        port: PORT,
        handlers: { data: (connection, bytes) => void connection.write(Buffer.from(bytes)) },
      });
      const client = await sim.connect(PORT);
      client.write('0123456789');
      await client.read(10);
      log = sim.log.join('\n');
    });
    return log;
  };

  it('has all calls, and is the same for the same seed, byte by byte', async () => {
    const log = await logOf(5);
    expect(log).toMatch(/^0\.000000 ms socket: 1048576$/m);
    expect(log).toMatch(
      /^\d+\.\d{6} ms 1048577 recv on connection 127\.0\.0\.1:7007 to \S+: \d+ bytes?/m,
    );
    expect(await logOf(5)).toBe(log);
    expect(await logOf(6)).not.toBe(log);
  });

  it('says what differs when a run cannot be repeated', async () => {
    let count = 0;
    const { message } = await failureOf(
      () => {
        sys.close(sys.eventfd(count++));
        const fd = sys.socket(AF_INET, count === 1 ? SOCK_STREAM : SOCK_DGRAM);
        sys.listen(fd);
        sys.close(fd);
      },
      { repeatEvery: 1 },
    );
    expect(message).toMatch(
      /The first difference: '.* listen on .*', then '.* listen on .*: E\w+'/,
    );
  });
});

describe('calls fail by their names', () => {
  const bytes = new Uint8Array(8);
  const calls: Readonly<Record<string, (fd: number) => unknown>> = {
    socket: () => sys.socket(AF_INET, SOCK_STREAM),
    socketpair: () => sys.socketpair(AF_UNIX, SOCK_STREAM, 0, new Int32Array(2)),
    pipe2: () => sys.pipe2(new Int32Array(2), 0),
    eventfd: () => sys.eventfd(0),
    timerfd_create: () => sys.timerfd_create(sys.constants.CLOCK_MONOTONIC ?? 1, 0),
    bind: (fd) => sys.bind(fd, { path: '/run/x' }),
    listen: (fd) => sys.listen(fd),
    connect: (fd) => sys.connect(fd, { path: '/run/x' }),
    shutdown: (fd) => sys.shutdown(fd, sys.constants.SHUT_WR),
    getsockopt: (fd) =>
      sys.getsockopt(fd, sys.constants.SOL_SOCKET, sys.constants.SO_TYPE, new Int32Array(1)),
    setsockopt: (fd) => sys.setsockopt(fd, sys.constants.SOL_SOCKET, sys.constants.SO_REUSEADDR, 1),
    recv: (fd) => sys.recv(fd, bytes),
    send: (fd) => sys.send(fd, bytes),
    read: (fd) => sys.read(fd, bytes),
    write: (fd) => sys.write(fd, bytes),
    readv: (fd) => sys.readv(fd, [bytes]),
    writev: (fd) => sys.writev(fd, [bytes]),
    fcntl: (fd) => sys.fcntl(fd, sys.constants.F_GETFL, 0),
    dup: (fd) => sys.dup(fd),
    close: (fd) => sys.close(fd),
  };

  it.each(Object.entries(calls))('%s', async (name, call) => {
    await simulate({}, (sim) => {
      const fds = pair();
      sim.fail(name, 'EIO');
      expect(call(fds[0])).toBe(-EIO);
      const before = sim.descriptors.count;
      expect(before).toBe(name === 'close' ? 1 : 2); // Linux closes what it fails to close
      for (const fd of fds) sys.close(fd);
    });
  });

  it('epoll_ctl: a registration fails as the kernel says', async () => {
    await simulate({}, (sim) => {
      const [fd, other] = pair();
      const reactor = new Reactor();
      sim.fail('epoll_ctl', 'ENOSPC', { fd });
      const register = () => reactor.register(fd, Interest.Readable, { onReady: () => undefined });
      expect(register).toThrow(expect.objectContaining({ errno: -ENOSPC }));
      expect(register().isClosed).toBe(false);
      reactor.close();
      for (const each of [fd, other]) sys.close(each);
    });
  });

  it.each(['ENFILE', 'ENOBUFS', 'ENOMEM', 'EMFILE'])(
    'accept4 with %s: the listener takes the connection later',
    async (code) => {
      await simulate({}, async (sim) => {
        sim.fail('accept4', code, { times: 2 });
        listen({
          port: PORT,
          handlers: { data: (connection, chunk) => void connection.end(Buffer.from(chunk)) },
        });
        const client = await sim.connect(PORT);
        client.write('hi');
        expect(await client.text()).toBe('hi');
      });
    },
  );

  it('a cut that has nothing to cut is inert', async () => {
    const { code } = await failureOf((sim) => {
      const [left, right] = pair();
      sim.cut('recv', 2);
      sys.write(left, Buffer.from('xy'));
      expect(sys.recv(right, new Uint8Array(10))).toBe(2);
      for (const fd of [left, right]) sys.close(fd);
    });
    expect(code).toBe('ERR_SIM_INERT');
  });
});

describe('a report of nothing', () => {
  it.each(['epoll', 'poll'] as const)('calls the handler once: %s', async (backend) => {
    await simulate({}, (sim) => {
      const reactor = new Reactor({ backend });
      const [fd, other] = pair();
      const results: number[] = [];
      const onReady = () => void results.push(sys.recv(fd, new Uint8Array(1)));
      reactor.register(fd, Interest.Readable, { onReady });
      sim.spurious(fd);
      reactor.turn(0);
      reactor.turn(0);
      expect(results).toEqual([sys.WOULD_BLOCK]);
      reactor.close();
      for (const each of [fd, other]) sys.close(each);
    });
  });

  it('that never came is inert', async () => {
    const { code } = await failureOf((sim) => {
      const reactor = new Reactor();
      const [fd, other] = pair();
      reactor.register(fd, Interest.Readable, { onReady: () => undefined });
      sim.spurious(fd);
      reactor.close();
      for (const each of [fd, other]) sys.close(each);
    });
    expect(code).toBe('ERR_SIM_INERT');
  });
});

describe('time in which the program does not run', () => {
  const suspended = async (sim: Simulation): Promise<void> => {
    const order: [string, number][] = [];
    const reactor = defaultReactor();
    for (const ms of [5000, 1000])
      reactor.setTimeout(() => order.push([`timer ${ms}`, sim.now]), ms);
    sim.at('2s', () => order.push(['at', sim.now]));
    await sim.elapse(10);
    sim.suspend('1h');
    await sim.settle();
    await sim.elapse(1);
    expect(order.map(([what]) => what)).toEqual(
      expect.arrayContaining(['at', 'timer 1000', 'timer 5000']),
    );
    expect(order.every(([, at]) => at === 3_600_010)).toBe(true);
  };

  it('brings all that was due at once, at its end', () => simulate({}, suspended));

  it('moves Date, and calls timers of Node that are due once', async () => {
    await simulate({ timers: 'simulated' }, async (sim) => {
      let count = 0;
      const interval = setInterval(() => count++, 60_000);
      const before = Date.now();
      sim.suspend('1h');
      await sim.settle();
      clearInterval(interval);
      expect([count, Date.now() - before]).toEqual([1, 3_600_000]);
    });
  });

  it('Date goes on with the clock also where no timer of Node is set', async () => {
    await simulate({ timers: 'simulated' }, async (sim) => {
      const before = Date.now();
      await sim.elapse('20s');
      expect(Date.now() - before).toBe(20_000);
    });
  });
});

it('wake-ups that come together are one', async () => {
  await simulate({}, async (sim) => {
    const reactor = defaultReactor();
    let count = 0;
    const waker = reactor.createWaker(() => count++);
    for (let wakes = 0; wakes < 3; wakes++) waker.wake();
    await sim.settle();
    expect(count).toBe(1);
    waker.close();
  });
});

describe('options', () => {
  it('budgetMs: no run begins after it, and the report has how many there were', async () => {
    const { now } = performance;
    let ms = 0;
    performance.now = () => ms;
    onTestFinished(() => {
      performance.now = now;
    });
    const body = () => {
      ms += 10;
    };
    expect((await simulate({ runs: 100, budgetMs: 25, repeatEvery: 0 }, body)).runs).toBe(3);
    expect((await simulate({ runs: 100, budgetMs: 0 }, body)).runs).toBe(1);
  });

  it('settleRounds: time does not pass before the program has taken its passes of the loop', async () => {
    const passes = 20;
    const body = async (sim: Simulation): Promise<void> => {
      let isLate = false;
      sim.at(1, () => {
        isLate = true;
      });
      for (let pass = 0; pass < passes; pass++)
        await new Promise((resolve) => setImmediate(resolve));
      expect(isLate).toBe(false);
    };
    await simulate({ settleRounds: passes + 1 }, body);
    expect((await failureOf(body)).name).toBe('AssertionError'); // the time of `at` has passed
  });
});
