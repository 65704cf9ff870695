// What goes wrong with threads of a pool: they fail to start, die while it drains, are kept by their
// module; and what is closed at a bad moment.
import { readdirSync } from 'node:fs';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { defaultReactor, Reactor } from '../../src/index.ts';
import type { Envelope } from '../../src/multi/protocol.ts';
import * as sys from '../../src/sys/index.ts';
import { giveToFile, useDescriptors } from '../helpers/descriptors.ts';
import { type Client, openClient } from './clients.ts';
import { makePool, moduleOf, Signal, startPool } from './pools.ts';

beforeAll(() => void defaultReactor()); // stays
useDescriptors();
afterEach(() => void vi.useRealTimers());

/** Threads that have not ended. */
const living = new Set<Worker>();
let onThread: (worker: Worker) => void = () => undefined;
function watchThread(worker: Worker): void {
  living.add(worker);
  worker.once('exit', () => living.delete(worker));
  onThread(worker);
}
beforeAll(() => void process.on('worker', watchThread));
afterAll(() => void process.off('worker', watchThread));

/** Numbers that a module and its test share; the pool's `data`. */
const sharedCells = () => new Int32Array(new SharedArrayBuffer(16));
async function untilStored(cells: Int32Array, place: number): Promise<void> {
  while (Atomics.load(cells, place) === 0) await nextLoopPass();
}
function release(cells: Int32Array, place: number): void {
  Atomics.store(cells, place, 1);
  Atomics.notify(cells, place);
}

/** Timers of this thread stand still, until they are advanced; those of reactors go on. */
function holdTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
}

it('a module may post what it likes to the main thread: it is none of the pool’s', async () => {
  const module = moduleOf(`
    import { parentPort } from 'node:worker_threads';
    const post = () => {
      for (const what of [null, undefined, 7, 'text', [], {}, { subReactor: undefined }]) parentPort.postMessage(what);
      for (const type of ['loaded', 'ready', 'failed', 'drained', 'report', 'handOver', 'nothing']) parentPort.postMessage({ type });
    };
    post();
    export const start = post;
    export const handlers = {
      data(connection, bytes) {
        post();
        connection.write(bytes);
      },
    };`);
  const { pool, errors } = await startPool({ size: 1, module });
  const client = await openClient(pool.port);
  for (let round = 0; round < 3; round++) expect(await client.ask('over')).toBe('over');
  client.close();
  expect((await pool.report()).total).toMatchObject({ accepted: 1, restarts: 0 });
  await pool.close();
  expect(errors.seen).toEqual([]);
});

describe('a thread that cannot start again', () => {
  it('has ended when that is reported, also when its module would keep it alive', async () => {
    const module = moduleOf(`
      setInterval(() => undefined, 1e6);
      export const handlers = {};
      export function start({ data }) {
        if (Atomics.add(new Int32Array(data), 0, 1) > 0) throw new Error('not again');
      }`);
    const { pool, errors } = await startPool({ size: 1, module, data: sharedCells().buffer });
    await pool.kill(0);
    expect(await errors.next()).toMatchObject({ code: 'ERR_SUB_REACTOR_DIED' });
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await errors.next();
      expect(error).toMatchObject({ code: 'ERR_SUB_REACTOR_START' });
      expect(error.cause).toMatchObject({ message: 'not again' });
      expect(living.size).toBe(0);
    }
    await pool.close({ timeoutMs: 0 });
    expect(living.size).toBe(0);
  });

  it('has ended when its time-out is reported', async () => {
    const cells = sharedCells();
    const module = moduleOf(`
      export const handlers = {};
      export function start({ data }) {
        const cells = new Int32Array(data);
        if (Atomics.add(cells, 0, 1) === 0) return;
        Atomics.store(cells, 1, 1);
        Atomics.wait(cells, 2, 0);
      }`);
    const { pool, errors } = await startPool({ size: 1, module, data: cells.buffer });
    holdTimers();
    await pool.kill(0);
    await errors.next();
    vi.advanceTimersByTime(10); // until the restart
    await untilStored(cells, 1);
    vi.advanceTimersByTime(30_000);
    expect(await errors.next()).toMatchObject({ code: 'ERR_SUB_REACTOR_START' });
    expect(living.size).toBe(0);
    await pool.close({ timeoutMs: 0 });
  });
});

