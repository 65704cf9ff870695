// What is found in a trace, and what looks like it and is not.
import { describe, expect, it } from 'vitest';
import { Kind, Outcome } from '../../src/trace/index.ts';
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
const MIB = 1024 * 1024;
const REQUEUED = 2;

const codes = (story: Story) => story.model().findings.map(({ code, fd }) => `${code} ${fd}`);
const both = (trigger: number, level?: string) =>
  new Story(level).register(A, READABLE | WRITABLE, trigger).register(B, READABLE, LEVEL);

describe('an edge that was left', () => {
  // One read, which still gave all that was asked for.
  const left = (level?: string) => both(EDGE, level).wait().handle(A, READABLE, ['recv', 10, 10]);
  const hatches = (story: Story) => laneOf(story.model(), A).hatches;

  it('is a finding when a whole wait passes, or the trace ends', () => {
    expect(codes(left())).toEqual(['UNDRAINED 20']);
    expect(codes(left().wait().wait().handle(A, READABLE, ['recv', 1, 10]))).toEqual([
      'UNDRAINED 20',
    ]);
    expect(codes(left().wait(0).event(Kind.Release, A))).toEqual(['UNDRAINED 20']);
  });

  it('lasts from where the handler returned to the report that ended it', () => {
    const story = left().wait().wait();
    const at = story.next;
    story.handle(A, READABLE, ['recv', 1, 10]);
    expect(hatches(story)).toEqual([{ from: 6, to: at, direction: 'read', bytesLeft: undefined }]);
  });

  it('is one finding, however often', () => {
    const story = left();
    for (let i = 0; i < 3; i++) story.wait().wait().handle(A, READABLE, ['recv', 10, 10]);
    expect(hatches(story)).toHaveLength(4);
    expect(codes(story)).toEqual(['UNDRAINED 20']);
    expect(story.model().findings[0]?.what).toContain('4 times');
  });

  it.each<[string, (story: Story) => Story]>([
    ['the very next wait has reported more', (s) => s.wait().handle(A, READABLE, ['recv', 1, 10])],
    ['it is closed before the next wait', (s) => s.event(Kind.Release, A)],
    ['the program reads on by itself', (s) => s.wait().call('recv', A, 1, 10)],
    [
      'a report of the other direction has it read on',
      (s) => s.wait().wait().handle(A, WRITABLE, ['recv', 1, 10]),
    ],
    ['the program re-queues it later', (s) => s.wait().event(Kind.Requeue, A, READABLE)],
    ['its interest is lost', (s) => s.wait().event(Kind.Modify, A, 0, EDGE)],
    ['the kernel is asked to look again', (s) => s.event(Kind.Modify, A, READABLE, EDGE)],
  ])('is none when %s', (_, then) => {
    expect(codes(then(left()).wait(0))).toEqual([]);
  });

  it('is none of a program that has read outside its handler before: it remembers', () => {
    const story = both(EDGE).call('recv', A, WOULD_BLOCK, 10).wait();
    expect(codes(story.handle(A, READABLE, ['recv', 10, 10]).wait(0))).toEqual([]);
  });

  it('is none of a program that has read the number before it was registered, unless it was closed', () => {
    const story = (closes: boolean) => {
      const begun = new Story().call('recv', [20, 0, 0], WOULD_BLOCK, 10);
      if (closes) begun.call('close', [20, 0, 0], 0);
      return begun.register(A, READABLE, EDGE).wait().handle(A, READABLE, ['recv', 10, 10]).wait(0);
    };
    expect(codes(story(false))).toEqual([]);
    expect(codes(story(true))).toEqual(['UNDRAINED 20']);
  });

  it('is none when the handler was re-queued or closed', () => {
    for (const outcome of [Outcome.Requeued, Outcome.Closed]) {
      const story = both(EDGE).wait().report(A, READABLE).begin(A, READABLE);
      story.call('recv', A, 10, 10).end(A, 10, outcome);
      expect(codes(story.wait(0))).toEqual([]);
    }
  });

  it('is one when the handler threw', () => {
    const story = both(EDGE).wait().report(A, READABLE).begin(A, READABLE);
    expect(codes(story.call('recv', A, 10, 10).end(A, 0, Outcome.Threw).wait(0))).toHaveLength(1);
  });

  it('is one when connections were accepted, and the queue was not seen empty', () => {
    const story = both(EDGE).wait().handle(A, READABLE, ['accept4', 30]);
    expect(codes(story.wait(0))).toEqual(['UNDRAINED 20']);
    const right = both(EDGE).wait().handle(A, READABLE, ['accept4', 30], ['accept4', WOULD_BLOCK]);
    expect(codes(right.wait(0))).toEqual([]);
  });

  // It records what has changed since the end of the turn before; at first nothing is ready.
  it('a probe decides', () => {
    expect(codes(left('probe').wait(0).wait(0))).toEqual([]);
    const found = left('probe').event(Kind.Level, A, READABLE).wait(0);
    expect(codes(found)).toEqual(['UNDRAINED 20']);
    const taken = found.event(Kind.Level, A, 0).wait(0);
    expect(hatches(taken).map(({ from, to }) => [from, to])).toEqual([[6, 9]]);
    const begun = both(EDGE, 'probe').event(Kind.Level, A, READABLE).wait();
    const exact = begun.handle(A, READABLE, ['recv', 10, 10]).event(Kind.Level, A, 0);
    expect(hatches(exact.wait(0))).toEqual([]);
  });

  it('is not claimed where calls are not recorded', () => {
    const story = both(EDGE, 'timed').wait().report(A, READABLE).begin(A, READABLE).end(A);
    expect(codes(story.wait(0))).toEqual([]);
  });

  // How many wait is recorded after the handler, when it has changed.
  it('for writing: bytes wait, and the last call took all', () => {
    const story = (queued: number) =>
      both(EDGE).wait().handle(A, WRITABLE, ['send', 10, 10]).event(Kind.Queue, A, queued).wait(0);
    expect(hatches(story(100))).toMatchObject([{ direction: 'write', bytesLeft: 100 }]);
    expect(codes(story(100))).toEqual(['UNDRAINED 20']);
    expect(codes(story(0))).toEqual([]);
    const later = story(100).call('send', A, WOULD_BLOCK, 10);
    expect(codes(later.wait(0))).toEqual([]);
    const short = both(EDGE).wait().handle(A, WRITABLE, ['send', 9, 10]);
    expect(codes(short.event(Kind.Queue, A, 100).wait(0))).toEqual([]);
  });

  it('a short read is the end, but not of a stream that has ended, nor of datagrams', () => {
    const short = (bits: number, role = 0) =>
      both(EDGE).event(Kind.Role, A, role, -1).wait().handle(A, bits, ['recv', 9, 10]).wait(0);
    expect(codes(short(READABLE))).toEqual([]);
    expect(codes(short(READABLE | READ_CLOSED))).toEqual(['UNDRAINED 20']);
    expect(codes(short(READABLE, 3))).toEqual(['UNDRAINED 20']);
  });
});

