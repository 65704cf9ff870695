// What is recorded on one thread, and read on another one at the same time.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { BLOCK_LENGTH } from '../../src/trace/index.ts';
import { type StreamPart, StreamParts } from '../../src/trace/parts.ts';

/** Copies, each of them with events that the one before did not have. */
const COPIES = 30;

it('is whole at any time, without gaps, each block with what was open before it', async () => {
  const worker = new Worker(new URL('../workers/recording.mjs', import.meta.url));
  const [first] = (await once(worker, 'message')) as [StreamPart & { about: never }];
  const parts = new StreamParts(first.about);
  worker.on('message', (part: StreamPart) => parts.take(part));
  let before = 0;
  for (let copies = 0; copies < COPIES; ) {
    await new Promise(setImmediate);
    const { blocks, dropped } = parts.read();
    if (blocks.length === 0) continue;
    let expected = dropped;
    for (const { length, open, a, b, fd, generation, time } of blocks) {
      for (let at = 0; at < length; at++, expected++) {
        const row = [fd[at], generation[at], a[at], b[at], time[at]];
        const whole = row.map(() => expected);
        if (row.some((value, place) => value !== whole[place])) expect(row).toEqual(whole);
      }
      expect(open.map((each) => each.generation)).toEqual(open.map(() => open.length));
    }
    for (const { length } of blocks.slice(0, -1)) expect(length).toBe(BLOCK_LENGTH);
    if (expected > before) copies++;
    before = expected;
  }
  await worker.terminate();
  expect(before).toBeGreaterThan(0);
});