describe('a module that throws at its start what cannot be cloned', () => {
  it.each([
    ['a function', `() => 'no database'`],
    ['a cause', `new Error('no database', { cause: () => undefined })`],
  ])('%s: the cause is what was thrown', async (_, thrown) => {
    const module = moduleOf(`
      export const handlers = {};
      export function start() { throw ${thrown}; }`);
    const { pool } = makePool({ size: 1, module });
    const error = await pool.start().catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ERR_SUB_REACTOR_START' });
    expect(error.cause).toMatchObject({ message: expect.stringMatching(/no database|Function/) });
  });
});

/** Resolves when no client is accepted any more. */
async function untilRefused(port: number): Promise<void> {
  for (;;) {
    const late = await openClient(port).catch((error) => error.code);
    if (late === 'ECONNREFUSED') return;
    if (typeof late !== 'string') (late as Client).close();
  }
}

describe('while it drains', () => {
  it('the longest time limit is not at once', async () => {
    const { pool } = await startPool();
    const client = await openClient(pool.port);
    await client.ask('before');
    const warnings = new Signal<Error>();
    process.on('warning', warnings.emit);
    const closed = pool.close({ timeoutMs: 0x7fffffff });
    await untilRefused(pool.port);
    for (let round = 0; round < 50; round++) {
      await nextLoopPass();
      expect(await client.ask('still')).toBe('still');
    }
    client.close();
    await closed;
    process.off('warning', warnings.emit);
    expect(warnings.seen).toEqual([]);
  });

  it('a thread that dies is reported, and not restarted', async () => {
    const { pool, errors } = await startPool({ size: 1 });
    const clients = [await openClient(pool.port), await openClient(pool.port)];
    for (const client of clients) await client.ask('hello');
    const closed = pool.close({ timeoutMs: 600_000 });
    expect(await clients[0]?.ask('throw!').catch(() => '')).toBe('');
    await closed;
    expect(errors.seen).toMatchObject([{ code: 'ERR_SUB_REACTOR_DIED' }]);
    expect(errors.seen[0]?.cause).toMatchObject({ message: 'thrown by a handler' });
    expect((await pool.report()).total).toMatchObject({ broken: 2, open: 0, restarts: 0 });
    for (const client of clients) client.close();
  });

  it('a thread that exits is reported as well', async () => {
    const { pool, errors } = await startPool({ size: 1 });
    const client = await openClient(pool.port);
    const closed = pool.close({ timeoutMs: 600_000 });
    expect(await client.ask('exit!').catch(() => '')).toBe('');
    await closed;
    expect(errors.seen).toMatchObject([{ code: 'ERR_SUB_REACTOR_DIED' }]);
    client.close();
  });

  it('a thread that its module keeps alive does not delay the end until the time limit', async () => {
    const module = moduleOf(`
      setInterval(() => undefined, 1e6);
      export const handlers = {};`);
    const { pool, errors } = await startPool({ module });
    await pool.close({ timeoutMs: 600_000 });
    expect(errors.seen).toEqual([]);
  });

  it("a module's own end runs after the last connection", async () => {
    const cells = sharedCells();
    const module = moduleOf(`
      import { setImmediate } from 'node:timers/promises';
      let cells;
      export function start({ data }) { cells = new Int32Array(data); }
      export const handlers = {
        async close() {
          for (let pass = 0; pass < 10; pass++) await setImmediate();
          Atomics.store(cells, 0, 1);
        },
      };`);
    const { pool } = await startPool({ size: 1, module, data: cells.buffer });
    const client = await openClient(pool.port);
    while ((await pool.report()).total.open < 1);
    const closed = pool.close({ timeoutMs: 600_000 });
    client.close();
    await closed;
    expect(cells[0]).toBe(1);
  });
});

describe("the pool's reactor is closed", () => {
  async function withReactor(use: (reactor: Reactor) => Promise<void>): Promise<void> {
    const reactor = new Reactor();
    reactor.attach();
    try {
      await use(reactor);
    } finally {
      reactor.close();
    }
  }

  it('before a thread dies: that is reported, and that it is not restarted', async () => {
    await withReactor(async (reactor) => {
      const { pool, errors } = await startPool({ size: 1, reactor, strategy: 'reusePort' });
      reactor.close();
      await pool.kill(0);
      expect(await errors.next()).toMatchObject({ code: 'ERR_SUB_REACTOR_DIED' });
      expect(await errors.next()).toMatchObject({ code: 'ERR_CLOSED' });
      await pool.close({ timeoutMs: 0 });
      expect(errors.seen).toEqual([]);
    });
  });

  it('while it starts: that rejects', async () => {
    await withReactor(async (reactor) => {
      const { pool } = makePool({ reactor, strategy: 'reusePort' });
      const started = pool.start();
      reactor.close();
      await expect(started).rejects.toMatchObject({ code: 'ERR_CLOSED' });
      expect(living.size).toBe(0);
    });
  });
});

