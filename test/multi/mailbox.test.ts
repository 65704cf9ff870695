// Mailbox and MailboxSender: within one thread, and from four threads that post at once.
import { once } from 'node:events';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Reactor } from '../../src/index.ts';
import { Mailbox, type MailboxOptions, MailboxSender } from '../../src/multi/index.ts';
import { Draft, Kind } from '../../src/multi/message.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { Random, seedOfRun } from '../helpers/random.ts';

const descriptors = useDescriptors();
const PRODUCER = new URL('./workers/mailbox-producer.mjs', import.meta.url);

function open(options: Partial<MailboxOptions> = {}) {
  const reactor = descriptors.using(new Reactor());
  const received: unknown[] = [];
  const onMessage = (message: unknown) =>
    received.push(message instanceof Uint8Array ? Buffer.from(message) : message);
  const mailbox = new Mailbox({ reactor, onMessage, ...options });
  return { reactor, received, mailbox, sender: new MailboxSender(mailbox.address) };
}

describe('one thread', () => {
  it('delivers bytes, text, numbers and structured values as they were, in order', () => {
    const { reactor, received, sender } = open();
    const nested = { bytes: Uint8Array.of(1, 2), list: [1, 'two', { three: 3n }], at: new Date(0) };
    const messages = [
      Buffer.from('bytes'),
      'text',
      'ünï ☂',
      '',
      Buffer.alloc(0),
      Math.PI,
      Number.NaN,
      -0,
      nested,
      null,
      undefined,
      true,
      'half a pair: \ud800',
      ['\udc00', { a: [1.5, -7, 'x', null, false, {}] }],
      { minusZero: -0, missing: undefined, infinite: Number.POSITIVE_INFINITY },
      [1, undefined, 3],
      JSON.parse('{"__proto__": 1}'),
      new Map([[1, new Set([2])]]),
      Buffer.alloc(1000, 7),
    ];
    for (const message of messages) expect(sender.post(message)).toBe(true);
    expect(received).toEqual([]);
    reactor.turn(0);
    expect(received).toEqual(messages);
  });

  it('delivers small objects as structured clone does, at random, from senders that take turns', () => {
    const {
      reactor,
      received,
      mailbox,
      sender: first,
    } = open({ laneBytes: 4096, producerCountMax: 1 });
    const scalars = [0, -0, 1.5, Number.NaN, -1e300, '', 'a', 'é', '☂', '\ud800', 'x'.repeat(65)];
    const values = [...scalars, null, undefined, true, false, 7n, [1], { b: 1 }, new Date(0)];
    const keys = ['a', 'b', 'toJSON', 'é', '☂', '10', '2', 'k'.repeat(300), '__proto__', ''];
    const random = new Random(seedOfRun());
    const expected: unknown[] = [];
    let sender = first;
    for (let i = 0; i < 20_000; i++) {
      const length = random.below(6);
      const entries = Array.from(
        { length },
        () => [random.pick(keys), random.pick<unknown>(values)] as const,
      );
      const message = Object.fromEntries(entries);
      if (!sender.post(message)) {
        reactor.turn(0);
        expect(sender.post(message)).toBe(true);
      }
      expected.push(structuredClone(message));
      if (i % 1000 !== 999) continue;
      sender.close(); // its lane, and the numbers of its shapes, are the next one's
      sender = new MailboxSender(mailbox.address);
    }
    reactor.turn(0);
    expect(received).toStrictEqual(expected);
    const order = (list: unknown[]) => list.map((each) => Object.keys(each as object));
    expect(order(received)).toEqual(order(expected));
  });

  it('a toJSON is data like any other', () => {
    const { reactor, received, sender } = open();
    const withToJson = { toJSON: () => expect.fail('toJSON') };
    expect(() => sender.post(withToJson)).toThrow(); // a function cannot be cloned
    sender.post(
      new (class Point {
        x = 1;
        toJSON() {
          return 'not me';
        }
      })(),
    );
    const list = Object.assign([1, 2], { name: 'beside the elements' });
    sender.post(list);
    reactor.turn(0);
    expect(received).toEqual([{ x: 1 }, list]);
  });

  it('returns false when full, queues nothing then, and notifies when there is room', () => {
    const { reactor, received, mailbox } = open({ laneBytes: 128 });
    let rooms = 0;
    const sender = new MailboxSender(mailbox.address, { reactor, onRoom: () => rooms++ });
    let posted = 0;
    while (sender.post(posted)) posted++;
    expect(posted).toBe(8); // of 16 bytes each
    expect(sender.post('more')).toBe(false);
    reactor.turn(0);
    expect(received).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    reactor.turn(0);
    expect(rooms).toBe(1);
    expect(sender.post('more')).toBe(true);
    reactor.turn(0);
    expect(received.at(-1)).toBe('more');
  });

  it('goes round the ring with messages of all lengths', () => {
    const { reactor, received, sender, mailbox } = open({ laneBytes: 1024 });
    const sent: Buffer[] = [];
    for (let length = 0; length <= mailbox.messageBytesMax; length++) {
      const message = Buffer.alloc(length, length);
      sent.push(message);
      if (sender.post(message)) continue;
      reactor.turn(0);
      expect(sender.post(message)).toBe(true); // the longest one, too, fits into an empty ring
    }
    reactor.turn(0);
    expect(received).toEqual(sent);
  });

  it('wake-ups coalesce: many messages, one drain', () => {
    const { reactor, received, sender, mailbox } = open();
    for (let i = 0; i < 1000; i++) sender.post(i);
    reactor.turn(0);
    expect(received).toHaveLength(1000);
    expect(mailbox.stats).toEqual({ received: 1000, drains: 1 });
    reactor.turn(0);
    expect(mailbox.stats.drains).toBe(1);
  });

  it('hands over a bounded number in a turn, and the rest in the next', () => {
    const { reactor, received, sender } = open();
    for (let i = 0; i < 5000; i++) expect(sender.post(i)).toBe(true);
    const counts: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      reactor.turn(0);
      counts.push(received.length);
    }
    expect(counts).toEqual([2048, 4096, 5000]);
  });

  it('a handler that throws loses its message alone', () => {
    const received: unknown[] = [];
    const onMessage = (message: unknown) => {
      if (message === 1) throw new Error('of message 1');
      received.push(message);
    };
    const { reactor, sender } = open({ onMessage });
    for (let i = 0; i < 4; i++) sender.post(i);
    expect(() => reactor.turn(0)).toThrow('of message 1');
    reactor.turn(0);
    expect(received).toEqual([0, 2, 3]);
  });

  it('a handler may run a turn of its own: order is kept', () => {
    const received: unknown[] = [];
    const { reactor, sender } = open({
      onMessage: (message) => {
        received.push(message);
        if (message === 0) {
          sender.post(3);
          reactor.turn(0);
        }
      },
    });
    for (let i = 0; i < 3; i++) sender.post(i);
    reactor.turn(0);
    reactor.turn(0);
    expect(received).toEqual([0, 1, 2, 3]);
  });
});

