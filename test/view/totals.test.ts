// What a reactor and its descriptors did, counted.
import { expect, it } from 'vitest';
import { Kind } from '../../src/trace/index.ts';
import { EDGE, LEVEL, type Place, READABLE, Story, WOULD_BLOCK } from './story.ts';

const A: Place = [20, 0, 0];
const B: Place = [21, 1, 0];
const NONE: Place = [-1, 0, 0];
const EPIPE = -32;

function recorded(level: string) {
  return new Story(level)
    .register(A, READABLE, EDGE)
    .register(B, READABLE, LEVEL)
    .later(1)
    .event(Kind.WaitBegin, NONE, -1, 0)
    .later(4)
    .wait(2)
    .report(A, READABLE)
    .begin(A, READABLE)
    .call('recv', A, 10, 16)
    .call('recv', A, WOULD_BLOCK, 16)
    .call('send', A, 10, 10)
    .call('send', A, EPIPE, 10)
    .later(2)
    .end(A)
    .report(B, READABLE)
    .begin(B, READABLE)
    .call('accept4', B, 30)
    .later(1)
    .end(B)
    .event(Kind.WaitBegin, NONE, 0, 0)
    .wait(0)
    .event(Kind.Timers, NONE, 1)
    .wait(0, 2)
    .later(2)
    .wait(0)
    .model().totals;
}

it('of each descriptor', () => {
  const [, a, b] = recorded('calls').lanes;
  expect(a).toEqual({
    lane: '0.0',
    reports: 1,
    handlers: 1,
    handlerNs: 2e6,
    longestNs: 2e6,
    calls: 4,
    wouldBlocks: 1,
    bytesRead: 10,
    bytesWritten: 10,
    undrained: 0,
  });
  // What accept4 returns is no count of bytes.
  expect(b).toMatchObject({ calls: 1, bytesRead: 0, handlerNs: 1e6, undrained: 0 });
});

it('of the reactor: waits that brought nothing are those that no work came of', () => {
  expect(recorded('calls')).toMatchObject({
    batches: 4,
    emptyWaits: 1,
    asleep: 0.4,
    inHandlers: 0.3,
  });
});

it('times are not claimed where they are not recorded', () => {
  const totals = recorded('events');
  expect(totals.inHandlers).toBe(undefined);
  expect(totals.lanes[1]).toMatchObject({ handlerNs: undefined, longestNs: undefined });
  expect(new Story().wait(0).model().totals.asleep).toBe(undefined);
});
