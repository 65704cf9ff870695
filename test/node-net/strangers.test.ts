// What ordinary programs and libraries hand to node:net besides the documented arguments: absent
// options as null or undefined, a socket that connects again, a signal that is aborted already.
import { getEventListeners, once } from 'node:events';
import { Agent, createServer as createHttpServer, request } from 'node:http';
import nodeNet from 'node:net';
import { describe, expect, it } from 'vitest';
import edgewiseNet from '../../src/node-net/index.ts';
import { defaultReactor } from '../../src/reactor/index.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { itUncut } from '../helpers/cuts.ts';
import { countDescriptors } from '../helpers/descriptors.ts';

type Net = typeof nodeNet;
const HOST = '127.0.0.1';
const BOTH: readonly (readonly [string, Net])[] = [
  ['node:net', nodeNet],
  ['edgewise/net', edgewiseNet as unknown as Net],
];

defaultReactor(); // its descriptors are no test's leak

async function serving(net: Net, onConnection: (socket: nodeNet.Socket) => void) {
  const server = net.createServer(onConnection).listen(0, HOST);
  await once(server, 'listening');
  return { server, port: (server.address() as nodeNet.AddressInfo).port };
}

async function closing(server: nodeNet.Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

describe.each(BOTH)('%s', (_name, net) => {
  it('takes options that are null or undefined as absent', async () => {
    const { server, port } = await serving(net, (socket) => socket.end('hello'));
    const absent = { path: null, localAddress: null, allowHalfOpen: undefined, lookup: undefined };
    const client = net.connect({ port, host: undefined, ...absent } as never);
    client.resume();
    await once(client, 'close'); // it has ended its side by itself
    await closing(server);
  });

  it('is what an http.Agent connects with', async () => {
    const server = createHttpServer((_incoming, response) => response.end('hello'));
    server.listen(0, HOST);
    await once(server, 'listening');
    const { port } = server.address() as nodeNet.AddressInfo;
    const agent = new Agent();
    Object.assign(agent, { createConnection: net.createConnection });
    const outgoing = request({ host: HOST, port, agent }).end();
    const [incoming] = await once(outgoing, 'response');
    expect(String(Buffer.concat(await incoming.toArray()))).toBe('hello');
    agent.destroy();
    await closing(server);
  });

  itUncut('connects a socket again that was closed', async () => {
    const before = countDescriptors();
    const { server, port } = await serving(net, (socket) => socket.end('hello'));
    const client = new net.Socket();
    for (let round = 0; round < 2; round++) {
      client.connect(port, HOST);
      const [data] = await once(client, 'data');
      expect([String(data), client.remotePort]).toEqual(['hello', port]);
      await once(client, 'close');
    }
    client.destroy();
    await closing(server);
    expect(countDescriptors()).toBe(before);
  });

  itUncut('reads what comes although it was asked to before it connects', async () => {
    const { server, port } = await serving(net, (socket) => socket.end('hello'));
    const client = new net.Socket();
    const data = once(client, 'data');
    await new Promise(setImmediate); // it has begun to flow
    client.connect(port, HOST);
    expect(String(await data)).toBe('hello');
    await once(client, 'close');
    await closing(server);
  });

  it('closes a server with a signal that was aborted before', async () => {
    const server = net.createServer();
    server.listen({ port: 0, host: HOST, signal: AbortSignal.abort() });
    await once(server, 'close');
    expect(server.listening).toBe(false);
  });

  it('has the same class under both of its names', () => {
    expect((net as { Stream?: unknown }).Stream).toBe(net.Socket);
  });

  it('closes without a callback that is none', async () => {
    const server = net.createServer();
    server.close('x' as never);
    await once(server, 'close');
    expect(server.listening).toBe(false);
  });

  it('refuses a time that is none', () => {
    expect(() => new net.Socket().setTimeout('x' as never)).toThrow(TypeError);
    expect(() => new net.Socket().setTimeout(-1)).toThrow(RangeError);
    expect(() => new net.Socket().setTimeout(1, 'x' as never)).toThrow(TypeError);
  });

  it('fails to connect to port 0, as an event', async () => {
    const [error] = await once(net.connect(0, HOST), 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', address: HOST });
  });

  it('refuses a lookup that is no function, and addresses that are none', async () => {
    const refused = (options: object) => () => net.connect({ port: 1, host: 'name', ...options });
    expect(refused({ lookup: 5 })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
    expect(refused({ localAddress: 'name' })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_IP_ADDRESS' }),
    );
    const lookup = ((_host: string, _options: object, callback: (...found: unknown[]) => void) =>
      callback(null, [{ address: 'name', family: 4 }])) as never;
    const [error] = await once(refused({ lookup })(), 'error');
    expect(error).toMatchObject({ code: 'ERR_INVALID_IP_ADDRESS' });
  });

  itUncut('takes switches, times and lengths of any kind', async () => {
    const server = net.createServer((socket) => socket.end('hello'));
    server.maxConnections = null as never;
    server.listen({ port: 0, host: HOST, backlog: -1 });
    await once(server, 'listening');
    const { port } = server.address() as nodeNet.AddressInfo;
    const client = net.connect({ port, host: HOST, autoSelectFamilyAttemptTimeout: 5 });
    expect(client.timeout).toBeUndefined();
    client.setNoDelay(1 as never); // once before it is connected, and again then
    await once(client, 'connect');
    for (const time of [-5, '1000', 1e9, Number.POSITIVE_INFINITY, Number.NaN]) {
      client.setNoDelay(0 as never).setKeepAlive(1 as never, time as never);
    }
    const [data] = await once(client, 'data');
    expect(String(data)).toBe('hello');
    client.destroy();
    await closing(server);
  });

  it('reports each address that failed as it reports one', async () => {
    const found = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
    const lookup = ((_host: string, _options: object, callback: (...found: unknown[]) => void) =>
      callback(null, found)) as never;
    const [error] = await once(net.connect({ port: 1, host: 'name', lookup }), 'error');
    const keys = ['errno', 'code', 'syscall', 'address', 'port'];
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    expect(error.errors.map((each: Error) => Object.keys(each))).toEqual([keys, keys]);
  });

  it('times nothing once it is destroyed', async () => {
    const [destroyed, open] = [new net.Socket(), new net.Socket()];
    let count = 0;
    destroyed.destroy();
    expect(destroyed.setTimeout(1, () => count++)).toBe(destroyed);
    open.setTimeout(20);
    await once(open, 'timeout'); // is due after the other
    open.destroy();
    expect(count).toBe(0);
  });
});

describe('edgewise/net', () => {
  const [, [, net]] = BOTH as [never, readonly [string, Net]];

  it('refuses a connect of a socket that is connected, and keeps no second descriptor', async () => {
    const before = countDescriptors();
    const { server, port } = await serving(net, (socket) => socket.resume());
    const client = net.connect(port, HOST);
    await once(client, 'connect');
    client.connect(port, HOST);
    const [error] = await once(client, 'error');
    expect(error).toMatchObject({ code: 'EISCONN', syscall: 'connect' });
    await closing(server);
    expect(countDescriptors()).toBe(before);
  });

  it('lets go of the signal of a server that is closed', async () => {
    const { signal } = new AbortController();
    const server = net.createServer().listen({ port: 0, host: HOST, signal });
    await once(server, 'listening');
    await closing(server);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('emits what goes wrong behind the look-up of a name', async () => {
    const reactor = new Reactor();
    const server = edgewiseNet.createServer({ reactor }).listen(0, 'localhost');
    reactor.close();
    const [error] = await once(server, 'error');
    expect(error).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('listens after arguments that were refused', async () => {
    const server = net.createServer();
    expect(() => server.listen({ port: -1, host: HOST })).toThrow(RangeError);
    server.listen(0, HOST);
    await once(server, 'listening');
    await closing(server);
  });
});
