// A pool on a socket that listens already, as after a hand-over from another process.
import { beforeAll, expect, it } from 'vitest';
import { adoptListener, defaultReactor, listen } from '../../src/index.ts';
import * as sys from '../../src/sys/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { openClient } from './clients.ts';
import { makePool, startPool } from './pools.ts';

beforeAll(() => void defaultReactor()); // stays
useDescriptors();

/** A duplicate of a listening socket, as `takeOver` gives it. */
function inherited(): number {
  const listener = listen({ host: '127.0.0.1', handlers: {} });
  const fd = sys.dup(listener.fd);
  listener.close();
  return fd;
}

it.each(['acceptor', 'exclusive'] as const)(
  '%s serves the socket that it is given',
  async (strategy) => {
    const fd = inherited();
    const { pool } = await startPool({ strategy, fd });
    expect(pool.fd).toBe(fd);
    const client = await openClient(pool.port);
    expect(await client.ask('hello')).toBe('hello');
    client.close();
    await pool.close();
    expect(pool.fd).toBe(-1);
  },
);

it('the next pool goes on with the port of the one before, and no client is refused', async () => {
  const { pool: first } = await startPool();
  const { port } = first;
  const { pool: next } = await startPool({ fd: sys.dup(first.fd) });
  expect(next.port).toBe(port);
  await first.close();
  const client = await openClient(port);
  expect(await client.ask('hello')).toBe('hello');
  client.close();
  await next.close();
});

it('what does not listen is refused, and stays open', async () => {
  const fd = sys.socket(sys.constants.AF_INET, sys.constants.SOCK_STREAM);
  await expect(startPool({ fd })).rejects.toMatchObject({ code: 'EINVAL' });
  expect(sys.close(fd)).toBe(0);
});

it('a socket stays open when the module cannot be loaded', async () => {
  const fd = inherited();
  const { pool } = makePool({ fd, module: 'data:text/javascript,' });
  await expect(pool.start()).rejects.toMatchObject({ code: 'ERR_MODULE_INVALID' });
  adoptListener(fd, { handlers: {} }).close();
});

it('with reusePort each thread has its own socket, so none can be given', () => {
  expect(() => makePool({ fd: 3, strategy: 'reusePort' })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  );
  expect(() => makePool({ fd: -1 })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
});
