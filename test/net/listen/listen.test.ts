// listen() and adoptListener(): where one can listen, what a listener may replace, what is refused.
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import { adoptListener, listen } from '../../../src/net/listen/listen.ts';
import type { ListenOptions } from '../../../src/net/listen/listener.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { codeOf, Recorder } from '../recorder.ts';

const HOST = '127.0.0.1';
const { AF_UNIX, AF_INET, SOCK_STREAM, SOCK_DGRAM } = sys.constants;
const isLinux = process.platform === 'linux';

function codeThrownBy(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    return codeOf(error);
  }
  return 'nothing was thrown';
}

describe('listen', () => {
  const descriptors = useDescriptors();
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'edgewise-listen-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function reactorOf(): Reactor {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    return reactor;
  }

  function start(options: Partial<ListenOptions>, server = new Recorder()) {
    const reactor = options.reactor ?? reactorOf();
    return listen({ handlers: server.handlers, ...options, reactor });
  }

  /** Connects, and resolves when it is open or has failed. */
  async function dial(options: object): Promise<string> {
    const client = new Recorder();
    const { handlers } = client;
    const connection = connect({ handlers, reactor: reactorOf(), ...options });
    await Promise.race([client.called('open'), client.called('close')]);
    const outcome = client.count('open') === 1 ? 'open' : String(codeOf(client.errors[0]));
    connection.destroy();
    return outcome;
  }

  it('reports EADDRINUSE with the address and the port, and leaves nothing', () => {
    const reactor = reactorOf();
    const { port } = start({ host: HOST, reactor });
    const again = () => start({ host: HOST, port, reactor });
    const expected = { code: 'EADDRINUSE', syscall: 'bind', address: HOST, port };
    expect(again).toThrow(expect.objectContaining(expected));
    expect(reactor.dependents.size).toBe(1);
    expect(reactor.registrationCount).toBe(1);
  });

  it('shares a port among listeners that all say reusePort', async () => {
    const servers = [new Recorder(), new Recorder()];
    const first = start({ host: HOST, reusePort: true }, servers[0]);
    const second = start({ host: HOST, port: first.port, reusePort: true }, servers[1]);
    expect(second.port).toBe(first.port);
    for (let i = 0; i < 50; i++) expect(await dial({ host: HOST, port: first.port })).toBe('open');
    const counts = () => servers.map((server) => server.count('open'));
    while (counts().reduce((sum, count) => sum + count) < 50) {
      await Promise.race(servers.map((server) => server.called('open', server.count('open') + 1)));
    }
    expect(Math.min(...counts())).toBeGreaterThan(0);
  });

  it('serves both families without a host, and IPv6 alone when asked to', async () => {
    const both = start({});
    expect(both.address.address).toBe('::');
    expect(await dial({ host: HOST, port: both.port })).toBe('open');
    expect(await dial({ host: '::1', port: both.port })).toBe('open');
    const six = start({ host: '::', ipv6Only: true });
    expect(await dial({ host: HOST, port: six.port })).toBe('ECONNREFUSED');
    expect(await dial({ host: '::1', port: six.port })).toBe('open');
  });

  it.each([0o022, 0o077])('makes the file of a Unix socket by the umask, %i', (mask) => {
    const path = join(folder, `umask-${mask}`);
    const before = process.umask(mask);
    try {
      start({ path }, new Recorder());
      expect(statSync(path).mode & 0o777).toBe(0o777 & ~mask);
    } finally {
      process.umask(before);
    }
  });

  it('listens on a Unix path and takes the file away when it closes', async () => {
    const path = join(folder, 'plain');
    const server = new Recorder({ data: (connection, bytes) => void connection.write(bytes) });
    const listener = start({ path }, server);
    expect([listener.port, listener.address.path]).toEqual([0, path]);
    const client = new Recorder();
    connect({ path, handlers: client.handlers, reactor: reactorOf() }).end('over a path');
    await client.called('close');
    expect(client.received.toString()).toBe('over a path');
    listener.close();
    expect(existsSync(path)).toBe(false);
  });

  it('replaces the socket file of a process that is gone', async () => {
    const path = join(folder, 'stale');
    const fd = descriptors.track(sys.socket(AF_UNIX, SOCK_STREAM));
    must(sys.bind(fd, { path }));
    descriptors.close(fd);
    start({ path });
    expect(await dial({ path })).toBe('open');
  });

  it('does not replace a socket that is listened on, nor its file when it closes', async () => {
    const path = join(folder, 'live');
    const first = start({ path });
    expect(() => start({ path })).toThrow(expect.objectContaining({ code: 'EADDRINUSE', path }));
    expect(await dial({ path })).toBe('open');
    rmSync(path);
    const second = start({ path });
    first.close();
    expect(await dial({ path })).toBe('open');
    second.close();
    expect(existsSync(path)).toBe(false);
  });

  it('leaves no file when it cannot be watched', () => {
    const path = join(folder, 'unwatched');
    const reactor = descriptors.using(new Reactor({ backend: 'poll' }));
    expect(codeThrownBy(() => start({ path, reactor, exclusive: true }))).toBe('ENOTSUP');
    expect(existsSync(path)).toBe(false);
    expect(reactor.dependents.size).toBe(0);
  });

  it('never removes what is no stream socket', () => {
    const file = join(folder, 'file');
    writeFileSync(file, 'precious');
    expect(codeThrownBy(() => start({ path: file }))).toBe('EADDRINUSE');
    expect(existsSync(file)).toBe(true);
    const path = join(folder, 'datagram');
    const fd = descriptors.track(sys.socket(AF_UNIX, SOCK_DGRAM));
    must(sys.bind(fd, { path }));
    expect(codeThrownBy(() => start({ path }))).toBe('EADDRINUSE');
    expect(existsSync(path)).toBe(true);
  });

  it.runIf(isLinux)('listens on abstract names', async () => {
    const abstract = `edgewise-listen-${process.pid}`;
    const listener = start({ abstract });
    expect(await dial({ abstract })).toBe('open');
    expect(codeThrownBy(() => start({ abstract }))).toBe('EADDRINUSE');
    listener.close();
    expect(await dial({ abstract })).toBe('ECONNREFUSED');
  });

  it('closes when its signal is aborted; connections go on', async () => {
    const controller = new AbortController();
    const server = new Recorder();
    const reactor = reactorOf();
    const listener = start({ host: HOST, reactor, signal: controller.signal }, server);
    const client = new Recorder();
    const { handlers } = client;
    const connection = connect({ host: HOST, port: listener.port, handlers, reactor });
    await server.opened();
    controller.abort();
    expect(listener.isClosed).toBe(true);
    expect(await dial({ host: HOST, port: listener.port })).toBe('ECONNREFUSED');
    connection.end('still here');
    await server.called('close');
    expect(server.received.toString()).toBe('still here');
    const reason = new Error('mine');
    expect(() => start({ signal: AbortSignal.abort(reason) })).toThrow(reason);
  });

  it('close leaves its connections alone, destroy ends them with the error', async () => {
    const reactor = reactorOf();
    for (const how of ['close', 'destroy', 'dispose', 'asyncDispose'] as const) {
      const server = new Recorder();
      const listener = start({ host: HOST, reactor }, server);
      const client = new Recorder();
      const { handlers } = client;
      const connection = connect({ host: HOST, port: listener.port, handlers, reactor });
      await server.opened();
      const endings = {
        close: () => listener.close(),
        destroy: () => listener.destroy(new Error('mine')),
        dispose: () => listener[Symbol.dispose](),
        asyncDispose: () => listener[Symbol.asyncDispose](),
      };
      await endings[how]();
      expect([listener.isClosed, listener.fd]).toEqual([true, -1]);
      const isCut = how === 'destroy' || how === 'dispose';
      expect(listener.connections.size).toBe(isCut ? 0 : 1);
      if (!isCut) connection.end();
      await server.called('close');
      expect(server.errors).toEqual([how === 'destroy' ? new Error('mine') : undefined]);
      await endings[how](); // does nothing the second time
      connection.destroy();
    }
  });

  it('keeps the reactor alive unless unref', async () => {
    const reactor = descriptors.using(new Reactor());
    const listener = start({ host: HOST, reactor });
    expect(listener.hasRef()).toBe(true);
    expect(listener.unref().hasRef()).toBe(false);
    await reactor.run(); // nothing that would keep it
    expect(listener.ref().hasRef()).toBe(true);
    const running = reactor.run();
    listener.close();
    await running;
  });

  it('may be closed inside open', async () => {
    const server = new Recorder({ open: () => listener.close() });
    const listener = start({ host: HOST }, server);
    expect(await dial({ host: HOST, port: listener.port })).toBe('open');
    await server.called('close');
    expect(listener.isClosed).toBe(true);
  });

  it('closes and reports why when its descriptor is shut down behind its back', async () => {
    const errors: unknown[] = [];
    const reported = new Promise<void>((resolve) => {
      const onError = (error: unknown) => resolve(void errors.push(error));
      const reactor = descriptors.using(new Reactor({ onError }));
      reactor.attach();
      const listener = start({ host: HOST, reactor });
      sys.shutdown(listener.fd, sys.constants.SHUT_RD);
    });
    await reported;
    expect(errors).toMatchObject([{ code: 'EINVAL', syscall: 'accept' }]);
  });

  it('ignores options of TCP for a Unix socket', async () => {
    for (const trigger of ['level', 'edge'] as const) {
      const path = join(folder, `tcp-${trigger}`);
      descriptors.using(start({ path, trigger, tcp: { noDelay: true, keepAlive: true } }));
      expect(await dial({ path })).toBe('open');
    }
  });

  it('keeps options that are for listeners from the connections', async () => {
    const server = new Recorder();
    const tcp = isLinux ? { fastOpen: 5, deferAcceptSeconds: 1 } : { fastOpen: 5 };
    const listener = start({ host: HOST, tcp }, server);
    const client = new Recorder();
    const { handlers } = client;
    connect({ host: HOST, port: listener.port, handlers, reactor: reactorOf() }).end('x');
    await client.called('close');
    expect(server.received.toString()).toBe('x');
    expect(server.errors).toEqual([undefined]);
  });

  it('adopts a listening socket, and only that', async () => {
    const { fd, address } = descriptors.listener();
    const reactor = reactorOf();
    const adopt = (adopted: number) => adoptListener(adopted, { handlers: {}, reactor });
    const socket = descriptors.track(sys.socket(AF_INET, SOCK_STREAM));
    const [pipe] = descriptors.pipe();
    expect(codeThrownBy(() => adopt(socket))).toBe('EINVAL');
    expect(codeThrownBy(() => adopt(pipe))).toBe('ENOTSOCK');
    expect(codeThrownBy(() => adopt(0x7fffffff))).toBe('EBADF');
    expect(codeThrownBy(() => adopt(-1))).toBe('ERR_OUT_OF_RANGE');
    const aborted = AbortSignal.abort(new Error('mine'));
    expect(() => adoptListener(fd, { handlers: {}, reactor, signal: aborted })).toThrow('mine');
    expect(reactor.dependents.size).toBe(0);
    const own = sys.dup(fd); // what was refused is the caller's still, and open
    descriptors.close(fd, socket, pipe);
    const listener = adopt(own);
    expect(listener.port).toBe(address.port);
    expect(await dial({ host: HOST, port: listener.port })).toBe('open');
  });

  it.each([
    ['a port beyond the range', { port: 65_536 }],
    ['a name as host', { host: 'localhost' }],
    ['a path that is too long', { path: 'x'.repeat(300) }],
    ['a negative backlog', { backlog: -1 }],
    ['no such policy', { onExhaustion: 'panic' }],
    ['a trigger that is none of ours', { trigger: 'oneshot' }],
    ['a signal that is none', { signal: {} }],
    ['an option of TCP of the wrong kind', { tcp: { lingerSeconds: -1 } }],
    ['no handlers', { handlers: undefined }],
  ])('throws for %s and leaves nothing', (_, options) => {
    const reactor = reactorOf();
    const call = () => start({ reactor, ...options } as unknown as ListenOptions);
    expect(codeThrownBy(call)).toMatch(/^ERR_/);
    expect(reactor.dependents.size).toBe(0);
  });
});
