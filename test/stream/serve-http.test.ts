// Servers of Node over our connections: they listen, time out, count and close as by themselves.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { defaultReactor } from '../../src/reactor/index.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { serveHttp } from '../../src/stream/serve-http.ts';
import { itUncut } from '../helpers/cuts.ts';
import { countDescriptors, openDescriptors, openedSince } from '../helpers/descriptors.ts';

const HOST = '127.0.0.1';
const pem = (name: string) => readFileSync(new URL(`../interop/${name}.pem`, import.meta.url));
const SECURE = { key: pem('key'), cert: pem('cert') };
/** Milliseconds; the check for those that are late runs that often. */
const SHORT = {
  headersTimeout: 100,
  requestTimeout: 200,
  keepAliveTimeout: 100,
  connectionsCheckingInterval: 20,
};

defaultReactor(); // its descriptors are no test's leak

type Start = (server: net.Server) => Promise<number>;

const STARTS: readonly (readonly [string, Start])[] = [
  [
    'listen of node:http',
    async (server) => {
      server.listen(0, HOST);
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    },
  ],
  [
    'serveHttp',
    async (server) => {
      serveHttp(server, { host: HOST, port: 0 });
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    },
  ],
];

const hello = (_incoming: http.IncomingMessage, response: http.ServerResponse) => {
  response.end('hello');
};

const countOf = (server: net.Server): Promise<number> =>
  new Promise((resolve) => {
    server.getConnections((_error, count) => resolve(count));
  });

/** A client that sends `text`, and nothing more; what it has got when the server has closed it. */
async function answerTo(port: number, text: string): Promise<string> {
  const client = net.connect(port, HOST);
  let answer = '';
  client.on('data', (bytes) => {
    answer += bytes;
  });
  client.write(text);
  await once(client, 'close');
  return answer;
}

async function get(port: number, options: http.RequestOptions = {}): Promise<string> {
  const outgoing = http.get({ host: HOST, port, agent: false, ...options });
  const [incoming] = await once(outgoing, 'response');
  return String(Buffer.concat(await incoming.toArray()));
}