describe('mistakes', () => {
  const codeOf = (code: string) => expect.objectContaining({ code });

  it('a message that cannot fit, or cannot be cloned, is a typed error, and harms no other', () => {
    const { reactor, received, sender, mailbox } = open({ laneBytes: 256 });
    expect(mailbox.messageBytesMax).toBe(120);
    expect(() => sender.post(Buffer.alloc(121))).toThrow(codeOf('ERR_MESSAGE_TOO_LARGE'));
    expect(() => sender.post('ü'.repeat(61))).toThrow(codeOf('ERR_MESSAGE_TOO_LARGE'));
    expect(() => sender.post(() => 1)).toThrow(codeOf('ERR_MESSAGE_UNSUPPORTED'));
    const detached = new Uint8Array(8);
    structuredClone(detached, { transfer: [detached.buffer] });
    expect(() => sender.post(detached)).toThrow(codeOf('ERR_INVALID_ARG_VALUE'));
    sender.post('fine');
    reactor.turn(0);
    expect(received).toEqual(['fine']);
  });

  it('bytes whose length another thread changes, or that are of another realm, take the room they had', () => {
    const draft = new Draft();
    const bytes = Buffer.alloc(256);
    const memory = { bytes, doubles: new Float64Array(bytes.buffer, bytes.byteOffset, 32) };
    const shared = Reflect.construct(SharedArrayBuffer, [64, { maxByteLength: 128 }]);
    const grown = new Uint8Array(shared).fill(7);
    const foreign = runInNewContext('new Uint8Array(64).fill(7)');
    for (const message of [grown, foreign]) {
      bytes.fill(0);
      draft.take(message);
      shared.grow?.(Math.min(shared.byteLength + 64, 128)); // as another thread may, at any moment
      draft.writeTo(memory as never, 0);
      expect({ kind: draft.kind, length: draft.length }).toEqual({ kind: Kind.Bytes, length: 64 });
      expect(bytes.lastIndexOf(7)).toBe(63);
    }
  });

  it('more senders than lanes: ERR_LIMIT_EXCEEDED, until one is closed or its thread released', () => {
    const { mailbox, sender } = open({ producerCountMax: 1 });
    const another = () => new MailboxSender(mailbox.address);
    expect(another).toThrow(codeOf('ERR_LIMIT_EXCEEDED'));
    sender.close();
    expect(() => sender.post(1)).toThrow(codeOf('ERR_CLOSED'));
    expect(another().lane).toBe(0);
    expect(another).toThrow(codeOf('ERR_LIMIT_EXCEEDED'));
    mailbox.releaseThread(0);
    expect(another().lane).toBe(0);
  });

  it('after close, of the mailbox or of its reactor, post throws ERR_CLOSED', () => {
    const first = open();
    first.mailbox.close();
    expect(() => first.sender.post(1)).toThrow(codeOf('ERR_CLOSED'));
    expect(() => first.sender.waitForRoom()).toThrow(codeOf('ERR_CLOSED'));
    expect(() => new MailboxSender(first.mailbox.address)).toThrow(codeOf('ERR_CLOSED'));
    const second = open();
    second.reactor.close();
    expect(() => second.sender.post(1)).toThrow(codeOf('ERR_CLOSED'));
  });

  it('options of the wrong kind', () => {
    const reactor = descriptors.using(new Reactor());
    const onMessage = () => undefined;
    for (const laneBytes of [0, 63, 100, 2 ** 29, '128']) {
      expect(() => new Mailbox({ reactor, onMessage, laneBytes: laneBytes as number })).toThrow(
        /laneBytes/,
      );
    }
    expect(() => new Mailbox({ reactor, onMessage, producerCountMax: 0 })).toThrow(
      /producerCountMax/,
    );
    const noMailbox = { memory: new ArrayBuffer(8), wakerId: 1 } as never;
    expect(() => new MailboxSender(noMailbox)).toThrow(codeOf('ERR_INVALID_ARG_TYPE'));
    expect(() => new MailboxSender({ memory: new SharedArrayBuffer(8), wakerId: 0 })).toThrow();
  });
});

