// Hand-overs that are refused, connections that are ending, and threads that die in the middle.
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultReactor } from '../../src/index.ts';
import type { BlockedHandler, ReactorPool } from '../../src/multi/index.ts';
import { connect } from '../../src/promises/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { Count, withBouncing } from './bouncing.ts';
import { type Client, openClient, openClients } from './clients.ts';

beforeAll(() => void defaultReactor()); // stays
useDescriptors();
const ENDING = 8 * 1024 * 1024; // as in the module

async function withClient(
  use: (client: Client, counts: Int32Array, pool: ReactorPool) => Promise<void>,
): Promise<void> {
  await withBouncing({}, async (pool, counts) => {
    const client = await openClient(pool.port);
    try {
      await use(client, counts, pool);
    } finally {
      client.close();
    }
  });
}

async function untilNone(pool: ReactorPool) {
  for (;;) {
    const { total } = await pool.report();
    if (total.open === 0) return total;
    await nextLoopPass();
  }
}

async function untilCounted(counts: Int32Array, place: number, count: number): Promise<void> {
  while (Atomics.load(counts, place) < count) await nextLoopPass();
}

/** All that comes until the peer ends; only its length and what byte it is made of. */
async function readToEnd({ connection }: Client): Promise<{ length: number; bytes: Set<number> }> {
  const buffer = Buffer.alloc(64 * 1024);
  const bytes = new Set<number>();
  let length = 0;
  for (;;) {
    const count = await connection.readInto(buffer);
    if (count === 0) return { length, bytes };
    for (const byte of buffer.subarray(0, count)) bytes.add(byte);
    length += count;
  }
}

describe('refused: the connection stays where it is', () => {
  it.each([
    ['index!', 'ERR_OUT_OF_RANGE'],
    ['negative!', 'ERR_OUT_OF_RANGE'],
    ['text!', 'ERR_INVALID_ARG_TYPE'],
    ['own!', 'ERR_INVALID_ARG_VALUE'],
    ['object!', 'ERR_INVALID_ARG_TYPE'],
    ['data!', 'ERR_MESSAGE_UNSUPPORTED'],
  ])('%s %s', async (word, code) => {
    await withClient(async (client) => {
      const [before] = (await client.ask('where?')).split(' ');
      expect(await client.ask(word)).toBe(code);
      expect(await client.ask('where?')).toMatch(new RegExp(`^${before} `));
    });
  });

  it.each([
    ['closing!', 'ERR_HANDOVER_FAILED'],
    ['closed!', 'ERR_CLOSED'],
  ])('%s %s', async (word) => {
    await withClient(async (client, counts, pool) => {
      expect(await client.ask(word)).toBe('');
      await untilCounted(counts, Count.Moves, 1);
      expect(counts[Count.Moves]).toBe(1); // the code was that
      const total = await untilNone(pool);
      expect(total).toMatchObject({ broken: 0, restarts: 0, handedOut: 0 });
    });
  });

  it('hostile arguments, each with a typed error', async () => {
    await withClient(async (client) => {
      expect(await client.ask('hostile!')).toBe('true');
    });
  });
});

