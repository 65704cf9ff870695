// Hand-over of sockets to the next process: here two reactors of one process play both, but for what
// takes another user or a restart under load.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import type { Connection } from '../../../src/net/connection/connection.ts';
import { bindDatagram } from '../../../src/net/datagram/bind.ts';
import type { InheritedSocket } from '../../../src/net/inherit/activation.ts';
import {
  type HandOver,
  type HandOverOptions,
  type HandOverSocket,
  offerHandOver,
} from '../../../src/net/inherit/hand-over.ts';
import { Lines } from '../../../src/net/inherit/protocol.ts';
import { type TakeOver, takeOver } from '../../../src/net/inherit/take-over.ts';
import { adoptListener, listen } from '../../../src/net/listen/listen.ts';
import type { Listener } from '../../../src/net/listen/listener.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { countDescriptors, must, useDescriptors } from '../../helpers/descriptors.ts';
import { codeOf, Recorder } from '../recorder.ts';

const HOST = '127.0.0.1';
const RESTART = new URL('../../../scripts/test-restart.mjs', import.meta.url).pathname;
const WORKER = new URL('../../workers/handover.mjs', import.meta.url).pathname;
const isRoot = process.geteuid?.() === 0;
const echo = () => new Recorder({ data: (connection, bytes) => void connection.write(bytes) });

/** What an offer has reported, and promises of the next report. */
class Outcomes {
  readonly pids: (number | undefined)[] = [];
  readonly failures: string[] = [];
  #wake: () => void = () => undefined;
  readonly handlers = {
    handedOver: (_: HandOver, pid: number | undefined) => {
      this.pids.push(pid);
      this.#wake();
    },
    failed: (_: HandOver, error: Error) => {
      this.failures.push(`${codeOf(error)}: ${error.message}`);
      this.#wake();
    },
  };

