// What a reactor knew at each event.
import { expect, it } from 'vitest';
import { Kind, Outcome } from '../../src/trace/index.ts';
import { stateAt } from '../../src/view/index.ts';
import {
  EDGE,
  LEVEL,
  type Place,
  READ_CLOSED,
  READABLE,
  Story,
  WOULD_BLOCK,
  WRITABLE,
} from './story.ts';

const A: Place = [20, 0, 0];
const B: Place = [21, 1, 0];

const model = new Story()
  .register(A, READABLE, LEVEL) // 0
  .register(B, READABLE, EDGE)
  .wait(2) // 2
  .report(A, READABLE)
  .begin(A, READABLE)
  .call('recv', A, WOULD_BLOCK, 10) // 5
  .end(A)
  .report(B, READABLE | READ_CLOSED) // 7
  .begin(B, READABLE | READ_CLOSED)
  .event(Kind.Requeue, B, READABLE) // 9
  .end(B, 5, Outcome.Requeued)
  .event(Kind.WaitBegin, [-1, 0, 0], 0, 2) // 11
  .wait(0)
  .begin(B, READABLE, 2) // 13
  .event(Kind.Modify, B, READABLE | WRITABLE, EDGE)
  .event(Kind.Queue, B, 100) // 15
  .event(Kind.Release, B)
  .end(B, 0, Outcome.Closed)
  .model();

const ready = (at: number) =>
  stateAt(model, at).registrations.map(({ lane, ready }) => `${lane}: ${ready}`);

it('what is registered, and for what', () => {
  const keys = (at: number) => stateAt(model, at).registrations.map(({ lane }) => lane);
  expect([0, 1, 15, 16].map(keys)).toEqual([['0.0'], ['0.0', '1.0'], ['0.0', '1.0'], ['0.0']]);
  expect(stateAt(model, 13).registrations[1]).toMatchObject({ fd: 21, interest: 1, trigger: EDGE });
  expect(stateAt(model, 14).registrations[1]).toMatchObject({ interest: READABLE | WRITABLE });
  expect(stateAt(model, 14).registrations[1]?.queuedBytes).toBe(undefined);
  expect(stateAt(model, 15).registrations[1]?.queuedBytes).toBe(100);
});

it('what is known to be ready: from the report to the call that found nothing more', () => {
  expect(ready(2)).toEqual(['0.0: 0', '1.0: 0']);
  expect(ready(3)).toEqual(['0.0: 1', '1.0: 0']);
  expect(ready(4)).toEqual(['0.0: 1', '1.0: 0']);
  expect(ready(5)).toEqual(['0.0: 0', '1.0: 0']);
  expect(ready(8)).toEqual(['0.0: 0', '1.0: 9']);
});

it('the batch, and how much of it was delivered, until the turn ends', () => {
  const delivered = (at: number) => {
    const { batch, delivered } = stateAt(model, at);
    return `${delivered} of ${batch.map(({ fd }) => fd).join()}`;
  };
  expect([1, 2, 3, 6, 7, 10, 11].map(delivered)).toEqual([
    '0 of ',
    '0 of 20,21',
    '1 of 20,21',
    '1 of 20,21',
    '2 of 20,21',
    '2 of 20,21',
    '0 of ',
  ]);
});

it('what is called in the next turn without a report', () => {
  const requeued = (at: number) => stateAt(model, at).requeued;
  expect([8, 9, 12, 13].map(requeued)).toEqual([[], ['1.0'], ['1.0'], []]);
});

it('what is closed is not called any more', () => {
  const story = new Story().register(A, READABLE, EDGE).wait().event(Kind.Requeue, A, READABLE);
  const closed = story.event(Kind.Release, A).model();
  expect([2, 3].map((at) => stateAt(closed, at).requeued)).toEqual([['0.0'], []]);
});

it('whose handler runs', () => {
  const running = (at: number) => stateAt(model, at).running;
  expect([3, 4, 5, 6, 8, 13, 17].map(running)).toEqual([
    undefined,
    '0.0',
    '0.0',
    undefined,
    '1.0',
    '1.0',
    undefined,
  ]);
});
