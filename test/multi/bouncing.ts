// Pools for tests of hand-overs: they run sub-bounce.mjs, which counts in shared memory.
import { expect } from 'vitest';
import { ReactorPool, type ReactorPoolOptions } from '../../src/multi/index.ts';

const MODULE = new URL('./workers/sub-bounce.mjs', import.meta.url);

/** Places in the counts; the module gets them as `data`. */
export const Count = {
  Moves: 0,
  Unsent: 1,
  Unread: 2,
  Bytes: 3,
  Adopted: 4,
  Closed: 5,
  Ended: 6,
  Released: 7,
} as const;

/** Runs `use` with a pool of two threads; none of them may die unless `onError` is given. */
export async function withBouncing(
  options: Partial<ReactorPoolOptions>,
  use: (pool: ReactorPool, counts: Int32Array) => Promise<void>,
): Promise<void> {
  const counts = new Int32Array(new SharedArrayBuffer(32));
  const errors: Error[] = [];
  const pool = new ReactorPool({
    size: 2,
    module: MODULE,
    host: '127.0.0.1',
    data: { counts: counts.buffer, places: Count },
    onError: (error) => errors.push(error),
    ...options,
  });
  try {
    await pool.start();
    await use(pool, counts);
    expect(errors).toEqual([]);
  } finally {
    await pool.close({ timeoutMs: 0 });
  }
}
