// connect(): every way in which it fails, and what it leaves behind: nothing.
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { interleave } from '../../../src/net/connect/happy-eyeballs.ts';
import { type ConnectOptions, connect, type Resolve } from '../../../src/net/connect/index.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, portOf, useDescriptors } from '../../helpers/descriptors.ts';
import { codeOf, Recorder } from '../recorder.ts';

const HOST = '127.0.0.1';
const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;

/** connect starts at the end of a turn; what is deferred after it runs after it. */
const started = (reactor: Reactor) => new Promise<void>((resolve) => reactor.defer(resolve));

/** Resolves to these, whatever the name. */
/** What a port that was free a moment ago answers when it is not any more. */
const TRIES_MAX = 100;
const TAKEN = ['EADDRINUSE', 'EADDRNOTAVAIL'];

const to =
  (...addresses: string[]): Resolve =>
  (_, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

describe('connect', () => {
  const descriptors = useDescriptors();

  function open(options: Partial<ConnectOptions>, client = new Recorder()) {
    const reactor = options.reactor ?? descriptors.using(new Reactor());
    reactor.attach();
    const { handlers } = client;
    const place = options.path === undefined ? { host: HOST } : {};
    const connection = connect({ ...place, handlers, ...options, reactor });
    return { client, connection, reactor };
  }

  async function failure(options: Partial<ConnectOptions>) {
    const { client, connection, reactor } = open(options);
    await client.called('close');
    expect(client.events).toEqual(['close']);
    expect(connection.isClosed).toBe(true);
    expect(reactor.registrationCount).toBe(0);
    expect(reactor.dependents.size).toBe(0);
    return client.errors[0] as NodeJS.ErrnoException & { port?: number; address?: string };
  }

  /** A port without a listener. */
  function closedPort(): number {
    const { fd, address } = descriptors.listener();
    descriptors.close(fd);
    return address.port as number;
  }

  /** Connects from a port that was free; from another one when it is given away meanwhile. */
  async function openFromFreePort(options: Partial<ConnectOptions>) {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const localPort = closedPort();
      const opened = open({ ...options, localPort });
      await Promise.race([opened.client.called('open'), opened.client.called('close')]);
      if (opened.client.count('open') > 0) return { ...opened, localPort };
      expect(TAKEN).toContain(codeOf(opened.client.errors[0]));
    }
    throw new Error(`${TRIES_MAX} free ports in a row were taken meanwhile`);
  }

  /** A listener with a full queue: it answers no SYN. */
  function silentPort(address = HOST): number {
    const fd = descriptors.track(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
    must(sys.bind(fd, { address, port: 0 }));
    must(sys.listen(fd, 0));
    const port = portOf(fd);
    for (let i = 0; i < 3; i++) {
      const client = descriptors.track(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
      sys.connect(client, { address, port }); // EINPROGRESS; the first completes, later ones wait
    }
    return port;
  }

  function server(host = HOST, port = 0) {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const recorder = new Recorder();
    const listener = listen({ host, port, handlers: recorder.handlers, reactor });
    return { recorder, listener, port: listener.port };
  }

  it('reports ECONNREFUSED with the address', async () => {
    const port = closedPort();
    const error = await failure({ port });
    expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', address: HOST, port });
  });

  it('reports ENOENT and ECONNREFUSED of Unix sockets', async () => {
    const path = join(tmpdir(), `edgewise-${process.pid}-none`);
    expect(await failure({ path })).toMatchObject({ code: 'ENOENT', path });
    const fd = descriptors.track(sys.socket(sys.constants.AF_UNIX, SOCK_STREAM));
    must(sys.bind(fd, { path }));
    expect(codeOf(await failure({ path }))).toBe('ECONNREFUSED');
    rmSync(path);
  });

  it('gives up with ETIMEDOUT on a target that does not answer', async () => {
    const port = silentPort();
    const error = await failure({ port, timeoutMs: 20 });
    expect(error).toMatchObject({ code: 'ETIMEDOUT', address: HOST, port });
  });

  it('counts the look-up of the name to the time, and ignores a late answer', async () => {
    let answer: () => void = () => undefined;
    const resolve: Resolve = (_, callback) => {
      answer = () => callback(null, [{ address: HOST, family: 4 }]);
    };
    const error = await failure({ host: 'name.invalid', port: 1, timeoutMs: 5, resolve });
    expect(codeOf(error)).toBe('ETIMEDOUT');
    expect(answer).not.toThrow();
  });

  it('throws the reason of a signal that is aborted already', () => {
    const reason = new Error('mine');
    expect(() => open({ port: 1, signal: AbortSignal.abort(reason) })).toThrow(reason);
  });

  it('ends with the reason of the signal while connecting', async () => {
    const controller = new AbortController();
    const { client, connection, reactor } = open({
      port: silentPort(),
      signal: controller.signal,
    });
    await started(reactor);
    expect(reactor.registrationCount).toBe(1);
    expect(connection.isConnecting).toBe(true);
    controller.abort(new Error('mine'));
    await client.called('close');
    expect(client.errors.map((error) => error?.message)).toEqual(['mine']);
    expect(reactor.registrationCount).toBe(0);
  });

  it('ends with the reason of the signal when connected, and lets go of the signal', async () => {
    const { port } = server();
    const controller = new AbortController();
    const { signal } = controller;
    const removed: string[] = [];
    const remove = signal.removeEventListener.bind(signal);
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      removed.push(args[0]);
      remove(...args);
    };
    const { client } = open({ port, signal });
    await client.opened();
    controller.abort(new Error('mine'));
    await client.called('close');
    expect(client.errors.map((error) => error?.message)).toEqual(['mine']);
    expect(removed).toEqual(['abort']);
  });

  it('reports ENOTFOUND when the resolver knows no address', async () => {
    const notFound = Object.assign(new Error('no'), { code: 'ENOTFOUND' });
    const unknown: Resolve = (_, callback) => callback(notFound, []);
    expect(await failure({ host: 'name.invalid', port: 1, resolve: unknown })).toBe(notFound);
    const none = await failure({ host: 'name.invalid', port: 1, resolve: to() });
    expect(codeOf(none)).toBe('ENOTFOUND');
  });

  it('reports what node:dns says of a name that does not exist', async () => {
    const error = await failure({ host: 'name.invalid', port: 1 });
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(codeOf(error));
    expect(error.syscall).toBe('getaddrinfo');
  });

  it('ends when the resolver throws, or answers with what is no address', async () => {
    const resolve: Resolve = () => {
      throw new Error('mine');
    };
    const thrown = await failure({ host: 'name.invalid', port: 1, resolve });
    expect(thrown.message).toBe('mine');
    const wrong = await failure({ host: 'name.invalid', port: 1, resolve: to('300.1.1.1') });
    expect(codeOf(wrong)).toMatch(/^ERR_INVALID_ARG/);
  });

  it('takes the first answer of a resolver that answers twice', async () => {
    const { port, recorder } = server();
    const resolve: Resolve = (host, callback) => {
      to(HOST)(host, callback);
      to(HOST)(host, callback);
    };
    const { client, connection } = open({ host: 'name.invalid', port, resolve });
    await client.opened();
    connection.end();
    await client.called('close');
    await recorder.called('close');
    expect(recorder.count('open')).toBe(1);
  });

  it('tries the second address when the first is silent for attemptDelayMs', async () => {
    const port = silentPort('127.0.0.2');
    const { recorder } = server('127.0.0.3', port);
    const resolve = to('127.0.0.2', '127.0.0.3');
    const { client, connection, reactor } = open({
      host: 'name.invalid',
      port,
      resolve,
      attemptDelayMs: 10,
    });
    await client.opened();
    expect(connection.remoteAddress?.address).toBe('127.0.0.3');
    expect(reactor.registrationCount).toBe(1); // the silent attempt has been given up
    connection.destroy();
    await recorder.called('close');
  });

  it('tries the second address at once when the first refuses', async () => {
    const { recorder, port } = server('127.0.0.3');
    const { client, connection } = open({
      host: 'name.invalid',
      port,
      resolve: to('127.0.0.2', '127.0.0.3'),
      attemptDelayMs: 60_000,
    });
    await client.opened();
    expect(connection.remoteAddress?.address).toBe('127.0.0.3');
    connection.destroy();
    await recorder.called('close');
  });

  it('reports an AggregateError with the code of the first when all fail', async () => {
    const resolve = to('127.0.0.2', '127.0.0.3');
    const error = await failure({ host: 'name.invalid', port: closedPort(), resolve });
    expect(error).toBeInstanceOf(AggregateError);
    expect(codeOf(error)).toBe('ECONNREFUSED');
    const { errors } = error as unknown as AggregateError;
    expect(errors.map(({ address }) => address)).toEqual(['127.0.0.2', '127.0.0.3']);
  });

  it('lets the families take turns, the first one first', () => {
    const address = (text: string) => ({ address: text, family: text.includes(':') ? 6 : 4 });
    const mixed = interleave(['::1', '::2', '::3', '1.1.1.1'].map(address));
    expect(mixed.map((entry) => entry.address)).toEqual(['::1', '1.1.1.1', '::2', '::3']);
    expect(interleave([])).toEqual([]);
  });

  it('connects from localAddress and localPort', async () => {
    const { recorder, port } = server();
    const options = { port, localAddress: '127.0.0.9' };
    const { client, connection, localPort } = await openFromFreePort(options);
    const peer = await recorder.opened();
    expect(peer.remoteAddress?.toString()).toBe(`127.0.0.9:${localPort}`);
    expect(connection.localAddress?.toString()).toBe(`127.0.0.9:${localPort}`);
    peer.destroy(); // first: the port stays with the side that closes first
    await client.called('close');
  });

  it('takes localPort without localAddress', async () => {
    const { recorder, port } = server();
    const { client, localPort } = await openFromFreePort({ port });
    const peer = await recorder.opened();
    expect(peer.remoteAddress?.port).toBe(localPort);
    peer.destroy();
    await client.called('close');
  });

  it('reports EADDRNOTAVAIL for an address that is not ours', async () => {
    const error = await failure({ port: 1, localAddress: '192.0.2.1' });
    expect(codeOf(error)).toBe('EADDRNOTAVAIL');
  });

  it('leaves nothing when destroyed while connecting', async () => {
    const port = silentPort();
    const { client, connection, reactor } = open({ port, timeoutMs: 60_000 });
    await started(reactor);
    expect(reactor.registrationCount).toBe(1);
    connection.destroy();
    await client.called('close');
    expect(client.events).toEqual(['close']);
    expect(client.errors).toEqual([undefined]);
    expect(reactor.registrationCount).toBe(0);
    await reactor.run(); // nothing referenced is left
    expect(reactor.dependents.size).toBe(0);
  });

  it('calls no handler before it returns, and sends what was written until then', async () => {
    const { recorder, port } = server();
    const { client, connection } = open({ port });
    expect(client.events).toEqual([]);
    expect(connection.write('one ')).toBe(true);
    connection.write([Buffer.from('two '), Buffer.from('three')]);
    connection.end();
    expect(connection.writableLength).toBe(13);
    await recorder.called('close');
    expect(recorder.received.toString()).toBe('one two three');
  });

  // On loopback a connect to a free port of the ephemeral range can be given that very port as its
  // own, and is then connected to itself. Hundreds of thousands of tries: `npm run test:long --
  // self-connect`.
  it('never connects to itself', async () => {
    const reactor = descriptors.using(new Reactor());
    const codes = async (port: number, localPort: number) => {
      const { client } = open({ port, localPort, reactor });
      await client.called('close');
      expect(client.count('open')).toBe(0);
      return codeOf(client.errors[0]);
    };
    const errors = new Set<string | undefined>();
    const attempt = async (from: 'itself' | 'any') => {
      for (let tries = 0; tries < TRIES_MAX; tries++) {
        const port = closedPort(); // anew: another process may be given it meanwhile
        const code = await codes(port, from === 'itself' ? port : 0);
        if (!TAKEN.includes(code as string)) return errors.add(code);
      }
      throw new Error(`${TRIES_MAX} free ports in a row were taken meanwhile`);
    };
    await attempt('itself');
    for (let i = 0; i < 200; i++) await attempt('any');
    expect([...errors]).toEqual(['ECONNREFUSED']);
  });

  it.each([
    ['no port', {}],
    ['a port beyond the range', { port: 65_536 }],
    ['a host that is no text', { port: 1, host: 5 }],
    ['a name as localAddress', { port: 1, localAddress: 'localhost' }],
    ['a localPort below 0', { port: 1, localPort: -1 }],
    ['a path that is too long', { path: 'x'.repeat(300) }],
    ['a signal that is none', { port: 1, signal: {} }],
    ['a resolver that is no function', { port: 1, resolve: 'dns' }],
    ['an option of TCP of the wrong kind', { port: 1, tcp: { noDelay: 1 } }],
    ['handlers that are no functions', { port: 1, handlers: { data: 1 } }],
  ])('throws for %s and leaves nothing', (_, options) => {
    const reactor = descriptors.using(new Reactor());
    const all = { reactor, ...options } as unknown as ConnectOptions;
    const call = () => open(all);
    expect(call).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }));
    expect(reactor.dependents.size).toBe(0);
  });
});
