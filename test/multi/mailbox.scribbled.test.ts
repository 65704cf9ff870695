// A mailbox whose shared memory something else than a sender has written to: the reader always comes
// back, says so once, drops the lane, and goes on with the others.
import { once } from 'node:events';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { serialize } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Reactor } from '../../src/index.ts';
import { Mailbox, MailboxSender } from '../../src/multi/index.ts';
import { LANE_CONTROL_BYTES, LaneWord, laneStart } from '../../src/multi/mailbox.ts';
import { Kind } from '../../src/multi/message.ts';
import { RING_CONTROL_WORDS } from '../../src/multi/ring.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { turnIdly } from '../helpers/handlers.ts';
import { Random, seedOfRun } from '../helpers/random.ts';

const descriptors = useDescriptors();
const LANE_BYTES = 1024;
const INVALID = expect.objectContaining({ code: 'ERR_MAILBOX_INVALID' });
const CODES = ['ERR_MAILBOX_INVALID', 'ERR_CLOSED', 'ERR_LIMIT_EXCEEDED', 'ERR_INVALID_ARG_VALUE'];

interface Errored {
  readonly code?: string;
}

function open(producerCountMax = 2) {
  const errors: unknown[] = [];
  const received: (readonly [message: unknown, lane: number])[] = [];
  const reactor = descriptors.using(new Reactor({ onError: (error) => errors.push(error) }));
  const mailbox = new Mailbox({
    reactor,
    onMessage: (message, lane) => received.push([message, lane]),
    producerCountMax,
    laneBytes: LANE_BYTES,
  });
  return { reactor, mailbox, errors, received };
}

/** The memory of lane 0, as something that is no sender would write it. */
function laneOf({ address: { memory } }: Mailbox) {
  const start = laneStart(0, LANE_BYTES);
  const ring = start + LANE_CONTROL_BYTES;
  const data = ring + RING_CONTROL_WORDS * 4;
  return {
    words: new Int32Array(memory, start, LANE_CONTROL_BYTES / 4),
    wakerId: new Float64Array(memory, start, LANE_CONTROL_BYTES / 8),
    tail: new Int32Array(memory, ring, 1),
    header: new Uint32Array(memory, data, 2),
    doubles: new Float64Array(memory, data + 8, 8),
    bytes: Buffer.from(memory, data + 8, LANE_BYTES - 8),
  };
}

type Lane = ReturnType<typeof laneOf>;

/** Publishes a record as the first of its lane. */
function publish(lane: Lane, kind: number, length: number, size = 8 + ((length + 7) & ~7)): void {
  lane.header[0] = length;
  lane.header[1] = kind;
  lane.tail[0] = size;
}

function publishBytes(lane: Lane, kind: number, bytes: Uint8Array): void {
  lane.bytes.set(bytes);
  publish(lane, kind, bytes.length);
}

/** A small object, `{ a: text }`, by its shape; what `change` overwrites is in doubles from 0 on. */
function publishFlat(lane: Lane, change: (lane: Lane) => void): void {
  lane.doubles[0] = 0; // the shape
  lane.doubles[1] = 5; // the length of its definition
  lane.bytes.write('["a"]', 16);
  lane.bytes[24] = 1; // a text
  lane.doubles[4] = 2; // of two letters
  lane.bytes.write('hi', 40);
  publish(lane, Kind.Flat, 42);
  change(lane);
}