describe('a spin', () => {
  const spin = (count: number, trigger = LEVEL, level?: string, bits = WRITABLE) => {
    const story = both(trigger, level);
    for (let i = 0; i < count; i++) story.wait().handle(A, bits);
    return story.wait(0);
  };

  it('is ten reports in a row that nothing was done for', () => {
    expect(codes(spin(10))).toEqual(['SPINNING 20']);
    expect(codes(spin(9))).toEqual([]);
  });

  it('says how many, and which interest to take out', () => {
    const { what, fix } = spin(12).model().findings[0] ?? {};
    expect(what).toContain('Writable 12 times in a row');
    expect(fix).toContain('Interest.Writable only while');
    expect(spin(12, LEVEL, 'calls', READABLE).model().findings[0]?.fix).toMatch(/^Read in the/);
  });

  it('is one finding for each registration, with all that was for nothing', () => {
    const story = both(LEVEL);
    for (let i = 0; i < 40; i++) {
      story
        .wait()
        .handle(
          A,
          WRITABLE,
          ...(i % 20 === 19 ? [['send', 1, 1] as const] : []).map(
            (c) => [...c] as [string, number, number],
          ),
        );
    }
    const [finding, ...others] = story.model().findings;
    expect(others).toEqual([]);
    expect(finding?.what).toContain(' 38 times');
  });

  it.each<[string, (story: Story) => unknown]>([
    ['a call is made for it', (s) => s.handle(A, READABLE, ['recv', 1, 10])],
    [
      'a call is made for it outside its handler',
      (s) => s.handle(A, READABLE).call('recv', A, 1, 10),
    ],
    [
      'its handler moves bytes of another',
      (s) => s.report(A, READABLE).begin(A, READABLE).call('splice', B, 1, 10).end(A),
    ],
    [
      'its handler reads many at once',
      (s) => s.report(A, READABLE).begin(A, READABLE).call('recvEach', [-1, 0, 0], 1).end(A),
    ],
    ['its handler charges', (s) => s.report(A, READABLE).begin(A, READABLE).end(A, 10)],
    [
      'its interest is changed',
      (s) => s.handle(A, READABLE).event(Kind.Modify, A, WRITABLE, LEVEL),
    ],
    ['waits between do not report it', (s) => s.handle(A, READABLE).wait(0)],
  ])('is none when %s', (_, once) => {
    const story = both(LEVEL);
    for (let i = 0; i < 20; i++) once(story.wait());
    expect(codes(story.wait(0))).toEqual([]);
  });

  it('is none under edge, and not claimed where calls are not recorded', () => {
    expect(codes(spin(20, EDGE))).toEqual([]);
    expect(codes(spin(20, LEVEL, 'timed'))).toEqual([]);
  });
});

