// relay() over real sockets: what arrives, how ends and resets are passed on, under level and edge,
// by splice and by copying, between sockets of one family and of two.
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { relay } from '../../../src/net/relay/relay.ts';
import { volume } from '../../helpers/cuts.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import {
  attachedReactor,
  joined,
  receiveAll,
  type SideOptions,
  sendRandom,
  sha256,
  side,
} from '../joined.ts';
import { codeOf, Recorder } from '../recorder.ts';

const [level, edge] = [{ trigger: 'level' }, { trigger: 'edge' }] as const;
const unix = { trigger: 'edge', isUnix: true } as const;

type Case = readonly [name: string, sides: readonly [SideOptions, SideOptions], copy: boolean];

const CASES: readonly Case[] = [
  ['level, splice', [level, level], false],
  ['edge, splice', [edge, edge], false],
  ['level and edge, splice', [level, edge], false],
  ['level, copy', [level, level], true],
  ['edge, copy', [edge, edge], true],
  ['TCP and Unix, splice', [level, unix], false],
  ['Unix and TCP, copy', [unix, edge], true],
];

describe.each(CASES)('relay: %s', (_name, sides, copy) => {
  const descriptors = useDescriptors();

  it('moves both directions at once, bit for bit, and counts', async () => {
    const { a, b, link, recorder } = await joined(descriptors, sides, { copy });
    const [sentByA, sentByB, gotByA, gotByB] = await Promise.all([
      sendRandom(a.peer, 80),
      sendRandom(b.peer, 60),
      receiveAll(a.peer),
      receiveAll(b.peer),
    ]);
    expect(sha256(gotByB)).toBe(sentByA);
    expect(sha256(gotByA)).toBe(sentByB);
    await recorder.closed;
    expect(recorder.reported).toEqual([undefined]);
    expect(link.isClosed).toBe(true);
    expect([link.bytesToA, link.bytesToB]).toEqual([gotByA.length, gotByB.length]);
    expect(a.connection.bytesRead).toBe(gotByB.length);
    expect(a.connection.bytesWritten).toBe(gotByA.length);
    await Promise.all([a.recorder.called('close'), b.recorder.called('close')]);
    expect(a.recorder.events).toEqual(['open', 'close']);
    expect([...a.recorder.errors, ...b.recorder.errors]).toEqual([undefined, undefined]);
  });

  it.each([
    ['a', 'b'],
    ['b', 'a'],
  ] as const)('carries the end of %s over, and goes on the other way', async (first, second) => {
    const { recorder, ...both } = await joined(descriptors, sides, { copy });
    const [early, late] = [both[first].peer, both[second].peer];
    early.end('request');
    expect((await receiveAll(late)).toString()).toBe('request');
    expect(both[first].connection.isReadEnded).toBe(true);
    expect(recorder.reported).toEqual([]);
    const [answer, got] = await Promise.all([sendRandom(late, 30), receiveAll(early)]);
    expect(sha256(got)).toBe(answer);
    await recorder.closed;
    expect(recorder.reported).toEqual([undefined]);
  });

  it('sends what was written before the relay first', async () => {
    const { reactor } = attachedReactor(descriptors);
    const a = await side(descriptors, reactor, sides[0]);
    const b = await side(descriptors, reactor, sides[1]);
    const first = Buffer.alloc(volume(12_000_000), 'before ');
    b.connection.write(first);
    expect(b.connection.writableLength).toBeGreaterThan(0);
    descriptors.using(relay(a.connection, b.connection, { copy }));
    a.peer.end('after');
    b.peer.end();
    a.peer.resume();
    const got = await receiveAll(b.peer);
    expect(got.subarray(0, first.length).equals(first)).toBe(true);
    expect(got.subarray(first.length).toString()).toBe('after');
  });

  it('begins in a data handler, with more to read behind what it was given', async () => {
    const { reactor } = attachedReactor(descriptors);
    const b = await side(descriptors, reactor, sides[1]);
    const recorder = new Recorder({
      data(connection, bytes) {
        b.connection.write(bytes);
        descriptors.using(relay(connection, b.connection, { copy }));
      },
    });
    const a = await side(descriptors, reactor, { ...sides[0], recorder });
    a.peer.resume();
    const [sent, got] = await Promise.all([sendRandom(a.peer, 40), receiveAll(b.peer)]);
    b.peer.end(); // not before the relay has begun: our side would answer it with its own end
    expect(sha256(got)).toBe(sent);
    expect(recorder.count('data')).toBe(1);
  });

  it('begins in an end handler', async () => {
    const { reactor } = attachedReactor(descriptors);
    const b = await side(descriptors, reactor, sides[1]);
    const recorder = new Recorder({
      data: (_connection, bytes) => void b.connection.write(bytes),
      end: (connection) => void descriptors.using(relay(connection, b.connection, { copy })),
    });
    const a = await side(descriptors, reactor, { ...sides[0], recorder });
    a.peer.end('all');
    expect((await receiveAll(b.peer)).toString()).toBe('all');
    b.peer.end('answer');
    expect((await receiveAll(a.peer)).toString()).toBe('answer');
  });

  it('stops reading a side that is paused, and resumes', async () => {
    const { a, b, link, recorder } = await joined(descriptors, sides, { copy });
    a.connection.pause();
    a.peer.end('later');
    b.peer.end('now');
    expect((await receiveAll(a.peer)).toString()).toBe('now');
    expect(link.bytesToB).toBe(0);
    a.connection.resume();
    expect((await receiveAll(b.peer)).toString()).toBe('later');
    await recorder.closed;
    expect(recorder.reported).toEqual([undefined]);
  });

  it('closes with either of its connections, and by itself', async () => {
    const byOne = await joined(descriptors, sides, { copy });
    byOne.a.connection.destroy();
    await byOne.recorder.closed;
    expect(byOne.b.connection.isClosed).toBe(true);
    expect(byOne.recorder.reported).toEqual([undefined]);

    const byItself = await joined(descriptors, sides, { copy });
    const reason = new Error('enough');
    byItself.link.destroy(reason);
    byItself.link.destroy(new Error('too late'));
    expect(byItself.recorder.reported).toEqual([]); // never inside a call of the user's
    await byItself.recorder.closed;
    expect(byItself.recorder.reported).toEqual([reason]);
    expect(byItself.a.recorder.errors).toEqual([reason]);
  });

  it('counts as activity: timeout is called after silence only', async () => {
    const { a, b, recorder } = await joined(descriptors, sides, { copy });
    let relayed = 0;
    b.peer.on('data', (bytes: Buffer) => {
      relayed += bytes.length;
    });
    for (const { connection } of [a, b]) connection.setTimeout(20);
    await Promise.all([a.recorder.called('timeout'), b.recorder.called('timeout')]);
    const ticking = setInterval(() => a.peer.write('x'), 1);
    while (relayed < 100) await once(b.peer, 'data');
    clearInterval(ticking);
    expect(a.connection.bytesRead).toBeGreaterThanOrEqual(relayed);
    expect(b.connection.bytesWritten).toBeGreaterThanOrEqual(relayed);
    a.connection.destroy();
    await recorder.closed;
  });

  it('closes with its reactor: ERR_CLOSED', async () => {
    const { a, b, reactor, recorder } = await joined(descriptors, sides, { copy });
    reactor.close();
    expect(recorder.reported.map(codeOf)).toEqual(['ERR_CLOSED']);
    expect([a, b].map((end) => end.recorder.errors.map(codeOf))).toEqual([
      ['ERR_CLOSED'],
      ['ERR_CLOSED'],
    ]);
  });

  it('a handler that throws is reported, and stops nothing', async () => {
    const { reactor, errors } = attachedReactor(descriptors);
    const a = await side(descriptors, reactor, sides[0]);
    const b = await side(descriptors, reactor, sides[1]);
    const close = () => {
      throw new Error('mine');
    };
    relay(a.connection, b.connection, { copy, handlers: { close } }).destroy();
    await Promise.all([a.recorder.called('close'), b.recorder.called('close')]);
    expect(errors).toEqual([new Error('mine')]);
  });
});