const WRONG: readonly [name: string, write: (lane: Lane) => void][] = [
  ['a tail within a record', (lane) => (lane.tail[0] = 1)],
  ['a tail behind memory that no one has written', (lane) => (lane.tail[0] = 16)],
  ['a tail before the head', (lane) => (lane.tail[0] = -8)],
  ['a tail further than the ring', (lane) => (lane.tail[0] = LANE_BYTES + 8)],
  ['the largest tail', (lane) => (lane.tail[0] = 0x7fff_fff8)],
  ['a length beyond the tail', (lane) => publish(lane, Kind.Bytes, 9, 16)],
  ['a length beyond the ring', (lane) => publish(lane, Kind.Text, LANE_BYTES, LANE_BYTES)],
  ['a length that overflows', (lane) => publish(lane, Kind.Bytes, 0xffff_ffff, 16)],
  ['another that overflows', (lane) => publish(lane, Kind.Bytes, 0xffff_fff8, 16)],
  ['a filler in the middle', (lane) => publish(lane, Kind.Filler, 8)],
  ['an unknown kind', (lane) => publish(lane, 7, 8)],
  ['a kind of many bits', (lane) => publish(lane, 0x8000_0001, 8)],
  ['a number of no bytes', (lane) => publish(lane, Kind.Number, 0)],
  ['a number of nine bytes', (lane) => publish(lane, Kind.Number, 9)],
  ['no JSON', (lane) => publishBytes(lane, Kind.Json, Buffer.from('{"a":'))],
  ['no clone', (lane) => publishBytes(lane, Kind.Structured, Buffer.from('nothing'))],
  [
    'half a clone',
    (lane) => publishBytes(lane, Kind.Structured, serialize([1, 'x']).subarray(0, 5)),
  ],
  ['an object without room for its shape', (lane) => publish(lane, Kind.Flat, 8)],
  ['a shape that is not defined', (lane) => publishFlat(lane, ({ doubles }) => (doubles[1] = 0))],
  ['a shape out of order', (lane) => publishFlat(lane, ({ doubles }) => (doubles[0] = 3))],
  ['a shape that is no number', (lane) => publishFlat(lane, ({ doubles }) => (doubles[0] = NaN))],
  ['a negative shape', (lane) => publishFlat(lane, ({ doubles }) => (doubles[0] = -1))],
  ['half a shape', (lane) => publishFlat(lane, ({ doubles }) => (doubles[0] = 0.5))],
  [
    'a definition beyond the record',
    (lane) => publishFlat(lane, ({ doubles }) => (doubles[1] = 64)),
  ],
  ['a negative definition', (lane) => publishFlat(lane, ({ doubles }) => (doubles[1] = -8))],
  ['an endless definition', (lane) => publishFlat(lane, ({ doubles }) => (doubles[1] = 1e300))],
  [
    'a definition that is no JSON',
    (lane) => publishFlat(lane, ({ bytes }) => bytes.write('[[[[[', 16)),
  ],
  ['keys that are no texts', (lane) => publishFlat(lane, ({ bytes }) => bytes.write('[777]', 16))],
  ['no list of keys', (lane) => publishFlat(lane, ({ bytes }) => bytes.write('12345', 16))],
  ['more keys than room', (lane) => publishFlat(lane, ({ bytes }) => bytes.write('["",""]', 16))],
  ['an unknown tag', (lane) => publishFlat(lane, ({ bytes }) => (bytes[24] = 6))],
  ['a text beyond the record', (lane) => publishFlat(lane, ({ doubles }) => (doubles[4] = 3))],
  ['an endless text', (lane) => publishFlat(lane, ({ doubles }) => (doubles[4] = Infinity))],
  ['a negative text', (lane) => publishFlat(lane, ({ doubles }) => (doubles[4] = -1))],
  ['half a letter', (lane) => publishFlat(lane, ({ doubles }) => (doubles[4] = 0.5))],
];

it('what the tests of wrong words change is right before', () => {
  const { reactor, mailbox, errors, received } = open();
  publishFlat(laneOf(mailbox), () => undefined);
  new MailboxSender(mailbox.address).post('wakes');
  publishFlat(laneOf(mailbox), () => undefined);
  reactor.turn(0);
  expect(errors).toEqual([]);
  expect(received).toEqual([[{ a: 'hi' }, 0]]);
});

describe.each(WRONG)('%s', (_name, write) => {
  it('drops the lane with one error, and the others live', () => {
    const { reactor, mailbox, errors, received } = open();
    const [bad, good] = [0, 1].map(() => new MailboxSender(mailbox.address)) as MailboxSender[];
    expect(bad?.lane).toBe(0);
    write(laneOf(mailbox));
    for (let round = 0; round < 3; round++) {
      good?.post(round);
      reactor.turn(0);
      turnIdly(reactor);
    }
    expect(received).toEqual([0, 1, 2].map((round) => [round, 1]));
    expect(errors).toEqual([INVALID]);
    expect(mailbox.isEmpty).toBe(true);
    expect(() => bad?.post('lost')).toThrow(INVALID);
    expect(() => bad?.waitForRoom()).toThrow(INVALID);
    bad?.close();
    const full = expect.objectContaining({ code: 'ERR_LIMIT_EXCEEDED' });
    expect(() => new MailboxSender(mailbox.address)).toThrow(full); // the lane is not used again
  });
});

