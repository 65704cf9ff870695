// Descriptors that a sub-reactor's thread has opened are closed with it.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultReactor } from '../../src/index.ts';
import * as sys from '../../src/sys/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { openClient } from './clients.ts';
import { startPool, untilRestarted } from './pools.ts';

beforeAll(() => void defaultReactor()); // stays
useDescriptors(); // which sees what is left open after each test
const MODULE = new URL('./workers/sub-opens.mjs', import.meta.url);

async function startOpening(kind: string, waits = false) {
  const cells = new Int32Array(new SharedArrayBuffer(4));
  const made = await startPool({ size: 1, module: MODULE, data: { kind, cells, waits } });
  return { ...made, cells };
}

async function openByAsking(kind: string) {
  const made = await startOpening(kind, true);
  const client = await openClient(made.pool.port);
  expect(await client.ask('open')).toBe('open');
  return { ...made, client };
}

const EVERYWHERE = ['socket', 'socketpair', 'pipe', 'dup', 'fcntl', 'recvmsg', 'watchExit'];
const LINUX = ['eventfd', 'timerfd_create', 'inotify_init1', 'pidfd_open', 'reopen'];
const KINDS = [
  ...EVERYWHERE,
  ...(process.platform === 'linux' ? [...LINUX, 'epoll_create1'] : ['kqueue']),
];

it.each(KINDS)('what %s has made is closed with its thread', async (kind) => {
  const { pool } = await startOpening(kind);
  await pool.close({ timeoutMs: 0 });
});

it('what a module has opened before it was started is closed with its thread', async () => {
  const { pool, errors, cells } = await startOpening('listener');
  await pool.kill(0);
  expect(await errors.next()).toMatchObject({ code: 'ERR_SUB_REACTOR_DIED' });
  await untilRestarted(pool, 1); // it listens on the same port again
  (await openClient(cells[0] as number)).close();
  await pool.close({ timeoutMs: 0 });
  expect(errors.seen).toEqual([]);
});

/** A file under the number `fd`, which must be free. */
function openAt(fd: number): void {
  const others: number[] = [];
  const file = fileURLToPath(import.meta.url);
  for (let got = -1; got !== fd; others.push(got)) got = openSync(file, 'r');
  for (const other of others.slice(0, -1)) closeSync(other);
}

describe('a number that is not its thread’s any more', () => {
  it('closed by the main thread, which has got it as a number', async () => {
    const { pool, client, cells } = await openByAsking('socket');
    const fd = cells[0] as number;
    expect(sys.close(fd)).toBe(0);
    openAt(fd);
    client.close();
    await pool.close({ timeoutMs: 0 });
    expect(fstatSync(fd).isFile()).toBe(true);
    closeSync(fd);
  });

  it('the reserve of a listener that is closed', async () => {
    const { pool, client } = await openByAsking('shed listener');
    const files = Array.from({ length: 64 }, () => openSync(fileURLToPath(import.meta.url), 'r'));
    client.close();
    await pool.close({ timeoutMs: 0 });
    for (const fd of files) expect(fstatSync(fd).isFile()).toBe(true);
    for (const fd of files) closeSync(fd);
  });
});
