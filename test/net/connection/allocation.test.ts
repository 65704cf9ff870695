// No allocation per message of handlers: heap and count of collections stay flat while messages go
// back and forth between two connections; a handler that makes an object per message shows that the
// measure would find it.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const MESSAGES = 300_000;
const COLLECTIONS_MAX = 1; // V8 may tidy up once, after the warm-up
const BYTES_EACH_MAX = 1; // the smallest object takes 12

interface Cost {
  readonly messages: number;
  readonly collections: number;
  readonly grown: number;
  readonly kept: boolean;
}

function echo(...more: string[]): Cost {
  const script = fileURLToPath(new URL('../../workers/message-allocation.mjs', import.meta.url));
  const args = ['--expose-gc', script, `${MESSAGES}`, ...more];
  const cost = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Cost;
  console.log(...more, JSON.stringify(cost));
  return cost;
}

function isFlat({ messages, collections, grown }: Cost): boolean {
  return collections <= COLLECTIONS_MAX && grown < messages * BYTES_EACH_MAX;
}

it('messages leave the heap as it was', () => {
  const cost = echo();
  expect(cost.messages).toBe(MESSAGES);
  expect(isFlat(cost), JSON.stringify(cost)).toBe(true);
});

it('a handler that allocates per message is seen', () => {
  const cost = echo('allocates');
  expect(cost.kept).toBe(true);
  expect(isFlat(cost), JSON.stringify(cost)).toBe(false);
});
