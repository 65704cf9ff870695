// A live connection goes from thread to thread: every byte comes back once and in order, mistakes
// leave it where it is, and a thread that dies in the middle leaves no descriptor behind.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultReactor } from '../../src/index.ts';
import { ReactorPool } from '../../src/multi.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { openClient } from './clients.ts';

beforeAll(() => void defaultReactor()); // stays
useDescriptors();
const MODULE = new URL('../workers/sub-bounce.mjs', import.meta.url);
const MOVES = 10_000;
const PART = 256 * 1024;
const PATTERN = Buffer.alloc(1_000_003); // a prime: no boundary of buffers falls on its own
for (let i = 0, x = 1; i < PATTERN.length; i++) {
  x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
  PATTERN[i] = x >>> 24;
}
const TWICE = Buffer.concat([PATTERN, PATTERN]);

function part(offset: number, length: number): Buffer {
  const start = offset % PATTERN.length;
  return TWICE.subarray(start, start + length);
}

async function withPool(
  connection: { trigger?: 'level' | 'edge' },
  use: (pool: ReactorPool, counts: Int32Array) => Promise<void>,
): Promise<void> {
  const counts = new Int32Array(new SharedArrayBuffer(16));
  const pool = new ReactorPool({
    size: 2,
    module: MODULE,
    host: '127.0.0.1',
    connection: { ...connection, tcp: { sendBufferSize: 16 * 1024 } },
    data: { counts: counts.buffer },
    onError: () => undefined,
  });
  try {
    await pool.start();
    await use(pool, counts);
  } finally {
    await pool.close();
  }
}

/** Streams until `isDone`, then ends its side; resolves with what was sent and came back. */
async function stream(port: number, isDone: () => boolean): Promise<[number, number]> {
  const socket: Socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  let sent = 0;
  let received = 0;
  let isIntact = true;
  const send = () => {
    for (;;) {
      if (isDone()) return void socket.end();
      const hasRoom = socket.write(part(sent, PART));
      sent += PART;
      if (!hasRoom) return void socket.once('drain', send);
    }
  };
  socket.on('data', (bytes) => {
    isIntact &&= bytes.equals(part(received, bytes.length));
    received += bytes.length;
  });
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  send();
  await closed;
  expect(isIntact).toBe(true);
  return [sent, received];
}

describe.each(['level', 'edge'] as const)('%s', (trigger) => {
  it(`${MOVES} hand-overs of busy connections lose and double nothing`, async () => {
    await withPool({ trigger }, async (pool, counts) => {
      const isDone = () => Atomics.load(counts, 0) >= MOVES;
      const streams = Array.from({ length: 4 }, () => stream(pool.port, isDone));
      for (const [sent, received] of await Promise.all(streams)) expect(received).toBe(sent);
      const [moves = 0, unsent = 0, unread = 0] = counts;
      expect(moves).toBeGreaterThanOrEqual(MOVES);
      expect(unsent).toBeGreaterThan(MOVES / 20);
      expect(unread).toBeGreaterThan(MOVES / 20);
      const { total } = await pool.report();
      expect(total).toMatchObject({ accepted: 4, open: 0, broken: 0, handedIn: moves });
      expect(total.handedOut).toBe(moves);
    });
  }, 120_000);
});

describe('what does not go', () => {
  it.each([
    ['index!', 'ERR_OUT_OF_RANGE'],
    ['object!', 'ERR_INVALID_ARG_TYPE'],
    ['data!', 'ERR_MESSAGE_UNSUPPORTED'],
  ])('%s: %s, and the connection stays', async (word, code) => {
    await withPool({}, async (pool) => {
      const client = await openClient(pool.port);
      expect(await client.ask(word)).toBe(code);
      expect(await client.ask(word)).toBe(code);
      client.close();
    });
  });

  it.each([
    ['closing!', 2],
    ['closed!', 1],
  ])('%s: an error', async (word, outcome) => {
    await withPool({}, async (pool, counts) => {
      const client = await openClient(pool.port);
      expect(await client.ask(word)).toBe('');
      expect(counts[3]).toBe(outcome);
      client.close();
    });
  });
});

it('a thread that dies in the middle of hand-overs leaves no descriptor behind', async () => {
  await withPool({}, async (pool, counts) => {
    let isOver = false;
    const streams = Array.from({ length: 4 }, () => stream(pool.port, () => isOver).catch(() => 0));
    while (Atomics.load(counts, 0) < 200) await pool.report();
    await pool.kill(0);
    isOver = true;
    await pool.close();
    await Promise.all(streams);
    const { total } = await pool.report();
    expect(total.open).toBe(0);
  });
}, 60_000);