  async reported(pids: number, failures: number): Promise<void> {
    while (this.pids.length < pids || this.failures.length < failures) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

describe('hand-over', () => {
  const descriptors = useDescriptors();
  let folder = '';
  let nameCount = 0;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'edgewise-handover-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const newPath = () => join(folder, `${nameCount++}`);

  function reactorOf(): Reactor {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    return reactor;
  }

  /** An echo server that offers its listener. */
  function serve(more: Partial<HandOverOptions> = {}) {
    const reactor = reactorOf();
    const path = newPath();
    const server = descriptors.using(echo());
    const { handlers } = server;
    const listener = descriptors.using(listen({ host: HOST, handlers, reactor }));
    const outcomes = new Outcomes();
    const options = { path, sockets: { web: listener }, handlers: outcomes.handlers, reactor };
    const offer = descriptors.using(offerHandOver({ ...options, ...more }));
    return { reactor, path, server, listener, outcomes, offer };
  }

  const fdOf = (taken: TakeOver | undefined, name: string) => taken?.socket(name)?.fd ?? -1;

  async function expectEcho(listener: Listener, reactor: Reactor): Promise<void> {
    const client = new Recorder();
    const { handlers } = client;
    const connection = connect({ host: HOST, port: listener.port, handlers, reactor });
    connection.end('over and over');
    await client.called('close');
    expect(client.errors).toEqual([undefined]);
    expect(client.received.toString()).toBe('over and over');
  }

  it('gives the listener away when the next process confirms, and not before', async () => {
    const first = serve();
    const reactor = reactorOf();
    const taken = await takeOver({ path: first.path, reactor });
    expect(taken?.sockets).toEqual([{ fd: fdOf(taken, 'web'), name: 'web', kind: 'listener' }]);
    expect(first.listener.isClosed).toBe(false);
    await expectEcho(first.listener, reactor);
    expect(first.server.count('open')).toBe(1);

    const next = descriptors.using(echo());
    const { handlers } = next;
    const listener = descriptors.using(adoptListener(fdOf(taken, 'web'), { handlers, reactor }));
    await taken?.confirm();
    expect(first.offer.isDone).toBe(true);
    expect(first.listener.isClosed).toBe(true);
    expect(existsSync(first.path)).toBe(false);
    expect(first.outcomes).toMatchObject({ pids: [process.pid], failures: [] });
    await expectEcho(listener, reactor);
    expect([first.server.count('open'), next.count('open')]).toEqual([1, 1]);
    const again = { path: first.path, sockets: { web: listener }, reactor };
    descriptors.using(offerHandOver({ ...again, handlers: first.outcomes.handlers }));
  });

  it('keeps what waits to be accepted: the queue is the socket’s', async () => {
    const first = serve();
    const reactor = reactorOf();
    const taken = await takeOver({ path: first.path, reactor });
    const fd = fdOf(taken, 'web');
    await taken?.confirm();
    // No process accepts now, and no client is refused.
    const client = new Recorder();
    const port = first.listener.port;
    connect({ host: HOST, port, handlers: client.handlers, reactor }).end('patient');
    await client.called('open');
    const { handlers } = descriptors.using(echo());
    descriptors.using(adoptListener(fd, { handlers, reactor }));
    await client.called('close');
    expect(client.received.toString()).toBe('patient');
  });

  it('is undefined for the first process, also when an earlier one was killed', async () => {
    const reactor = reactorOf();
    const path = newPath();
    expect(await takeOver({ path, reactor })).toBeUndefined();
    const fd = descriptors.track(sys.socket(sys.constants.AF_UNIX, sys.constants.SOCK_STREAM));
    must(sys.bind(fd, { path }));
    expect(await takeOver({ path, reactor })).toBeUndefined();
  });

  it('goes on as before when the next process gives up, and takes the one after', async () => {
    const { path, outcomes, listener, offer } = serve();
    const reactor = reactorOf();
    const gone = await takeOver({ path, reactor });
    must(sys.close(fdOf(gone, 'web')));
    gone?.close();
    await outcomes.reported(0, 1);
    expect(outcomes.failures[0]).toMatch(/^ERR_HANDOVER_FAILED: .*without confirming$/);
    await expectEcho(listener, reactor);
    const taken = await takeOver({ path, reactor });
    must(sys.close(fdOf(taken, 'web')));
    await taken?.confirm();
    expect(offer.isDone).toBe(true);
  });

  it('hands over to one at a time', async () => {
    const { path, outcomes } = serve();
    const reactor = reactorOf();
    const first = await takeOver({ path, reactor });
    must(sys.close(fdOf(first, 'web')));
    await expect(takeOver({ path, reactor })).rejects.toMatchObject({
      code: 'ERR_HANDOVER_FAILED',
    });
    await outcomes.reported(0, 1);
    expect(outcomes.failures[0]).toContain('another process is taking over');
    await first?.confirm();
    await outcomes.reported(1, 1);
  });

  it('does not wait for ever: neither for a confirmation, nor for an answer', async () => {
    const { path, outcomes, listener } = serve({ confirmTimeoutMs: 20 });
    const reactor = reactorOf();
    const slow = await takeOver({ path, reactor });
    must(sys.close(fdOf(slow, 'web')));
    await outcomes.reported(0, 1);
    expect(outcomes.failures[0]).toContain('did not confirm');
    await expect(slow?.confirm()).rejects.toMatchObject({ code: 'ERR_HANDOVER_FAILED' });
    expect(listener.isClosed).toBe(false);

    const silent = newPath();
    const handlers = descriptors.using(new Recorder()).handlers;
    descriptors.using(listen({ path: silent, handlers, reactor }));
    await expect(takeOver({ path: silent, reactor, timeoutMs: 20 })).rejects.toMatchObject({
      code: 'ERR_HANDOVER_FAILED',
    });
  });

  it('reads names with letters that come in several reads', () => {
    const lines = new Lines();
    const read = [...Buffer.from('größe\nweb\n')].flatMap((byte) => lines.take(Buffer.of(byte)));
    expect(read).toEqual(['größe', 'web']);
  });

  it.each([
    ['another word', 'release\n'],
    ['no line', 'x'.repeat(200_000)],
  ])('refuses a peer that does not speak the protocol: %s', async (_, text) => {
    const { path, outcomes, offer, reactor } = serve();
    const client = descriptors.using(new Recorder());
    connect({ path, handlers: client.handlers, reactor }).write(text);
    await client.called('close');
    await outcomes.reported(0, 1);
    expect(outcomes.failures[0]).toContain('does not speak the protocol');
    expect(offer.isDone).toBe(false);
  });

  it.each([
    ['no JSON', 'hello\n', 1],
    ['another version', '{"version":2,"names":["web"]}\n', 1],
    ['no names', '{"version":1}\n', 1],
    ['fewer than announced', '{"version":1,"names":["a","b"]}\n', 1],
    ['more than announced', '{"version":1,"names":["a"]}\n', 2],
    ['names that are no texts', '{"version":1,"names":[{}]}\n', 1],
    ['an empty name', '{"version":1,"names":[""]}\n', 1],
    ['a name without end', `{"version":1,"names":["${'x'.repeat(256)}"]}\n`, 1],
    ['one name twice', '{"version":1,"names":["a","a"]}\n', 2],
    ['null', 'null\n', 1],
    ['an end', '', 0],
  ])('closes what it got from one that does not speak it: %s', async (_, text, count) => {
    const reactor = reactorOf();
    const path = newPath();
    const [reader] = descriptors.pipe();
    const server = descriptors.using(
      new Recorder({
        open: (connection) => {
          if (count > 0) connection.writeDescriptors(text, new Array(count).fill(reader));
          else connection.destroy();
        },
      }),
    );
    descriptors.using(listen({ path, handlers: server.handlers, reactor }));
    const before = countDescriptors();
    await expect(takeOver({ path, reactor })).rejects.toMatchObject({
      code: 'ERR_HANDOVER_FAILED',
    });
    await server.called('close');
    expect(countDescriptors()).toBe(before);
  });

  /** A server at `path` that plays the earlier process. */
  function play(reactor: Reactor, open: (connection: Connection) => void) {
    const path = newPath();
    const server = descriptors.using(new Recorder({ open }));
    descriptors.using(listen({ path, handlers: server.handlers, reactor }));
    return { path, server };
  }

  it('closes descriptors that come without end', async () => {
    const reactor = reactorOf();
    const [reader] = descriptors.pipe();
    const { path, server } = play(reactor, (connection) => {
      for (let i = 0; i < 3; i++) connection.writeDescriptors('.', new Array(100).fill(reader));
    });
    const before = countDescriptors();
    const failed = { code: 'ERR_HANDOVER_FAILED' };
    const taking = takeOver({ path, reactor, timeoutMs: 600_000 }); // no time-out ends it
    await expect(taking).rejects.toMatchObject(failed);
    await server.called('close');
    expect(countDescriptors()).toBe(before);
  });

  it.each(['descriptors', 'released'])('believes no %s that it has not asked for', async (kind) => {
    const reactor = reactorOf();
    const [reader] = descriptors.pipe();
    const { path, server } = play(reactor, (connection) => {
      connection.writeDescriptors('{"version":1,"names":["a"]}\n', [reader]);
      if (kind === 'released') connection.write('released\n');
      else connection.writeDescriptors('.', [reader]);
    });
    const before = countDescriptors();
    const taken = await takeOver({ path, reactor });
    await server.called('close');
    await expect(taken?.confirm()).rejects.toMatchObject({ code: 'ERR_HANDOVER_FAILED' });
    must(sys.close(fdOf(taken, 'a')));
    expect(countDescriptors()).toBe(before);
  });

  it('leaves the file of a Unix socket to the next process; datagram sockets go as well', async () => {
    const reactor = reactorOf();
    const [web, log, path] = [newPath(), newPath(), newPath()];
    const handlers = descriptors.using(new Recorder()).handlers;
    const listener = descriptors.using(listen({ path: web, handlers, reactor }));
    const datagrams = descriptors.using(bindDatagram({ path: log, handlers: {}, reactor }));
    const closed = descriptors.using(listen({ host: HOST, handlers, reactor }));
    closed.close();
    const sockets: Record<string, HandOverSocket> = { listener, datagrams, closed };
    const outcomes = new Outcomes();
    descriptors.using(offerHandOver({ path, sockets, handlers: outcomes.handlers, reactor }));
    const taken = await takeOver({ path, reactor });
    const kinds = taken?.sockets.map(({ name, kind }: InheritedSocket) => [name, kind]);
    expect(kinds).toEqual([
      ['listener', 'listener'],
      ['datagrams', 'datagram'],
    ]);
    await taken?.confirm();
    expect([listener.isClosed, datagrams.isClosed, existsSync(web)]).toEqual([true, true, true]);
    for (const { fd } of taken?.sockets ?? []) must(sys.close(fd));
  });

  it('withdraws an offer, and does not keep the reactor alive', async () => {
    const { path, offer, listener, reactor, outcomes } = serve();
    const asking = await takeOver({ path, reactor: reactorOf() });
    must(sys.close(fdOf(asking, 'web')));
    offer.close();
    await outcomes.reported(0, 1);
    expect(existsSync(path)).toBe(false);
    await expect(asking?.confirm()).rejects.toMatchObject({ code: 'ERR_HANDOVER_FAILED' });
    const sockets = { web: listener };
    descriptors.using(offerHandOver({ path, sockets, handlers: outcomes.handlers, reactor }));
    listener.close();
    await reactor.run(); // nothing is left to wait for, although it is offered
  });

  it('reports to the reactor what a handler throws, and has handed over all the same', async () => {
    const reported: unknown[] = [];
    const reactor = descriptors.using(new Reactor({ onError: (error) => reported.push(error) }));
    reactor.attach();
    const { path } = serve({
      reactor,
      handlers: {
        handedOver: () => {
          throw new Error('from the handler');
        },
      },
    });
    const taken = await takeOver({ path, reactor: reactorOf() });
    must(sys.close(fdOf(taken, 'web')));
    await taken?.confirm();
    expect(reported).toEqual([expect.objectContaining({ message: 'from the handler' })]);
  });

  it('wants a directory that no other user may write to, and a socket of its own', () => {
    const directory = join(folder, 'open');
    mkdirSync(directory);
    chmodSync(directory, 0o777);
    const reactor = reactorOf();
    const { handlers } = new Outcomes();
    const offer = (path: string) =>
      descriptors.using(offerHandOver({ path, sockets: { web: listener }, handlers, reactor }));
    const listener = descriptors.using(listen({ host: HOST, handlers: {}, reactor }));
    const unsafe = () => offer(join(directory, 'control'));
    expect(unsafe).toThrow(expect.objectContaining({ code: 'ERR_PATH_UNSAFE' }));
    const nowhere = () => offer(join(folder, 'nowhere', 'control'));
    expect(nowhere).toThrow(expect.objectContaining({ code: 'ENOENT', syscall: 'stat' }));
    chmodSync(directory, 0o755);
    const { path } = offer(join(directory, 'control'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(unsafe).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
  });

  if (!isRoot) console.log('skipped: only root can play another user');
  it.runIf(isRoot)('refuses another user, whichever side that is', async () => {
    const { path, outcomes, offer, reactor } = serve();
    chmodSync(folder, 0o755);
    chmodSync(path, 0o666); // the kernel would refuse otherwise
    const theirs = mkdtempSync(join(tmpdir(), 'edgewise-handover-'));
    chmodSync(theirs, 0o777);
    const run = (mode: string, at: string) =>
      spawnSync(process.execPath, [WORKER, mode, at], { encoding: 'utf8' });
    // They are run to their end, so that the server here answers after they have gone.
    expect(run('ask', path)).toMatchObject({ stdout: 'asked\n', stderr: '' });
    await outcomes.reported(0, 1);
    expect(outcomes.failures[0]).toMatch(/the peer is of the user 65534$/);
    expect(offer.isDone).toBe(false);

    const at = join(theirs, 'control');
    const outcome = run('listen', at);
    expect(outcome).toMatchObject({ stdout: 'refused by: ERR_HANDOVER_FAILED\n', stderr: '' });
    rmSync(theirs, { recursive: true });
    expect(reactor.isClosed).toBe(false);
  });

  it('restarts 5 times under load, and refuses, resets and loses no connection', () => {
    const { stdout, status } = spawnSync(process.execPath, [RESTART, '5'], { encoding: 'utf8' });
    expect(stdout).toContain('5 hand-overs, 0 refused, 0 reset, 0 other failures');
    expect(status).toBe(0);
  });
});
