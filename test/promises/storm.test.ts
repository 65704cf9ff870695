// Aborting, destroying and erroring at every point where something can be awaited, thousands of
// times at random under load: everything settles with an error that is allowed, nothing is left.
// EDGEWISE_SEED=N takes another seed.
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/promises/connect.ts';
import type { Connection } from '../../src/promises/connection.ts';
import { bind } from '../../src/promises/datagram.ts';
import { readable } from '../../src/promises/descriptor.ts';
import { type Listener, listen } from '../../src/promises/listener.ts';
import { sleep, timeout } from '../../src/promises/timing.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { isCutToOneByte, volume } from '../helpers/cuts.ts';
import { countDescriptors, useDescriptors } from '../helpers/descriptors.ts';
import { garbageCollector } from '../helpers/garbage.ts';
import { setLinger } from '../helpers/linger.ts';
import { Random, seedOfRun } from '../helpers/random.ts';
import { codeOf, HOST } from './pair.ts';

const SEED = seedOfRun();
const ROUNDS = isCutToOneByte ? 1000 : 10_000;
const AT_ONCE = 40;
const ABORTED = Object.assign(new Error('aborted on purpose'), { code: 'ABORTED' });
const DESTROYED = Object.assign(new Error('destroyed on purpose'), { code: 'DESTROYED' });
const ALLOWED = new Set([
  'resolved',
  'ABORTED',
  'DESTROYED',
  'ECONNRESET',
  'EPIPE',
  'ERR_CLOSED',
  'ENOTCONN',
  'ERR_READ_IN_PROGRESS',
  'ERR_UNEXPECTED_END',
  'ERR_WRITE_AFTER_END',
  'ERR_LIMIT_EXCEEDED',
  'ERR_TIMEOUT',
  'ECONNREFUSED',
  'ECONNABORTED',
]);

type Operation = (connection: Connection, signal: AbortSignal) => unknown;

const LONG = Buffer.alloc(volume(300_000), 'edgewise\n');
const OPERATIONS: readonly Operation[] = [
  (connection, signal) => connection.read({ signal }),
  (connection, signal) => connection.readInto(Buffer.alloc(100), { signal }),
  (connection, signal) => connection.readExactly(5000, { signal }),
  (connection, signal) => connection.readUntil('\n', 4000, { signal }),
  (connection, signal) => connection.write('short\n', { signal }),
  (connection, signal) => connection.write(LONG, { signal }),
  (connection, signal) => connection.write([LONG.subarray(0, 10), LONG], { signal }),
  (connection, signal) => connection.end('last', { signal }),
  (connection) => connection.close({ timeoutMs: 5 }),
  async (connection) => {
    for await (const _bytes of connection) if (connection.raw.bytesRead > 20_000) break;
  },
];

const ENDINGS: readonly ((connection: Connection, abort: AbortController) => void)[] = [
  (_connection, abort) => abort.abort(ABORTED),
  (connection) => connection.destroy(DESTROYED),
  (connection) => connection.destroy(),
  (connection) => {
    if (connection.fd >= 0) setLinger(connection.fd);
    connection.destroy(DESTROYED);
  },
];

/** Some microtasks, or a pass of Node's loop, or neither. */
async function aWhile(random: Random): Promise<void> {
  if (random.below(3) === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let count = random.below(4); count > 0; count--) await undefined;
}

async function echo(connection: Connection, random: Random): Promise<void> {
  try {
    for await (const bytes of connection) {
      if (random.below(50) === 0) connection.destroy(DESTROYED);
      await connection.write(bytes);
    }
    await connection.end();
    await connection.close({ timeoutMs: 20 });
  } catch {
    connection.destroy();
  }
}

const collectGarbage = garbageCollector();

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe('a storm of aborts', () => {
  const descriptors = useDescriptors();

  function start() {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    return reactor;
  }

  async function useConnection(random: Random, listener: Listener, reactor: Reactor) {
    const abort = new AbortController();
    const { signal } = abort;
    const { port } = listener;
    const trigger = random.pick(['level', 'edge'] as const);
    const connecting = connect({ host: HOST, port, reactor, trigger, signal });
    if (random.below(10) === 0) abort.abort(ABORTED);
    const settled: Promise<unknown>[] = [codeOf(connecting)];
    const connection = await connecting.catch(() => undefined);
    if (connection === undefined) return settled;
    const later = new AbortController();
    for (let count = 1 + random.below(4); count > 0; count--) {
      settled.push(codeOf(random.pick(OPERATIONS)(connection, later.signal)));
      await aWhile(random);
    }
    random.pick(ENDINGS)(connection, later);
    await aWhile(random);
    connection.destroy();
    await connection.closed;
    return settled;
  }

  async function useOthers(random: Random, reactor: Reactor) {
    const abort = new AbortController();
    const { signal } = abort;
    const socket = bind({ host: HOST, reactor });
    const listener = listen({ host: HOST, reactor });
    const settled = [
      codeOf(socket.receive({ signal })),
      codeOf(listener.accept({ signal })),
      codeOf(sleep(random.below(20), { reactor, signal })),
      codeOf(timeout(new Promise(() => undefined), random.below(20), { reactor, signal })),
      codeOf(readable(0x3ffffff, { reactor, signal }).catch(() => undefined)),
    ];
    await aWhile(random);
    abort.abort(ABORTED);
    socket.destroy();
    listener.close();
    return settled;
  }

  it(`leaves nothing behind (seed ${SEED})`, { timeout: 300_000 }, async () => {
    const reactor = start();
    const listener = listen({ host: HOST, reactor, backlog: 4096 });
    const random = new Random(SEED);
    const serving = (async () => {
      for await (const connection of listener) echo(connection, random);
    })();
    const before = countDescriptors();
    const codes = new Map<unknown, number>();
    let left = 0;
    const worker = async () => {
      while (left > 0) {
        left--;
        const isOther = random.below(10) === 0;
        const settled = await (isOther
          ? useOthers(random, reactor)
          : useConnection(random, listener, reactor));
        for (const code of await Promise.all(settled)) codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    };
    const heapSizes: number[] = [];
    for (let half = 0; half < 2; half++) {
      left = ROUNDS / 2;
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      // What the server still has ends by itself: its peers have gone.
      await Promise.all([...listener.raw.connections].map((raw) => raw.data?.closed));
      expect(countDescriptors()).toBe(before);
      heapSizes.push(heapUsed());
    }
    expect((heapSizes[1] as number) - (heapSizes[0] as number)).toBeLessThan(2_000_000);
    listener.close();
    await serving;
    expect([...codes.keys()].filter((code) => !ALLOWED.has(String(code)))).toEqual([]);
    for (const code of ['resolved', 'ABORTED', 'DESTROYED']) {
      expect(codes.get(code), code).toBeGreaterThan(ROUNDS / 100);
    }
  });
});
