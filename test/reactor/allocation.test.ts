// No allocation per event on the raw path: heap and count of collections stay flat while events go
// through a handler that reads and writes with one buffer; a handler that makes an object per event
// shows that the measure would find it.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Backend, Trigger } from '../../src/poller/interest.ts';
import { Poller } from '../../src/poller/poller.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { eachBackend, eachTrigger } from '../helpers/matrix.ts';

useDescriptors();
const MANY = 1_000_000;
const SOME = 50_000;
const TRACED = 500_000;
const COLLECTIONS_MAX = 1; // V8 may tidy up once, after the warm-up
const GROWN_MAX = 256 * 1024; // about what Node itself leaves behind, whatever the count

interface Cost {
  readonly events: number;
  readonly collections: number;
  readonly grown: number;
  readonly kept: boolean;
}

function push(backend: Backend, trigger: Trigger, count: number, ...more: string[]): Cost {
  const script = fileURLToPath(new URL('../workers/allocation.mjs', import.meta.url));
  const args = ['--expose-gc', script, backend, trigger, `${count}`, ...more];
  const cost = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Cost;
  console.log(backend, trigger, ...more, JSON.stringify(cost));
  return cost;
}

function isFlat({ collections, grown }: Cost): boolean {
  return collections <= COLLECTIONS_MAX && grown < GROWN_MAX;
}

eachTrigger((backend, trigger) => {
  const isDefault = backend === Poller.preferredBackend && trigger === 'level';
  const count = isDefault ? MANY : SOME;

  it(`${count} events leave the heap as it was`, () => {
    const cost = push(backend, trigger, count);
    expect(cost.events).toBe(count);
    expect(isFlat(cost), JSON.stringify(cost)).toBe(true);
  });
});

it.each(['counts', 'events', 'timed'])('nor does a trace of the level %s allocate', (level) => {
  const { collections, grown } = push(Poller.preferredBackend, 'level', TRACED, level);
  expect(collections).toBeLessThanOrEqual(COLLECTIONS_MAX);
  // V8 optimizes meanwhile what begins a block; the smallest object is 16 bytes.
  expect(grown).toBeLessThan(TRACED);
});

eachBackend((backend) => {
  it(`${SOME} events of registerEdge leave the heap as it was`, () => {
    const cost = push(backend, 'edge', SOME, 'settles');
    expect(isFlat(cost), JSON.stringify(cost)).toBe(true);
  });
}, 'edge');

it.each([
  { how: 'register', trigger: 'level', modes: [] },
  { how: 'registerEdge', trigger: 'edge', modes: ['settles'] },
] as const)(
  '$how: a handler that allocates is seen, even in fewer events',
  ({ trigger, modes }) => {
    const cost = push(Poller.preferredBackend, trigger, SOME, ...modes, 'allocates');
    expect(cost.kept).toBe(true);
    expect(isFlat(cost), JSON.stringify(cost)).toBe(false);
  },
);
