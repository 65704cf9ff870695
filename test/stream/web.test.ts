// Connections as streams of the web.
import { describe, expect, it } from 'vitest';
import { toWebStreams } from '../../src/stream/web.ts';
import { itUncut, volume } from '../helpers/cuts.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { openPair } from '../promises/pair.ts';

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
});
