// What two traces differ in: descriptors by their order, no times, and the events around the difference.
import { describe, expect, it } from 'vitest';
import { Kind } from '../../src/trace/index.ts';
import { differenceOf } from '../../src/view/index.ts';
import { EDGE, type Place, READABLE, Story } from './story.ts';

const NONE: Place = [-1, 0, 0];

/** One connection of a server, on numbers of its own. */
function served(listener: number, fd: number, slot: number, ms: number): Story {
  const ofListener: Place = [listener, slot, 0];
  const place: Place = [fd, slot + 1, 0];
  const story = new Story().register(ofListener, READABLE, EDGE).later(ms);
  story.event(Kind.WaitBegin, NONE, ms * 1000, 1).wait(1, 2);
  story.report(ofListener, READABLE).begin(ofListener, READABLE).call('accept4', ofListener, fd);
  story.register(place, READABLE, EDGE).event(Kind.Role, place, 2, listener).end(ofListener);
  return story.later(ms).handle(place, READABLE, ['recv', 5, 8]);
}

const lines = (one: Story, other: Story) => differenceOf(one.trace(), other.trace());

describe('nothing differs', () => {
  it('by numbers, slots and times', () => {
    expect(lines(served(3, 4, 0, 1), served(7, 30, 5, 9))).toEqual([]);
  });

  it('by what the loop of Node has', () => {
    expect(lines(new Story().wait(0, 2), new Story().wait(0, 0))).toEqual([]);
  });
});

describe('something differs', () => {
  it('when an event is missing, and only that', () => {
    const one = served(3, 4, 0, 1).event(Kind.Release, [4, 1, 0]);
    expect(lines(one, served(3, 4, 0, 1))).toEqual([
      'Reactor 1',
      expect.stringMatching(/^ {2}… \d+ events the same before$/),
      ...Array.from({ length: 3 }, () => expect.stringMatching(/^ {2}#2 /)),
      expect.stringMatching(/^- #2 .*closed/),
    ]);
  });

  it('when a number is used by another registration', () => {
    const again = (slot: number) => {
      const story = served(3, 4, 0, 1);
      return story.event(Kind.Release, [4, 1, 0]).register([slot, 1, 1], READABLE, EDGE);
    };
    expect(lines(again(4), again(5))).toEqual([]); // another connection, whatever its number is
    const other = served(3, 4, 0, 1).event(Kind.Release, [4, 1, 0]);
    const found = lines(again(4), other.event(Kind.Modify, [4, 1, 0], READABLE, EDGE));
    expect(found.filter((line) => /^[-+]/.test(line)).map((line) => line.slice(0, 4))).toEqual([
      '- #3',
      '+ #2',
    ]);
  });

  it('when a reactor is missing', () => {
    const one = served(3, 4, 0, 1).trace();
    const two = { ...one, streams: [...one.streams, ...one.streams] };
    const found = differenceOf(one, two);
    expect(found[0]).toBe('Reactor 2');
    expect(found.slice(1).every((line) => line.startsWith('+ #') || line.startsWith('+   '))).toBe(
      true,
    );
  });

  it('in very much: the first of it, and how much more', () => {
    const long = new Story();
    for (let i = 0; i < 50; i++) long.wait(i);
    const found = lines(new Story(), long);
    expect(found).toHaveLength(22);
    expect(found.at(-1)).toBe('+  … 30 events more');
  });
});
