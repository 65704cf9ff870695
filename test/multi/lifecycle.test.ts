// The life cycle of a pool: drained, crashed and restarted, blocked, terminated, and the end of the
// process.
import { execFile } from 'node:child_process';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultReactor } from '../../src/index.ts';
import { type BlockedHandler, ReactorPool } from '../../src/multi/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { openClient } from './clients.ts';
import { ECHO as MODULE, Signal, startPool, untilRestarted } from './pools.ts';

beforeAll(() => void defaultReactor()); // stays
useDescriptors();
const STRATEGIES = ['acceptor', 'reusePort', 'exclusive'] as const;
const path = (name: string) => fileURLToPath(new URL(`./workers/${name}.mjs`, import.meta.url));
const run = promisify(execFile);
const REPORTS_MAX = 1_000_000;

describe.each(STRATEGIES)('%s', (strategy) => {
  it('drains: no new clients, and open connections finish', async () => {
    const { pool } = await startPool({ strategy });
    const { port } = pool;
    const client = await openClient(port);
    expect(await client.ask('before')).toBe('before');
    const closed = pool.close({ timeoutMs: 60_000 });
    for (;;) {
      const late = await openClient(port).catch((error) => error.code);
      if (late === 'ECONNREFUSED') break;
      // ECONNRESET: it was in the queue of a listener that closed.
      if (typeof late !== 'string') late.close(); // the listener of a sub-reactor is about to be closed
    }
    expect(await client.ask('after')).toBe('after');
    client.close();
    await closed; // long before the time limit
  });

  it('at the time limit closes open connections', async () => {
    const { pool } = await startPool({ strategy });
    const client = await openClient(pool.port);
    expect(await client.ask('hello')).toBe('hello');
    await pool.close({ timeoutMs: 50 });
    expect(await client.ask('').catch(() => '')).toBe('');
    client.close();
  });

  it('a thread that dies breaks its own connections only, and is restarted', async () => {
    const { pool, errors } = await startPool({ strategy });
    const all = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const client = await openClient(pool.port);
        return { client, index: await client.ask('index?') };
      }),
    );
    const victim = all[0]?.index;
    const others = all.filter(({ index }) => index !== victim);
    await pool.kill(Number(victim));
    expect(await errors.next()).toMatchObject({ code: 'ERR_SUB_REACTOR_DIED' });
    for (const { client } of others) expect(await client.ask('still')).toBe('still');
    for (const { client, index } of all) {
      if (index === victim) expect(await client.ask('gone').catch(() => '')).toBe('');
    }
    const { reactors, total } = await untilRestarted(pool, 1);
    expect(total).toMatchObject({ broken: 20 - others.length, open: others.length });
    expect(reactors[Number(victim)]).toMatchObject({ restarts: 1, open: 0 });
    const late = await openClient(pool.port);
    expect(await late.ask('late')).toBe('late');
    for (const { client } of [...all, { client: late }]) client.close();
    await pool.close({ timeoutMs: 0 });
  });
});

it('reports in a loop without a thread, and does not hold the loop up', async () => {
  const pool = new ReactorPool({ size: 2, module: MODULE });
  let isOver = false;
  setTimeout(() => {
    isOver = true;
  }, 1);
  for (let i = 0; i < REPORTS_MAX && !isOver; i++) await pool.report();
  expect(isOver).toBe(true);
  await pool.close({ timeoutMs: 0 });
});