describe('a connection that goes', () => {
  it('keeps its counts of bytes, and a report counts them once', async () => {
    await withClient(async (client, counts, pool) => {
      const [before] = (await client.ask('where?')).split(' ');
      const there = 1 - Number(before);
      expect(await client.ask('move!')).toBe(`adopted by ${there}`);
      expect(await client.ask('where?')).toBe(`${there} 17`);
      const bytes = { bytesRead: 17, bytesWritten: 3 + 12 + 4 };
      const { reactors, total } = await pool.report();
      expect(total).toMatchObject({ ...bytes, accepted: 1, open: 1, handedIn: 1, handedOut: 1 });
      expect(reactors[there]).toMatchObject({ accepted: 0, open: 1, bytesRead: 6, handedIn: 1 });
      client.close();
      expect(await untilNone(pool)).toMatchObject(bytes);
      expect([counts[Count.Adopted], counts[Count.Closed]]).toEqual([1, 1]);
    });
  });

  it('leaves an object behind that throws ERR_HANDED_OVER, and its end is not reported', async () => {
    await withClient(async (client, counts, pool) => {
      expect(await client.ask('after!')).toMatch(/^adopted by /);
      expect(await client.ask('where?')).toMatch(/ 12$/);
      while (Atomics.load(counts, Count.Moves) === 0) await nextLoopPass(); // it tries them all
      expect(counts[Count.Moves]).toBe(1); // each of them threw it
      client.close();
      await untilNone(pool);
      expect(counts[Count.Closed]).toBe(1);
    });
  });

  it('after the end of its own side sends all that waits, and then the end', async () => {
    await withClient(async (client, _, pool) => {
      await client.connection.write('move+end!');
      expect(await readToEnd(client)).toEqual({ length: ENDING, bytes: new Set([0x65]) });
      client.close();
      expect(await untilNone(pool)).toMatchObject({ broken: 0, restarts: 0, handedIn: 1 });
    });
  });

  it('after the end of its peer calls `end` once, and its answer arrives', async () => {
    await withBouncing({}, async (pool, counts) => {
      const connection = await connect({ host: '127.0.0.1', port: pool.port });
      const sent = Buffer.alloc(4 * 1024 * 1024, 'h');
      const sendAll = async () => {
        await connection.write(sent);
        await connection.end();
      };
      const written = sendAll();
      let length = 0;
      for await (const bytes of connection) length += bytes.length;
      await written;
      expect(length).toBe(sent.length);
      expect(await untilNone(pool)).toMatchObject({ accepted: 1, broken: 0, restarts: 0 });
      expect([counts[Count.Ended], counts[Count.Closed]]).toEqual([1, 1]);
      connection.destroy();
    });
  });

  it('keeps its idle time-out', async () => {
    await withClient(async (client) => {
      const [before] = (await client.ask('where?')).split(' ');
      expect(await client.ask('silence!')).toBe(`silent on ${1 - Number(before)}`);
    });
  });

  it('that adopt closes is reported as closed there', async () => {
    await withClient(async (client, counts, pool) => {
      expect(await client.ask('move+destroy!')).toBe('');
      await untilCounted(counts, Count.Closed, 1);
      expect(counts[Count.Adopted]).toBe(1);
      expect(await untilNone(pool)).toMatchObject({ broken: 0, restarts: 0 });
    });
  });
});