it.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53])('a waker %d drops the lane', (id) => {
  const { reactor, mailbox, errors } = open();
  const sender = new MailboxSender(mailbox.address);
  const lane = laneOf(mailbox);
  lane.wakerId[LaneWord.WakerId] = id;
  lane.words[LaneWord.Wants] = 1;
  sender.post('a message that is right');
  reactor.turn(0);
  expect(errors).toEqual([INVALID]);
  expect(() => sender.post('lost')).toThrow(INVALID);
});

it('a waker that is none keeps no other sender from being notified of the close', () => {
  const { mailbox } = open();
  const [, good] = [0, 1].map(() => new MailboxSender(mailbox.address)) as MailboxSender[];
  const lane = laneOf(mailbox);
  lane.wakerId[LaneWord.WakerId] = 0.5;
  lane.words[LaneWord.Wants] = 1;
  const other = new Int32Array(mailbox.address.memory, laneStart(1, LANE_BYTES), 2);
  other[LaneWord.Wants] = 1;
  mailbox.close();
  expect(other[LaneWord.Wants]).toBe(0);
  expect(() => good?.post('late')).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
});

it('a sender that finds a tail that is none is refused, and leaves no waker open', () => {
  const { reactor, mailbox } = open();
  laneOf(mailbox).tail[0] = 3;
  const options = { reactor, onRoom: () => undefined };
  expect(() => new MailboxSender(mailbox.address, options)).toThrow(INVALID);
});

it('fillers without end do not keep the reader', () => {
  const { reactor, mailbox, errors, received } = open();
  const [, good] = [0, 1].map(() => new MailboxSender(mailbox.address)) as MailboxSender[];
  publish(laneOf(mailbox), Kind.Filler, LANE_BYTES - 8, LANE_BYTES); // the whole ring is one
  good?.post('after');
  reactor.turn(0);
  expect(received).toEqual([['after', 1]]);
  expect(errors).toEqual([]);
});

describe('random words', () => {
  const MESSAGES = [
    1,
    'text',
    { a: 1, b: 'x' },
    [1, { c: [2] }],
    new Map([[1, 2]]),
    Buffer.alloc(40),
  ];

  /** Runs `act`; what it throws must have one of the codes. */
  function expectTyped(act: () => unknown): void {
    try {
      act();
    } catch (error) {
      expect(CODES).toContain((error as Errored).code);
    }
  }

  it('between posts and turns: every turn comes back, every error has its code', () => {
    const random = new Random(seedOfRun());
    for (let round = 0; round < 300; round++) {
      const { reactor, mailbox, errors, received } = open(3);
      const words = new Int32Array(mailbox.address.memory);
      const senders = [0, 1, 2].map(() => new MailboxSender(mailbox.address));
      for (let step = 0; step < 30; step++) {
        const action = random.below(10);
        const sender = random.pick(senders);
        if (action < 7) expectTyped(() => sender.post(random.pick(MESSAGES)));
        else if (action < 9) reactor.turn(0);
        else {
          const at = random.pick([random.below(words.length), 64 + random.below(100)]);
          words[at] = random.pick([random.below(2 ** 32), random.below(64), 8 * random.below(200)]);
        }
      }
      const { length } = received;
      turnIdly(reactor, 3);
      expect(received.length - length).toBeLessThan(3 * 3 * 2048);
      for (const error of errors) expect(CODES).toContain((error as Errored).code);
      expect(errors.length).toBeLessThanOrEqual(3); // a lane is dropped once
      expectTyped(() => new MailboxSender(mailbox.address));
      reactor.close();
    }
  });

  it('at any moment, from another thread, while a third one posts', async () => {
    for (let round = 0; round < 5; round++) {
      const { reactor, mailbox, errors } = open(3);
      reactor.attach();
      const workerData = { address: mailbox.address, seed: seedOfRun() + round };
      const script = new URL('./workers/mailbox-scribbler.mjs', import.meta.url);
      const [poster, scribbler] = ['post', 'scribble'].map(
        (kind) => new Worker(script, { workerData: { ...workerData, kind } }),
      ) as [Worker, Worker];
      await Promise.all([poster, scribbler].map((worker) => once(worker, 'exit')));
      for (let pass = 0; pass < 10; pass++) await nextLoopPass(); // the reader is here
      for (const error of errors) expect(CODES).toContain((error as Errored).code);
      reactor.close();
    }
  });
});
