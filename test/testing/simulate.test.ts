// What `simulate` promises: unchanged programs, virtual time, faults, and failures that can be run again. The
// titles are the rules of docs/testing.md.
import http from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { defaultReactor, Interest, listen, Reactor } from '../../src/index.ts';
import { createServer } from '../../src/node-net/index.ts';
import { connect, listen as listenAwaited } from '../../src/promises/index.ts';
import * as sys from '../../src/sys/index.ts';
import { type Simulation, simulate } from '../../src/testing/index.ts';
import { failureOf } from './failure.ts';

const PORT = 7007;

function startUpperCase(): void {
  listen<string>({
    port: PORT,
    createData: () => '',
    handlers: {
      data(connection, bytes) {
        const lines = ((connection.data ?? '') + bytes.toString()).split('\n');
        connection.data = lines.pop() ?? '';
        for (const line of lines) connection.write(`${line.toUpperCase()}\n`);
      },
      end: (connection) => connection.end(),
    },
  });
}

describe('unchanged programs', () => {
  it('a server with handlers, and a peer that writes half a line', async () => {
    const faults = { delayMs: 20, cut: 0.5 };
    const report = await simulate({ runs: 50, faults }, async (sim) => {
      startUpperCase();
      const client = await sim.connect(PORT);
      client.write('hel');
      await sim.elapse('20s');
      client.end('lo\n');
      expect(await client.line()).toBe('HELLO');
      expect(await client.text()).toBe('');
      expect(sim.now).toBeGreaterThanOrEqual(20_000);
    });
    expect(report.runs).toBe(50);
    expect(report.elapsedMs).toBeGreaterThanOrEqual(50 * 20_000);
  });

  it('awaited connections on both sides', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `hello ${index}`);
    await simulate({ runs: 10, faults: { delayMs: 20, cut: 0.5 } }, async () => {
      const listener = listenAwaited({ port: PORT });
      const serving = (async () => {
        for await (const connection of listener) echo(connection);
      })();
      expect(await Promise.all(names.map(askEcho))).toEqual(names);
      listener.close();
      await serving;
    });
  });

  it('node:http over edgewise/net', async () => {
    await simulate({ runs: 10, faults: { delayMs: 20, cut: 0.5 } }, async (sim) => {
      const server = http.createServer((request, response) => response.end(`hi ${request.url}`));
      const own = createServer((socket) => server.emit('connection', socket));
      own.listen(PORT);
      const client = await sim.connect(PORT);
      client.write('GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      expect(await client.text()).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*hi \/a/);
      own.close();
    });
  });

  it('a reactor that is driven by hand: a turn that waits lets time pass', async () => {
    await simulate({}, (sim) => {
      const reactor = new Reactor();
      const calls: number[] = [];
      reactor.setTimeout(() => calls.push(sim.now), 5000);
      reactor.turn();
      expect(calls).toEqual([5000]);
      reactor.close();
    });
  });

  it('what was there before is as it was: descriptors, reactors, files', async () => {
    const reactor = new Reactor();
    const before = defaultReactor();
    const pipe = new Int32Array(2);
    sys.pipe2(pipe, sys.constants.O_NONBLOCK);
    const [reader, writer] = pipe as unknown as [number, number];
    reactor.register(reader, Interest.Readable, { onReady: () => reactor.stop() });
    await simulate({}, () => {
      expect(sys.write(writer, Buffer.from('x'))).toBe(1);
      expect(reactor.turn(0)).toBe(1);
      expect(defaultReactor()).not.toBe(before);
    });
    expect(defaultReactor()).toBe(before);
    reactor.close();
    for (const fd of pipe) sys.close(fd);
    before.close();
  });
});

async function echo(connection: Awaited<ReturnType<typeof connect>>): Promise<void> {
  for await (const bytes of connection) await connection.write(bytes);
  await connection.end();
}

async function askEcho(text: string): Promise<string> {
  const connection = await connect({ host: '127.0.0.1', port: PORT });
  await connection.end(text);
  let answer = '';
  for await (const bytes of connection) answer += bytes.toString();
  return answer;
}

