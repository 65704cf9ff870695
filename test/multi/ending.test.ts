// The end of pools, offloads and mailboxes: `close` in order and with a time limit, `destroy` at once,
// disposal, and whether they keep a reactor or the process alive.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultReactor, Reactor } from '../../src/index.ts';
import { Mailbox, MailboxSender } from '../../src/multi/index.ts';
import { openClient } from './clients.ts';
import { ask, useOffloads } from './offloading.ts';
import { startPool } from './pools.ts';

beforeAll(() => void defaultReactor()); // stays
const offloads = useOffloads();
const run = promisify(execFile);
const UNREF = fileURLToPath(new URL('./workers/pool-unref.mjs', import.meta.url));

describe('ReactorPool', () => {
  it('close() lets connections finish', async () => {
    const { pool } = await startPool();
    const client = await openClient(pool.port);
    expect(await client.ask('before')).toBe('before');
    const closed = pool.close();
    expect(pool.isClosed).toBe(true);
    expect(await client.ask('after')).toBe('after');
    client.close();
    await closed;
  });

  it('destroy() closes connections at once', async () => {
    const { pool } = await startPool();
    const client = await openClient(pool.port);
    expect(await client.ask('hello')).toBe('hello');
    pool.destroy();
    expect(await client.ask('').catch(() => '')).toBe('');
    client.close();
    await pool.close();
  });

  it('destroy() cuts a close() short', async () => {
    const { pool } = await startPool();
    const client = await openClient(pool.port);
    expect(await client.ask('hello')).toBe('hello');
    const closed = pool.close({ timeoutMs: 600_000 });
    pool.destroy();
    await closed;
    expect(await client.ask('').catch(() => '')).toBe('');
    client.close();
  });

  it('is disposed at once, or in order', async () => {
    const { pool } = await startPool();
    pool[Symbol.dispose]();
    await pool[Symbol.asyncDispose]();
    await expect(pool.start()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  it.each([
    ['acceptor', 'exit false\n', ''],
    ['reusePort', 'exit false\n', ''],
    ['acceptor', 'alive\nexit false\n', 'ref'],
  ])('%s: unref lets the process end, ref keeps it alive: %j', async (strategy, output, again) => {
    const { stdout } = await run(process.execPath, [UNREF, strategy, again]);
    expect(stdout).toBe(output);
  });
});

describe('Offload', () => {
  it('close() waits for the pending tasks, and takes no new ones', async () => {
    const { offload } = await offloads.open();
    const gate = offloads.gate();
    const blocked = ask(offload, { kind: 'block', cells: gate.cells });
    const waiting = ask(offload, { value: 'last' });
    await gate.untilBegun();
    const closed = offload.close();
    expect([offload.isClosed, offload.hasRoom]).toEqual([true, false]);
    expect(() => offload.run({}, () => undefined)).toThrow(
      expect.objectContaining({ code: 'ERR_CLOSED' }),
    );
    gate.release();
    expect((await blocked).error).toBeUndefined();
    expect((await waiting).result).toBe('last');
    await closed;
    expect(offload.stats).toEqual({ pending: 0, answered: 2, dropped: 0 });
  });

  it.each([
    ['the time limit of close()', 'limit'],
    ['destroy() during close()', 'destroy'],
    ['the end of the reactor during close()', 'reactor'],
  ])('%s drops what is pending', async (_, what) => {
    const { offload, reactor } = await offloads.open();
    const gate = offloads.gate();
    offload.run({ kind: 'block', cells: gate.cells }, () => expect.fail('it was ended'));
    await gate.untilBegun();
    const closed = offload.close({ timeoutMs: what === 'limit' ? 20 : 600_000 });
    if (what === 'destroy') offload.destroy();
    if (what === 'reactor') reactor.close();
    await closed;
    expect(offload.stats).toEqual({ pending: 0, answered: 0, dropped: 1 });
  });

  it('unref lets the reactor end although a task is pending', async () => {
    const { offload, reactor } = await offloads.open();
    const gate = offloads.gate();
    offload.run({ kind: 'block', cells: gate.cells }, () => undefined);
    expect(offload.hasRef()).toBe(true);
    expect(offload.unref().hasRef()).toBe(false);
    await reactor.run();
    const isOver = reactor.run().then(() => 'over');
    expect(offload.ref().hasRef()).toBe(true);
    gate.release();
    expect(await isOver).toBe('over');
  });

  it('refuses a wrong time limit', async () => {
    const { offload } = await offloads.open();
    expect(() => offload.close({ timeoutMs: -1 })).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
    expect(offload.isClosed).toBe(false);
    offload[Symbol.dispose]();
    await offload[Symbol.asyncDispose]();
  });
});

describe('Mailbox', () => {
  it('keeps the reactor alive unless unref, and ends in every way', async () => {
    using reactor = new Reactor();
    const ends = [
      (mailbox: Mailbox) => mailbox.close(),
      (mailbox: Mailbox) => mailbox.destroy(),
      (mailbox: Mailbox) => mailbox[Symbol.dispose](),
      (mailbox: Mailbox) => void mailbox[Symbol.asyncDispose](),
    ];
    for (const end of ends) {
      const mailbox = new Mailbox({ reactor, onMessage: () => undefined });
      expect(mailbox.hasRef()).toBe(true);
      expect(mailbox.unref().hasRef()).toBe(false);
      end(mailbox);
      expect(mailbox.isClosed).toBe(true);
    }
    await reactor.run();
  });

  it('delivers what a sender has posted before it ends in any way', () => {
    using reactor = new Reactor();
    const seen: unknown[] = [];
    using mailbox = new Mailbox({ reactor, onMessage: (message) => seen.push(message) });
    const ends = [
      (sender: MailboxSender) => sender.close(),
      (sender: MailboxSender) => sender.destroy(),
      (sender: MailboxSender) => sender[Symbol.dispose](),
      (sender: MailboxSender) => void sender[Symbol.asyncDispose](),
    ];
    for (const [index, end] of ends.entries()) {
      const sender = new MailboxSender(mailbox.address);
      sender.post(index);
      end(sender);
      expect(sender.isClosed).toBe(true);
    }
    reactor.turn(0);
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  it('every error of onMessage reaches onError, and all messages are delivered in one turn', () => {
    const errors: unknown[] = [];
    using reactor = new Reactor({ onError: (error) => errors.push(error) });
    const onMessage = (message: unknown) => {
      throw message;
    };
    using mailbox = new Mailbox({ reactor, onMessage });
    using sender = new MailboxSender(mailbox.address);
    for (const message of ['one', 'two', 'three']) sender.post(message);
    reactor.turn(0);
    expect(errors).toEqual(['one', 'two', 'three']);
  });
});
