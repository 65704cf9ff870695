// Files sent by connections, over TCP and Unix sockets, under level and edge: in their place among
// the writes, bit for bit, reported once, and what happens when file or peer do not play along.
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type ConnectOptions, connect } from '../../../src/net/connect/connect.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import type { ReactorOptions } from '../../../src/reactor/options.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import { isCutToOneByte, volume } from '../../helpers/cuts.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { setLinger } from '../../helpers/linger.ts';
import { codeOf, Recorder } from '../recorder.ts';

const HOST = '127.0.0.1';
const BIG = volume(3_000_000);
/** More than the buffers of both ends of any of our sockets take. */
const MORE_THAN_BUFFERS = volume(16_000_000);
const EVERYTHING = Buffer.alloc(BIG, 'The pages of a file. ');

const directory = mkdtempSync(join(tmpdir(), 'edgewise-sendfile-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;

/** Writes down what `onSent` is called with. */
class Sent {
  readonly calls: (string | undefined)[] = [];
  readonly #then: () => void;
  constructor(then: () => void = () => undefined) {
    this.#then = then;
  }
  readonly handler = (error?: Error) => {
    this.calls.push(error === undefined ? 'sent' : codeOf(error));
    this.#then();
  };
}

const MATRIX = (['level', 'edge'] as const).flatMap((trigger) =>
  (['tcp', 'unix'] as const).map((transport) => ({ trigger, transport })),
);

describe.each(MATRIX)('$trigger, $transport: sendFile', ({ trigger, transport }) => {
  const descriptors = useDescriptors();

  function fileOf(contents: Buffer | string, flags = 'r+'): number {
    const path = join(directory, `file${files++}`);
    writeFileSync(path, contents);
    return descriptors.trackFile(openSync(path, flags));
  }

  function start(server: Recorder, options: ReactorOptions = {}) {
    const reactor = descriptors.using(new Reactor(options));
    const address =
      transport === 'tcp' ? { host: HOST } : { path: join(directory, `socket${files++}`) };
    const { handlers } = server;
    const listener = descriptors.using(listen({ ...address, trigger, handlers, reactor }));
    descriptors.using(server);
    const target = transport === 'tcp' ? { host: HOST, port: listener.port } : address;
    const open = (client: Recorder, more: Partial<ConnectOptions> = {}) =>
      connect({
        ...(target as { host: string; port: number }),
        trigger,
        handlers: descriptors.using(client).handlers,
        reactor,
        ...more,
      });
    return { reactor, open };
  }

  async function pair(server = new Recorder(), more: Partial<ConnectOptions> = {}) {
    const { reactor, open } = start(server);
    reactor.attach();
    const client = new Recorder();
    const connection = open(client, more);
    await client.opened();
    return { reactor, client, server, connection, peer: await server.opened() };
  }

  /** A peer that does not read, and a file that waits for it. */
  async function blocked(more: Partial<ConnectOptions> = {}) {
    const world = await pair(new Recorder({ open: (peer) => peer.pause() }), more);
    const contents = Buffer.alloc(MORE_THAN_BUFFERS, 'not yet. ');
    const fd = fileOf(contents);
    const sent = new Sent();
    world.connection.sendFile(fd, 0, contents.length, sent.handler);
    expect(world.connection.bytesWritten).toBeLessThan(contents.length);
    return { ...world, contents, fd, sent };
  }

  it('keeps its place among the writes', async () => {
    const { connection, server } = await pair();
    const [big, small] = [fileOf(EVERYTHING), fileOf('0123456789')];
    const order: string[] = [];
    const lines = Buffer.alloc(volume(500_000), 'written. ');
    connection.write('head ');
    connection.sendFile(big, 0, BIG, () => order.push('big'));
    connection.write(lines);
    connection.sendFile(small, 3, 4, () => order.push('small'));
    connection.sendFile(small, 9, 1, () => order.push('digit'));
    connection.write([Buffer.from('a'), Buffer.from('b')]);
    connection.sendFile(small, 10, 0, () => order.push('nothing'));
    connection.end(' tail');
    await server.called('close');
    const expected = ['head ', EVERYTHING, lines, '3456', '9', 'ab', ' tail'].map((part) =>
      Buffer.from(part),
    );
    expect(server.received.equals(Buffer.concat(expected))).toBe(true);
    expect(order).toEqual(['big', 'small', 'digit', 'nothing']);
    expect(connection.bytesWritten).toBe(Buffer.concat(expected).length);
  });

  it.each([
    [0, 1],
    [BIG - 1, 1],
    [4095, 2],
    [1, volume(65_536)],
    [volume(65_535), volume(262_145)],
    [0, BIG],
    [BIG, 0],
  ])('sends the range from %d on, %d long', async (offset, length) => {
    const { connection, server } = await pair();
    const sent = new Sent();
    connection.sendFile(fileOf(EVERYTHING), offset, length, sent.handler);
    connection.end();
    await server.called('close');
    expect(server.received.equals(EVERYTHING.subarray(offset, offset + length))).toBe(true);
    expect(connection.bytesWritten).toBe(length);
    expect(sent.calls).toEqual(['sent']);
  });

  it('sends what follows the offset, and all of it, when no more is said', async () => {
    const { connection, server } = await pair();
    const fd = fileOf('0123456789');
    connection.sendFile(fd, 7);
    connection.sendFile(fd);
    connection.end();
    await server.called('close');
    expect(server.received.toString()).toBe('7890123456789');
  });

  it('waits for the connection, and for uncork', async () => {
    const server = new Recorder();
    const { reactor, open } = start(server);
    reactor.attach();
    const client = new Recorder();
    const connection = open(client);
    const sent = new Sent();
    connection.cork();
    connection.write('early ');
    connection.sendFile(fileOf('file'), 0, 4, sent.handler);
    expect(sent.calls).toEqual([]);
    connection.end();
    await server.called('close');
    expect(server.received.toString()).toBe('early file');
    expect(sent.calls).toEqual(['sent']);
  });

  it('calls nothing inside a call, and lets onSent close the descriptor and send more', async () => {
    const { connection, server } = await pair();
    const path = join(directory, `own${files++}`);
    writeFileSync(path, 'once');
    const fd = openSync(path, 'r');
    const sent = new Sent(() => {
      closeSync(fd);
      connection.end(' and more');
    });
    connection.sendFile(fd, 0, 4, sent.handler);
    expect(sent.calls).toEqual([]);
    await server.called('close');
    expect(server.received.toString()).toBe('once and more');
    expect(sent.calls).toEqual(['sent']);
  });

  it('waits for a slow reader without memory, whatever the hard cap', async () => {
    const { connection, peer, server, contents, sent } = await blocked({ queueBytesMax: 1000 });
    expect(connection.writableLength).toBe(0);
    expect(connection.write('behind it')).toBe(true);
    connection.end();
    await server.opened();
    expect(sent.calls).toEqual([]);
    peer.resume();
    await server.called('close');
    const expected = Buffer.concat([contents, Buffer.from('behind it')]);
    expect(server.received.equals(expected)).toBe(true);
    expect(sent.calls).toEqual(['sent']);
  });

  it('closes with ERR_FILE_SHRANK when the file does', async () => {
    const { client, connection, peer, server, contents, fd, sent } = await blocked();
    const length = connection.bytesWritten + 8192 - (connection.bytesWritten % 4096);
    expect(length).toBeLessThan(contents.length);
    ftruncateSync(fd, length);
    peer.resume();
    await Promise.all([client.called('close'), server.called('close')]);
    expect(client.errors.map(codeOf)).toEqual(['ERR_FILE_SHRANK']);
    expect(sent.calls).toEqual(['ERR_FILE_SHRANK']);
    expect(server.received.length).toBe(length);
    expect(server.received.equals(contents.subarray(0, length))).toBe(true);
  });

  it('closes with EBADF when the descriptor was closed too early', async () => {
    const { client, peer, fd, sent } = await blocked();
    descriptors.close(fd);
    peer.resume();
    await client.called('close');
    expect(client.errors[0]).toMatchObject({ code: 'EBADF', syscall: 'sendfile', fd });
    expect(sent.calls).toEqual(['EBADF']);
  });

  it('calls onSent once when it is destroyed in the middle, with the reason', async () => {
    const first = await blocked();
    const behind = new Sent();
    first.connection.sendFile(first.fd, 0, 10, behind.handler);
    first.connection.destroy();
    await first.client.called('close');
    expect([first.sent.calls, behind.calls]).toEqual([['ERR_CLOSED'], ['ERR_CLOSED']]);
    expect(first.client.errors).toEqual([undefined]);
    const second = await blocked();
    second.connection.destroy(Object.assign(new Error('enough'), { code: 'ERR_MINE' }));
    await second.client.called('close');
    expect(second.sent.calls).toEqual(['ERR_MINE']);
  });

  it('calls onSent once when the peer goes, or the reactor closes', async () => {
    const first = await blocked();
    if (transport === 'tcp') setLinger(first.peer.fd);
    first.peer.destroy();
    await first.client.called('close');
    expect(first.sent.calls).toHaveLength(1);
    expect(first.sent.calls[0]).toMatch(/^(ECONNRESET|EPIPE)$/);
    const second = await blocked();
    second.reactor.close();
    expect(second.sent.calls).toEqual(['ERR_CLOSED']);
    expect(second.client.count('close')).toBe(1);
  });

  it('reports what onSent throws to the reactor, and goes on', async () => {
    const { connection, server, reactor } = await pair();
    expect(reactor.isClosed).toBe(false);
    const uncaught: unknown[] = [];
    process.once('uncaughtException', (error) => uncaught.push(error));
    connection.sendFile(fileOf('x'), 0, 1, () => {
      throw new Error('mine');
    });
    await server.called('data');
    connection.end('y');
    await server.called('close');
    expect(server.received.toString()).toBe('xy');
    expect(uncaught).toHaveLength(1);
  });

  it('sends no more in one turn than the budget allows', async () => {
    const server = new Recorder();
    const { reactor, open } = start(server, { budget: { operations: 1 } });
    const client = new Recorder();
    const connection = open(client);
    for (let turn = 0; turn < 100 && server.count('open') + client.count('open') < 2; turn++) {
      reactor.turn(1000);
    }
    const fd = fileOf('0123456789');
    connection.cork();
    for (let i = 0; i < 5; i++) connection.sendFile(fd);
    connection.uncork();
    const counts = [connection.bytesWritten];
    for (let turn = 0; turn < 200 && connection.bytesWritten < 50; turn++) {
      reactor.turn(1000);
      counts.push(connection.bytesWritten);
    }
    const steps = counts.map((count, index) => count - (counts[index - 1] ?? 0));
    expect(Math.max(...steps)).toBe(isCutToOneByte ? 1 : 10);
    connection.end();
    for (let turn = 0; turn < 200 && server.count('close') < 1; turn++) reactor.turn(1000);
    expect(server.received.toString()).toBe('0123456789'.repeat(5));
  });

  // MSG_MORE is Linux's, and segments are TCP's: elsewhere there is nothing to look at. Nor is
  // there when each byte is a transfer of its own.
  const tests =
    process.platform === 'linux' && transport === 'tcp' && !isCutToOneByte ? [true] : [];
  it.each(tests)('a corked head and a small file leave in one segment', async () => {
    const { connection, server } = await pair();
    const before = connection.tcpInfo().segmentsSent as number;
    connection.cork();
    connection.write('HTTP/1.1 200 OK\r\n');
    connection.write('\r\n');
    connection.sendFile(fileOf(Buffer.alloc(1000, 'body ')));
    connection.uncork();
    expect(connection.tcpInfo().segmentsSent).toBe(before + 1);
    // No empty end of a file keeps a head back.
    connection.cork();
    connection.write('head alone');
    connection.sendFile(fileOf(''));
    connection.uncork();
    expect(connection.tcpInfo().segmentsSent).toBe(before + 2);
    connection.end();
    await server.called('close');
    expect(server.received.length).toBe(1019 + 10);
  });

  it('refuses what cannot be sent, at the call', async () => {
    const { connection, peer, server } = await pair();
    const fd = fileOf('0123456789');
    const [reader] = descriptors.pipe();
    const folder = descriptors.trackFile(openSync(directory, 'r'));
    const closed = openSync(directory, 'r');
    closeSync(closed);
    let calls = 0;
    const onSent = () => void calls++;
    const refused = (...args: unknown[]) => {
      try {
        (connection.sendFile as (...all: unknown[]) => unknown).apply(connection, args);
        return 'taken';
      } catch (error) {
        return codeOf(error);
      }
    };
    expect(refused(fd, 11, 0, onSent)).toBe('ERR_OUT_OF_RANGE');
    expect(refused(fd, 0, 11, onSent)).toBe('ERR_OUT_OF_RANGE');
    expect(refused(fd, 9, 2, onSent)).toBe('ERR_OUT_OF_RANGE');
    expect(refused(fd, -1, 2, onSent)).toBe('ERR_OUT_OF_RANGE');
    expect(refused(fd, 0, 1.5, onSent)).toBe('ERR_OUT_OF_RANGE');
    expect(refused(fd, 2 ** 53, 1, onSent)).toBe('ERR_OUT_OF_RANGE');
    expect(refused(-1, 0, 1, onSent)).toBe('ERR_OUT_OF_RANGE');
    expect(refused('3', 0, 1, onSent)).toBe('ERR_INVALID_ARG_TYPE');
    expect(refused(fd, '0', 1, onSent)).toBe('ERR_INVALID_ARG_TYPE');
    expect(refused(fd, 0, null, onSent)).toBe('ERR_INVALID_ARG_TYPE');
    expect(refused(fd, 0, 1, {})).toBe('ERR_INVALID_ARG_TYPE');
    expect(refused(reader, 0, 1, onSent)).toBe('ERR_INVALID_ARG_VALUE');
    expect(refused(connection.fd, 0, 1, onSent)).toBe('ERR_INVALID_ARG_VALUE');
    expect(refused(folder, 0, 1, onSent)).toBe('ERR_INVALID_ARG_VALUE');
    expect(refused(closed, 0, 1, onSent)).toBe('EBADF');
    connection.end();
    expect(refused(fd, 0, 1, onSent)).toBe('ERR_WRITE_AFTER_END');
    await server.called('close');
    connection.destroy();
    expect(refused(fd, 0, 1, onSent)).toBe('ERR_CLOSED');
    expect(peer.bytesRead).toBe(0);
    expect(calls).toBe(0);
  });

  it('ends with EBADF when the file is only open for writing', async () => {
    const { connection, client } = await pair();
    const sent = new Sent();
    connection.sendFile(fileOf('secret', 'a'), 0, 6, sent.handler);
    await client.called('close');
    expect(client.errors.map(codeOf)).toEqual(['EBADF']);
    expect(sent.calls).toEqual(['EBADF']);
  });
});