describe.each(STARTS)('%s', (_name, start) => {
  it('reports where it listens, and closes', async () => {
    const before = openDescriptors();
    const server = http.createServer(hello);
    const port = await start(server);
    expect(server.address()).toEqual({ address: HOST, family: 'IPv4', port });
    expect(server.listening).toBe(true);
    expect(await get(port)).toBe('hello');
    const events: string[] = [];
    server.on('close', () => events.push('close'));
    await new Promise((resolve) => server.close(resolve));
    expect([events, server.listening, server.address()]).toEqual([['close'], false, null]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(openedSince(before)).toEqual([]);
  });

  const SILENT = [
    ['headers', 'GET / HTTP/1.1\r\nHost: x\r\n'],
    ['a body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx'],
  ] as const;
  for (const [what, text] of SILENT) {
    // What of the answer does not leave in one write is lost: the socket is destroyed right behind it.
    itUncut(`gives up a client whose ${what} do not come`, async () => {
      const server = http.createServer(SHORT, (incoming) => incoming.resume());
      const port = await start(server);
      expect(await answerTo(port, text)).toMatch(/^HTTP\/1\.1 408 /);
      await new Promise((resolve) => server.close(resolve));
    });
  }

  it('closes a connection that is kept and not used', async () => {
    const server = http.createServer(SHORT, hello);
    const port = await start(server);
    const answer = await answerTo(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(answer).toMatch(/hello/);
    await new Promise((resolve) => server.close(resolve));
  });

  it('closes those that are idle when it closes, and waits for the others', async () => {
    let answer: (() => void) | undefined;
    const server = http.createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
      if (incoming.url === '/slow') answer = () => response.end('late');
      else response.end('soon');
    });
    const port = await start(server);
    const agent = new http.Agent({ keepAlive: true });
    expect(await get(port, { agent })).toBe('soon');
    const slow = get(port, { path: '/slow', agent: new http.Agent() });
    while (answer === undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(await countOf(server)).toBe(2);
    const closed = once(server, 'close');
    server.close();
    server.closeIdleConnections(); // Node before 19 does not
    while ((await countOf(server)) > 1) await new Promise((resolve) => setImmediate(resolve));
    answer();
    expect(await slow).toBe('late');
    server.closeIdleConnections();
    await closed;
    agent.destroy();
  });

  it('drops what is beyond maxConnections', async () => {
    const server = http.createServer(hello);
    const port = await start(server);
    server.maxConnections = 1;
    const first = net.connect(port, HOST);
    await once(server, 'connection');
    const dropped = once(server, 'drop');
    net.connect(port, HOST).on('error', () => undefined);
    const [data] = await dropped;
    first.destroy();
    expect(data).toMatchObject({ localPort: port, remoteAddress: HOST, remoteFamily: 'IPv4' });
    await new Promise((resolve) => server.close(resolve));
  });

  it('counts by nothing that users remove', async () => {
    const server = http.createServer(hello);
    const port = await start(server);
    server.on('upgrade', (_incoming, socket) => {
      socket.removeAllListeners();
      socket.destroy();
    });
    const text = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
    await answerTo(port, text);
    expect(await countOf(server)).toBe(0);
    await new Promise((resolve) => server.close(resolve));
  });

  it('listens again after it was closed', async () => {
    const server = http.createServer(hello);
    for (let round = 0; round < 2; round++) {
      expect(await get(await start(server))).toBe('hello');
      await new Promise((resolve) => server.close(resolve));
    }
  });

  itUncut('serves node:https', async () => {
    const server = https.createServer({ ...SECURE, ...SHORT }, hello);
    const port = await start(server);
    const client = tls.connect({ port, host: HOST, rejectUnauthorized: false });
    client.write('GET / HTTP/1.1\r\nHost: x\r\n'); // and nothing more
    client.setEncoding('utf8');
    expect((await client.toArray()).join('')).toMatch(/^HTTP\/1\.1 408 /);
    await new Promise((resolve) => server.close(resolve));
  });

  it('serves node:http2', async () => {
    const server = http2.createServer((_request, response) => response.end('hello'));
    const port = await start(server);
    const session = http2.connect(`http://${HOST}:${port}`);
    const stream = session.request();
    expect(String(Buffer.concat(await stream.toArray()))).toBe('hello');
    const closed = once(session, 'close');
    session.close();
    await closed;
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('serveHttp only', () => {
  it('returns the server, which listens at once', async () => {
    const server = http.createServer(hello);
    expect(serveHttp(server, { host: HOST })).toBe(server);
    expect(server.listening).toBe(true);
    expect(() => serveHttp(server, { host: HOST })).toThrow(
      expect.objectContaining({ code: 'ERR_SERVER_ALREADY_LISTEN' }),
    );
    server.unref().ref();
    await new Promise((resolve) => server.close(resolve));
  });

  it('throws what listen throws, and leaves nothing open', async () => {
    const taken = serveHttp(http.createServer(), { host: HOST });
    const { port } = taken.address() as AddressInfo;
    const before = countDescriptors();
    const server = http.createServer();
    expect(() => serveHttp(server, { host: HOST, port })).toThrow(
      expect.objectContaining({ code: 'EADDRINUSE' }),
    );
    expect([server.listening, countDescriptors()]).toEqual([false, before]);
    expect(() => serveHttp({} as never, {})).toThrow(TypeError);
    expect(() => serveHttp(server, null as never)).toThrow(TypeError);
    expect(() => serveHttp(server, { signal: 1 as never })).toThrow(TypeError);
    await new Promise((resolve) => taken.close(resolve));
  });

  it.each(STARTS)('%s: a server that was unreferenced before stays so', async (_name, start) => {
    const server = http.createServer(hello);
    await start(server.unref());
    const { _handle } = server as never as { _handle: { hasRef(): boolean } };
    expect(_handle.hasRef()).toBe(false);
    expect(server.ref() === server && _handle.hasRef()).toBe(true);
    await new Promise((resolve) => server.close(resolve));
  });

  it('listens on a Unix socket', async () => {
    const path = join(tmpdir(), `edgewise-http-${process.pid}.sock`);
    const server = serveHttp(http.createServer(hello), { path });
    expect(server.address()).toBe(path);
    const outgoing = http.get({ socketPath: path, agent: false });
    const [incoming] = await once(outgoing, 'response');
    expect(String(Buffer.concat(await incoming.toArray()))).toBe('hello');
    await new Promise((resolve) => server.close(resolve));
  });

  it('is closed by its signal, and by its reactor', async () => {
    const controller = new AbortController();
    const server = serveHttp(http.createServer(), { host: HOST, signal: controller.signal });
    const closed = once(server, 'close');
    controller.abort();
    await closed;
    const reactor = new Reactor();
    const other = serveHttp(http.createServer(), { host: HOST, reactor });
    const otherClosed = once(other, 'close');
    reactor.close();
    await otherClosed;
    expect([server.listening, other.listening]).toEqual([false, false]);
  });
});
