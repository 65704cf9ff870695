// What the panels of the page list: the reports of a batch, the events of a table, the next finding.
import { describe, expect, it } from 'vitest';
import { Kind, Outcome } from '../../src/trace/index.ts';
import type { TraceFinding } from '../../src/view/model.ts';
import { rowsOfBatch } from '../../viewer/batch-rows.ts';
import { bytes, plural, share, time } from '../../viewer/format.ts';
import { nameOf, reusedIn } from '../../viewer/names.ts';
import { eventsAround, findingAfter, graveFirst, nextEvent } from '../../viewer/order.ts';
import { LEVEL, type Place, READABLE, Story } from '../view/story.ts';

const A: Place = [9, 1, 0];
const B: Place = [10, 2, 0];

describe('a batch', () => {
  it('lists what each report became', () => {
    const model = new Story('timed')
      .register(A, READABLE, LEVEL)
      .register(B, READABLE, LEVEL)
      .wait(2)
      .report(A, READABLE)
      .begin(A, READABLE)
      .event(Kind.Release, B)
      .later(2)
      .end(A, 16, Outcome.Requeued)
      .event(Kind.Stale, B, READABLE)
      .wait(0)
      .model();
    const rows = rowsOfBatch(model, 0).map(({ lane, ...row }) => ({ fd: lane.fd, ...row }));
    expect(rows).toEqual([
      {
        fd: 9,
        at: 3,
        readiness: 'Readable',
        fate: 'its handler was called',
        handlerNs: 2e6,
        bytes: 16,
        outcome: 're-queued',
      },
      {
        fd: 10,
        at: 7,
        readiness: 'Readable',
        fate: 'dropped: closed earlier in this batch',
        handlerNs: undefined,
        bytes: undefined,
        outcome: '',
      },
    ]);
    expect(rowsOfBatch(model, 1)).toEqual([]);
  });

  it('has no time of a handler that was not timed', () => {
    const story = new Story('events')
      .register(A, READABLE, LEVEL)
      .wait()
      .handle(A, READABLE)
      .wait();
    expect(rowsOfBatch(story.model(), 0)[0]?.handlerNs).toBeUndefined();
  });
});

describe('the table of events', () => {
  it('has some before and more behind', () => {
    const numbers = eventsAround(500, 1000, undefined);
    expect(numbers).toContain(500);
    expect(numbers).toHaveLength(50);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });

  it('ends where the trace ends', () => {
    expect(eventsAround(1, 3, undefined)).toEqual([0, 1, 2]);
  });

  it('has those that pass the filter', () => {
    const matches = Uint8Array.from({ length: 1000 }, (_, at) => Number(at % 100 === 0));
    expect(eventsAround(150, 1000, matches)).toEqual([
      0, 100, 200, 300, 400, 500, 600, 700, 800, 900,
    ]);
  });
});

it('steps go to the next event that passes, and stay where there is none', () => {
  const isEven = (at: number) => at % 2 === 0;
  expect(nextEvent(3, 1, 10, isEven)).toBe(4);
  expect(nextEvent(3, -1, 10, isEven)).toBe(2);
  expect(nextEvent(8, 1, 10, isEven)).toBe(8);
});

it('the finding behind the last one is the first', () => {
  const findings = [10, 20].map((from) => ({ from }) as TraceFinding);
  const next = (at: number) => findingAfter(findings, at)?.from;
  expect([0, 10, 19, 20, 500].map(next)).toEqual([10, 20, 20, 10, 10]);
  expect(findingAfter([], 3)).toBeUndefined();
});

it('the grave findings come first, each kind in its order', () => {
  const codes = ['SLOW_HANDLER', 'UNDRAINED', 'STALE', 'SPINNING'] as const;
  const findings = codes.map((code, from) => ({ code, from }) as TraceFinding);
  expect(graveFirst(findings).map(({ from }) => from)).toEqual([1, 3, 0, 2]);
});

it('a number that several lanes have is not enough for a name', () => {
  const lanes = [
    { key: 'reactor', fd: -1 },
    { key: '1.0', fd: 9 },
    { key: '2.0', fd: 10 },
    { key: '1.1', fd: 9 },
    { key: '3.0', fd: -1 },
  ];
  const names = lanes.map((lane) => nameOf(lane, reusedIn(lanes)));
  expect(names).toEqual(['reactor', 'fd 9 [1.0]', 'fd 10', 'fd 9 [1.1]', 'slot 3.0']);
});

it('numbers are as people read them', () => {
  expect([0, 12, 1536, 5 * 1024 ** 2].map(bytes)).toEqual(['0 B', '12 B', '1.5 KiB', '5.0 MiB']);
  expect([0, 1500, 12_345_678, 3e9].map((ns) => time(ns))).toEqual([
    '0',
    '1.500 µs',
    '12.35 ms',
    '3.000 s',
  ]);
  expect([plural(1, 'event'), plural(1200, 'event')]).toEqual(['1 event', '1,200 events']);
  expect([share(0.375), share(undefined)]).toEqual(['38 %', '–']);
});