describe('starvation', () => {
  const greedy = (callCount: number, then: (story: Story) => unknown) => {
    const story = both(LEVEL).wait(2).report(A, READABLE).begin(A, READABLE);
    for (let i = 0; i < callCount; i++) story.call('recv', A, 16, 16);
    then(story.end(A));
    return story.wait(0);
  };

  it('is what waits behind eight budgets in one call', () => {
    const story = greedy(512, (s) => s.handle(B, READABLE, ['recv', 1, 16]));
    const [finding] = story.model().findings;
    expect(finding).toMatchObject({ code: 'STARVED', fd: 21, lane: '1.0', from: 4, to: 517 });
    expect(finding?.what).toContain('fd 20 made 512 calls and moved 8192 bytes: 8 times');
    expect(codes(greedy(511, (s) => s.handle(B, READABLE, ['recv', 1, 16])))).toEqual([]);
  });

  it('is also what was re-queued', () => {
    expect(codes(greedy(600, (s) => s.begin(B, READABLE, REQUEUED).end(B)))).toEqual([
      'STARVED 21',
    ]);
  });

  it('is none when nothing else was ready', () => {
    expect(codes(greedy(600, (s) => s))).toEqual([]);
    expect(codes(greedy(600, (s) => s.wait().handle(B, READABLE, ['recv', 1, 16])))).toEqual([]);
  });

  it('is none of what the handler itself comes back for, nor of a turn inside it', () => {
    expect(codes(greedy(600, (s) => s.begin(A, READABLE, REQUEUED).end(A)))).toEqual([]);
    const story = both(LEVEL).wait(2).report(A, READABLE).begin(A, READABLE).wait(0);
    for (let i = 0; i < 600; i++) story.call('recv', A, 16, 16);
    expect(codes(story.end(A).handle(B, READABLE, ['recv', 1, 16]))).toEqual([]);
  });

  it('is none of calls that move nothing', () => {
    const story = both(LEVEL).wait(2).report(A, READABLE).begin(A, READABLE);
    for (let i = 0; i < 600; i++) story.call('setsockopt', A, 0);
    expect(codes(story.end(A).handle(B, READABLE, ['recv', 1, 16]))).toEqual([]);
  });

  it('is none of a handler that charges what it moves: its reactor may allow more', () => {
    const story = both(LEVEL).wait(2).report(A, READABLE).begin(A, READABLE);
    for (let i = 0; i < 600; i++) story.call('recv', A, 16, 16);
    expect(codes(story.end(A, 9600).handle(B, READABLE, ['recv', 1, 16]))).toEqual([]);
  });

  it('is also what has moved many bytes by a few calls', () => {
    const story = (bytes: number) =>
      both(LEVEL)
        .wait(2)
        .handle(A, READABLE, ['recv', bytes, bytes])
        .handle(B, READABLE, ['recv', 1, 16]);
    expect(codes(story(8 * MIB))).toEqual(['STARVED 21']);
    expect(codes(story(8 * MIB - 1))).toEqual([]);
  });

  it('is none of a broadcast: the calls are for many', () => {
    const story = both(LEVEL).wait(2).report(A, READABLE).begin(A, READABLE);
    for (let i = 0; i < 1000; i++) story.call('send', [100 + i, 0, 0], 16, 16);
    expect(codes(story.end(A).handle(B, READABLE, ['recv', 1, 16]))).toEqual([]);
  });
});

