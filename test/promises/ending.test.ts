// What end() promises: it resolves when the last byte has left, and rejects when one was lost. And the
// other ways to end, which are the same everywhere: close, destroy, dispose.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as aTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bind } from '../../src/promises/datagram.ts';
import { listen } from '../../src/promises/listener.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { UNTAKEN } from '../helpers/cuts.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { atOnce, codeOf, HOST, openPair } from './pair.ts';

describe.each(['level', 'edge'] as const)('%s: end', (trigger) => {
  const descriptors = useDescriptors();
  const openFull = async () => {
    const pair = await openPair(descriptors, { trigger, highWaterMark: UNTAKEN.length + 1 });
    await pair.client.write(UNTAKEN);
    return pair;
  };

  it('rejects when what was written is lost by destroy', async () => {
    const { client } = await openFull();
    const endings = Promise.all([codeOf(client.end()), codeOf(client.end())]);
    await aTurn();
    client.destroy();
    expect(await endings).toEqual(['ERR_CLOSED', 'ERR_CLOSED']);
    expect(await codeOf(client.end())).toBe('ERR_CLOSED');
  });

  it('rejects when close gives up waiting for the peer', async () => {
    const { client } = await openFull();
    const ending = codeOf(client.end());
    await aTurn();
    await client.close({ timeoutMs: 0 });
    expect(await ending).toBe('ERR_CLOSED');
  });

  it('waits also when close has ended our side before', async () => {
    const { client } = await openFull();
    const closing = client.close({ timeoutMs: 60_000 });
    const ending = codeOf(client.end());
    await aTurn();
    client.destroy();
    expect(await ending).toBe('ERR_CLOSED');
    await closing;
  });

  it('waits as the first one when it is called again', async () => {
    const { client, server } = await openFull();
    let count = 0;
    const endings = [client.end(), client.end()].map((each) => each.then(() => count++));
    await aTurn();
    await aTurn();
    expect(count).toBe(0);
    expect((await server.readExactly(UNTAKEN.length)).length).toBe(UNTAKEN.length);
    await Promise.all(endings);
    await client.end();
    expect(client.raw.writableLength).toBe(0);
  });

  it('ends with its own signal, and with no other one', async () => {
    const { client } = await openFull();
    const abort = new AbortController();
    const first = codeOf(client.end(undefined, { signal: abort.signal }));
    const second = codeOf(client.end());
    await aTurn();
    abort.abort(Object.assign(new Error('stop'), { code: 'STOP' }));
    expect(await first).toBe('STOP');
    client.destroy();
    expect(await second).toBe('ERR_CLOSED');
  });

  it('leaves no unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const { client, server } = await openFull();
    const ending = codeOf(client.end(undefined, { signal: AbortSignal.timeout(1) }));
    expect(await ending).not.toBe('resolved');
    await client.close({ timeoutMs: 0 });
    await server.close({ timeoutMs: 0 });
    for (let pass = 0; pass < 3; pass++) await aTurn();
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});

describe.each(['level', 'edge'] as const)('%s: the ending of a connection', (trigger) => {
  const descriptors = useDescriptors();
  const open = () => openPair(descriptors, { trigger });

  it('close() with no time left sends what the kernel takes now, and closes', async () => {
    const { client, server } = await open();
    client.raw.write('last words');
    await client.close({ timeoutMs: 0 });
    expect(client.isClosed).toBe(true);
    expect(String(await server.readExactly(10))).toBe('last words');
    expect(await server.read()).toBeNull();
  });

  it('close() waits for the peer, and resolves at once when it is closed already', async () => {
    const { client, server } = await open();
    const closing = client.close();
    expect(await atOnce(closing)).toBe('pending');
    await server.end();
    await closing;
    expect(await atOnce(client.close())).toBeUndefined();
  });

  it('close() without a time limit leaves that of an earlier call', async () => {
    const { client } = await open();
    const closing = client.close({ timeoutMs: 20 });
    await client.close();
    await closing;
  });

  it('close() sends the long buffers that are under way, and takes no more', async () => {
    const { client, server } = await open();
    const writes = [client.write(UNTAKEN), client.write('last words')];
    const closing = client.close();
    expect(await codeOf(client.write('x'))).toBe('ERR_WRITE_AFTER_END');
    expect(await codeOf(client.end('x'))).toBe('ERR_WRITE_AFTER_END');
    expect(await codeOf(client.read())).toBe('ERR_CLOSED');
    await server.write('is forgotten');
    expect((await server.readExactly(UNTAKEN.length)).equals(UNTAKEN)).toBe(true);
    expect(String(await server.readExactly(10))).toBe('last words');
    expect(await server.read()).toBeNull();
    await server.end();
    await Promise.all([...writes, closing]);
  });

  it('close() and end() let a write resolve that waits for room, when all has left', async () => {
    for (const way of ['close', 'end'] as const) {
      const { client, server } = await open();
      await server.end(); // so that the client is closed when the last byte leaves
      expect(await client.read()).toBeNull();
      const part = Buffer.alloc(client.raw.highWaterMark - 1);
      let writing = client.write(part);
      let length = part.length;
      while (client.raw.writableLength === 0 || (await atOnce(writing)) !== 'pending') {
        writing = client.write(part);
        length += part.length;
      }
      const ending = client[way]();
      expect((await server.readExactly(length)).length).toBe(length);
      await Promise.all([writing, ending]);
    }
  });

  it('close() gives a long buffer up after its time limit, which another call can replace', async () => {
    for (const limits of [[20], [60_000, 20], [60_000, 0], [60_000, undefined, 20]]) {
      const { client } = await open();
      const writing = codeOf(client.write(UNTAKEN));
      const closing = limits.map((timeoutMs) =>
        client.close(timeoutMs === undefined ? {} : { timeoutMs }),
      );
      expect(await writing).toBe('ERR_CLOSED');
      await Promise.all(closing);
    }
  });

  it('close() ends after a long write that is aborted, within the time that is left', async () => {
    const { client, server } = await open();
    const abort = new AbortController();
    const writing = codeOf(client.write(UNTAKEN, { signal: abort.signal }));
    const closing = client.close({ timeoutMs: 200 });
    await aTurn();
    abort.abort(Object.assign(new Error('stop'), { code: 'STOP' }));
    expect(await writing).toBe('STOP');
    let length = 0;
    for await (const bytes of server) length += bytes.length;
    expect(length).toBeLessThan(UNTAKEN.length);
    await closing; // the server does not end: the limit
  });

  it('is disposed of at once by using, and in order by await using', async () => {
    const { client, server } = await open();
    {
      using disposed = client;
      expect(disposed.hasRef()).toBe(true);
    }
    expect(client.isClosed).toBe(true);
    expect(await codeOf(client.write('x'))).toBe('ERR_CLOSED');
    {
      await using ended = server;
      expect(ended.unref().hasRef()).toBe(false);
    }
    expect([server.isClosed, server.fd]).toEqual([true, -1]);
  });

  it('a listener that is destroyed takes its connections along', async () => {
    const { listener, client, server } = await open();
    const accepting = codeOf(listener.accept());
    const reading = codeOf(server.read());
    expect(() => listener.destroy(5 as never)).toThrow(TypeError);
    listener.destroy(Object.assign(new Error('mine'), { code: 'MINE' }));
    expect([await accepting, await reading]).toEqual(['ERR_CLOSED', 'MINE']);
    expect([listener.fd, listener.isClosed, server.isClosed]).toEqual([-1, true, true]);
    client.destroy();
  });
});

describe('the ending of what is no connection', () => {
  const descriptors = useDescriptors();
  const attached = () => {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    return reactor;
  };

  it('a listener goes without its connections by close()', async () => {
    const { listener, client, server } = await openPair(descriptors);
    {
      await using closing = listener;
      expect(closing.hasRef()).toBe(true);
      expect(closing.unref().hasRef()).toBe(false);
    }
    expect([listener.isClosed, server.isClosed]).toEqual([true, false]);
    await client.write('x');
    expect(String(await server.read())).toBe('x');
    {
      using disposed = listen({ host: HOST, reactor: attached() });
      expect(disposed.fd).toBeGreaterThan(0);
    }
  });

  it('a datagram socket sends what is queued by close(), and fails what waits', async () => {
    const reactor = attached();
    const socket = bind({ host: HOST, reactor });
    expect([socket.hasRef(), socket.unref().hasRef()]).toEqual([true, false]);
    const receiving = codeOf(socket.receive());
    expect(await codeOf(socket.close({ timeoutMs: -1 }))).toBe('ERR_OUT_OF_RANGE');
    await socket.close();
    expect([socket.isClosed, socket.fd, await receiving]).toEqual([true, -1, 'ERR_CLOSED']);
    await socket.close();
    const other = bind({ host: HOST, reactor });
    const waiting = codeOf(other.receive());
    other.destroy();
    expect([other.isClosed, await waiting]).toEqual([true, 'ERR_CLOSED']);
    expect(() => other.destroy(5 as never)).toThrow(TypeError);
  });

  it('a datagram socket fails what waits for room as soon as close() is called, and sends what is queued', async () => {
    const reactor = attached();
    const folder = mkdtempSync(join(tmpdir(), 'edgewise-ending-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    await using receiver = bind({ path: join(folder, 'receiver'), reactor });
    const to = receiver.address;
    const socket = bind({ path: join(folder, 'socket'), reactor, queueBytesMax: 700 });
    await receiver.send('kept', socket.address);
    while (socket.raw.stats.messagesReceived === 0) await aTurn();
    receiver.raw.pause();
    let sending = socket.send('x'.repeat(50), to);
    while ((await atOnce(sending)) !== 'pending') sending = socket.send('x'.repeat(50), to);
    const queued = [sending, socket.send('y'.repeat(50), to)].map(codeOf); // as many as there is room for
    const waiting = codeOf(socket.send('z', to));
    expect(String((await socket.receive()).bytes)).toBe('kept');
    await receiver.send('kept too', socket.address);
    while (socket.raw.stats.messagesReceived === 1) await aTurn();
    const closing = socket.close({ timeoutMs: 60_000 });
    expect(String((await socket.receive()).bytes)).toBe('kept too');
    const outcomes = [waiting, codeOf(socket.receive()), codeOf(socket.send('x', to))];
    expect(await Promise.all(outcomes)).toEqual(outcomes.map(() => 'ERR_CLOSED'));
    for await (const datagram of socket) expect.fail(String(datagram.bytes));
    expect([socket.isClosed, await atOnce(Promise.race(queued))]).toEqual([false, 'pending']);
    receiver.raw.resume();
    await closing;
    expect(await Promise.all(queued)).toEqual(['resolved', 'resolved']);
  });

  it('a datagram socket that is destroyed fails what is queued', async () => {
    const reactor = attached();
    const folder = mkdtempSync(join(tmpdir(), 'edgewise-ending-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    await using receiver = bind({ path: join(folder, 'receiver'), reactor });
    for (const how of ['destroy', 'reactor'] as const) {
      const own = attached();
      const socket = bind({ path: join(folder, how), reactor: own });
      receiver.raw.pause();
      let sending = socket.send('x', receiver.address);
      while ((await atOnce(sending)) !== 'pending') sending = socket.send('x', receiver.address);
      if (how === 'destroy') socket.destroy();
      else own.close();
      expect(await codeOf(sending)).toBe('ERR_CLOSED');
      receiver.raw.resume();
    }
  });

  it('a datagram socket fails a receive that waits while close() sends', async () => {
    const reactor = attached();
    const folder = mkdtempSync(join(tmpdir(), 'edgewise-ending-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    await using receiver = bind({ path: join(folder, 'receiver'), reactor });
    const socket = bind({ path: join(folder, 'socket'), reactor });
    const receiving = codeOf(socket.receive());
    receiver.raw.pause();
    while (socket.raw.queuedCount === 0) socket.raw.send('x', receiver.address);
    const closing = socket.close({ timeoutMs: 60_000 });
    expect([await receiving, socket.isClosed]).toEqual(['ERR_CLOSED', false]);
    receiver.raw.resume();
    await closing;
  });
});
