// No object per datagram on the way in, with its sender's address, one by one or joined (GRO): the
// heap stays flat. A handler that makes one shows that the measure would find it.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const MANY = 100_000;
const COLLECTIONS_MAX = 1; // V8 may tidy up once, after the warm-up
const BYTES_EACH_MAX = 40; // a view takes more; what a dispatch needs is shared by its datagrams

interface Cost {
  readonly collections: number;
  readonly bytesEach: number;
  readonly received: number;
  readonly senders: number;
}

function push(segmentSize: number, ...more: string[]): Cost {
  const script = fileURLToPath(new URL('../../workers/datagram-allocation.mjs', import.meta.url));
  // Large from the start: a collection would hide what has been made.
  const flags = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'];
  const args = [...flags, script, `${segmentSize}`, `${MANY}`, ...more];
  const cost = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Cost;
  console.log(segmentSize, ...more, JSON.stringify(cost));
  return cost;
}

function isFlat({ collections, bytesEach }: Cost): boolean {
  return collections <= COLLECTIONS_MAX && bytesEach < BYTES_EACH_MAX;
}

describe.each([
  ['one by one', 0],
  ['in segments', 100],
] as const)('datagrams %s', (_, segmentSize) => {
  it('leave the heap as it was', () => {
    const cost = push(segmentSize);
    expect(cost.senders).toBe(cost.received);
    expect(isFlat(cost), JSON.stringify(cost)).toBe(true);
  });

  it('a handler that makes an object for each is seen', () => {
    const cost = push(segmentSize, 'allocates');
    expect(isFlat(cost), JSON.stringify(cost)).toBe(false);
  });
});
