// What each event says, and where docs/semantics.md explains it.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KIND_NAMES, Kind, Outcome, Role, WaitReason } from '../../src/trace/index.ts';
import { modelOf, sentenceAt, titleOf } from '../../src/view/index.ts';
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

const A: Place = [9, 3, 0];
const NONE: Place = [-1, 0, 0];

/** What the last event of a story says. */
function last(story: Story): string {
  const model = modelOf(story.trace());
  return sentenceAt(model, model.streams[0] as never, story.next - 1);
}
const registered = (trigger: number) => new Story().register(A, READABLE | WRITABLE, trigger);

describe('a report says whether it comes again', () => {
  it.each([
    [
      LEVEL,
      READABLE,
      'fd 9: Readable (level). It will report it at every wait for as long as it is so.',
    ],
    [EDGE, READABLE, 'fd 9: Readable (edge). It will not report it again until more arrives.'],
    [
      EDGE,
      WRITABLE,
      'fd 9: Writable (edge). It will not report it again until there was no room, and there is some again.',
    ],
    [2, READABLE, 'fd 9: Readable (oneshot). It will report nothing more until it is re-armed.'],
    [
      EDGE,
      READABLE | READ_CLOSED,
      'fd 9: Readable|ReadClosed (edge). It will not report it again until more arrives. ' +
        'The peer will send no more: what is left is read until 0.',
    ],
  ])('trigger %i, bits %i', (trigger, bits, sentence) => {
    expect(last(registered(trigger).report(A, bits))).toBe(`The kernel reports ${sentence}`);
  });
});

describe('a call says what follows', () => {
  it.each([
    ['recv', 10, 10, 'recv of 10 bytes on fd 9: 10. As much as was asked for: there may be more.'],
    ['recv', 1, 1, 'recv of 1 byte on fd 9: 1. As much as was asked for: there may be more.'],
    [
      'recv',
      4,
      10,
      'recv of 10 bytes on fd 9: 4. Less than was asked for: that was all that had come.',
    ],
    ['recv', 0, 10, 'recv of 10 bytes on fd 9: 0. The peer has sent its last.'],
    [
      'recv',
      WOULD_BLOCK,
      10,
      'recv of 10 bytes on fd 9: EAGAIN. Nothing is left to read now: it is drained.',
    ],
    ['send', 10, 10, 'send of 10 bytes on fd 9: 10.'],
    [
      'send',
      4,
      10,
      'send of 10 bytes on fd 9: 4. Less than was asked for: there is no room for the rest.',
    ],
    [
      'send',
      WOULD_BLOCK,
      10,
      'send of 10 bytes on fd 9: EAGAIN. There is no room: wait until it is Writable.',
    ],
    ['accept4', 12, -1, 'accept4 on fd 9: fd 12. There may be more to accept.'],
    ['setsockopt', 0, -1, 'setsockopt on fd 9: 0.'],
  ])('%s: %i of %i', (name, result, asked, sentence) => {
    expect(last(registered(EDGE).call(name, A, result, asked))).toBe(sentence);
  });
});

