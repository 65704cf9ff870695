// Peers and targets that misbehave, and callers that ask for too much: a typed error for the caller
// or a close that is counted; everybody else is served on, and nothing is left behind.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect } from '../../src/net/connect/connect.ts';
import type { Connection } from '../../src/net/connection/connection.ts';
import type { ListenOptions } from '../../src/net/listen/listener.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import * as sys from '../../src/sys/index.ts';
import { volume } from '../helpers/cuts.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { driven, receiveAvailable, resetNow, sendAll } from '../net/driven.ts';
import { codeOf, Recorder } from '../net/recorder.ts';

const { AF_UNIX, SHUT_WR, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const isLinux = process.platform === 'linux';

describe.each(['level', 'edge'] as const)('%s: peers that misbehave', (trigger) => {
  const descriptors = useDescriptors();

  function start(server: Recorder, options: Partial<ListenOptions> = {}) {
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    return { errors, ...driven(descriptors, server, { trigger, ...options }, { onError }) };
  }

  /** A good client is served. */
  function expectService({ dial, turnUntil }: ReturnType<typeof start>, server: Recorder): void {
    const [client, opened] = [dial(), server.count('open')];
    turnUntil(() => server.count('open') > opened);
    const before = server.receivedLength;
    sendAll(client, 'good');
    turnUntil(() => server.receivedLength === before + 4);
    expect(server.received.toString('latin1', before)).toBe('good');
    descriptors.close(client);
  }

  it('a peer that sends one byte at a time is heard byte by byte', () => {
    const server = new Recorder();
    const world = start(server);
    const client = world.dial();
    for (let i = 1; i <= 200; i++) {
      sendAll(client, Buffer.of(i));
      world.turnUntil(() => server.receivedLength === i);
    }
    expect([...server.received]).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expectService(world, server);
  });

  it('a peer that opens and says nothing is reported by timeout, and can be closed', () => {
    const server = new Recorder({
      timeout: (connection) => connection.destroy(new Error('silent')),
    });
    const world = start(server, { idleTimeoutMs: 20 });
    for (let i = 0; i < 50; i++) world.dial();
    world.turnUntil(() => server.count('close') === 50);
    expect(new Set(server.errors.map((error) => error?.message))).toEqual(new Set(['silent']));
    expectService(world, server);
  });

  it('a peer that ends its side first gets the whole answer', () => {
    const answer = Buffer.alloc(volume(8 * MIB), 'answer ');
    const server = new Recorder({ end: (connection) => void connection.write(answer) });
    const world = start(server);
    const client = world.dial();
    sendAll(client, 'question');
    must(sys.shutdown(client, SHUT_WR));
    const received: Buffer[] = [];
    let length = 0;
    world.turnUntil(() => {
      const bytes = receiveAvailable(client);
      received.push(bytes);
      length += bytes.length;
      return server.count('close') === 1 && length === answer.length;
    });
    expect(Buffer.concat(received).equals(answer)).toBe(true);
    expect(server.errors).toEqual([undefined]);
  });

  it('a reset in the middle of an answer is reported once and the peer is gone', () => {
    const server = new Recorder({ open: (connection) => void connection.write(Buffer.alloc(MIB)) });
    const world = start(server, { highWaterMark: 1 });
    const [client] = [world.dial(), world.dial()];
    world.turnUntil(() => server.count('open') === 2);
    sys.recv(client, Buffer.alloc(1000));
    resetNow(descriptors, client);
    world.turnUntil(() => server.count('close') === 1);
    expect(server.errors.map(codeOf)).toEqual(['ECONNRESET']);
    expect(world.listener.connections.size).toBe(1);
    expectService(world, server);
  });

  const throwing = () => {
    throw new Error('mine');
  };
  it.each(['open', 'data', 'end', 'close'] as const)(
    'a %s handler that throws harms only itself',
    (name) => {
      let isBad = true;
      const server = new Recorder({ [name]: () => isBad && throwing() });
      const world = start(server);
      const client = world.dial();
      sendAll(client, 'x');
      must(sys.shutdown(client, SHUT_WR));
      world.turnUntil(() => server.count('close') === 1 && world.errors.length === 1);
      expect(server.received.toString()).toBe('x');
      expect((world.errors[0] as Error).message).toBe('mine');
      isBad = false;
      expectService(world, server);
    },
  );

  it('the error of a drain handler is reported once, and the rest is sent', () => {
    const total = volume(16 * MIB);
    const server = new Recorder({ drain: throwing });
    const world = start(server, { highWaterMark: 1, lowWaterMark: 0 });
    const client = world.dial();
    world.turnUntil(() => server.count('open') === 1);
    const [connection] = server.connections as [Connection];
    expect(connection.write(Buffer.alloc(total))).toBe(false);
    connection.end();
    let length = 0;
    world.turnUntil(() => {
      length += receiveAvailable(client).length;
      return length === total;
    });
    expect(world.errors.length).toBe(server.count('drain'));
    descriptors.close(client);
    world.turnUntil(() => server.count('close') === 1);
    expect(server.errors).toEqual([undefined]);
  });

  it('two gigabytes queued on one connection: an error at the cap, which is counted', () => {
    const server = new Recorder();
    const world = start(server);
    world.dial();
    world.turnUntil(() => server.count('open') === 1);
    const [connection] = server.connections as [Connection];
    const chunk = Buffer.alloc(16 * MIB);
    expect(connection.write(Array.from({ length: 128 }, () => chunk))).toBe(false);
    world.turnUntil(() => server.count('close') === 1);
    expect(server.errors.map(codeOf)).toEqual(['ERR_WRITE_QUEUE_FULL']);
    expect(() => connection.write('x')).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
    expect(world.listener.stats).toMatchObject({ opened: 1, closed: 1 });
    expectService(world, server);
  });

  it('four gigabytes, where that is allowed, are counted exactly, and dropped with the connection', () => {
    const server = new Recorder();
    const world = start(server, { queueBytesMax: 4 * GIB });
    const client = world.dial();
    world.turnUntil(() => server.count('open') === 1);
    const [connection] = server.connections as [Connection];
    const chunk = Buffer.alloc(16 * MIB); // one for all: what is tested is the count
    expect(connection.write(Array.from({ length: 256 }, () => chunk))).toBe(false);
    expect(connection.writableLength + connection.bytesWritten).toBe(4 * GIB);
    let length = 0;
    world.turnUntil(() => {
      length += receiveAvailable(client).length;
      return length >= volume(8 * MIB);
    });
    expect(connection.writableLength + connection.bytesWritten).toBe(4 * GIB);
    expectService(world, server);
    resetNow(descriptors, client);
    world.turnUntil(() => connection.isClosed && server.count('close') === 2);
    expect(connection.writableLength).toBe(0);
    expect(world.reactor.registrationCount).toBe(1);
  });
});

describe('targets that cannot be reached', () => {
  const descriptors = useDescriptors();

  async function failure(options: { host: string; port: number } | { path: string }) {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const client = new Recorder();
    connect({ ...options, handlers: client.handlers, reactor, timeoutMs: 5000 });
    await client.called('close');
    expect(client.events).toEqual(['close']);
    expect(reactor.registrationCount).toBe(0);
    return client.errors[0];
  }

  it('a multicast address is no target of TCP', async () => {
    const error = await failure({ host: '224.0.0.1', port: 9 });
    expect(error).toMatchObject({ syscall: 'connect', address: '224.0.0.1', port: 9 });
    expect(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL']).toContain(codeOf(error));
  });

  it('a Unix listener with a full queue is reported at once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'edgewise-full-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'socket');
    const listening = descriptors.track(sys.socket(AF_UNIX, SOCK_STREAM));
    must(sys.bind(listening, { path }));
    must(sys.listen(listening, 0));
    const fill = () => {
      const fd = descriptors.track(sys.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK));
      return sys.connect(fd, { path });
    };
    while (fill() === 0);
    const error = await failure({ path });
    expect(error).toMatchObject({ syscall: 'connect', path });
    expect(['EAGAIN', 'ECONNREFUSED']).toContain(codeOf(error)); // Linux, the BSDs
  });

  const script = fileURLToPath(new URL('../workers/netns-targets.mjs', import.meta.url));
  const isAlone = isLinux && spawnSync('unshare', ['-rn', 'ip', 'link']).status === 0;
  const title = isAlone ? '' : ' (skipped: needs unshare -rn and ip)';
  it.runIf(isAlone)(`no route, a route that rejects, a filter that swallows${title}`, async () => {
    const command = ['-rn', process.execPath, script];
    const { stdout } = await promisify(execFile)('unshare', command);
    const errors = { unroutable: 'ENETUNREACH', rejected: 'EHOSTUNREACH', filtered: 'ETIMEDOUT' };
    expect(JSON.parse(stdout)).toEqual({ errors, registrations: 0 });
  });
});
