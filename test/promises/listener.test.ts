// Listeners and connectors for `await`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/promises/connect.ts';
import { bind } from '../../src/promises/datagram.ts';
import { listen } from '../../src/promises/listener.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { codeOf, HOST } from './pair.ts';

describe.each(['level', 'edge'] as const)('%s: awaited listeners', (trigger) => {
  const descriptors = useDescriptors();

  function start() {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const listener = listen({ host: HOST, reactor, trigger });
    const join = () => connect({ host: HOST, port: listener.port, reactor, trigger });
    return { reactor, listener, join };
  }

  it('yields connections in the order of the clients', async () => {
    const { listener, join } = start();
    const seen: string[] = [];
    const serving = (async () => {
      for await (const connection of listener) {
        seen.push(String(await connection.readExactly(1)));
        if (seen.length === 3) break;
      }
    })();
    for (const name of ['a', 'b', 'c']) await (await join()).write(name);
    await serving;
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(listener.isClosed).toBe(true);
  });

  it('keeps a bounded count of connections that were not asked for, and loses none', async () => {
    const { listener, join } = start();
    const count = 150;
    const clients = await Promise.all(Array.from({ length: count }, join));
    await Promise.all(clients.map((client, index) => client.write(Buffer.from([index]))));
    expect(listener.raw.stats.accepted).toBeLessThan(count);
    const first: number[] = [];
    for (let i = 0; i < count; i++) {
      const connection = await listener.accept();
      first.push((await connection.readExactly(1))[0] as number);
    }
    expect(first.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  it('rejects what waits when it is closed, or the signal is aborted', async () => {
    const { listener, reactor, join } = start();
    const abort = new AbortController();
    const aborted = codeOf(listener.accept({ signal: abort.signal }));
    const second = listener.accept();
    abort.abort(Object.assign(new Error('no'), { code: 'NO' }));
    expect(await aborted).toBe('NO');
    await join();
    await second; // the connection went to the one that still waited
    const waiting = codeOf(listener.accept());
    reactor.close();
    expect(await waiting).toBe('ERR_CLOSED');
    expect(await codeOf(listener.accept())).toBe('ERR_CLOSED');
  });

  it('ends its loop when it is closed, and closes what was not taken', async () => {
    const { listener, join } = start();
    const client = await join();
    while (listener.raw.stats.accepted === 0) await new Promise(setImmediate);
    listener.close();
    for await (const connection of listener) throw new Error(`yielded ${connection.fd}`);
    expect(await codeOf(client.read())).toMatch(/resolved|ECONNRESET/);
    expect(listener.raw.connections.size).toBe(0);
  });

  it('rejects with why it cannot connect, where it was awaited', async () => {
    const { listener, reactor } = start();
    const { port } = listener;
    listener.close();
    const attempt = async () => {
      await connect({ host: HOST, port, reactor });
    };
    const error = await attempt().catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: 'ECONNREFUSED', port, syscall: 'connect' });
    expect((error as Error).stack).toContain('attempt');
    expect(await codeOf(connect({ host: HOST, port: 0, reactor }))).toBe('ERR_OUT_OF_RANGE');
  });

  it('gives a connect up when it is aborted', async () => {
    const { reactor, listener } = start();
    const abort = new AbortController();
    const { signal } = abort;
    const connecting = codeOf(connect({ host: HOST, port: listener.port, reactor, signal }));
    abort.abort(Object.assign(new Error('stop'), { code: 'STOP' }));
    expect(await connecting).toBe('STOP');
  });

  it('ends an idle connection with ETIMEDOUT', async () => {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const listener = listen({ host: HOST, reactor, trigger, idleTimeoutMs: 20 });
    const client = await connect({ host: HOST, port: listener.port, reactor, trigger });
    const server = await listener.accept();
    expect(await codeOf(server.read())).toBe('ETIMEDOUT');
    client.destroy();
  });
});

describe('awaited Unix sockets', () => {
  const descriptors = useDescriptors();
  const directory = mkdtempSync(join(tmpdir(), 'edgewise-'));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('carry bytes both ways', async () => {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const path = join(directory, 'socket');
    const listener = listen({ path, reactor });
    const client = await connect({ path, reactor });
    const server = await listener.accept();
    await client.end('ping');
    expect(String(await server.readExactly(4))).toBe('ping');
    await server.end('pong');
    expect(String(await client.readExactly(4))).toBe('pong');
  });
});

describe('what is no option', () => {
  const descriptors = useDescriptors();
  const numeric = expect.objectContaining({
    code: 'ERR_INVALID_ARG_VALUE',
    message: expect.stringMatching(/"options\.host" must be a numeric address/),
  });

  it.each([7007, 'x', null])('is refused, and nothing is opened: %s', async (options) => {
    const refused = expect.objectContaining({
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringContaining('"options"'),
    });
    expect(() => listen(options as never)).toThrow(refused);
    expect(() => bind(options as never)).toThrow(refused);
    await expect(connect(options as never)).rejects.toThrow(refused);
  });

  it('is a name in place of an address, and that is said', () => {
    const reactor = descriptors.using(new Reactor());
    expect(() => listen({ host: 'localhost', reactor })).toThrow(numeric);
    expect(() => bind({ host: 'localhost', reactor })).toThrow(numeric);
  });
});
