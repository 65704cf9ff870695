// Connections for `await`, over real sockets, under level and edge.

import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { itUncut, UNTAKEN, volume } from '../helpers/cuts.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { setLinger } from '../helpers/linger.ts';
import { atOnce, codeOf, openPair } from './pair.ts';

describe.each(['level', 'edge'] as const)('%s: awaited connections', (trigger) => {
  const descriptors = useDescriptors();
  const open = (options = {}) => openPair(descriptors, { trigger, ...options });

  itUncut('gives what has come at once, and waits only on would-block', async () => {
    const { client, server } = await open();
    const waited = server.read();
    expect(await atOnce(waited)).toBe('pending');
    await client.write('first');
    expect(String(await waited)).toBe('first');

    await client.write('abc');
    await client.write('def');
    const small = Buffer.alloc(4);
    expect(await server.readInto(small)).toBe(4);
    // A full buffer proves nothing: it is tried at once.
    expect(await atOnce(server.readInto(small))).toBe(2);
    expect(String(small.subarray(0, 2))).toBe('ef');
  });

  it('answers every operation with a promise, also what is done at once or refused', async () => {
    const { client, server } = await open();
    const calls: ((callback: () => void) => Promise<unknown>)[] = [
      (callback) => client.write('abc').then(callback),
      (callback) => server.readExactly(3).finally(callback),
      (callback) => client.write(5 as never).catch(callback),
      (callback) => server.readInto(5 as never).catch(callback),
    ];
    let count = 0;
    for (const call of calls) await call(() => count++);
    expect(count).toBe(calls.length);
  });

  it('answers null, or 0, at the end, and again', async () => {
    const { client, server } = await open();
    await client.end('bye');
    expect(String(await server.readExactly(3))).toBe('bye');
    expect(await server.read()).toBeNull();
    expect(await server.readInto(Buffer.alloc(1))).toBe(0);
    expect(await server.read()).toBeNull();
    await server.end();
    await server.closed;
    expect(await server.read()).toBeNull();
  });

  it('reads exactly so many bytes, in whatever pieces they come', async () => {
    const { client, server } = await open();
    const reading = server.readExactly(6);
    await client.write('ab');
    await client.write('cd');
    await client.write('efgh');
    expect(String(await reading)).toBe('abcdef');
    expect(String(await server.readExactly(1))).toBe('g');
    expect(String(await server.read())).toBe('h');
  });

  it('keeps what has come when the peer ends too early', async () => {
    const { client, server } = await open();
    await client.end('abc');
    expect(await codeOf(server.readExactly(4))).toBe('ERR_UNEXPECTED_END');
    expect(await codeOf(server.readUntil('\n'))).toBe('ERR_UNEXPECTED_END');
    expect(String(await server.read())).toBe('abc');
    expect(await server.readUntil('\n')).toBeNull();
  });

  it('reads up to a delimiter that is cut in two', async () => {
    const { client, server } = await open();
    const reading = server.readUntil('\r\n');
    await client.write('GET /\r');
    await client.write('\nnext\r\nrest');
    expect(String(await reading)).toBe('GET /\r\n');
    expect(String(await server.readUntil(Buffer.from('\r\n')))).toBe('next\r\n');
    expect(String(await server.readExactly(4))).toBe('rest');
  });

  it('refuses a line that is too long, and loses none of it', async () => {
    const { client, server } = await open();
    await client.write('0123456789\n');
    expect(await codeOf(server.readUntil('\n', 10))).toBe('ERR_LIMIT_EXCEEDED');
    expect(String(await server.readUntil('\n', 11))).toBe('0123456789\n');
  });

  it('refuses a second reader', async () => {
    const { client, server } = await open();
    const first = server.read();
    expect(await codeOf(server.read())).toBe('ERR_READ_IN_PROGRESS');
    expect(await codeOf(server.readInto(Buffer.alloc(1)))).toBe('ERR_READ_IN_PROGRESS');
    await client.write('x');
    expect(String(await first)).toBe('x');
  });

  it('loses no byte to an aborted read', async () => {
    const { client, server } = await open();
    const abort = new AbortController();
    const reading = server.readExactly(4, { signal: abort.signal });
    await client.write('ab');
    abort.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    await client.write('cd');
    expect(String(await server.readExactly(4))).toBe('abcd');
    expect(await codeOf(server.read({ signal: AbortSignal.abort() }))).not.toBe('resolved');
  });

  itUncut('iterates over what comes, and leaves the connection open behind the loop', async () => {
    const { client, server } = await open();
    await client.write('head');
    for await (const bytes of server) {
      expect(String(bytes)).toBe('head');
      break;
    }
    await client.end('tail');
    const pieces: Buffer[] = [];
    for await (const bytes of server) pieces.push(bytes);
    expect(String(Buffer.concat(pieces))).toBe('tail');
    expect(server.isClosed).toBe(false);
  });

  it('sends more than every buffer holds, whole and in order, and returns the memory', async () => {
    const { client, server } = await open();
    const memory = Buffer.alloc(volume(8_000_000), 'edgewise ');
    const sent = createHash('sha256').update(memory).digest('hex');
    const received = (async () => {
      const hash = createHash('sha256');
      for await (const bytes of server) hash.update(bytes);
      return hash.digest('hex');
    })();
    const writing = client.write(memory);
    const after = client.write('after'); // waits for its turn
    expect(client.raw.writableLength).toBeLessThan(256 * 1024);
    await writing;
    memory.fill(0); // ours again
    await after;
    await client.end();
    const expected = createHash('sha256').update(Buffer.alloc(volume(8_000_000), 'edgewise '));
    expect(sent).not.toBe(await received);
    expect(await received).toBe(expected.update('after').digest('hex'));
  });

  it('lets the writer use its memory again as soon as the write resolves', async () => {
    const { client, server } = await open();
    const memory = Buffer.alloc(16 * 1024);
    const count = volume(400);
    const reading = (async () => {
      for (let i = 0; i < count; i++) {
        const bytes = await server.readExactly(memory.length);
        expect(bytes.every((byte) => byte === i % 251)).toBe(true);
      }
    })();
    for (let i = 0; i < count; i++) {
      memory.fill(i % 251);
      await client.write(memory);
    }
    await reading;
  });

  it('waits at the high watermark until the peer reads', async () => {
    const { client, server } = await open({ highWaterMark: 64 * 1024 });
    let hasResolved = false;
    let written = 0;
    const chunk = Buffer.alloc(64 * 1024);
    while (client.raw.writableLength === 0) {
      client.raw.write(chunk);
      written += chunk.length;
    }
    const writing = client.write(chunk).then(() => {
      hasResolved = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(hasResolved).toBe(false);
    await server.readExactly(written + chunk.length);
    await writing;
    expect(hasResolved).toBe(true);
  });

  it.each([0, 1])('sends, and resolves when all has left, with a watermark of %i', async (mark) => {
    const { client, server } = await open({ highWaterMark: mark });
    await client.write('text');
    expect(String(await server.readExactly(4))).toBe('text');
    const bytes = Buffer.alloc(mark === 0 ? volume(3_000_000) : 50, 'edgewise ');
    const writing = client.write(bytes); // longer than what the kernel takes
    expect((await server.readExactly(bytes.length)).equals(bytes)).toBe(true);
    await writing;
    expect(client.raw.writableLength).toBe(0);
  });

  it('resolves end when all has left, and refuses what comes after', async () => {
    const { client, server } = await open();
    const bytes = Buffer.alloc(volume(4_000_000), 1);
    const ending = client.end(bytes);
    expect((await server.readExactly(bytes.length)).length).toBe(bytes.length);
    await ending;
    expect(client.raw.bytesWritten).toBe(bytes.length);
    expect(await server.read()).toBeNull();
    expect(await codeOf(client.write('x'))).toBe('ERR_WRITE_AFTER_END');
    await client.end();
  });

  it('rejects what waits with the error of the connection, made where it was awaited', async () => {
    const { client, server } = await open();
    const abrupt = async () => {
      await Promise.resolve();
      await server.read();
    };
    const failing = abrupt().catch((error: Error) => error);
    setLinger(client.fd);
    client.destroy();
    const error = (await failing) as Error & { code: string };
    expect(error.code).toBe('ECONNRESET');
    expect(error.stack).toContain('abrupt');
    expect((error.cause as { code: string }).code).toBe('ECONNRESET');
    expect(await codeOf(server.read())).toBe('ECONNRESET');
    expect(await codeOf(server.write('x'))).toBe('ECONNRESET');
  });

  it('rejects every operation that waits when it is destroyed', async () => {
    const { server } = await open();
    const reading = codeOf(server.read());
    const writing = codeOf(server.write(UNTAKEN));
    server.destroy(Object.assign(new Error('mine'), { code: 'MINE' }));
    expect(await Promise.all([reading, writing])).toEqual(['MINE', 'MINE']);
    expect(await codeOf(server.end())).toBe('MINE');
  });

  it('closes within the time although the peer goes on sending', async () => {
    const { client, server } = await open();
    const sending = (async () => {
      while (!client.isClosed) await client.write(Buffer.alloc(32 * 1024));
    })().catch((error: { code: string }) => error.code);
    await server.read();
    await server.close({ timeoutMs: 50 });
    expect(server.isClosed).toBe(true);
    expect(await sending).toMatch(/ECONNRESET|EPIPE/);
  });

  it('closes as soon as the peer has ended too', async () => {
    const { client, server } = await open();
    {
      const closing = server[Symbol.asyncDispose]();
      expect(await client.read()).toBeNull();
      await client.end();
      await closing;
    }
    await client.closed;
    expect([server.isClosed, client.isClosed]).toEqual([true, true]);
  });

  it('lets others have their turn in a loop that never has to wait', async () => {
    const { client, server, reactor } = await open();
    const size = volume(200_000);
    await client.write(Buffer.alloc(size));
    while (server.raw.bytesRead === 0) await server.readInto(Buffer.alloc(1));
    let ticks = 0;
    const timer = reactor.setInterval(() => ticks++, 1);
    const one = Buffer.alloc(1);
    const deadline = performance.now() + 60_000;
    for (let i = 0; i < size - 1 && ticks === 0; i++) {
      await server.readInto(one);
      if (performance.now() > deadline) break;
    }
    timer.clear();
    expect(ticks).toBeGreaterThan(0);
  });

  it('keeps the async context of the caller that awaits', async () => {
    const { client, server } = await open();
    const storage = new AsyncLocalStorage<string>();
    const read = (name: string) =>
      storage.run(name, async () => {
        await server.read();
        return storage.getStore();
      });
    const first = read('first');
    await client.write('x');
    expect(await first).toBe('first');
    const second = read('second');
    await client.write('y');
    expect(await second).toBe('second');
    const contexts = ['a', 'b'].map((name) =>
      storage.run(name, async () => {
        await server.write('z'); // done at once: both await the same promise
        return storage.getStore();
      }),
    );
    expect(await Promise.all(contexts)).toEqual(['a', 'b']);
  });

  it('rejects wrong arguments before anything else, also while another operation reads', async () => {
    const { client, server } = await open();
    const reading = server.read();
    expect(await codeOf(server.readExactly(0))).toBe('ERR_OUT_OF_RANGE');
    expect(await codeOf(server.readInto('x' as never))).toBe('ERR_INVALID_ARG_TYPE');
    expect(await codeOf(server.readInto(Buffer.alloc(0)))).toBe('ERR_OUT_OF_RANGE');
    expect(await codeOf(server.readUntil(''))).toBe('ERR_OUT_OF_RANGE');
    expect(await codeOf(server.readUntil('\r\n', 1))).toBe('ERR_OUT_OF_RANGE');
    for (const refused of [server.read(5 as never), server.write('x', 5 as never)]) {
      expect(await codeOf(refused)).toBe('ERR_INVALID_ARG_TYPE');
    }
    expect(await codeOf(server.write(5 as never))).toBe('ERR_INVALID_ARG_TYPE');
    await client.write('x');
    expect(String(await reading)).toBe('x');
  });
});
