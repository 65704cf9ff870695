// What a worker has opened is closed when it ends, and only that: not a number that is another file by
// then, nor what another thread has taken over.
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  adoptConnection,
  adoptDatagram,
  adoptListener,
  defaultReactor,
  openReader,
  openWriter,
} from '../../src/index.ts';
import * as sys from '../../src/sys/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';

beforeAll(() => void defaultReactor()); // stays
beforeEach(async () => void (await (await start({ kind: 'socket' })).worker.terminate()));
const descriptors = useDescriptors();

interface WorkerData {
  readonly kind: string;
  readonly path?: string;
  readonly closes?: boolean;
  readonly disowns?: boolean;
}

/** A worker that has opened something, and the numbers of it. */
async function start(workerData: WorkerData) {
  const script = new URL('./ownership.mjs', import.meta.url);
  // Node would warn of a descriptor that `fs` closes and has not opened.
  const worker = new Worker(script, { workerData, trackUnmanagedFds: false });
  const [numbers] = (await once(worker, 'message')) as [number[]];
  return { worker, numbers };
}

const isOpen = (fd: number): boolean => sys.fcntl(fd, sys.constants.F_GETFD) >= 0;

it.each(['listen', 'server'])(
  'no client connects to %s of a worker that was terminated',
  async (kind) => {
    const { worker, numbers } = await start({ kind });
    await worker.terminate();
    const client = connect({ host: '127.0.0.1', port: numbers[0] as number });
    const [error] = await once(client, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  },
);

it('the port of a datagram socket of a worker that was terminated is free', async () => {
  const { worker, numbers } = await start({ kind: 'bindDatagram' });
  await worker.terminate();
  const { AF_INET, SOCK_DGRAM } = sys.constants;
  const fd = descriptors.track(sys.socket(AF_INET, SOCK_DGRAM));
  expect(sys.bind(fd, { address: '127.0.0.1', port: numbers[0] as number })).toBe(0);
});

it.each(['socket', 'pair', 'pipe'])('the calls of edgewise/sys: %s', async (kind) => {
  const { worker, numbers } = await start({ kind });
  expect(numbers.map(isOpen)).not.toContain(false);
  await worker.terminate();
  expect(numbers.map(isOpen)).not.toContain(true);
});

it('a descriptor that was given away outlives its worker', async () => {
  const { worker, numbers } = await start({ kind: 'pair', disowns: true });
  await worker.terminate();
  for (const fd of numbers) descriptors.close(descriptors.track(fd));
});

it('a number that was closed past the library, and is another file now, stays open', async () => {
  const { worker, numbers } = await start({ kind: 'pair', closes: true });
  const file = fileURLToPath(import.meta.url);
  const files = new Set(Array.from({ length: 64 }, () => openSync(file, 'r')));
  expect(numbers.every((fd) => files.has(fd))).toBe(true); // the kernel gives out the lowest
  await worker.terminate();
  for (const fd of files) expect(fstatSync(fd).isFile()).toBe(true);
  for (const fd of files) closeSync(fd);
});

it('a number that was closed past the library, and is another socket now, stays open', async () => {
  const { worker, numbers } = await start({ kind: 'pair', closes: true });
  const sockets = Array.from({ length: 8 }, () => descriptors.socketpair()).flat();
  expect(numbers.every((fd) => sockets.includes(fd))).toBe(true);
  await worker.terminate();
  expect(sockets.map(isOpen)).not.toContain(false);
});

type Adopt = (fd: number) => { close(): unknown; destroy(): unknown };

const ADOPTING: readonly [name: string, kind: string, adopt: Adopt][] = [
  ['adoptListener', 'listener', (fd) => adoptListener(fd, { handlers: {} })],
  ['adoptDatagram', 'datagram', (fd) => adoptDatagram(fd, { handlers: {} })],
  ['adoptConnection', 'pair', (fd) => adoptConnection(fd, { handlers: {} })],
  ['openReader', 'pair', (fd) => openReader(fd, { handlers: {} })],
  ['openWriter', 'pair', (fd) => openWriter(fd, { handlers: {} })],
];

describe('what another thread has taken over is not closed with the worker that made it', () => {
  it.each(ADOPTING)('%s', async (_name, kind, adopt) => {
    const { worker, numbers } = await start({ kind });
    const adopted = adopt(numbers[0] as number);
    // A pair has another end, without which the adopted one would end as well.
    if (numbers.length > 1) descriptors.dup(numbers[1] as number);
    await worker.terminate();
    expect(numbers.map(isOpen)).toEqual(numbers.map((_, index) => index === 0));
    adopted.destroy();
  });
});

describe('the file of a Unix socket', () => {
  const makePath = (): string => {
    const directory = mkdtempSync(join(tmpdir(), 'edgewise-owner-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    return join(directory, 'socket');
  };

  it('is removed with the worker that listens', async () => {
    const path = makePath();
    const { worker } = await start({ kind: 'path', path });
    expect(existsSync(path)).toBe(true);
    await worker.terminate();
    expect(existsSync(path)).toBe(false);
  });

  it('stays when another file has its name by then', async () => {
    const path = makePath();
    const { worker } = await start({ kind: 'path', path });
    writeFileSync(`${path}.new`, 'another');
    rmSync(path);
    writeFileSync(path, 'another');
    await worker.terminate();
    expect(existsSync(path)).toBe(true);
  });

  it('stays when the listener was released', async () => {
    const path = makePath();
    const { worker } = await start({ kind: 'released path', path });
    await worker.terminate();
    expect(existsSync(path)).toBe(true);
  });
});
