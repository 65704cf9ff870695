// What the lint makes of each call: which take something, which only look, and which it cannot see.
import { readSync, writeSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { isBytes } from '../../../src/index.ts';
import { Interest, type Readiness } from '../../../src/poller/interest.ts';
import { Poller } from '../../../src/poller/poller.ts';
import type { Handler, Registration } from '../../../src/reactor/registration.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { drain, fill, send, turnIdly } from '../../helpers/handlers.ts';
import { makeLinted, stopClock } from './linted.ts';

const { MSG_PEEK, SPLICE_F_NONBLOCK } = sys.constants;
const { Readable, Writable } = Interest;
const SPINS = 1100;
const bytes = Buffer.alloc(64);
const pinned = new sys.PinnedBuffer(64);
const batch = new sys.SocketBatch(1, 1 << 20);
const message = new sys.MessageBatch(1, 64);

const descriptors = useDescriptors();
beforeEach(() => void stopClock());

function receiveEach(fd: number): void {
  batch.fds[0] = fd;
  sys.recvEach(batch, 1, 64);
}

const READS: Readonly<Record<string, (fd: number) => unknown>> = {
  recv: (fd) => sys.recv(fd, bytes),
  read: (fd) => sys.read(fd, bytes),
  recvfrom: (fd) => sys.recvfrom(fd, bytes),
  readv: (fd) => sys.readv(fd, [bytes]),
  recvmmsg: (fd) => sys.recvmmsg(fd, message),
  recvEach: receiveEach,
  'PinnedBuffer.recv': (fd) => pinned.recv(fd),
  'PinnedBuffer.read': (fd) => pinned.read(fd),
  'readSync, which is not seen': (fd) => readSync(fd, bytes),
};

const LOOKS: Readonly<Record<string, (fd: number) => unknown>> = {
  nothing: () => undefined,
  'a peek': (fd) => sys.recv(fd, bytes, 0, 64, MSG_PEEK),
  'a peek by recvfrom': (fd) => sys.recvfrom(fd, bytes, 0, 64, MSG_PEEK),
  getsockname: (fd) => sys.getsockname(fd, new sys.SocketAddress()),
};

function lookEachTurn(look: (fd: number) => unknown): readonly string[] {
  const { reactor, codes } = makeLinted(descriptors);
  const [ours, theirs] = descriptors.socketpair();
  reactor.register(ours, Readable, { onReady: () => void look(ours) });
  send(theirs, 'x');
  turnIdly(reactor, SPINS);
  return codes;
}

describe('a level that is reported', () => {
  it.each(Object.keys(LOOKS))('spins by %s', (name) => {
    expect(lookEachTurn(LOOKS[name] as () => unknown)).toEqual(['EDGEWISE_SPINNING_READ']);
  });

  it.each(Object.keys(READS))('does not spin by %s', (name) => {
    const { reactor, codes } = makeLinted(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    reactor.register(ours, Readable, { onReady: () => void READS[name]?.(ours) });
    for (let turn = 0; turn < SPINS; turn++) {
      send(theirs, 'x');
      reactor.turn(0);
    }
    expect(codes).toEqual([]);
  });

  it('does not spin by splice', ({ skip }) => {
    skip(SPLICE_F_NONBLOCK === undefined, 'no splice on this system');
    const { reactor, codes } = makeLinted(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    const [from, to] = descriptors.pipe();
    const onReady = (): void => {
      sys.splice(ours, null, to, null, 1, SPLICE_F_NONBLOCK);
      drain(from);
    };
    reactor.register(ours, Readable, { onReady });
    send(theirs, Buffer.alloc(SPINS + 10));
    turnIdly(reactor, SPINS);
    expect(codes).toEqual([]);
  });

  it('does not spin by a write that is not seen, and is charged', () => {
    const { reactor, codes } = makeLinted(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    const onReady = (_readiness: Readiness, registration: Registration<unknown>) =>
      void registration.charge(writeSync(ours, 'x'));
    reactor.register<unknown>(ours, Writable, { onReady });
    for (let turn = 0; turn < SPINS; turn++) {
      reactor.turn(0);
      drain(theirs);
    }
    expect(codes).toEqual([]);
  });
});

describe('a short write', () => {
  const long = Buffer.alloc(1 << 20, 'the first ');
  const other = Buffer.alloc(100, 'another');

  function writeBehind(first: (fd: number) => number, next: (fd: number, sent: number) => void) {
    const { reactor, codes } = makeLinted(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    reactor.register(ours, Readable | Writable, { onReady: () => undefined });
    const sent = first(ours);
    expect(sent).toBeLessThan(long.length);
    drain(theirs);
    next(ours, sent);
    return codes;
  }

  const FIRSTS: Readonly<Record<string, (fd: number) => number>> = {
    send: (fd) => sys.send(fd, long),
    write: (fd) => sys.write(fd, long),
    writev: (fd) => sys.writev(fd, [long.subarray(0, 5), long.subarray(5)]),
    sendEach: (fd) => {
      batch.fds[0] = fd;
      batch.offsets[0] = 0;
      batch.lengths[0] = long.length;
      batch.bytes.set(long);
      sys.sendEach(batch, 1);
      return batch.results[0] as number;
    },
  };

  it.each(Object.keys(FIRSTS))('by %s: what follows is the rest, or not', (name) => {
    const first = FIRSTS[name] as (fd: number) => number;
    const copied = (fd: number, sent: number) =>
      void sys.send(fd, Buffer.from(long.subarray(sent)));
    expect(writeBehind(first, copied)).toEqual([]);
    const gathered = (fd: number, sent: number) =>
      void sys.writev(fd, [long.subarray(sent, sent + 3), long.subarray(sent + 3)]);
    expect(writeBehind(first, gathered)).toEqual([]);
    const forgotten = (fd: number) => void sys.send(fd, other);
    expect(writeBehind(first, forgotten)).toEqual(['EDGEWISE_SHORT_WRITE_IGNORED']);
  });

  it('is not compared with what does not show its bytes', () => {
    const hidden = (fd: number): void => {
      pinned.send(fd);
      sys.send(fd, other);
    };
    expect(writeBehind(FIRSTS.send as (fd: number) => number, hidden)).toEqual([]);
  });
});

describe('a write that the kernel did not take', () => {
  it.each<[queued: number | undefined, found: boolean]>([
    [5, true],
    [0, false],
    [undefined, false],
  ])('with %j bytes queued', (queued, isFound) => {
    const { reactor, codes } = makeLinted(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    fill(ours);
    const handler: Handler<unknown> = {
      onReady: () => {
        drain(ours);
        sys.send(ours, bytes);
      },
      queuedBytes: () => queued,
    };
    reactor.register(ours, Readable, handler);
    send(theirs, 'x');
    turnIdly(reactor);
    expect(codes).toEqual(isFound ? ['EDGEWISE_WRITE_NOT_ARMED'] : []);
  });
});

describe.runIf(Poller.capabilitiesOf(Poller.preferredBackend).triggers.includes('edge'))(
  'registerEdge',
  () => {
    it('an empty datagram is no end, and no mistake', () => {
      const { reactor, codes } = makeLinted(descriptors);
      const [ours, theirs] = [descriptors.udp(), descriptors.udp()];
      reactor.registerEdge(ours.fd, Readable, {
        onReady(edge) {
          for (;;) {
            const count = edge.recv(bytes);
            if (!isBytes(count)) return edge.settled(count);
          }
        },
      });
      must(sys.sendto(theirs.fd, bytes, 0, 0, 0, ours.address));
      turnIdly(reactor);
      expect(reactor.stats.unsettled).toBeGreaterThan(0);
      expect(codes).toEqual([]);
    });
  },
);
