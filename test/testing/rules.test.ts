// The rules of docs/testing.md, and what is not simulated: the first sentence of each is the title of a test, and
// no title is without one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import { gzip } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { defaultReactor, Interest, listen } from '../../src/index.ts';
import { connect } from '../../src/promises/index.ts';
import * as sys from '../../src/sys/index.ts';
import { simulate } from '../../src/testing/index.ts';
import { failureOf } from './failure.ts';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, O_NONBLOCK, EPOLLIN } = sys.constants;
const PORT = 7007;
const PAGE = readFileSync(new URL('../../docs/testing.md', import.meta.url), 'utf8');
let titles: string[] = [];

/** Of a section, the first sentence of each item of its list. */
function itemsOf(section: string): string[] {
  const [, text = ''] = new RegExp(`\n## ${section}\n([\\s\\S]*?)(\n## |$)`).exec(PAGE) ?? [];
  const items = text.split(/^(?:\d+\.|-) /m).slice(1);
  return items.map((item) => /^.*?[.](?=\s|$)/s.exec(item)?.[0].replaceAll(/\s+/g, ' ') ?? item);
}

function rule(title: string, body: () => unknown): void {
  titles.push(title);
  it(title, async () => {
    await body();
  });
}

const codeOf = async (...of: Parameters<typeof failureOf>): Promise<string | undefined> =>
  (await failureOf(...of)).code;
const never = (): Promise<void> => new Promise(() => undefined);
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

describe('rules', () => {
  titles = [];
  const own = titles;

  rule('One simulation runs at a time in a thread: ERR_SIM_NESTED.', async () => {
    const error = await failureOf(async () => simulate({}, () => undefined));
    expect([error.code, error.message]).toEqual([
      'ERR_SIM_NESTED',
      expect.stringMatching(/await it first/),
    ]);
  });

  rule('Time does not pass while anything is left to do.', () =>
    simulate({}, async (sim) => {
      const times: number[] = [];
      sim.at('1h', () => times.push(sim.now));
      for (let count = 0; count < 100; count++) await Promise.resolve();
      expect(sim.now).toBe(0);
      await sim.elapse('2h');
      expect([...times, sim.now]).toEqual([3_600_000, 7_200_000]);
    }),
  );

  rule(
    'Where nothing can come any more and the test is pending, it fails: ERR_SIM_DEADLOCK.',
    async () => {
      const error = await failureOf(async (sim) => {
        listen({ port: PORT, handlers: { open: (connection) => connection.pause() } });
        (await sim.connect(PORT)).write('unread bytes');
        await never();
      });
      expect(error.code).toBe('ERR_SIM_DEADLOCK');
      expect(error.message).toMatch(/more: connection .* has 12 bytes unread; listener :::7007\n/);
    },
  );

  rule('A server that spins fails: ERR_SIM_DEADLOCK.', async () => {
    const error = await failureOf(
      async (sim) => {
        const fds = new Int32Array(2);
        sys.pipe2(fds, O_NONBLOCK);
        const onReady = (): void => undefined;
        defaultReactor().register(fds[1] as number, Interest.Writable, { onReady });
        await sim.elapse('1s');
      },
      { shrinkMs: 0 },
    );
    expect([error.code, error.message]).toEqual([
      'ERR_SIM_DEADLOCK',
      expect.stringMatching(/^it spins: .*pipe/),
    ]);
  });

  rule('What the program waits for beside the machine is named: ERR_SIM_ESCAPED.', async () => {
    const error = await failureOf(async () => void (await readFile('package.json')));
    expect([error.code, error.message]).toEqual([
      'ERR_SIM_ESCAPED',
      expect.stringMatching(/waits for fs of Node.* allow: \['fs'\]/),
    ]);
  });

  rule('What is allowed is waited for in real time.', () =>
    simulate({ allow: ['fs', 'timers'] }, async (sim) => {
      expect(await readFile('package.json', 'utf8')).toContain('edgewise');
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(sim.now).toBe(0);
    }),
  );

  it('no time passes, and nothing settles, while a file is being read that may be', () =>
    simulate({ runs: 5, allow: ['fs'] }, async (sim) => {
      const order: string[] = [];
      sim.at('1ms', () => order.push('later'));
      const settled = sim.settle().then(() => order.push('settled'));
      const text = await readFile('package.json', 'utf8');
      await readFile('package.json', 'utf8');
      order.push(text.includes('edgewise') ? 'read' : text);
      await settled;
      expect(order).toEqual(['read', 'later', 'settled']);
    }));

  rule('A fault that was asked for and never happened fails the test: ERR_SIM_INERT.', async () => {
    expect(await codeOf((sim) => sim.cut('recv', 1))).toBe('ERR_SIM_INERT');
    expect(await codeOf((sim) => sim.fail('accept4', 'EMFILE'))).toBe('ERR_SIM_INERT');
  });

  rule('What is open at the end is an error: ERR_SIM_LEAK.', async () => {
    await simulate({}, () => void listen({ port: PORT, handlers: {} }));
    expect(await codeOf(() => void sys.socket(AF_INET, SOCK_STREAM))).toBe('ERR_SIM_LEAK');
  });

  rule(
    'What a handler throws fails the test, and so does a promise that no one awaits.',
    async () => {
      const thrown = await failureOf(async (sim) => {
        const open = (): void => {
          throw new Error('by a handler');
        };
        listen({ port: PORT, handlers: { open } });
        await sim.connect(PORT);
        await sim.settle();
      });
      const rejected = await failureOf((sim) => {
        void Promise.reject(new Error('by a promise'));
        return sim.elapse('1s');
      });
      expect([thrown.message, rejected.message]).toEqual([
        expect.stringMatching(/^by a handler/),
        expect.stringMatching(/^by a promise/),
      ]);
    },
  );

  rule('A run that cannot be repeated fails: ERR_SIM_UNREPEATABLE.', async () => {
    let count = 0;
    const options = { runs: 50 };
    expect(await codeOf((sim) => sim.elapse(count++), options)).toBe('ERR_SIM_UNREPEATABLE');
    expect(count).toBe(51);
  });

  rule('Descriptors of the machine have numbers from 2^20.', () =>
    simulate({ leaks: 'allowed' }, () => {
      expect(sys.socket(AF_INET, SOCK_STREAM)).toBeGreaterThanOrEqual(2 ** 20);
      expect(sys.write(1, Buffer.alloc(0))).toBe(0);
    }),
  );

  rule('What a run has changed ends with it.', async () => {
    const before = defaultReactor();
    await simulate({ runs: 3 }, () => {
      expect(process.listenerCount('SIGHUP')).toBe(0);
      process.on('SIGHUP', () => undefined);
      expect(defaultReactor()).not.toBe(before);
    });
    expect([process.listenerCount('SIGHUP'), defaultReactor()]).toEqual([0, before]);
    before.close();
  });

  rule('A name that is no option is refused, with the one that may be meant.', async () => {
    const message = async (options: object): Promise<string> =>
      (await failureOf(() => undefined, options)).message;
    expect(await message({ run: 5 })).toBe(`"options.run" must be spelt 'runs'; received 5`);
    const faults = { shortRead: 1 };
    expect(await message({ faults })).toMatch(
      /"options.faults.shortRead" must be spelt 'shortReads'/,
    );
    expect(await message({ whatever: 1 })).toMatch(/"options.whatever" must be one of runs, seed/);
  });

  it('each of the page is a title', () => {
    expect(own).toEqual(itemsOf('Rules'));
  });
});

