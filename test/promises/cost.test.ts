// What an awaited operation makes: the promise that is awaited, and no step between the event and
// the caller.
import { createHook } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { itUncut } from '../helpers/cuts.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { openPair } from './pair.ts';

const descriptors = useDescriptors();

/** How many promises a call makes. */
function promisesMade(call: () => unknown): number {
  let count = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === 'PROMISE') count++;
    },
  });
  hook.enable();
  call();
  hook.disable();
  return count;
}

describe('An operation of a promise connection', () => {
  itUncut('makes one promise when it reads, whether it waits or not', async () => {
    const { client, server } = await openPair(descriptors);
    let reading: Promise<unknown> | undefined;
    const read = () => {
      reading = server.read();
    };
    expect(promisesMade(read)).toBe(1);
    await client.write('ab');
    expect(await reading).toEqual(Buffer.from('ab'));
    const target = Buffer.alloc(1);
    const readInto = () => {
      reading = server.readInto(target);
    };
    expect(promisesMade(readInto)).toBe(1);
    await client.write('cd');
    expect(await reading).toBe(1);
    server.raw.reactor.turn(0);
    expect(promisesMade(readInto)).toBe(1); // the d is there
    expect(await reading).toBe(1);
  });

  it('makes none when it writes what the kernel takes', async () => {
    const { client, server } = await openPair(descriptors);
    expect(promisesMade(() => client.write('x'))).toBe(0);
    expect(await server.read()).toEqual(Buffer.from('x'));
  });

  it.each(['level', 'edge'] as const)(
    'settles in the event that it waits for (%s)',
    async (trigger) => {
      const { client, server } = await openPair(descriptors, { trigger });
      const { reactor } = server.raw;
      const order: string[] = [];
      const reading = server.read().then(() => order.push('read'));
      reactor.detach();
      await client.write('x');
      for (let i = 0; i < 100 && server.raw.bytesRead === 0; i++) reactor.turn(10);
      const next = Promise.resolve().then(() => order.push('next'));
      await Promise.all([reading, next]);
      expect(order).toEqual(['read', 'next']);
    },
  );
});
