// Lanes, bands, handler spans, hatches and batches of traces that are written down by hand.
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { BLOCK_LENGTH, Kind } from '../../src/trace/index.ts';
import { modelOf, reportsOf } from '../../src/view/index.ts';
import {
  EDGE,
  LEVEL,
  laneOf,
  type Place,
  READ_CLOSED,
  READABLE,
  Story,
  WOULD_BLOCK,
  WRITABLE,
} from './story.ts';

const A: Place = [20, 0, 0];
const B: Place = [21, 1, 0];

describe('lanes', () => {
  it('are registrations, not numbers', () => {
    const again: Place = [20, 0, 1];
    const model = new Story()
      .register(A, READABLE, LEVEL)
      .event(Kind.Release, A)
      .register(again, WRITABLE, EDGE)
      .model();
    expect(model.lanes.map(({ key, fd, life }) => [key, fd, life.from, life.to])).toEqual([
      ['reactor', -1, 0, 3],
      ['0.0', 20, 0, 1],
      ['0.1', 20, 2, 3],
    ]);
    expect([0, 1, 2].map((at) => model.laneAt(at))).toEqual([1, 1, 2]);
  });

  it('a call of what is not registered is of the reactor', () => {
    const unregistered: Place = [30, 0, 0];
    const model = new Story()
      .register(A, READABLE, LEVEL)
      .call('recv', unregistered, 5, 10)
      .model();
    expect(model.laneAt(1)).toBe(0);
    expect(model.lanes[0]?.events).toEqual(Int32Array.of(1));
  });

  it('so is one of a number that is registered no more', () => {
    const closed = new Story().register(A, READABLE, LEVEL).event(Kind.Release, A);
    expect(closed.call('close', A, 0).model().laneAt(2)).toBe(0);
  });

  it('a ghost of what had ended before the trace has a lane without a life', () => {
    const model = new Story().wait().event(Kind.Ghost, [-1, 9, 9], READABLE).model();
    expect(model.lanes[1]).toMatchObject({ key: '9.9', fd: -1, life: { from: 1, to: 1 } });
  });

  it.each<[string, (story: Story) => Story, object]>([
    ['released', (story) => story.event(Kind.Release, A), { from: 0, to: BLOCK_LENGTH }],
    [
      'changed',
      (story) => story.event(Kind.Modify, A, WRITABLE, LEVEL),
      { from: 0, to: BLOCK_LENGTH + 1 },
    ],
    ['registered', (story) => story.register(B, READABLE, EDGE), { from: 0, to: BLOCK_LENGTH + 1 }],
  ])('go on over blocks, also where one is %s by the first event of a block', (_, change, life) => {
    const story = new Story().register(A, READABLE, LEVEL);
    while (story.next < BLOCK_LENGTH) story.wait(0);
    const model = change(story).model();
    expect(laneOf(model, A).life).toEqual(life);
    expect(laneOf(model, A).interests[0]?.value).toBe(READABLE);
    expect(model.lanes.slice(2).map(({ life: { from } }) => from)).toEqual(
      model.lanes.length > 2 ? [BLOCK_LENGTH] : [],
    );
  });

  it('end where a block does not have them open any more, whatever is missing before it', () => {
    const story = new Story().register(A, READABLE, LEVEL);
    while (story.next < BLOCK_LENGTH + 5) story.wait(0);
    const trace = story.trace();
    const [stream] = trace.streams;
    const blocks = stream?.blocks.map((block, at) => (at === 1 ? { ...block, open: [] } : block));
    const model = modelOf({ ...trace, streams: [{ ...stream, blocks } as never] }).streams[0];
    expect(model?.lanes[1]?.life).toEqual({ from: 0, to: BLOCK_LENGTH });
  });

  it('begin with what was open when the trace began', () => {
    const open = [{ fd: 20, slot: 3, generation: 7, interest: READABLE, trigger: EDGE }];
    const [, lane] = new Story('calls', open).wait().model().lanes;
    expect(lane).toMatchObject({ key: '3.7', fd: 20, life: { from: 0, to: 1 } });
    expect(lane?.interests).toEqual([{ from: 0, to: 1, value: READABLE }]);
    expect(lane?.triggers).toEqual([{ from: 0, to: 1, value: EDGE }]);
  });

  it('have the name that their number was given before, and not that of an earlier one', () => {
    const again: Place = [20, 0, 1];
    const model = new Story()
      .text(Kind.Label, [20, 0, 0], 'client 7')
      .register(A, READABLE, LEVEL)
      .event(Kind.Release, A)
      .register(again, READABLE, LEVEL)
      .model();
    expect(model.lanes.map(({ label }) => label)).toEqual(['', 'client 7', '']);
  });

  it('hold an interest until it changes', () => {
    const model = new Story()
      .register(A, READABLE, LEVEL)
      .wait()
      .event(Kind.Modify, A, READABLE | WRITABLE, LEVEL)
      .event(Kind.Queue, A, 100)
      .event(Kind.Release, A)
      .model();
    const lane = laneOf(model, A);
    expect(lane.interests).toEqual([
      { from: 0, to: 2, value: READABLE },
      { from: 2, to: 4, value: READABLE | WRITABLE },
    ]);
    expect(lane.triggers).toEqual([{ from: 0, to: 4, value: LEVEL }]);
    expect(lane.queues).toEqual([{ from: 3, to: 4, value: 100 }]);
  });
});