describe('timers of Node', () => {
  it('are simulated on request, with Date and Math.random', async () => {
    const seen: unknown[] = [];
    const body = async (sim: Simulation): Promise<void> => {
      const times: number[] = [];
      const interval = globalThis.setInterval(() => times.push(sim.now), 30_000);
      defaultReactor().setTimeout(() => times.push(sim.now), 45_000);
      await new Promise((resolve) => globalThis.setTimeout(resolve, 100_000));
      clearInterval(interval);
      expect(times).toEqual([30_000, 45_000, 60_000, 90_000]);
      expect(Date.now() - Date.UTC(2026, 0, 1)).toBe(100_000);
      seen.push(Math.random());
    };
    await simulate({ timers: 'simulated' }, body);
    await simulate({ timers: 'simulated' }, body);
    expect(seen[0]).toBe(seen[1]);
    expect(Date.now()).toBeGreaterThan(Date.UTC(2026, 0, 2));
  });
});

describe('peers, names and faults', () => {
  it('a host of the test is found by its name, and can be cut off', async () => {
    await simulate({}, async (sim) => {
      sim.listen('db:5432', (peer) => void peer.line().then((line) => peer.end(`${line}!\n`)));
      const connection = await connect({ host: 'db', port: 5432 });
      sim.partition('db', '3s');
      await connection.end('hi\n');
      const answer = await connection.read();
      expect(answer?.toString()).toBe('hi!\n');
      expect(sim.now).toBeGreaterThanOrEqual(3000);
      connection.destroy();
    });
  });

  it('a call fails as often as it is asked to', async () => {
    await simulate({}, async (sim) => {
      sim.fail('accept4', 'ECONNABORTED', { times: 2 });
      startUpperCase();
      const clients = await Promise.all([sim.connect(PORT), sim.connect(PORT), sim.connect(PORT)]);
      for (const client of clients) client.write('a\n');
      await sim.settle();
      expect(clients.map((client) => client.received.toString())).toEqual(['', '', 'A\n']);
    });
  });

  it('a slow peer takes its time', async () => {
    await simulate({ buffers: { send: 4096, receive: 4096 } }, async (sim) => {
      listen({
        port: PORT,
        handlers: { open: (connection) => connection.end(Buffer.alloc(100_000)) },
      });
      const client = (await sim.connect(PORT)).slow(100);
      expect((await client.bytes()).length).toBe(100_000);
      expect(sim.now).toBeGreaterThan(900);
    });
  });

  it('one that has reset takes nothing more, while its reset is under way', async () => {
    await simulate({ buffers: { send: 4096, receive: 4096 } }, async (sim) => {
      const flood = (connection: { write(bytes: Uint8Array): boolean }): void => {
        for (let count = 0; count < 4 && connection.write(Buffer.alloc(1024)); count++);
      };
      listen({ port: PORT, highWaterMark: 1, handlers: { open: flood, drain: flood } });
      sim.latency('127.0.0.1', '20ms');
      const client = await sim.connect(PORT);
      await sim.elapse('30ms');
      client.reset();
      await sim.settle();
      expect(client.received.length).toBeLessThan(20_000);
      expect(sim.descriptors.count).toBe(1);
    });
  });

  it('a signal of the process calls what the program has given to Node, and only in its run', async () => {
    const got: string[] = [];
    const body = async (sim: Simulation): Promise<void> => {
      process.once('SIGTERM', (name) => got.push(name));
      process.on('SIGHUP', (name) => got.push(name));
      expect([sim.signal('SIGTERM'), sim.signal('SIGUSR2')]).toEqual([true, false]);
      await sim.settle();
      expect(sim.signal('SIGTERM')).toBe(false);
    };
    const before = process.listenerCount('SIGHUP');
    await simulate({ runs: 3 }, body);
    expect(got).toEqual(['SIGTERM', 'SIGTERM', 'SIGTERM']);
    expect(process.listenerCount('SIGHUP')).toBe(before);
  });

  it('a signal', async () => {
    await simulate({}, async (sim) => {
      const got: string[] = [];
      defaultReactor().onSignal('SIGTERM', (name) => got.push(name));
      expect([sim.signal('SIGTERM'), sim.signal('SIGUSR1')]).toEqual([true, false]);
      await sim.settle();
      expect(got).toEqual(['SIGTERM']);
    });
  });

  it('what is open, and which calls were made', async () => {
    await simulate({}, async (sim) => {
      startUpperCase();
      const client = await sim.connect(PORT);
      await sim.settle();
      expect(sim.descriptors.open).toEqual([
        'listener :::7007',
        expect.stringMatching(/^connection 127\.0\.0\.1:7007 to 127\.0\.0\.1:\d+$/),
      ]);
      expect(sim.calls).toMatchObject({ bind: 1, listen: 1 });
      client.reset();
      await sim.settle();
      expect(sim.descriptors.count).toBe(1);
    });
  });
});

