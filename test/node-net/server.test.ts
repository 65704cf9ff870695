// What a server of edgewise/net keeps of its connections, and what its listen() refuses, beside node:net.
import { once } from 'node:events';
import fs, { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import nodeNet from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import edgewiseNet from '../../src/node-net/index.ts';
import { defaultReactor } from '../../src/reactor/index.ts';
import * as sys from '../../src/sys/index.ts';
import { countDescriptors } from '../helpers/descriptors.ts';

type Net = typeof nodeNet;
const HOST = '127.0.0.1';
const BOTH: readonly (readonly [string, Net])[] = [
  ['node:net', nodeNet],
  ['edgewise/net', edgewiseNet as unknown as Net],
];

defaultReactor(); // its descriptors are no test's leak

async function listening(net: Net, onConnection: (socket: nodeNet.Socket) => void) {
  const server = net.createServer(onConnection).listen(0, HOST);
  await once(server, 'listening');
  return { server, port: (server.address() as nodeNet.AddressInfo).port };
}

const countOf = (server: nodeNet.Server): Promise<number> =>
  new Promise((resolve) => {
    server.getConnections((_error, count) => resolve(count));
  });

/** A client that has been closed by the other side. */
async function closedClient(port: number): Promise<void> {
  const client = nodeNet.connect(port, HOST).on('error', () => undefined);
  await once(client.resume(), 'close');
}

describe.each(BOTH)('%s: users remove all listeners', (_name, net) => {
  it.each(['all', 'close', 'end', 'finish', 'connect'])('of a socket: %s', async (name) => {
    const { server, port } = await listening(net, (socket) => {
      if (name === 'all') socket.removeAllListeners();
      else socket.removeAllListeners(name);
      socket.on('error', () => undefined).destroy();
    });
    server.maxConnections = 1;
    for (let i = 0; i < 3; i++) await closedClient(port); // none of them is dropped
    expect(await countOf(server)).toBe(0);
    server.close();
    await once(server, 'close');
  });

  it('of a socket that ends and is destroyed when all has left', async () => {
    const { server, port } = await listening(net, (socket) => {
      socket.resume().end('bye');
      socket.destroySoon();
      if (net !== nodeNet) socket.removeAllListeners(); // node:net keeps its own among them
    });
    const client = nodeNet.connect({ port, host: HOST, allowHalfOpen: true });
    expect(String(await once(client, 'data'))).toBe('bye');
    await once(client, 'end');
    client.destroy();
    await once(server.close(), 'close');
  });

  it('of a socket that is reset when it is connected', async () => {
    const errors: unknown[] = [];
    const { server, port } = await listening(net, (socket) => {
      socket.on('error', ({ code }: NodeJS.ErrnoException) => errors.push(code)).resume();
      socket.once('close', () => server.close());
    });
    const client = net.connect(port, HOST);
    client.resetAndDestroy();
    if (net !== nodeNet) client.removeAllListeners(); // as above
    await once(server, 'close');
    expect([errors, client.destroyed]).toEqual([['ECONNRESET'], true]);
  });

  it('of a server, with a signal that closes it', async () => {
    const controller = new AbortController();
    const server = net.createServer().listen({ port: 0, host: HOST, signal: controller.signal });
    await once(server, 'listening');
    server.removeAllListeners();
    controller.abort();
    await once(server, 'close');
    expect(server.listening).toBe(false);
  });
});

/** What nothing can be listened on by. */
const WRONG: readonly unknown[] = [
  {},
  { prot: 8080 },
  { host: HOST },
  { exclusive: true },
  { path: '' },
  { path: undefined },
  { path: 1 },
  { path: '8080' },
  { port: '' },
  { port: ' ' },
  { port: 'name' },
  { port: -1 },
  { port: 65_536 },
  { port: 1.5 },
  { port: true },
  { port: {} },
  { fd: -1 },
  { fd: 'x' },
  { port: 0, signal: 'x' },
  { port: 0, host: 1 },
  true,
  false,
  '',
  Number.NaN,
  65_536,
];

const { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_STREAM } = sys.constants;

/** Descriptors that listen(2) refuses. */
const NOT_LISTENED_ON: Readonly<Record<string, () => number>> = {
  'a file': () => openSync(import.meta.filename, 'r'),
  'a directory': () => openSync(tmpdir(), 'r'),
  'a device': () => openSync('/dev/null', 'r'),
  'a pipe': () => oneOf((fds) => sys.pipe2(fds, 0)),
  'a connected socket': () => oneOf((fds) => sys.socketpair(AF_UNIX, SOCK_STREAM, 0, fds)),
  datagrams: () => sys.socket(AF_INET, SOCK_DGRAM),
  'datagrams of a Unix socket': () => sys.socket(AF_UNIX, SOCK_DGRAM),
  nothing: () => 0x7fffff,
};

function oneOf(make: (fds: Int32Array) => number): number {
  const fds = new Int32Array(2);
  make(fds);
  sys.close(fds[1] as number);
  return fds[0] as number;
}

interface Attempt {
  readonly name?: string | undefined;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly isListening: boolean;
  readonly opened: number;
}

function tryListen(net: Net, argument: unknown): Attempt {
  const before = countDescriptors();
  const server = net.createServer();
  let error: NodeJS.ErrnoException | undefined;
  try {
    server.listen(argument as never);
  } catch (reason) {
    error = reason as NodeJS.ErrnoException;
  }
  const { name, code, message } = error ?? {};
  const opened = countDescriptors() - before;
  const isListening = server.listening;
  server.close();
  return { name, code, message, isListening, opened };
}

describe('listen', () => {
  it.each(WRONG.map((argument) => [argument]))('refuses %o before anything is open', (argument) => {
    const theirs = tryListen(nodeNet, argument);
    const ours = tryListen(edgewiseNet as unknown as Net, argument);
    expect(ours).toEqual(theirs);
    expect([ours.isListening, ours.opened]).toEqual([false, 0]);
    expect(ours.code).toMatch(/^ERR_/);
  });

  it.each(Object.keys(NOT_LISTENED_ON))(
    'on the descriptor of %s emits what node:net emits',
    async (name) => {
      const failureOf = async (net: Net) => {
        const fd = NOT_LISTENED_ON[name]?.() as number;
        const server = net.createServer().listen({ fd });
        const [{ message, code, errno, syscall }] = await once(server, 'error');
        server.close();
        sys.close(fd);
        return { message, code, errno, syscall };
      };
      expect(await failureOf(edgewiseNet as unknown as Net)).toEqual(await failureOf(nodeNet));
    },
  );

  it('takes a port as text in every notation of numbers', async () => {
    const free = nodeNet.createServer().listen(0, HOST);
    await once(free, 'listening');
    const { port } = free.address() as nodeNet.AddressInfo;
    free.close();
    await once(free, 'close');
    const texts = [String(port), `0x${port.toString(16)}`, `${port / 10}e1`, ` ${port} `];
    for (const text of texts) {
      const server = edgewiseNet.createServer().listen(text as never, HOST);
      await once(server, 'listening');
      expect(server.address()).toMatchObject({ port });
      await once(server.close(), 'close');
    }
  });

  it.each(BOTH)('%s: opens a socket file to all users', async (_name, net) => {
    const path = join(tmpdir(), `edgewise-${process.pid}-${_name.length}.sock`);
    const server = net.createServer().listen({ path, readableAll: true, writableAll: true });
    await once(server, 'listening');
    expect(statSync(path).mode & 0o666).toBe(0o666);
    await once(server.close(), 'close');
  });

  it('keeps nothing of a descriptor of another object that cannot listen', async () => {
    const fd = openSync('/dev/null', 'r');
    const before = countDescriptors();
    const server = edgewiseNet.createServer().listen({ _handle: { fd } } as never);
    expect(await once(server, 'error')).toMatchObject([{ code: 'EINVAL' }]);
    expect(countDescriptors()).toBe(before);
    closeSync(fd);
  });

  it('does not listen at a file that it cannot open to all users', () => {
    const before = countDescriptors();
    const path = join(tmpdir(), `edgewise-${process.pid}-closed.sock`);
    const server = edgewiseNet.createServer();
    const refused = Object.assign(new Error('EPERM: chmod'), { code: 'EPERM' });
    const { chmodSync } = fs;
    fs.chmodSync = () => {
      throw refused;
    };
    syncBuiltinESMExports();
    onTestFinished(() => {
      fs.chmodSync = chmodSync;
      syncBuiltinESMExports();
    });
    expect(() => server.listen({ path, readableAll: true })).toThrow(refused);
    expect(server.listening).toBe(false);
    expect([existsSync(path), countDescriptors()]).toEqual([false, before]);
  });
});
