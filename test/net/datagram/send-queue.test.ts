// What a long send queue costs: that of edgewise/dgram has no bound.
import { afterEach, expect, it, vi } from 'vitest';
import { type QueuedDatagram, SendQueue } from '../../../src/net/datagram/send-queue.ts';

const COUNT = 20_000;

afterEach(() => vi.restoreAllMocks());

it('copies each entry of a long queue about once, however many leave before', () => {
  const queue = new SendQueue(Number.MAX_SAFE_INTEGER);
  const entry: QueuedDatagram = {
    bytes: new Uint8Array(1),
    segmentSize: 0,
    to: undefined,
    fds: [],
    outcome: undefined,
  };
  for (let i = 0; i < COUNT; i++) queue.append(entry);
  const slice = vi.spyOn(Array.prototype, 'slice');
  while (!queue.isEmpty) queue.shift();
  const copied = slice.mock.results.reduce((sum, { value }) => sum + value.length, 0);
  vi.restoreAllMocks();
  expect(copied).toBeLessThanOrEqual(COUNT);
  expect(queue.count).toBe(0);
});