describe('bands', () => {
  it('begin at a report, and end at the call that found nothing more', () => {
    const model = new Story()
      .register(A, READABLE, EDGE)
      .wait()
      .handle(A, READABLE, ['recv', 10, 10], ['recv', WOULD_BLOCK, 10])
      .model();
    expect(laneOf(model, A).bands).toEqual([
      { from: 2, to: 5, direction: 'read', isCertain: true },
    ]);
  });

  it('are assumed from the last call on, which still gave all that was asked for', () => {
    const model = new Story()
      .register(A, READABLE, EDGE)
      .wait()
      .handle(A, READABLE, ['recv', 10, 10])
      .wait(0)
      .model();
    expect(laneOf(model, A).bands).toEqual([
      { from: 2, to: 5, direction: 'read', isCertain: true },
      { from: 5, to: 7, direction: 'read', isCertain: false },
    ]);
  });

  it('are assumed up to the next batch where calls are not recorded', () => {
    const model = new Story('events')
      .register(A, READABLE, EDGE)
      .wait()
      .handle(A, READABLE)
      .wait(0)
      .model();
    expect(laneOf(model, A).bands).toEqual([
      { from: 2, to: 5, direction: 'read', isCertain: false },
    ]);
  });

  it('end under level at the wait that does not report it any more', () => {
    const model = new Story()
      .register(A, READABLE, LEVEL)
      .wait()
      .handle(A, READABLE)
      .wait()
      .handle(A, READABLE)
      .wait(0)
      .wait(0)
      .model();
    expect(laneOf(model, A).bands).toEqual([
      { from: 2, to: 9, direction: 'read', isCertain: false },
    ]);
  });
});

it.each<[string, [string, number, number?]]>([
  ['a call that a signal has interrupted', ['recv', -constants.errno.EINTR, 10]],
  ['a call for no bytes', ['recv', 0, 0]],
  ['an accept for which no descriptor was left', ['accept4', -constants.errno.EMFILE]],
  ['a call that moves nothing', ['setsockopt', 0]],
])('bands do not end at %s', (_, call) => {
  const story = new Story().register(A, READABLE, EDGE).wait().handle(A, READABLE, call);
  expect(laneOf(story.model(), A).bands).toEqual([
    { from: 2, to: 6, direction: 'read', isCertain: false },
  ]);
});

it('a trace without events is a model without them', () => {
  const model = new Story('counts').model();
  expect(model).toMatchObject({ count: 0, batches: [], findings: [] });
  expect(model.lanes.map(({ key, life }) => [key, life])).toEqual([
    ['reactor', { from: 0, to: 0 }],
  ]);
  expect(model.totals).toMatchObject({ batches: 0, emptyWaits: 0, asleep: undefined });
});

