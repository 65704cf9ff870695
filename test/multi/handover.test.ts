// A live connection goes from thread to thread, back and forth, while both sides send: every byte
// comes back once and in order.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Connection, connect, defaultReactor } from '../../src/index.ts';
import type { ReactorPool } from '../../src/multi/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { Count, withBouncing } from './bouncing.ts';

beforeAll(() => void defaultReactor()); // stays
useDescriptors();
const MOVES = 10_000;
const CLIENTS = 16;
const BURST = 512 * 1024;
const SOCKET_BUFFER = 64 * 1024;
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

/** Sends the pattern, and looks at each byte that comes back. */
class Stream {
  sent = 0;
  received = 0;
  isIntact = true;
  readonly connection: Connection;
  readonly closed: Promise<Error | undefined>;

  constructor(port: number) {
    let close: (error: Error | undefined) => void;
    this.closed = new Promise((resolve) => {
      close = resolve;
    });
    this.connection = connect({
      host: '127.0.0.1',
      port,
      tcp: { receiveBufferSize: SOCKET_BUFFER },
      allowHalfOpen: true,
      handlers: {
        data: (_, bytes) => this.#check(bytes),
        close: (_, error) => close(error),
      },
    });
  }

  send(): void {
    this.connection.write(part(this.sent, BURST));
    this.sent += BURST;
  }

  #check(bytes: Buffer): void {
    this.isIntact &&= bytes.equals(part(this.received, bytes.length));
    this.received += bytes.length;
  }
}

// A connection that has lost a byte waits for ever: so many answers of the threads without any
// progress are a failure.
const REPORTS_MAX = 50_000;

async function until(pool: ReactorPool, done: number, progress: () => number): Promise<void> {
  let seen = progress();
  for (let reports = 0; seen < done; reports++) {
    await pool.report();
    const now = progress();
    if (now === seen && reports >= REPORTS_MAX) throw new Error(`stalled at ${now} of ${done}`);
    if (now !== seen) reports = 0;
    seen = now;
  }
}

const opened: Stream[] = [];
afterEach(() => {
  for (const stream of opened.splice(0)) stream.connection.destroy();
});

function openStreams(port: number): readonly Stream[] {
  opened.push(...Array.from({ length: CLIENTS }, () => new Stream(port)));
  return opened;
}

describe.each(['level', 'edge'] as const)('%s', (trigger) => {
  it(`${MOVES} hand-overs of busy connections lose and double nothing`, async () => {
    const connection = { trigger, tcp: { sendBufferSize: SOCKET_BUFFER } };
    await withBouncing({ connection }, async (pool, counts) => {
      const streams = openStreams(pool.port);
      const sumOf = (name: 'sent' | 'received') =>
        streams.reduce((sum, stream) => sum + stream[name], 0);
      const sendAll = () => {
        for (const stream of streams) stream.send();
      };
      while (Atomics.load(counts, Count.Moves) < MOVES) {
        for (const stream of streams) stream.connection.pause();
        sendAll();
        await until(pool, sumOf('sent'), () => Atomics.load(counts, Count.Bytes) >>> 0);
        for (const stream of streams) stream.connection.resume();
        sendAll(); // while what has waited comes back
        await until(pool, sumOf('sent'), () => sumOf('received'));
        expect(streams.every((stream) => stream.isIntact)).toBe(true);
      }
      for (const stream of streams) stream.connection.end();
      expect(await Promise.all(streams.map((stream) => stream.closed))).toEqual(
        streams.map(() => undefined),
      );
      for (const stream of streams) {
        expect(stream).toMatchObject({ isIntact: true, received: stream.sent });
      }
      const [moves = 0, unsent = 0, unread = 0] = counts;
      expect(counts[Count.Ended]).toBe(CLIENTS);
      expect(unsent).toBeGreaterThan(moves / 4);
      expect(unread).toBeGreaterThan(moves / 4);
      const { total } = await pool.report();
      expect(total).toMatchObject({ accepted: CLIENTS, open: 0, broken: 0 });
      expect(total).toMatchObject({ handedIn: moves, handedOut: moves });
      const bytes = sumOf('sent');
      expect(total).toMatchObject({ bytesRead: bytes, bytesWritten: bytes });
    });
  }, 120_000);
});