describe('a slow handler', () => {
  const slow = (ms: number, level = 'timed') =>
    both(LEVEL, level).wait(2).report(A, READABLE).begin(A, READABLE).later(ms).end(A);

  it('takes more than 10 ms, and says what waited', () => {
    expect(codes(slow(10.5))).toEqual(['SLOW_HANDLER 20']);
    expect(slow(10.5).model().findings[0]?.what).toBe(
      'The handler of fd 20 took 10.5 ms in one call.',
    );
    expect(slow(12).handle(B, READABLE).model().findings[0]?.what).toContain('1 more was ready');
    expect(codes(slow(9.5))).toEqual([]);
  });

  it('is not known where handlers are not timed', () => {
    expect(codes(slow(20, 'events'))).toEqual([]);
  });

  it('is none that waits: a turn inside it', () => {
    const story = both(LEVEL, 'timed').wait().report(A, READABLE).begin(A, READABLE);
    expect(codes(story.later(20).wait(0).end(A))).toEqual([]);
  });
});

describe('what the reactor and its lint have recorded', () => {
  const heir: Place = [20, 5, 0];

  it('a stale report is a finding when its number was another one by then', () => {
    const closed = both(LEVEL)
      .wait(2)
      .report(B, READABLE)
      .begin(B, READABLE)
      .event(Kind.Release, A);
    expect(codes(closed.end(B).event(Kind.Stale, A, READABLE))).toEqual([]);
    const reused = both(LEVEL).wait(2).event(Kind.Release, A).register(heir, READABLE, LEVEL);
    const [finding] = reused.event(Kind.Stale, A, READABLE).model().findings;
    expect(finding).toMatchObject({ code: 'STALE', lane: '0.0', fd: 20 });
    expect(finding?.what).toContain('(5.0)');
  });

  it('a ghost is one, however often it shows', () => {
    const story = both(LEVEL).event(Kind.Release, A).wait();
    const ghost: Place = [-1, 0, 0];
    expect(
      codes(story.event(Kind.Ghost, ghost, READABLE).event(Kind.Ghost, ghost, READABLE)),
    ).toEqual(['GHOST 20']);
  });

  it('what a lint has found', () => {
    const [finding] = both(LEVEL).text(Kind.Lint, A, 'EDGEWISE_UNDRAINED').model().findings;
    expect(finding).toMatchObject({ code: 'LINT', fd: 20, from: 2, to: 3 });
    expect(finding?.what).toContain('EDGEWISE_UNDRAINED at fd 20');
  });
});

it('are in the order in which they begin', () => {
  const story = both(EDGE)
    .text(Kind.Lint, A, 'LATE_IN_THE_ALPHABET')
    .wait()
    .handle(A, READABLE, ['recv', 10, 10]);
  expect(codes(story.text(Kind.Lint, B, 'X'))).toEqual(['LINT 20', 'UNDRAINED 20', 'LINT 21']);
});