describe('what is not', () => {
  titles = [];
  const own = titles;
  const escapes = async (start: () => unknown, name: string): Promise<void> => {
    const error = await failureOf(() => {
      start();
      return never();
    });
    expect([error.code, error.message]).toEqual(['ERR_SIM_ESCAPED', expect.stringContaining(name)]);
  };

  rule('`node:net` is seen as an escape.', () =>
    escapes(() => {
      const server = createServer().listen(0);
      ends.push(() => server.close());
    }, "waits for net of Node, which the simulation does not have: import 'edgewise/net'"),
  );

  rule('A worker thread that is listened to is seen as an escape.', () =>
    escapes(() => {
      const worker = new Worker('setInterval(() => undefined, 1000)', { eval: true });
      worker.on('message', () => undefined);
      ends.push(() => worker.terminate());
    }, 'worker_threads'),
  );

  rule('Child processes are seen as an escape.', () =>
    escapes(() => {
      const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
      ends.push(() => child.kill() && once(child, 'exit'));
    }, 'child_process'),
  );

  rule('Raw epoll sets know no simulated descriptor: EBADF.', () => {
    if (process.platform !== 'linux') return undefined;
    return simulate({ leaks: 'allowed' }, () => {
      const fd = sys.socket(AF_INET, SOCK_STREAM);
      const epoll = sys.epoll_create1(0);
      const result = sys.epoll_ctl(epoll, sys.constants.EPOLL_CTL_ADD, fd, EPOLLIN, 1);
      sys.close(epoll);
      expect(sys.errnoName(result)).toBe('EBADF');
    });
  });

  rule('No simulated number fits in an FdSet: ERR_OUT_OF_RANGE.', () =>
    simulate({}, (sim) => {
      const fd = sys.socket(AF_INET, SOCK_STREAM);
      expect(() => new sys.FdSet().add(fd)).toThrow(
        expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
      );
      sys.close(fd);
      const startMs = sim.now;
      expect(sys.select(0, null, null, null, 3_600_000)).toBe(0);
      expect(sys.pselect(0, null, null, null, 0.5)).toBe(0);
      expect(sim.now - startMs).toBeCloseTo(3_600_000.5);
    }),
  );

  rule('A TCP socket that connects to itself is refused, where a real one connects.', () =>
    simulate({}, async (sim) => {
      const fd = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
      const own = { address: '127.0.0.1', port: PORT };
      expect([sys.bind(fd, own), sys.connect(fd, own)].map(sys.errnoName)).toContain('EINPROGRESS');
      await sim.settle();
      expect(sys.errnoName(sys.send(fd, Buffer.from('x')))).toBe('ECONNREFUSED');
      sys.close(fd);
    }),
  );

  rule('What threads of Node do for zlib and crypto is not seen.', () =>
    simulate({}, async () => {
      const error = await new Promise((resolve) => gzip('x', resolve));
      expect(error).toBe(null);
    }),
  );

  rule('A shutdown of a listener has no effect beyond its result.', () =>
    simulate({}, async (sim) => {
      const listener = listen({
        port: PORT,
        handlers: { open: (connection) => connection.end('hi') },
      });
      sys.shutdown(listener.fd, sys.constants.SHUT_RDWR);
      expect(await (await sim.connect(PORT)).text()).toBe('hi');
    }),
  );

  rule('What the test does not await is not part of it.', async () => {
    let isOver = false;
    await simulate({}, (sim) => {
      void sim.elapse('1s').then(() => {
        isOver = true;
      });
    });
    expect(isOver).toBe(false);
  });

  it('each of the page that has a behaviour is a title', () => {
    const without = /are not there\.$|is a kernel's own affair/;
    const items = itemsOf('What is not').filter((item) => !without.test(item));
    expect(own).toEqual(items);
  });
});

it('a connection of the program to no one is refused', () =>
  simulate({}, async () => {
    await expect(connect({ host: '127.0.0.1', port: PORT })).rejects.toThrow('ECONNREFUSED');
  }));