it.each([
  [new Story().register(A, READABLE, EDGE), 'fd 9 is registered: it waits for Readable, edge.'],
  [
    registered(LEVEL).event(Kind.Modify, A, 0, LEVEL),
    'The registration of fd 9 is changed: it waits for nothing but a hang-up.',
  ],
  [registered(EDGE).event(Kind.Release, A), 'The registration of fd 9 is closed.'],
  [
    registered(EDGE).event(Kind.Release, A).event(Kind.Stale, A, READABLE),
    'The kernel reports fd 9: Readable. An earlier handler of this batch has closed that registration: the report is dropped.',
  ],
  [
    registered(EDGE).event(Kind.Release, A).event(Kind.Ghost, [-1, 3, 0], READABLE),
    "The kernel reports Readable of a registration of fd 9 that had ended before this wait: the report is dropped. A duplicate of the descriptor has kept it in the kernel's set.",
  ],
  [
    registered(EDGE).begin(A, READABLE, 2),
    'The handler of fd 9 is called with Readable: it was re-queued.',
  ],
  [
    registered(EDGE).end(A, 10, Outcome.Requeued),
    'The handler of fd 9 returns. It has charged 10 bytes. It is called again in the next turn.',
  ],
  [
    registered(EDGE).end(A, 0, Outcome.Threw | Outcome.Closed),
    'The handler of fd 9 throws. The registration is closed.',
  ],
  [
    registered(EDGE).event(Kind.Requeue, A, READABLE),
    'fd 9 is re-queued: its handler is called with Readable in the next turn, whatever the kernel reports.',
  ],
  [new Story().wait(0), 'The wait has ended with no event.'],
  [
    new Story().wait(2, 3),
    'The wait has ended with 2 events, a wake-up, something for the loop of Node.',
  ],
  [
    new Story().event(Kind.WaitBegin, NONE, 1500, WaitReason.Deadline),
    'The turn has ended. The next wait ends after 1.5 ms at the latest, for a timer.',
  ],
  [registered(EDGE).event(Kind.Queue, A, 1), '1 byte waits to be written to fd 9.'],
  [registered(EDGE).event(Kind.Queue, A, 0), 'All that was written to fd 9 has left.'],
  [
    registered(EDGE).event(Kind.Level, A, READABLE),
    'A look at fd 9: it is ready, reported or not: Readable.',
  ],
  [
    registered(EDGE).event(Kind.Role, A, Role.Connection, 7),
    'fd 9 is a connection, accepted by fd 7.',
  ],
  [
    registered(EDGE).text(Kind.Label, A, 'client 7').report(A, READABLE),
    'The kernel reports fd 9 "client 7": Readable (edge). It will not report it again until more arrives.',
  ],
  [
    new Story().event(Kind.Ghost, NONE, READABLE),
    "The kernel reports Readable of a registration of a descriptor that had ended before this wait: the report is dropped. A duplicate of the descriptor has kept it in the kernel's set.",
  ],
])('event %#', (story, sentence) => {
  expect(last(story)).toBe(sentence);
});

it.each(Object.entries(Kind))('%s has a sentence of its own', (_, kind) => {
  expect(last(registered(EDGE).event(kind, A))).not.toMatch(/^Event |undefined/);
});

describe('titles', () => {
  const page = readFileSync(new URL('../../docs/semantics.md', import.meta.url), 'utf8');
  const headings = [...page.matchAll(/^##+ (.*)$/gm)].map(([, heading]) => heading);
  // As GitHub makes them.
  const anchorOf = (heading = '') =>
    heading
      .toLowerCase()
      .replaceAll(/[^a-z0-9 _-]/g, '')
      .replaceAll(' ', '-');
  const triggers = [undefined, 0, 1, 2, 3];
  const of = (kind: number) => triggers.map((trigger) => titleOf({ kind, a: 1, b: 0 }, trigger));

  it.each(Object.values(Kind))('those of kind %i are in docs/semantics.md', (kind) => {
    for (const title of of(kind)) {
      if (title === undefined) continue;
      expect(headings).toContain(title.heading);
      expect(title.anchor).toBe(anchorOf(title.heading));
    }
  });

  it('every kind has one, but for what the program has written', () => {
    const without = Object.values(Kind).filter((kind) => of(kind).includes(undefined));
    expect(without.map((kind) => KIND_NAMES[kind])).toEqual(['mark', 'label']);
  });

  it('that of a report is its trigger, and that of a pause its own', () => {
    expect(
      of(Kind.Report)
        .slice(1)
        .map((title) => title?.anchor),
    ).toEqual(['level', 'edge', 'oneshot-and-edge-oneshot', 'oneshot-and-edge-oneshot']);
    expect(titleOf({ kind: Kind.Modify, a: 0, b: 0 })?.heading).toMatch(/^Pausing/);
    expect(titleOf({ kind: Kind.Modify, a: 1, b: 1 })?.heading).toBe('Edge');
  });
});