describe('faults', () => {
  it('an adopt that throws ends its thread, like every handler: its connections break', async () => {
    const errors: Error[] = [];
    await withBouncing({ onError: (error) => errors.push(error) }, async (pool) => {
      const client = await openClient(pool.port);
      const [before] = (await client.ask('where?')).split(' ');
      const stays = await openClient(pool.port); // round-robin: on the other one
      expect(await stays.ask('move!')).toBe(`adopted by ${before}`);
      expect(await client.ask('move+die!').catch(() => '')).toBe('');
      while (errors.length === 0) await nextLoopPass();
      expect(errors[0]).toMatchObject({ code: 'ERR_SUB_REACTOR_DIED' });
      expect(errors[0]?.cause).toMatchObject({ message: 'thrown by adopt' });
      expect(await stays.ask('where?')).toMatch(new RegExp(`^${before} `));
      const { total } = await pool.report();
      expect(total).toMatchObject({ accepted: 2, open: 1, broken: 1 });
      for (const each of [client, stays]) each.close();
    });
  });

  it('an adopt that blocks is reported with its name', async () => {
    const blocked: BlockedHandler[] = [];
    const onBlocked = (handler: BlockedHandler) => blocked.push(handler);
    await withBouncing({ blockedAfterMs: 50, onBlocked }, async (pool) => {
      const client = await openClient(pool.port);
      await client.connection.write('move+block!');
      while (blocked.length === 0) await nextLoopPass();
      expect(blocked[0]).toMatchObject({ handler: 'adopt' });
      client.close();
    });
  });

  it('to a sub-reactor that is being started anew: it comes back', async () => {
    const errors: Error[] = [];
    await withBouncing({ onError: (error) => errors.push(error) }, async (pool) => {
      const client = await openClient(pool.port);
      const [before] = (await client.ask('where?')).split(' ');
      await pool.kill(1 - Number(before)); // started anew 10 ms later at the earliest
      expect(errors).toHaveLength(1);
      expect(await client.ask('move!')).toBe(`adopted by ${before}`);
      const { total } = await pool.report();
      expect(total).toMatchObject({ open: 1, broken: 0, handedIn: 1, handedOut: 1 });
      client.close();
    });
  });

  it('while the pool drains: a connection on its way comes back, and is still served', async () => {
    await withClient(async (client, counts, pool) => {
      const [before] = (await client.ask('where?')).split(' ');
      void client.connection.write('to be handed over'.padEnd(30));
      while (Atomics.load(counts, Count.Moves) === 0); // no turn of this thread: the move waits for it
      const closed = pool.close({ timeoutMs: 60_000 });
      expect(await client.ask('')).toHaveLength(30);
      expect(await client.ask('where?')).toBe(`${before} 42`);
      client.close();
      await closed; // long before the deadline
      const { total } = await pool.report();
      expect(total).toMatchObject({ open: 0, broken: 0, handedIn: 1, handedOut: 1 });
    });
  });

  it('before the drain message: a connection that came then is taken first', async () => {
    await withBouncing({}, async (pool, counts) => {
      const client = await openClient(pool.port);
      void client.connection.write('leave+block!'); // it comes back while the thread is blocked
      while ((await pool.report()).total.handedIn < 2);
      const closed = pool.close({ timeoutMs: 60_000 });
      Atomics.store(counts, Count.Released, 1);
      expect(await client.ask('')).toMatch(/^adopted by /);
      client.close();
      await closed;
      const { total } = await pool.report();
      expect(total).toMatchObject({ open: 0, broken: 0, handedIn: 2, handedOut: 2 });
    });
  });

  it('from then on it is refused, and open connections are still served', async () => {
    await withBouncing({}, async (pool, counts) => {
      const pings = await openPings(pool.port, 8);
      while (Atomics.load(counts, Count.Moves) < 200) await pool.report();
      const closed = pool.close({ timeoutMs: 60_000 });
      await pings.goOn(5); // for more rounds
      expect(await pings.stop()).toEqual(new Array(8).fill('whole'));
      await closed;
      const { total } = await pool.report();
      expect(total).toMatchObject({ open: 0, broken: 0, restarts: 0 });
      expect(total.handedIn).toBe(total.handedOut);
    });
  });

  it('while the pool closes at once: nothing is left', async () => {
    await withBouncing({}, async (pool, counts) => {
      const pings = await openPings(pool.port, 8);
      while (Atomics.load(counts, Count.Moves) < 200) await pool.report();
      await pool.close({ timeoutMs: 0 });
      expect(await pings.stop()).toEqual(new Array(8).fill('broken'));
      expect((await pool.report()).total.open).toBe(0);
    });
  });

  it('a thread that dies in the middle of hand-overs: its connections break, nothing else', async () => {
    await withBouncing({ onError: () => undefined }, async (pool, counts) => {
      for (let kill = 0; kill < 6; kill++) {
        const { broken } = (await pool.report()).total;
        const pings = await openPings(pool.port, 16);
        const enough = Atomics.load(counts, Count.Moves) + 200;
        while (Atomics.load(counts, Count.Moves) < enough) await pool.report();
        await pool.kill(kill % 2);
        while ((await pool.report()).total.restarts === kill) await nextLoopPass();
        const outcomes = await pings.stop();
        const brokenCount = outcomes.filter((outcome) => outcome === 'broken').length;
        expect(outcomes.filter((outcome) => outcome === 'whole')).toHaveLength(16 - brokenCount);
        const total = await untilNone(pool);
        expect(total).toMatchObject({ broken: broken + brokenCount, open: 0, restarts: kill + 1 });
      }
    });
  });
});

/** Connections that ask and are answered, and are handed over each time, until they are stopped. */
async function openPings(port: number, count: number) {
  const clients = await openClients(port, count);
  const rounds = clients.map(() => 0);
  let isOver = false;
  const pings = clients.map(async (client, index) => {
    for (; !isOver; rounds[index] = (rounds[index] as number) + 1) {
      const text = `${rounds[index]}`.padEnd(100);
      const answer = await client.ask(text).catch(() => '');
      if (answer === text) continue;
      rounds[index] = Number.POSITIVE_INFINITY; // nothing waits for it
      return answer === '' ? 'broken' : `${answer} in place of ${text}`;
    }
    return 'whole';
  });
  return {
    /** Resolves when each has been answered so many times more. */
    async goOn(more: number): Promise<void> {
      const goals = rounds.map((round) => round + more);
      while (rounds.some((round, index) => round < (goals[index] as number))) await nextLoopPass();
    },
    /** Resolves with the outcome of each: `'whole'`, `'broken'`, or what was wrong. */
    async stop(): Promise<string[]> {
      isOver = true;
      const outcomes = await Promise.all(pings);
      for (const client of clients) client.close();
      return outcomes;
    },
  };
}
