// edgewise/net beside node:net: the same program on each, and what they tell must be the same.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import nodeNet from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import edgewiseNet from '../../src/node-net/index.ts';
import { defaultReactor } from '../../src/reactor/index.ts';
import { itUncut } from '../helpers/cuts.ts';
import { countDescriptors } from '../helpers/descriptors.ts';

type Net = typeof nodeNet;
const HOST = '127.0.0.1';
const BOTH: readonly (readonly [string, Net])[] = [
  ['node:net', nodeNet],
  ['edgewise/net', edgewiseNet as unknown as Net],
];
/** As programs name the type of a socket: it compiles. */
type DefaultImportsSocket = edgewiseNet.Socket;

defaultReactor(); // its descriptors are no test's leak

const shapeOf = (error: NodeJS.ErrnoException & { address?: string; port?: number }) => ({
  ...{ code: error.code, syscall: error.syscall, errno: error.errno, address: error.address },
  ...{ port: error.port, message: error.message },
});

async function listening(net: Net, onConnection: (socket: nodeNet.Socket) => void, options = {}) {
  const server = net.createServer(options, onConnection);
  server.listen(0, HOST);
  await once(server, 'listening');
  return { server, port: (server.address() as nodeNet.AddressInfo).port };
}

describe.each(BOTH)('%s', (_name, net) => {
  itUncut('tells the life of a connection in the same order', async () => {
    const before = countDescriptors();
    const events: string[] = [];
    const { server, port } = await listening(net, (socket) => {
      for (const name of ['end', 'finish'] as const) {
        socket.on(name, () => events.push(`server ${name}`));
      }
      socket.on('data', (data) => {
        events.push(`server ${data}`);
        socket.end('answer');
      });
    });
    const client = net.connect(port, HOST, () => events.push('client callback'));
    client.on('lookup', () => events.push('client lookup'));
    client.on('connect', () => events.push('client connect'));
    client.on('ready', () => events.push('client ready'));
    client.on('data', (data) => events.push(`client ${data}`));
    client.on('close', (hadError) => events.push(`client close ${hadError}`));
    client.end('question');
    await once(client, 'close');
    server.close();
    await once(server, 'close');
    expect(events.filter((event) => event.startsWith('client'))).toEqual([
      ...['client callback', 'client connect', 'client ready', 'client answer'],
      'client close false',
    ]);
    expect(events.filter((event) => event.startsWith('server')).sort()).toEqual([
      ...['server end', 'server finish', 'server question'],
    ]);
    expect(countDescriptors()).toBe(before);
  });

  it('takes the arguments in all their orders', async () => {
    const { server, port } = await listening(net, (socket) => socket.end());
    const sockets = [
      net.connect(port, HOST),
      net.connect({ port, host: HOST }),
      net.createConnection(String(port) as never, HOST),
      new net.Socket().connect(port, HOST),
      net.connect(port),
    ];
    await Promise.all(sockets.map((socket) => once(socket.resume(), 'close')));
    server.close();
    await once(server, 'close');
  });

  it('ends its own side when the peer has ended, unless it may stay half open', async () => {
    for (const allowHalfOpen of [false, true]) {
      let tell: (state: string) => void = () => undefined;
      const state = new Promise<string>((resolve) => {
        tell = resolve;
      });
      const { server, port } = await listening(
        net,
        (socket) => {
          socket.resume();
          socket.on('end', () =>
            setImmediate(() => {
              tell(socket.readyState);
              socket.end();
            }),
          );
        },
        { allowHalfOpen },
      );
      const client = net.connect({ port, host: HOST, allowHalfOpen: true }).resume();
      client.end();
      await once(client, 'close');
      server.close();
      await once(server, 'close');
      expect(await state).toBe(allowHalfOpen ? 'writeOnly' : 'closed');
    }
  });

  it('counts, drops beyond maxConnections, and closes when all have gone', async () => {
    const { server, port } = await listening(net, () => undefined);
    server.maxConnections = 1;
    const dropped = once(server, 'drop');
    const first = net.connect(port, HOST);
    await once(server, 'connection');
    const second = net.connect(port, HOST);
    second.on('error', () => undefined);
    const [data] = await dropped;
    expect(data).toMatchObject({ localPort: port, remoteFamily: 'IPv4' });
    const count = await new Promise((resolve) => server.getConnections((_, n) => resolve(n)));
    expect(count).toBe(1);
    let isClosed = false;
    server.close(() => {
      isClosed = true;
    });
    expect([server.listening, isClosed, server.address()]).toEqual([false, false, null]);
    first.end();
    first.resume();
    second.destroy();
    await once(server, 'close');
    expect(isClosed).toBe(true);
  });

  itUncut('listens on a path', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'edgewise-'));
    const path = join(folder, 'socket');
    const server = net.createServer((socket) => socket.end('hello')).listen(path);
    await once(server, 'listening');
    expect(server.address()).toBe(path);
    const client = net.connect(path);
    const [data] = await once(client, 'data');
    expect(String(data)).toBe('hello');
    client.destroy();
    server.close();
    await once(server, 'close');
    rmSync(folder, { recursive: true });
  });

  it('is closed by a signal and by await using', async () => {
    const abort = new AbortController();
    const server = net.createServer().listen({ port: 0, host: HOST, signal: abort.signal });
    await once(server, 'listening');
    abort.abort();
    await once(server, 'close');
    await using other = net.createServer().listen(0, HOST);
    await once(other, 'listening');
    expect(other.listening).toBe(true);
  });

  it('refuses wrong arguments with the same codes', async () => {
    expect(() => net.connect({ port: 65_536 })).toThrow(
      expect.objectContaining({ code: 'ERR_SOCKET_BAD_PORT' }),
    );
    expect(() => net.connect({} as never)).toThrow(
      expect.objectContaining({ code: 'ERR_MISSING_ARGS' }),
    );
    expect(() => net.createServer().listen(-1)).toThrow(
      expect.objectContaining({ code: 'ERR_SOCKET_BAD_PORT' }),
    );
    const server = net.createServer().listen(0, HOST);
    await once(server, 'listening');
    expect(() => server.listen(0)).toThrow(
      expect.objectContaining({ code: 'ERR_SERVER_ALREADY_LISTEN' }),
    );
    server.close();
  });

  it('tells a second close', async () => {
    const error = await new Promise((resolve) => net.createServer().close(resolve));
    expect(error).toMatchObject({ code: 'ERR_SERVER_NOT_RUNNING' });
  });
});

describe('the shape of errors', () => {
  it('is that of node:net', async () => {
    const shapes: unknown[][] = [[], []];
    for (const [index, [, net]] of BOTH.entries()) {
      const { server, port } = await listening(net, (socket) => socket.destroy());
      const taken = net.createServer().listen(port, HOST);
      const inUse = shapeOf((await once(taken, 'error'))[0]);
      server.close();
      await once(server, 'close');
      const refused = shapeOf((await once(net.connect(port, HOST), 'error'))[0]);
      const missing = shapeOf((await once(net.connect('/nonexistent/socket'), 'error'))[0]);
      const unknown = shapeOf((await once(net.connect(1, 'name.invalid'), 'error'))[0]);
      const text = JSON.stringify([inUse, refused, missing, unknown]);
      shapes[index]?.push(...JSON.parse(text.replaceAll(String(port), '1')));
    }
    expect(shapes[1]).toEqual(shapes[0]);
  });
});

it('the default import has the classes, as values and as types', () => {
  const socket: DefaultImportsSocket = new edgewiseNet.Stream();
  expect(socket).toBeInstanceOf(edgewiseNet.Socket);
  socket.destroy();
});