describe('a thread that ends by itself', () => {
  it.each([
    ['throw!', 'thrown by a handler'],
    ['exit!', undefined],
  ])('%s: reported with its cause, and clients wait until it runs again', async (word, message) => {
    const { pool, errors } = await startPool({ size: 1 });
    const client = await openClient(pool.port);
    expect(await client.ask(word).catch(() => '')).toBe('');
    const late = await openClient(pool.port); // in the kernel's queue meanwhile, or handed over
    const died = await errors.next();
    expect(died).toMatchObject({ code: 'ERR_SUB_REACTOR_DIED' });
    expect((died.cause as Error | undefined)?.message).toBe(message);
    const isServed = (await late.ask('late').catch(() => '')) === 'late';
    const again = await openClient(pool.port);
    expect(await again.ask('again')).toBe('again');
    const { total } = await untilRestarted(pool, 1);
    expect(total.broken).toBe(isServed ? 1 : 2); // counted, whichever it was
    for (const each of [client, late, again]) each.close();
    await pool.close({ timeoutMs: 0 });
  });

  it('the report goes on over the restart', async () => {
    const { pool, errors } = await startPool({ size: 1 });
    const first = await openClient(pool.port);
    await first.ask('12345');
    first.close();
    while ((await pool.report()).total.open > 0) await nextLoopPass();
    await pool.kill(0);
    await errors.next();
    await untilRestarted(pool, 1);
    const second = await openClient(pool.port);
    await second.ask('123');
    const { total } = await pool.report();
    expect(total).toMatchObject({ accepted: 2, open: 1, broken: 0, bytesRead: 8, bytesWritten: 8 });
    second.close();
    await pool.close({ timeoutMs: 0 });
  });
});

it('what a thread had read and written when it died is counted as last reported', async () => {
  const { pool, errors } = await startPool({ size: 1 });
  const client = await openClient(pool.port);
  await client.ask('12345');
  expect((await pool.report()).total).toMatchObject({ bytesRead: 5, bytesWritten: 5 });
  await pool.kill(0);
  await errors.next();
  await untilRestarted(pool, 1);
  client.close();
  const late = await openClient(pool.port);
  await late.ask('123');
  expect((await pool.report()).total).toMatchObject({ broken: 1, bytesRead: 8, bytesWritten: 8 });
  late.close();
  await pool.close({ timeoutMs: 0 });
});

it('a handler that blocks is reported with its name, once', async () => {
  const blocked = new Signal<BlockedHandler>();
  const { pool } = await startPool({ blockedAfterMs: 50, onBlocked: blocked.emit });
  const client = await openClient(pool.port);
  const index = Number(await client.ask('index?'));
  expect(await client.ask('block!')).toBe('unblocked');
  const report = await blocked.next();
  expect(report).toMatchObject({ index, handler: 'data' });
  expect(report.blockedMs).toBeGreaterThanOrEqual(50);
  expect(blocked.seen).toEqual([]);
  client.close();
  await pool.close({ timeoutMs: 0 });
});

it('close while it starts ends what was started', async () => {
  const pool = new ReactorPool({ size: 2, module: MODULE, host: '127.0.0.1' });
  const started = pool.start();
  const closed = pool.close({ timeoutMs: 0 });
  await expect(started).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  await closed;
});

describe('the process', () => {
  it('ends by itself after close', async () => {
    const { stdout, stderr } = await run(process.execPath, [path('pool-process')]);
    expect(stdout).toBe('hello\nclosed\n');
    expect(stderr).toBe('');
  });

  it('ends by process.exit with everything open', async () => {
    const { stdout, stderr } = await run(process.execPath, [path('pool-process'), 'exit']);
    expect(stdout).toBe('hello\n');
    expect(stderr).toBe('');
  });
});

it('six kills under load: only their own connections break, and nothing is left', async () => {
  const ending = run(process.execPath, [path('kills'), '--kills', '6', '--period', '20']);
  const { stdout } = await ending.catch((failure) => failure as { stdout: string });
  const results = stdout.trim().split('\n');
  for (const result of results.slice(1, -1)) {
    const whole = { deaths: 6, restarts: 6, wronged: 0, otherErrors: 0, descriptorsLeft: 0 };
    expect(JSON.parse(result)).toMatchObject(whole);
  }
  expect(results.at(-1)).toBe('3 passed, 0 failed');
});