describe('closed while it starts', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('%i microtasks after the last thread', async (count) => {
    const { pool } = makePool({ size: 1 });
    let closed: Promise<void> | undefined;
    const close = async () => {
      for (let i = 0; i < count; i++) await undefined;
      closed = pool.close({ timeoutMs: 0 });
    };
    onThread = (worker) =>
      worker.on('message', ({ subReactor }: Envelope) => {
        if (subReactor.type === 'ready') void close();
      });
    await pool.start().catch((error) => expect(error).toMatchObject({ code: 'ERR_CLOSED' }));
    onThread = () => undefined;
    while (closed === undefined) await nextLoopPass();
    await closed;
    if (pool.port === 0) return;
    await expect(openClient(pool.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('a thread is not ended while it loads modules', async () => {
    const cells = sharedCells();
    const module = moduleOf(`
      import { workerData } from 'node:worker_threads';
      const cells = new Int32Array(workerData.data);
      Atomics.store(cells, 0, 1);
      Atomics.wait(cells, 1, 0);
      export const handlers = {};
      export function start() { Atomics.store(cells, 2, 1); }`);
    holdTimers();
    const { pool } = makePool({ size: 1, module, data: cells.buffer });
    const started = pool.start();
    await untilStored(cells, 0);
    const closed = pool.close({ timeoutMs: 0 });
    vi.advanceTimersByTime(20_000); // the thread may take 30 s to start
    release(cells, 1);
    await expect(started).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await closed;
    expect(cells[2]).toBe(1);
  });

  it('a thread with a start that hangs is ended before its time-out', async () => {
    const module = moduleOf(`
      export const handlers = {};
      export const start = () => new Promise(() => setInterval(() => undefined, 1e6));`);
    holdTimers();
    const { pool } = makePool({ size: 1, module });
    const loaded = new Signal<void>();
    onThread = (worker) =>
      worker.on('message', ({ subReactor }: Envelope) => {
        if (subReactor.type === 'loaded') loaded.emit();
      });
    const started = pool.start();
    await loaded.next();
    onThread = () => undefined;
    const closed = pool.close({ timeoutMs: 0 });
    vi.advanceTimersByTime(20_000);
    await expect(started).rejects.toMatchObject({ code: 'ERR_SUB_REACTOR_START' });
    await closed;
  });
});

/** The pool's ends of the connections on its port. */
function servedDescriptors(port: number): number[] {
  const name = new sys.SocketAddress();
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => sys.getpeername(fd, name) === 0)
    .filter((fd) => sys.getsockname(fd, name) === 0 && name.port === port);
}

it.runIf(process.platform === 'linux')(
  'a connection that cannot be watched is not open',
  async () => {
    const cells = sharedCells();
    const module = moduleOf(`
    let cells;
    export function start({ data }) { cells = new Int32Array(data); }
    export const handlers = {
      data(connection, bytes) {
        Atomics.store(cells, 0, 1);
        Atomics.wait(cells, 1, 0);
        connection.write(bytes);
      },
    };`);
    const { pool } = await startPool({ size: 1, module, data: cells.buffer });
    const client = await openClient(pool.port);
    const answer = client.ask('block');
    await untilStored(cells, 0);
    const before = servedDescriptors(pool.port);
    const late = await openClient(pool.port);
    let added: number | undefined;
    while (added === undefined) {
      await nextLoopPass();
      added = servedDescriptors(pool.port).find((fd) => !before.includes(fd));
    }
    giveToFile(added); // it waits in the mailbox of the thread, which closes the number
    release(cells, 1);
    expect(await answer).toBe('block');
    while ((await pool.report()).total.open !== 1) await nextLoopPass();
    expect((await pool.report()).total).toMatchObject({ accepted: 2, open: 1, broken: 0 });
    for (const each of [client, late]) each.close();
    await pool.close({ timeoutMs: 600_000 });
  },
);
