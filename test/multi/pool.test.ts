// ReactorPool: the strategies, the choice of the main reactor, the fairness report, mistakes.
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { Children, startServer } from '../../src/cli/measure/index.ts';
import { defaultReactor } from '../../src/index.ts';
import { ReactorPool, type ReactorPoolOptions } from '../../src/multi/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { type Client, openClient, openClients } from './clients.ts';
import { moduleOf } from './pools.ts';

beforeAll(() => void defaultReactor()); // stays
useDescriptors();
const MODULE = new URL('./workers/sub-echo.mjs', import.meta.url);
const STRATEGIES = ['acceptor', 'reusePort', 'exclusive'] as const;

async function withPool(
  options: Partial<ReactorPoolOptions>,
  use: (pool: ReactorPool) => Promise<void>,
): Promise<void> {
  const pool = new ReactorPool({ size: 2, module: MODULE, host: '127.0.0.1', ...options });
  try {
    await pool.start();
    await use(pool);
  } finally {
    await pool.close({ timeoutMs: 0 });
  }
}

function closeAll(clients: readonly Client[]): void {
  for (const client of clients) client.close();
}

async function untilOpen(pool: ReactorPool, open: number) {
  for (;;) {
    const report = await pool.report();
    if (report.total.open === open) return report;
  }
}

