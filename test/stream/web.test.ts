// Connections as streams of the web.
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { toDuplex } from '../../src/stream/duplex.ts';
import { toWebStreams } from '../../src/stream/web.ts';
import { itUncut, volume } from '../helpers/cuts.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { setLinger } from '../helpers/linger.ts';
import { codeOf, openPair } from '../promises/pair.ts';

const STOP = Object.assign(new Error('stop'), { code: 'STOP' });
const LONG = new Uint8Array(32 << 20); // more than all buffers of a pipe

describe.each(['level', 'edge'] as const)('%s: toWebStreams', (trigger) => {
  const descriptors = useDescriptors();
  const open = () => openPair(descriptors, { trigger });

  it('reads, writes and closes', async () => {
    const { client, server } = await open();
    const { readable, writable } = toWebStreams(server);
    const echoed = readable.pipeTo(writable);
    const long = Buffer.alloc(volume(1_000_000), 'edgewise ');
    const [received] = await Promise.all([client.readExactly(long.length), client.end(long)]);
    expect(received.equals(long)).toBe(true);
    await echoed;
    expect(await client.read()).toBeNull();
  });

  itUncut('has the kernel write into the memory of a BYOB reader', async () => {
    const { client, server } = await open();
    const reader = toWebStreams(server).readable.getReader({ mode: 'byob' });
    await client.write('abcdef');
    const first = await reader.read(new Uint8Array(4));
    expect(Buffer.from(first.value as Uint8Array).toString()).toBe('abcd');
    const second = await reader.read(new Uint8Array(4));
    expect(Buffer.from(second.value as Uint8Array).toString()).toBe('ef');
    await client.end();
    expect((await reader.read(new Uint8Array(4))).done).toBe(true);
  });

  it('closes the connection when it is cancelled or aborted', async () => {
    const first = await open();
    await toWebStreams(first.server).readable.cancel();
    expect(first.server.isClosed).toBe(true);
    const second = await open();
    await toWebStreams(second.server).writable.abort(new Error('no'));
    expect(second.server.isClosed).toBe(true);
  });

  it('fails with the error of the connection', async () => {
    const { server } = await open();
    const { readable } = toWebStreams(server);
    const reading = readable.getReader().read();
    server.destroy(new Error('gone'));
    await expect(reading).rejects.toThrow('gone');
  });

  // A connection whose peer reads nothing, with a write that waits for that.
  async function stuck() {
    const { client, server } = await open();
    const { readable, writable } = toWebStreams(server);
    const writer = writable.getWriter();
    const writes = [writer.write(LONG), writer.write(LONG)].map(codeOf);
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.raw.writableLength).toBeGreaterThan(0);
    return { client, server, readable, writer, writes };
  }

  it('abort, while a write waits, closes the connection at once', async () => {
    const { server, readable, writer, writes } = await stuck();
    const reading = codeOf(readable.getReader().read());
    const closed = codeOf(writer.closed);
    await writer.abort(STOP);
    expect(server.isClosed).toBe(true);
    expect(await Promise.all([...writes, closed, reading])).toEqual(Array(4).fill('STOP'));
  });

  it('abort, while a close waits, closes the connection at once', async () => {
    const { server, writer, writes } = await stuck();
    const closing = codeOf(writer.close());
    expect(await codeOf(writer.abort(STOP))).toBe('resolved');
    expect(server.isClosed).toBe(true);
    expect(await Promise.all([...writes, closing])).toEqual(Array(3).fill('STOP'));
  });

  it('abort of a close that is under way closes the connection at once', async () => {
    const { server } = await open();
    server.raw.write(LONG); // not by the stream: its close is next
    const writer = toWebStreams(server).writable.getWriter();
    const closing = codeOf(writer.close());
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.allSettled([writer.abort(STOP)]);
    expect([server.isClosed, await closing]).toEqual([true, 'STOP']);
  });

  it('cancel, while a write waits, fails that write', async () => {
    const { server, readable, writer, writes } = await stuck();
    await readable.cancel(STOP);
    expect(server.isClosed).toBe(true);
    expect(await Promise.all([...writes, codeOf(writer.closed)])).toEqual(Array(3).fill('STOP'));
  });

  it.each(['bytes', 'byob'])('cancel, while a read of %s waits, ends that read', async (kind) => {
    const { server } = await open();
    const { readable } = toWebStreams(server);
    const reader = kind === 'byob' ? readable.getReader({ mode: 'byob' }) : readable.getReader();
    const reading = (reader as ReadableStreamBYOBReader).read(new Uint8Array(8));
    await new Promise((resolve) => setImmediate(resolve));
    await reader.cancel();
    expect([(await reading).done, server.isClosed]).toEqual([true, true]);
  });

  // While a write waits it is the standard that waits: "until every chunk has been written".
  itUncut('a pipe that is aborted by its signal ends both connections', async () => {
    const [from, to] = [await open(), await open()];
    const abort = new AbortController();
    const { readable } = toWebStreams(from.server);
    const { writable } = toWebStreams(to.server);
    const piping = codeOf(readable.pipeTo(writable, { signal: abort.signal }));
    await from.client.write('passed on');
    expect(String(await to.client.read())).toBe('passed on');
    abort.abort(STOP);
    expect(await piping).toBe('STOP');
    expect([from.server.isClosed, to.server.isClosed]).toEqual([true, true]);
  });

  it.each(['destroyed', 'reset', 'closed with its reactor'])(
    'settles what waits when it is %s',
    async (how) => {
      const { client, server, readable, writer, writes } = await stuck();
      const reader = readable.getReader();
      const all = [reader.closed, writer.closed, reader.read()].map(codeOf);
      if (how === 'destroyed') server.destroy();
      else if (how === 'reset') {
        setLinger(client.fd);
        client.destroy();
      } else server.raw.reactor.close();
      const code = how === 'reset' ? /EPIPE|ECONNRESET/ : /ERR_CLOSED/;
      for (const outcome of await Promise.all([...all, ...writes])) expect(outcome).toMatch(code);
    },
  );

  it('reports to both that it was closed while nothing waits', async () => {
    const { server } = await open();
    const { readable, writable } = toWebStreams(server);
    const closed = [readable.getReader().closed, writable.getWriter().closed].map(codeOf);
    server.destroy(STOP);
    expect(await Promise.all(closed)).toEqual(['STOP', 'STOP']);
  });

  itUncut('an orderly end is no failure', async () => {
    const { client, server } = await open();
    const { readable, writable } = toWebStreams(server);
    const reader = readable.getReader();
    await client.end('last');
    await writable.close();
    expect(String(Buffer.from((await reader.read()).value as Uint8Array))).toBe('last');
    expect((await reader.read()).done).toBe(true);
    await reader.closed;
  });

  it('settles over the adapters of Node as well', async () => {
    const { server } = await open();
    const { readable, writable } = Duplex.toWeb(toDuplex(server));
    const writer = writable.getWriter();
    const writes = [writer.write(LONG), writer.write(LONG)].map(codeOf);
    const reading = codeOf(readable.getReader().read());
    await new Promise((resolve) => setImmediate(resolve));
    server.destroy(STOP);
    expect(await Promise.all([...writes, reading])).toEqual(Array(3).fill('STOP'));
  });
});