describe('failures', () => {
  const oneChunkIsOneLine = async (sim: Simulation): Promise<void> => {
    const chunks: string[] = [];
    listen({ port: PORT, handlers: { data: (_, bytes) => void chunks.push(bytes.toString()) } });
    const client = await sim.connect(PORT);
    client.write('0123456789');
    await sim.settle();
    expect(chunks).toEqual(['0123456789']);
  };
  const faults = { delayMs: 20, cut: 0.1 };
  afterEach(() => {
    delete process.env.EDGEWISE_SIM;
  });

  it('are shown by the kindest run, which can be run again', async () => {
    const { message } = await failureOf(oneChunkIsOneLine, { runs: 500, faults });
    expect(message).toMatch(/^seed \d+, run \d+ of 500; [123] unkind choices? remains? of \d+:$/m);
    expect(message).toMatch(/ms {2}\w+ on connection 127\.0\.0\.1:7007 to 127\.0\.0\.1:\d+: \d/);
    const [, replay = ''] = /again: EDGEWISE_SIM='([-\d.]+)'/.exec(message) ?? [];
    process.env.EDGEWISE_SIM = replay;
    expect((await failureOf(oneChunkIsOneLine, { faults })).message).toContain(replay);
  });

  it('of handlers and of promises that no one awaits are those of the test', async () => {
    const thrown = await failureOf(async (sim) => {
      const fail = () => {
        throw new Error('by a handler');
      };
      listen({ port: PORT, handlers: { data: fail } });
      (await sim.connect(PORT)).write('x');
      await sim.settle();
    });
    expect(thrown.message).toMatch(/^by a handler/);
    const rejected = await failureOf((sim) => {
      void Promise.reject(new Error('by a promise'));
      return sim.elapse('1s');
    });
    expect(rejected.message).toMatch(/^by a promise/);
  });

  it('a wait that nothing can end names what was not read', async () => {
    const { code, message } = await failureOf(async (sim) => {
      const listener = listenAwaited({ port: PORT });
      (await sim.connect(PORT)).write('more');
      const { value: connection } = await listener[Symbol.asyncIterator]().next();
      await (connection as Awaited<ReturnType<typeof connect>>).readExactly(2);
      await new Promise(() => undefined);
    });
    expect(code).toBe('ERR_SIM_DEADLOCK');
    expect(message).toMatch(/nothing can come any more: .*listener/);
  });

  it('a server that spins, so that no time can pass', async () => {
    const { code, message } = await failureOf(
      async (sim) => {
        const reactor = defaultReactor();
        const fds = new Int32Array(2);
        sys.pipe2(fds, sys.constants.O_NONBLOCK);
        const [, writer = -1] = fds;
        // Write interest, with nothing to write.
        reactor.register(writer, Interest.Writable, { onReady: () => undefined });
        await sim.elapse('1s');
      },
      { shrinkMs: 0 },
    );
    expect([code, message]).toEqual([
      'ERR_SIM_DEADLOCK',
      expect.stringMatching(/^it spins: .*pipe/),
    ]);
  });

  it('a fault that was asked for and never happened', async () => {
    const { code } = await failureOf((sim) => sim.fail('accept4', 'EMFILE'));
    expect(code).toBe('ERR_SIM_INERT');
  });

  it('descriptors that are left open', async () => {
    const { code, message } = await failureOf(() => {
      sys.socket(sys.constants.AF_INET, sys.constants.SOCK_STREAM);
    });
    expect(code).toBe('ERR_SIM_LEAK');
    expect(message).toMatch(/^left open at the end: socket/);
  });

  it('descriptors that a program leaves to the end of its process', async () => {
    await simulate({ leaks: 'allowed' }, () => {
      sys.socket(sys.constants.AF_INET, sys.constants.SOCK_STREAM);
    });
  });

  it('a run that is another one the second time', async () => {
    let count = 0;
    const { code } = await failureOf((sim) => sim.elapse(count++), { repeatEvery: 1 });
    expect(code).toBe('ERR_SIM_UNREPEATABLE');
  });
});