// The end of a Unix socket is no reset, whatever was unread.
const BOTH_TCP = CASES.filter(([, sides]) => sides.every((one) => one.isUnix !== true));

describe.each(BOTH_TCP)('a reset through the relay: %s', (_name, sides, copy) => {
  const descriptors = useDescriptors();

  it.each([
    ['a connection is destroyed with an error', 'mine'],
    ['the reactor is closed', 'ERR_CLOSED'],
  ])('both peers get one when %s', async (_when, code) => {
    const { a, b, reactor, recorder } = await joined(descriptors, sides, { copy });
    const seen = [a, b].map(({ peer }) => once(peer, 'error'));
    if (code === 'ERR_CLOSED') reactor.close();
    else a.connection.destroy(Object.assign(new Error('mine'), { code }));
    const errors = await Promise.all(seen);
    expect(errors.map(([error]) => codeOf(error))).toEqual(['ECONNRESET', 'ECONNRESET']);
    await recorder.closed;
    expect(recorder.reported.map(codeOf)).toEqual([code]);
  });

  it.each([
    ['a', 'b'],
    ['b', 'a'],
  ] as const)('carries a reset of %s over, and reports it once', async (first, second) => {
    const { recorder, link, ...both } = await joined(descriptors, sides, { copy });
    const [failing, other] = [both[first], both[second]];
    failing.peer.write('hello');
    let hello = '';
    while (hello.length < 5) hello += String((await once(other.peer, 'data'))[0]);
    expect(hello).toBe('hello');
    const seen = once(other.peer, 'error'); // rejects nothing: the event is what is looked at
    failing.peer.resetAndDestroy();
    const [error] = await seen;
    expect(codeOf(error)).toBe('ECONNRESET');
    await recorder.closed;
    expect(recorder.reported.map(codeOf)).toEqual(['ECONNRESET']);
    expect(codeOf(link.error)).toBe('ECONNRESET');
    await Promise.all([failing.recorder.called('close'), other.recorder.called('close')]);
    expect([failing, other].map((end) => end.recorder.errors.map(codeOf))).toEqual([
      ['ECONNRESET'],
      ['ECONNRESET'],
    ]);
  });
});