describe.each(STRATEGIES)('%s', (strategy) => {
  it('serves connections on its threads, and reports what each of them did', async () => {
    await withPool({ strategy }, async (pool) => {
      const clients = await openClients(pool.port, 40);
      const answers = await Promise.all(clients.map((client) => client.ask('x'.repeat(1000))));
      expect(answers).toEqual(new Array(40).fill('x'.repeat(1000)));
      const indexes = await Promise.all(clients.map((client) => client.ask('index?')));
      const { reactors, total, imbalance } = await pool.report();
      expect(total).toMatchObject({ accepted: 40, open: 40, broken: 0, restarts: 0 });
      expect(total).toMatchObject({ bytesRead: 40 * 1006, bytesWritten: 40 * 1001 });
      for (const { index, accepted, bytesRead } of reactors) {
        expect(indexes.filter((each) => each === `${index}`)).toHaveLength(accepted);
        expect(bytesRead).toBe(accepted * 1006);
      }
      expect(imbalance.accepted).toBeCloseTo(
        Math.max(...reactors.map(({ accepted }) => accepted)) / 20,
      );
      closeAll(clients);
      const { total: after } = await untilOpen(pool, 0);
      expect(after).toMatchObject({ bytesRead: 40 * 1006, bytesWritten: 40 * 1001 });
    });
  });

  it('closing it ends connections, listener and threads', async () => {
    const pool = new ReactorPool({ size: 3, module: MODULE, host: '127.0.0.1', strategy });
    await pool.start();
    const { port } = pool;
    const client = await openClient(port);
    expect(await client.ask('hello')).toBe('hello');
    await pool.close({ timeoutMs: 0 });
    expect(await client.ask('hello').catch((error) => error.code)).toMatch(/^$|ECONNRESET|EPIPE/);
    await expect(openClient(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    client.close();
    await expect(pool.start()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });
});

describe('the sub-reactor that gets a connection', () => {
  const indexOf = async (pool: ReactorPool, local?: string) => {
    const client = await openClient(pool.port, local);
    return { client, index: await client.ask('index?') };
  };

  it('round-robin: to each in turn', async () => {
    await withPool({ size: 3 }, async (pool) => {
      const seen: Client[] = [];
      const indexes: string[] = [];
      for (let i = 0; i < 6; i++) {
        const { client, index } = await indexOf(pool);
        seen.push(client);
        indexes.push(index);
      }
      expect(indexes).toEqual(['0', '1', '2', '0', '1', '2']);
      expect((await pool.report()).imbalance).toMatchObject({ accepted: 1, open: 1 });
      closeAll(seen);
    });
  });

  it('least-connections: the one with the fewest open', async () => {
    await withPool({ balance: 'least-connections' }, async (pool) => {
      const first = await indexOf(pool);
      const second = await indexOf(pool);
      expect([first.index, second.index]).toEqual(['0', '1']);
      first.client.close();
      await untilOpen(pool, 1);
      const third = await indexOf(pool);
      expect(third.index).toBe('0');
      second.client.close();
      await untilOpen(pool, 1);
      const fourth = await indexOf(pool);
      expect(fourth.index).toBe('1');
      closeAll([third.client, fourth.client]);
    });
  });

  it('source-hash: to the same one for the same address', async () => {
    await withPool({ size: 4, balance: 'source-hash' }, async (pool) => {
      const indexes = new Set<string>();
      for (let host = 2; host < 18; host++) {
        const [one, other] = [
          await indexOf(pool, `127.0.0.${host}`),
          await indexOf(pool, `127.0.0.${host}`),
        ];
        expect(one.index).toBe(other.index);
        indexes.add(one.index);
        closeAll([one.client, other.client]);
      }
      expect(indexes.size).toBeGreaterThan(1);
    });
  });
});

it.runIf(process.platform === 'linux')('reusePort steered by CPU serves all', async () => {
  await withPool({ strategy: 'reusePort', steerByCpu: true }, async (pool) => {
    const clients = await openClients(pool.port, 20);
    expect(await Promise.all(clients.map((client) => client.ask('?')))).toEqual(
      new Array(20).fill('?'),
    );
    expect((await pool.report()).total.accepted).toBe(20);
    closeAll(clients);
  });
});

describe('edgewise echo --reactors', () => {
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  const argumentsOf = (strategy: string) => [
    main,
    'echo',
    '--port',
    '0',
    '--reactors',
    '2',
    '--strategy',
    strategy,
  ];

  it.each(STRATEGIES)('serves by %s, and prints at the end how the load lay', async (strategy) => {
    const children = new Children();
    try {
      const contender = { name: strategy, command: process.execPath, args: argumentsOf(strategy) };
      const { child, port } = await startServer(children, contender);
      const clients = await openClients(port, 10);
      for (const client of clients) expect(await client.ask('hello')).toBe('hello');
      closeAll(clients);
      await child.stop();
      expect(await child.ended).toBe(0);
      expect(child.output.stdout).toMatch(/^all +10 /m);
      expect(child.output.stderr).toBe('');
    } finally {
      await children[Symbol.asyncDispose]();
    }
  });

  it('refuses what it cannot do with one line and exit code 2', async () => {
    const children = new Children();
    const wrong = [...argumentsOf('guess')];
    const child = await children.start({ file: process.execPath, args: wrong });
    expect(await child.ended).toBe(2);
    expect(child.output.stderr).toMatch(/--strategy takes one of/);
    await children[Symbol.asyncDispose]();
  });
});

describe('mistakes', () => {
  const startOf = async (options: Partial<ReactorPoolOptions>) => {
    const pool = new ReactorPool({ size: 2, module: MODULE, host: '127.0.0.1', ...options });
    await pool.start();
  };

  it('a module that names createData serves all the same: `data` is what a hand-over brings', async () => {
    const module = moduleOf(`
      export const options = { createData: () => { throw new Error('called'); } };
      export const handlers = {
        data: (connection, bytes) => connection.write(String(connection.data) + bytes),
      };
    `);
    for (const strategy of ['acceptor', 'reusePort'] as const) {
      await withPool({ strategy, module }, async (pool) => {
        const clients = await openClients(pool.port, 1);
        expect(await clients[0]?.ask('!')).toMatch(/^u/);
        closeAll(clients);
      });
    }
  });

  it('a module that is not there, or does not compile, or exports no handlers', async () => {
    const bad = [
      'no-such-file.mjs',
      'data:text/javascript,export const handlers =',
      'data:text/javascript,',
    ];
    for (const module of bad) {
      const error = await startOf({ module }).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'ERR_MODULE_INVALID' });
      expect(error.cause).toBeInstanceOf(Error);
    }
  });

  it('a start that throws, or never ends', async () => {
    await expect(startOf({ data: { throwAt: 'start' } })).rejects.toMatchObject({
      code: 'ERR_SUB_REACTOR_START',
      cause: expect.objectContaining({ message: 'as asked for' }),
    });
    const module =
      'data:text/javascript,export const handlers = {};' +
      'export const start = () => new Promise((resolve) => setTimeout(resolve, 1e9))';
    await expect(startOf({ module, startTimeoutMs: 3000 })).rejects.toMatchObject({
      code: 'ERR_SUB_REACTOR_START',
    });
  });

  it('an address that is taken', async () => {
    await withPool({}, async ({ port }) => {
      await expect(startOf({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    });
  });

  it('options of the wrong kind', () => {
    const make = (options: object) => () =>
      new ReactorPool({ size: 1, module: MODULE, ...options } as ReactorPoolOptions);
    expect(make({ size: 0 })).toThrow(/size/);
    expect(make({ module: 5 })).toThrow(/module/);
    expect(make({ strategy: 'guess' })).toThrow(/strategy/);
    expect(make({ balance: 'even' })).toThrow(/balance/);
    expect(make({ port: -1 })).toThrow(/port/);
    expect(make({ connection: { tcp: { noDelay: 'yes' } } })).toThrow(/noDelay/);
    expect(make({ onError: 'x' })).toThrow(/onError/);
  });
});
