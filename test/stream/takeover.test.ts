// What a stream takes over: bytes that were read ahead, an end that was told before, a connection
// that is closed already; and what is left to be read when both sides have ended.
import { once } from 'node:events';
import { Duplex, PassThrough } from 'node:stream';
import { setImmediate as aTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/net/connect.ts';
import { Reactor } from '../../src/reactor.ts';
import { toDuplex } from '../../src/stream/duplex.ts';
import { fromDuplex } from '../../src/stream/from-duplex.ts';
import { toWebStreams } from '../../src/stream/web.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { codeOf, HOST, openPair } from '../promises/pair.ts';

async function textOf(stream: Duplex): Promise<string> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  await once(stream, 'end');
  return Buffer.concat(chunks).toString();
}

describe.each(['level', 'edge'] as const)('%s: toDuplex takes over', (trigger) => {
  const descriptors = useDescriptors();
  const open = () => openPair(descriptors, { trigger });

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

  it('an end that the connection was told of before', async () => {
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

  it('keeps a connection of handlers for web streams too', async () => {
    const { client, server } = await open();
    const { readable, writable } = toWebStreams(server.raw);
    const writer = writable.getWriter();
    await writer.write(Buffer.from('question'));
    expect(String(await client.readExactly(8))).toBe('question');
    await client.end('answer');
    const pieces: Uint8Array[] = [];
    for await (const piece of readable) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe('answer');
    await writer.close();
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

/** Nothing ever comes from it. */
function silentDuplex(write: (done: () => void) => void): Duplex {
  return new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => write(done) });
}

describe('fromDuplex', () => {
  it('tells an end that came before it', async () => {
    const stream = new PassThrough({ allowHalfOpen: true, autoDestroy: false });
    stream.end();
    stream.resume();
    await once(stream, 'end');
    expect(await codeOf(fromDuplex(stream).read())).toBe('resolved');
  });

  it('tells an error that came before it', async () => {
    const stream = new PassThrough();
    stream.on('error', () => undefined);
    stream.destroy(Object.assign(new Error('gone'), { code: 'GONE' }));
    await new Promise((resolve) => stream.once('close', resolve));
    const awaited = fromDuplex(stream);
    expect(await codeOf(awaited.read())).toBe('GONE');
    expect(await codeOf(awaited.write('x'))).toBe('GONE');
    await awaited.close();
  });

  it('refuses a write after the end', async () => {
    const stream = new PassThrough();
    const awaited = fromDuplex(stream);
    await awaited.end('x');
    expect(await codeOf(awaited.write('y'))).toBe('ERR_WRITE_AFTER_END');
    expect(String(await awaited.read())).toBe('x');
  });

  it('closes within the time although the other side never ends', async () => {
    const stream = silentDuplex((done) => done());
    const awaited = fromDuplex(stream);
    await awaited.close(10);
    expect(awaited.isClosed).toBe(true);
    const broken = new PassThrough();
    const other = fromDuplex(broken);
    const closing = other.close();
    broken.destroy(new Error('in the middle'));
    expect(await codeOf(closing)).toBe('resolved');
  });

  it('takes lists, and gives end up with its signal', async () => {
    const held: (() => void)[] = [];
    const stream = silentDuplex((done) => held.push(done));
    const awaited = fromDuplex(stream);
    await awaited.write([Buffer.from('a'), Buffer.from('b')]);
    const abort = new AbortController();
    const ending = codeOf(awaited.end(undefined, { signal: abort.signal }));
    abort.abort(Object.assign(new Error('stop'), { code: 'STOP' }));
    expect(await ending).toBe('STOP');
    stream.destroy();
  });
});
