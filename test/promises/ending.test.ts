// What end() promises: it resolves when the last byte has left, and rejects when one was lost.
import { setImmediate as aTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { volume } from '../helpers/cuts.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { codeOf, openPair } from './pair.ts';

const LONG = Buffer.alloc(volume(30_000_000)); // more than the kernel takes while nobody reads

describe.each(['level', 'edge'] as const)('%s: end', (trigger) => {
  const descriptors = useDescriptors();
  const openFull = async () => {
    const pair = await openPair(descriptors, { trigger, highWaterMark: LONG.length + 1 });
    await pair.client.write(LONG);
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
    expect((await server.readExactly(LONG.length)).length).toBe(LONG.length);
    await Promise.all(endings);
    await client.end();
    expect(client.raw.writableLength).toBe(0);
  });

  it('ends with its own signal, and with that of nobody else', async () => {
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

  it('leaves no rejection that nobody handles', async () => {
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
