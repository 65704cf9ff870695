// What a stream takes over: bytes that were read ahead, an end that was reported before, a connection
// that is closed already; and what is left to be read when both sides have ended.
import { once } from 'node:events';
import { type Duplex, Readable } from 'node:stream';
import { setImmediate as aTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { native } from '../../src/native.ts';
import { connect } from '../../src/net/connect/connect.ts';
import type { Connection } from '../../src/net/connection/connection.ts';
import { listen } from '../../src/net/listen/listen.ts';
import { connect as connectAwaited } from '../../src/promises/connect.ts';
import { sleep } from '../../src/promises/timing.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { toDuplex } from '../../src/stream/duplex.ts';
import { toWebStreams } from '../../src/stream/web.ts';
import { itUncut, volume } from '../helpers/cuts.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { setLinger } from '../helpers/linger.ts';
import { codeOf, HOST, openPair } from '../promises/pair.ts';

const LONG = Buffer.alloc(volume(30_000_000)); // more than the kernel takes while nothing is read
const CHUNK = Buffer.alloc(60_000);

afterEach(() => vi.restoreAllMocks());

async function textOf(stream: Duplex): Promise<string> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  await once(stream, 'end');
  return Buffer.concat(chunks).toString();
}

describe.each(['level', 'edge'] as const)('%s: toDuplex takes over', (trigger) => {
  const descriptors = useDescriptors();
  const open = () => openPair(descriptors, { trigger });

  /** A connection of handlers; its peer is a promise connection. */
  async function openHandled() {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    let onClose: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      onClose = resolve;
    });
    const accepted = new Promise<Connection>((resolve) => {
      const handlers = { open: resolve, close: () => onClose() };
      port = listen({ host: HOST, reactor, trigger, handlers }).port;
    });
    const client = await connectAwaited({ host: HOST, port, reactor });
    return { client, raw: await accepted, gone };
  }
  let port = 0;

  it('the bytes that were read ahead of it, as behind the head of a CONNECT', async () => {
    const { client, server } = await open();
    await client.write('CONNECT x\r\n\r\nfirst ');
    expect(String(await server.readUntil('\r\n\r\n'))).toBe('CONNECT x\r\n\r\n');
    const stream = toDuplex(server);
    await client.end('last');
    expect(await textOf(stream)).toBe('first last');
    stream.destroy();
  });

  it('no connection that is being read from', async () => {
    const { client, server } = await open();
    const reading = server.read();
    expect(() => toDuplex(server)).toThrow(
      expect.objectContaining({ code: 'ERR_READ_IN_PROGRESS' }),
    );
    await client.write('x');
    expect(String(await reading)).toBe('x');
  });

  it('an end that the connection has read before', async () => {
    const { client, server } = await open();
    await client.end('x');
    expect(String(await server.read())).toBe('x');
    expect(await server.read()).toBeNull();
    const stream = toDuplex(server);
    expect(await textOf(stream)).toBe('');
    stream.end('answer');
    expect(String(await client.readExactly(6))).toBe('answer');
  });

  it('a connection that is closed, with its error', async () => {
    const { server, client } = await open();
    server.destroy(new Error('gone'));
    client.destroy();
    const failed = toDuplex(server);
    const [error] = await once(failed, 'error');
    expect(error.message).toBe('gone');
    const orderly = toDuplex(client);
    await once(orderly, 'close');
    expect([orderly.destroyed, orderly.errored]).toEqual([true, null]);
  });

  it('what came before both sides have ended, to be read after it', async () => {
    const { client, server } = await open();
    const stream = toDuplex(server);
    await client.end('to be read later');
    while (!server.raw.isReadEnded) await aTurn();
    stream.end('answer');
    await once(stream, 'finish');
    expect(String(await client.readExactly(6))).toBe('answer');
    expect(await client.read()).toBeNull();
    await client.closed;
    expect(await textOf(stream)).toBe('to be read later');
    if (!stream.closed) await once(stream, 'close');
    expect(stream.errored).toBeNull();
  });

  it('no connection that a stream has already', async () => {
    const { server } = await open();
    const inUse = expect.objectContaining({ code: 'ERR_CONNECTION_IN_USE' });
    expect(() => toDuplex(server.raw)).toThrow(inUse);
    expect(() => toWebStreams(server.raw)).toThrow(inUse);
    const stream = toDuplex(server);
    expect(() => toDuplex(server)).toThrow(inUse);
    await expect(async () => server.end()).rejects.toEqual(inUse);
    for (const refused of [server.read(), server.write('x')]) {
      expect(await codeOf(refused)).toBe('ERR_CONNECTION_IN_USE');
    }
    stream.destroy();
  });

  it('no connection with a long write under way, which goes on', async () => {
    const { client, server } = await open();
    const writing = server.write(LONG);
    expect(() => toDuplex(server)).toThrow(
      expect.objectContaining({ code: 'ERR_WAIT_IN_PROGRESS' }),
    );
    expect((await client.readExactly(LONG.length)).length).toBe(LONG.length);
    await writing;
    const stream = toDuplex(server);
    stream.end('behind it');
    expect(String(await client.readExactly(9))).toBe('behind it');
    stream.destroy();
  });

  it('what waits for room, which leaves before anything of the stream', async () => {
    const { client, server } = await open();
    while (server.raw.writableLength < server.raw.highWaterMark) server.raw.write(CHUNK);
    const writing = codeOf(server.write('last'));
    const { bytesWritten, writableLength } = server.raw;
    const stream = toDuplex(server);
    stream.write('first');
    const bytes = await client.readExactly(bytesWritten + writableLength + 5);
    expect(String(bytes.subarray(-9))).toBe('lastfirst');
    expect(await writing).toBe('resolved');
    stream.destroy();
  });

  it('what waits for the close of the connection', async () => {
    const { server } = await open();
    while (server.raw.writableLength < server.raw.highWaterMark) server.raw.write(CHUNK);
    const writing = codeOf(server.write('lost'));
    const { closed } = server;
    const stream = toDuplex(server);
    stream.destroy();
    await closed;
    expect(await writing).toBe('ERR_CLOSED');
  });

  it('the close of a connection that is disposed of, and what still comes', async () => {
    const { client, server } = await open();
    const stream = toDuplex(server);
    const text = textOf(stream);
    const closing = server[Symbol.asyncDispose]();
    expect(await client.read()).toBeNull();
    await client.end('last');
    expect(await text).toBe('last');
    await closing;
    expect(server.isClosed).toBe(true);
  });

  it('a connection of handlers, and leaves its data to them', async () => {
    const { raw, client, gone } = await openHandled();
    raw.data = { id: 7 };
    const { readable, writable } = toWebStreams(raw);
    const writer = writable.getWriter();
    await writer.write(Buffer.from('question'));
    expect(String(await client.readExactly(8))).toBe('question');
    await client.end('answer');
    const pieces: Uint8Array[] = [];
    for await (const piece of readable) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe('answer');
    await writer.close();
    await gone;
    expect(raw.data).toEqual({ id: 7 });
  });

  it('the idle timer: no silence is reported while a long write moves', async () => {
    const { raw, client } = await openHandled();
    const stream = toDuplex(raw);
    const moves = async () => {
      const before = raw.bytesWritten;
      while (raw.bytesWritten === before) await client.read();
    };
    const now = vi.spyOn(native, 'now').mockReturnValue(0); // nanoseconds
    let count = 0;
    stream.setTimeout(10, () => count++);
    stream.write(LONG);
    now.mockReturnValue(5e6); // the timer may look at any moment of the following
    await moves();
    now.mockReturnValue(10e6);
    await sleep(30, { reactor: raw.reactor }); // due after the timer
    expect(count).toBe(0);
    let nowNs = 10e6;
    now.mockImplementation(() => (nowNs += 10e6)); // nothing is read now: it moves a little at most
    await once(stream, 'timeout');
    stream.destroy();
  });

  itUncut('last words of the peer, also from a connection that was paused', async () => {
    for (const take of [
      toDuplex,
      (raw: Connection) => Readable.fromWeb(toWebStreams(raw).readable),
    ]) {
      const { raw, client } = await openHandled();
      raw.pause();
      const stream = take(raw);
      const pieces: Buffer[] = [];
      stream.on('data', (piece) => pieces.push(piece));
      await client.write('last words');
      setLinger(client.fd);
      client.destroy();
      raw.write('x'); // fails
      const [error] = await once(stream, 'error');
      expect(error.code).toMatch(/ECONNRESET|EPIPE/);
      expect(String(Buffer.concat(pieces))).toBe('last words');
    }
  });
});

it('toWebStreams refuses what is no connection', () => {
  expect(() => toWebStreams({} as never)).toThrow(TypeError);
});

it('toDuplex waits for a connection that is still connecting, and may be destroyed before', async () => {
  const reactor = new Reactor();
  reactor.attach();
  const stream = toDuplex(connect({ host: HOST, port: 1, reactor, handlers: {} }));
  stream.destroy();
  await once(stream, 'close');
  reactor.close();
  expect(stream.errored).toBeNull();
});