function sequenceOf(message: unknown): number {
  if (typeof message === 'number') return message;
  if (typeof message === 'string') return Number(message.slice('message '.length));
  if (message instanceof Uint8Array) return Buffer.from(message).readUInt32LE();
  return (message as { sequence: number }).sequence;
}

async function receiveFrom(producers: number, count: number, workerData: object) {
  const reactor = descriptors.using(new Reactor());
  const next = new Array<number>(producers).fill(0);
  let outOfOrder = 0;
  const onMessage = (message: unknown, producer: number) => {
    // A producer that has finished leaves its lane to one that comes later.
    if (sequenceOf(message) !== (next[producer] as number) % count) outOfOrder++;
    (next[producer] as number)++;
    if (mailbox.stats.received === producers * count) mailbox.close();
  };
  const mailbox = new Mailbox({ reactor, onMessage, laneBytes: 4096 });
  const { address } = mailbox;
  const workers = Array.from(
    { length: producers },
    () => new Worker(PRODUCER, { workerData: { address, count, ...workerData } }),
  );
  const ends = workers.map((worker) => once(worker, 'exit'));
  await reactor.run();
  await Promise.all(ends);
  return { next, outOfOrder, received: mailbox.stats.received };
}

describe('four threads', () => {
  it.each(['number', 'mixed'])('each message once, and in order per producer: %s', async (kind) => {
    const count = kind === 'number' ? 100_000 : 30_000;
    const { next, outOfOrder, received } = await receiveFrom(4, count, { kind });
    expect(outOfOrder).toBe(0);
    expect(next.map((seen) => seen % count)).toEqual([0, 0, 0, 0]);
    expect(received).toBe(4 * count);
  });

  it('producers that are terminated in the middle keep no other from posting', async () => {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const seen = new Map<number, number>();
    let outOfOrder = 0;
    const onMessage = (message: unknown, producer: number) => {
      const sequence = sequenceOf(message);
      const expected = sequence === 0 ? 0 : (seen.get(producer) ?? -1) + 1;
      if (sequence !== expected) outOfOrder++;
      seen.set(producer, sequence);
    };
    const mailbox = new Mailbox({ reactor, onMessage, producerCountMax: 2, laneBytes: 1024 });
    const workerData = { address: mailbox.address, kind: 'mixed', isEndless: true };
    for (let round = 0; round < 10; round++) {
      const { received } = mailbox.stats;
      const worker = new Worker(PRODUCER, { workerData });
      const { threadId } = worker;
      await new Promise<void>((resolve) => {
        const timer = reactor.setInterval(() => {
          if (mailbox.stats.received <= received + 100) return;
          timer.clear();
          resolve();
        }, 1);
      });
      await worker.terminate();
      mailbox.releaseThread(threadId);
    }
    const sender = new MailboxSender(mailbox.address);
    while (!sender.post('message 0')) reactor.turn(0);
    sender.close();
    reactor.turn(0);
    expect(outOfOrder).toBe(0);
    expect(seen.get(sender.lane)).toBe(0);
    mailbox.close();
  });
});