it('bands go on under level while nothing is asked for: no wait would report it', () => {
  const model = new Story()
    .register(A, READABLE, LEVEL)
    .wait()
    .report(A, READABLE)
    .begin(A, READABLE)
    .event(Kind.Modify, A, 0, LEVEL)
    .end(A)
    .wait(0)
    .wait(0)
    .model();
  expect(laneOf(model, A).bands).toEqual([{ from: 2, to: 8, direction: 'read', isCertain: false }]);
});

describe('hatches', () => {
  const lost = () =>
    new Story().register(A, READABLE, EDGE).wait().handle(A, READABLE, ['recv', 10, 10]);

  it('begin where a handler returned before the end, and last to the end', () => {
    expect(laneOf(lost().wait(0).model(), A).hatches).toEqual([
      { from: 5, to: 7, direction: 'read', bytesLeft: undefined },
    ]);
  });

  it.each([
    [
      'reads to would-block',
      [
        ['recv', 10, 10],
        ['recv', WOULD_BLOCK, 10],
      ],
    ],
    [
      'reads the end',
      [
        ['recv', 10, 10],
        ['recv', 0, 10],
      ],
    ],
    ['gets less than it asked for', [['recv', 9, 10]]],
    ['reads a counter', [['read', 8, 8]]],
    ['reads nothing', []],
  ] as [string, [string, number, number?][]][])('none where the handler %s', (_, calls) => {
    const story = new Story()
      .register(A, READABLE, EDGE)
      .wait()
      .handle(A, READABLE, ...calls);
    expect(laneOf(story.wait(0).model(), A).hatches).toEqual([]);
  });

  it('a short read is no proof when the end was reported', () => {
    const story = new Story().register(A, READABLE, EDGE).wait();
    story.handle(A, READABLE | READ_CLOSED, ['recv', 9, 10]);
    expect(laneOf(story.wait(0).model(), A).hatches).toHaveLength(1);
  });

  it('none under level', () => {
    const story = new Story().register(A, READABLE, LEVEL).wait();
    expect(laneOf(story.handle(A, READABLE, ['recv', 10, 10]).wait(0).model(), A).hatches).toEqual(
      [],
    );
  });
});

describe('batches', () => {
  it('say what each report became', () => {
    const model = new Story()
      .register(A, READABLE, LEVEL)
      .register(B, READABLE, LEVEL)
      .wait(4)
      .handle(A, READABLE)
      .report(B, READABLE)
      .event(Kind.Stale, B, READABLE)
      .event(Kind.Ghost, [-1, 9, 9], READABLE)
      .wait(0)
      .report(A, READABLE) // and its handler is not in the trace any more
      .model();
    expect(reportsOf(model, 1).map(({ fate }) => fate)).toEqual(['handled']);
    expect(model.batches).toEqual([
      { from: 2, to: 9, count: 4 },
      { from: 9, to: 11, count: 0 },
    ]);
    expect(reportsOf(model, 0).map(({ lane, fate }) => [model.lanes[lane]?.key, fate])).toEqual([
      ['0.0', 'handled'],
      ['1.0', 'masked'],
      ['1.0', 'stale'],
      ['9.9', 'ghost'],
    ]);
  });

  it('of a turn inside a handler are inside the one of the handler', () => {
    const model = new Story()
      .register(A, READABLE, LEVEL)
      .register(B, READABLE, LEVEL)
      .wait(2)
      .report(A, READABLE)
      .begin(A, READABLE)
      .wait(1)
      .handle(B, READABLE)
      .end(A)
      .handle(B, READABLE)
      .wait(0)
      .model();
    expect(model.batches.map(({ from, to }) => [from, to])).toEqual([
      [2, 13],
      [5, 9],
      [13, 14],
    ]);
    expect(reportsOf(model, 0).map(({ lane }) => model.lanes[lane]?.key)).toEqual(['0.0', '1.0']);
    expect(reportsOf(model, 1).map(({ lane }) => model.lanes[lane]?.key)).toEqual(['1.0']);
    expect([4, 6, 7, 8, 9].map((at) => model.runningAt(at))).toEqual([1, 1, 2, 1, -1]);
  });
});
