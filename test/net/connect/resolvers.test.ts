// Resolvers of the caller, whatever they answer, and errors that name the end that they are about.
import { describe, expect, it } from 'vitest';
import { type ConnectOptions, connect, type Resolve } from '../../../src/net/connect/index.ts';
import { bindDatagram } from '../../../src/net/datagram/bind.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { connect as connectAwaited } from '../../../src/promises/connect.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { Recorder } from '../recorder.ts';

const HOST = '127.0.0.1';
const isLinux = process.platform === 'linux';
if (!isLinux)
  process.stdout.write('skipped: abstract names of Unix sockets, which only Linux has\n');

describe('a resolver', () => {
  const descriptors = useDescriptors();
  const good = { address: HOST, family: 4 };

  function world() {
    const errors: unknown[] = [];
    const reactor = descriptors.using(new Reactor({ onError: (error) => errors.push(error) }));
    reactor.attach();
    const listener = descriptors.using(listen({ host: HOST, reactor, handlers: {} }));
    return { reactor, port: listener.port, errors };
  }

  /** @returns `'open'`, or the error with which it closed. */
  async function outcome(options: Partial<ConnectOptions>, reactor: Reactor) {
    const client = new Recorder();
    const { handlers } = client;
    const connection = connect({ host: 'a.test', ...options, reactor, handlers });
    await Promise.race([client.called('open'), client.called('close')]);
    connection.destroy();
    return client.count('open') > 0 ? 'open' : (client.errors[0] as Error & { code?: string });
  }

  it.each([undefined, null, 0, false, '', Number.NaN])(
    'says with %s that there is no error',
    async (none) => {
      const { reactor, port } = world();
      const resolve = (_: string, callback: (...args: unknown[]) => void) => callback(none, [good]);
      expect(await outcome({ port, resolve: resolve as Resolve }, reactor)).toBe('open');
      const awaited = { host: 'a.test', port, reactor, resolve: resolve as Resolve };
      (await connectAwaited(awaited)).destroy();
    },
  );

  it.each([
    ['no object', 5],
    ['null', null],
    ['a name', { address: 'localhost', family: 4 }],
    ['no text', { address: 5, family: 4 }],
    ['nothing', {}],
    ['an address with junk behind it', { address: '127.0.0.1 ', family: 4 }],
    [
      'one that throws',
      {
        get address() {
          throw new Error('no address');
        },
      },
    ],
  ] as const)('that answers %s among good addresses fails for that one only', async (_, bad) => {
    const { reactor, port } = world();
    const answer = (found: unknown[]) =>
      outcome({ port, resolve: (_name, callback) => callback(null, found as never) }, reactor);
    expect(await answer([bad, good])).toBe('open');
    expect(await answer([good, bad])).toBe('open');
    expect(await answer([bad])).toBeInstanceOf(Error);
    const all = await answer([bad, bad]);
    expect(all).toBeInstanceOf(AggregateError);
    expect((all as AggregateError).errors.length).toBe(2);
  });

  it('may say the wrong family, or none', async () => {
    const { reactor, port } = world();
    for (const family of [6, 0, 'IPv6', undefined]) {
      const found = [{ address: HOST, family }] as never;
      const resolve: Resolve = (_, callback) => callback(null, found);
      expect(await outcome({ port, resolve }, reactor)).toBe('open');
    }
  });

  it.each([
    ['undefined', undefined, 'ENOTFOUND'],
    ['null', null, 'ENOTFOUND'],
    ['an empty list', [], 'ENOTFOUND'],
    ['an address as dns.lookup gives one', HOST, 'ERR_INVALID_ARG_TYPE'],
    ['an object', good, 'ERR_INVALID_ARG_TYPE'],
  ] as const)('that answers %s in place of addresses is a typed error', async (_, found, code) => {
    const { reactor, port } = world();
    const resolve: Resolve = (_name, callback) => callback(undefined, found as never);
    expect(await outcome({ port, resolve }, reactor)).toMatchObject({ code });
  });

  it('that answers twice, or throws behind its answer, is taken at its first word', async () => {
    const { reactor, port, errors } = world();
    const late = new Error('behind the answer');
    const twice: Resolve = (_, callback) => {
      callback(undefined, [good]);
      callback(new Error('no'));
      throw late;
    };
    expect(await outcome({ port, resolve: twice }, reactor)).toBe('open');
    expect(errors).toEqual([late]); // not lost
    const no = new Error('no');
    const first: Resolve = (_, callback) => {
      callback(no, [good]);
      callback(null, [good]);
    };
    expect(await outcome({ port, resolve: first }, reactor)).toBe(no);
  });
});

describe('errors that name an end', () => {
  const descriptors = useDescriptors();

  async function failure(options: Partial<ConnectOptions>) {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const client = new Recorder();
    const place = options.abstract === undefined ? { host: HOST, port: 1 } : {};
    connect({ ...place, ...options, reactor, handlers: client.handlers });
    await client.called('close');
    return client.errors[0] as Error;
  }

  it('a local address or port that is not to be used is an error of bind', async () => {
    const taken = descriptors.listener().address.port as number;
    const one = await failure({ localAddress: HOST, localPort: taken });
    expect(one).toMatchObject({ code: 'EADDRINUSE', syscall: 'bind', address: HOST, port: taken });
    expect(one.message).toBe(`bind EADDRINUSE ${HOST}:${taken}`);
    const other = await failure({ localAddress: '192.0.2.1' });
    expect(other).toMatchObject({ code: 'EADDRNOTAVAIL', syscall: 'bind', address: '192.0.2.1' });
    expect(other).not.toHaveProperty('port');
  });

  it('a refusal names the local end, where it was chosen', async () => {
    const { fd, address } = descriptors.listener();
    descriptors.close(fd);
    const localPort = address.port as number;
    const error = await failure({ localAddress: HOST, localPort });
    expect(error).toMatchObject({
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: HOST,
      port: 1,
      localAddress: HOST,
      localPort,
    });
    expect(error.message).toBe(`connect ECONNREFUSED ${HOST}:1 - Local (${HOST}:${localPort})`);
    expect(await failure({ localAddress: HOST })).not.toHaveProperty('localAddress');
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const awaited = connectAwaited({ host: HOST, port: 1, localAddress: HOST, localPort, reactor });
    await expect(awaited).rejects.toMatchObject({ localAddress: HOST, localPort });
  });

  it.runIf(isLinux)(
    'an abstract name is in the error, and an unnamed socket adds nothing',
    async () => {
      const name = `edgewise-none-${process.pid}`;
      const error = await failure({ abstract: name });
      expect(error).toMatchObject({ code: 'ECONNREFUSED', path: `@${name}` });
      expect(error).not.toHaveProperty('address');
      const reactor = descriptors.using(new Reactor());
      const socket = descriptors.using(bindDatagram({ abstract: name, reactor, handlers: {} }));
      const again = () => bindDatagram({ abstract: name, reactor, handlers: {} });
      expect(again).toThrow(`bind EADDRINUSE @${name}`);
      const { AF_UNIX, SOCK_DGRAM } = sys.constants;
      const unnamed = descriptors.track(sys.socket(AF_UNIX, SOCK_DGRAM));
      must(sys.connect(unnamed, { abstract: name }));
      expect(socket.address.toString()).toBe(`@${name}`);
    },
  );
});
