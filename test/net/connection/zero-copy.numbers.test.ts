// The account of zero-copy sends: numbers and ranges of completions, what is not offered or refused,
// and the end of a socket that lingers. What the kernel answers is written by hand where it must.
import { constants as os } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LingeringSocket } from '../../../src/net/connection/lingering.ts';
import { groupOf } from '../../../src/net/connection/options.ts';
import { ZeroCopy } from '../../../src/net/connection/zero-copy.ts';
import { Poller } from '../../../src/poller/poller.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { Done, isOffered, MEGABYTE, pattern } from './zero-copy-world.ts';

vi.mock('../../../src/sys/index.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../../src/sys/index.ts')>();
  return {
    ...original,
    send: vi.fn(original.send),
    receiveError: vi.fn(original.receiveError),
  };
});
const { send, receiveError } = vi.mocked(sys);
afterEach(() => {
  send.mockRestore();
  receiveError.mockRestore();
});

const ResizableBuffer = ArrayBuffer as unknown as new (
  byteLength: number,
  options: { maxByteLength: number },
) => ArrayBuffer & { resize(byteLength: number): void };

describe('numbers of sends', () => {
  const descriptors = useDescriptors();

  function world(nextNumber = 0, backend = Poller.preferredBackend) {
    const reactor = descriptors.using(new Reactor({ backend }));
    const group = groupOf({ handlers: {}, reactor }, false);
    const zeroCopy = new ZeroCopy(group, nextNumber);
    return { reactor, group, zeroCopy };
  }

  /** The error queue will hold these completions, then nothing. */
  function queue(...ranges: (readonly [first: number, last: number, wasCopied: boolean])[]): void {
    const left = [...ranges];
    receiveError.mockImplementation((_fd, into) => {
      const range = left.shift();
      if (range === undefined) return sys.WOULD_BLOCK;
      const record = sys.ExtendedError.recordIn(into) as Uint8Array;
      const words = new Uint32Array(record.buffer);
      record[4] = sys.constants.SO_EE_ORIGIN_ZEROCOPY;
      record[6] = range[2] ? sys.constants.SO_EE_CODE_ZEROCOPY_COPIED : 0;
      [words[2], words[3]] = range;
      return 0;
    });
  }

  it.runIf(isOffered).each([0, 0xffff_fffd, 0xffff_ffff])(
    'from %i on: ranges in any order, over several writes, round the end of 32 bits',
    (start) => {
      const { reactor, group, zeroCopy } = world(start);
      const [fd] = descriptors.tcpPair();
      send.mockImplementation(() => 10);
      const done: [string, boolean][] = [];
      // Sends 0 1 | 2 | 3 4 5, of 10 bytes each.
      for (const [name, count] of [
        ['a', 2],
        ['b', 1],
        ['c', 3],
      ] as const) {
        const entry = zeroCopy.entryOf(Buffer.alloc(10 * count), (error, wasCopied) => {
          expect(error).toBeUndefined();
          done.push([name, wasCopied]);
        });
        while (!entry.isSent) expect(entry.sendTo(fd)).toBe(10);
        entry.settle();
      }
      const range = (first: number, last: number, wasCopied = false) =>
        [(start + first) >>> 0, (start + last) >>> 0, wasCopied] as const;
      const take = (...ranges: ReturnType<typeof range>[]) => {
        queue(...ranges);
        expect(zeroCopy.takeCompletions(fd)).toBe(ranges.length);
        reactor.turn(0);
        return done.splice(0);
      };
      expect(take(range(4, 4))).toEqual([]);
      expect(take(range(1, 3, true))).toEqual([['b', true]]);
      expect(zeroCopy.holdsMemory).toBe(true);
      expect(take(range(5, 5))).toEqual([['c', true]]);
      expect(take(range(0, 0))).toEqual([['a', true]]);
      expect(zeroCopy.holdsMemory).toBe(false);
      expect(group.stats).toMatchObject({ zeroCopyWrites: 3, zeroCopyCopied: 3 });
    },
  );

  it.runIf(isOffered)('not copied is reported as such', () => {
    const { reactor, group, zeroCopy } = world();
    const [fd] = descriptors.tcpPair();
    const done = new Done();
    const entry = zeroCopy.entryOf(Buffer.alloc(10), done.callback);
    expect(entry.sendTo(fd)).toBe(10);
    queue([0, 0, false]);
    zeroCopy.takeCompletions(fd);
    expect(done.errors).toEqual([]);
    entry.settle();
    reactor.turn(0);
    expect(done.copied).toEqual([false]);
    expect(group.stats).toMatchObject({ zeroCopyWrites: 1, zeroCopyCopied: 0 });
  });

  it('memory that shrinks while it waits cannot be sent', () => {
    const { zeroCopy } = world();
    const [fd] = descriptors.tcpPair();
    const buffer = new ResizableBuffer(8, { maxByteLength: 16 });
    const entry = zeroCopy.entryOf(new Uint8Array(buffer), () => undefined);
    buffer.resize(0);
    expect(() => entry.sendTo(fd)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  it.runIf(isOffered)(
    'a socket on which sends without copies were made before is left alone',
    () => {
      const { reactor, zeroCopy } = world();
      const [fd] = descriptors.tcpPair();
      const { SOL_SOCKET, SO_ZEROCOPY } = sys.constants;
      sys.setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, 1);
      const done = new Done();
      const entry = zeroCopy.entryOf(Buffer.alloc(10), done.callback);
      expect(entry.sendTo(fd)).toBe(10);
      entry.settle();
      reactor.turn(0);
      expect(done.copied).toEqual([true]);
    },
  );

  it('a back-end that cannot report completions: an ordinary write', () => {
    const { reactor, zeroCopy } = world(0, 'poll');
    const [fd] = descriptors.tcpPair();
    const done = new Done();
    const entry = zeroCopy.entryOf(Buffer.alloc(10), done.callback);
    expect(entry.sendTo(fd)).toBe(10);
    expect(send).toHaveBeenLastCalledWith(fd, expect.anything(), 0);
    entry.settle();
    reactor.turn(0);
    expect(done.copied).toEqual([true]);
  });

  it.runIf(isOffered)('ENOBUFS: sent by copying, and reported so', () => {
    const { reactor, zeroCopy } = world();
    const [fd, peer] = descriptors.tcpPair();
    send.mockReturnValueOnce(-os.errno.ENOBUFS);
    const done = new Done();
    const entry = zeroCopy.entryOf(Buffer.from('copied'), done.callback);
    expect(entry.sendTo(fd)).toBe(6);
    entry.settle();
    reactor.turn(0);
    expect(done).toMatchObject({ errors: [undefined], copied: [true] });
    expect(zeroCopy.holdsMemory).toBe(false);
    const received = Buffer.alloc(10);
    expect(sys.recv(peer, received)).toBe(6);
    expect(received.subarray(0, 6).toString()).toBe('copied');
  });

  it.runIf(isOffered)('a peer that never reads is reset when its time is over', () => {
    const { reactor, group, zeroCopy } = world();
    const fds = descriptors.tcpPair();
    const fd = sys.dup(fds[0]); // the lingering socket's own
    descriptors.close(fds[0]);
    const done = new Done();
    let count = 0;
    for (let result = 0; result >= 0; ) {
      const entry = zeroCopy.entryOf(pattern(MEGABYTE), done.callback);
      count++;
      do result = entry.sendTo(fd);
      while (result > 0);
      entry.settle(new Error('closed'));
    }
    expect(zeroCopy.holdsMemory).toBe(true);
    new LingeringSocket(fd, zeroCopy, group, true, 5);
    expect(reactor.registrationCount).toBe(1);
    for (let turn = 0; turn < 100 && done.errors.length < count; turn++) reactor.turn(1000);
    expect(done.errors).toHaveLength(count);
    expect(reactor.registrationCount).toBe(0);
    expect(reactor.dependents.size).toBe(0);
    const rest = Buffer.alloc(16 * MEGABYTE);
    let result = 0;
    do result = sys.recv(fds[1], rest);
    while (result > 0);
    expect(sys.errnoName(result)).toBe('ECONNRESET');
  });
});
