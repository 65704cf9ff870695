// docs/semantics.md "Edge", on each back-end that has edges; what a reader owes under every trigger.
import { expect, it } from 'vitest';
import { Interest, Readiness, type Trigger } from '../../../src/poller/interest.ts';
import type { Edge } from '../../../src/reactor/edge/edge.ts';
import type { Settled } from '../../../src/reactor/edge/results.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import type { Handler, Registration } from '../../../src/reactor/registration.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { drain, fill, Reader, Recorder, send, turnIdly } from '../../helpers/handlers.ts';
import { eachBackend, eachTrigger, isEdge, isOneshot } from '../../helpers/matrix.ts';

const descriptors = useDescriptors();
const BURST = 256 * 1024;
const CHUNK = 1024;

/** A pair with room for the burst in the kernel, which holds it once the peer has stopped. */
function burst(): number {
  const [ours, theirs] = descriptors.socketpair();
  must(sys.setsockopt(theirs, sys.constants.SOL_SOCKET, sys.constants.SO_SNDBUF, 4 * BURST));
  let sent = 0;
  const piece = Buffer.alloc(16 * 1024);
  while (sent < BURST) {
    const written = sys.write(theirs, piece, 0, Math.min(piece.length, BURST - sent));
    if (written < 0) break; // the kernel's limit: the burst is as large as it lets us
    sent += written;
  }
  expect(sent).toBeGreaterThan(64 * CHUNK);
  burstSize = sent;
  return ours;
}
let burstSize = 0;

/** Reads 1 KB at a time, `chunksMax` times per event; `isProper`: says so when it stops early. */
class ChunkReader implements Handler {
  byteCount = 0;
  readonly #chunk = Buffer.alloc(CHUNK);
  readonly #chunksMax: number;
  readonly #isProper: boolean;

  constructor(chunksMax: number, isProper: boolean) {
    this.#chunksMax = chunksMax;
    this.#isProper = isProper;
  }

  onReady(_readiness: Readiness, registration: Registration): void {
    for (let i = 0; i < this.#chunksMax; i++) {
      const count = sys.read(registration.fd, this.#chunk);
      if (count === sys.WOULD_BLOCK) {
        this.#rearm(registration);
        return;
      }
      this.byteCount += must(count);
    }
    if (this.#isProper && registration.trigger === 'edge') registration.requeue();
    this.#rearm(registration);
  }

  #rearm(registration: Registration): void {
    if (this.#isProper && isOneshot(registration.trigger)) registration.rearm();
  }
}

function readBurst(trigger: Trigger, handler: Handler, reactor: Reactor): void {
  reactor.register(burst(), Interest.Readable, handler, { trigger });
  turnIdly(reactor, 1000);
}

eachTrigger((backend, trigger) => {
  it('a burst arrives whole at a reader of 1 KB per event that follows the rule', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const reader = new ChunkReader(1, true);
    readBurst(trigger, reader, reactor);
    expect(reader.byteCount).toBe(burstSize);
  });

  it('a burst arrives whole at a reader that drains', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const reader = new ChunkReader(Number.MAX_SAFE_INTEGER, true);
    readBurst(trigger, reader, reactor);
    expect([reader.byteCount, reactor.stats.requeued]).toEqual([burstSize, 0]);
  });

  it('a burst arrives whole at a reader that is charged for it', () => {
    const reactor = descriptors.using(new Reactor({ backend, budget: { bytes: 8 * CHUNK } }));
    let byteCount = 0;
    const chunk = Buffer.alloc(CHUNK);
    const reader = new Recorder((_readiness, registration) => {
      for (let i = 0; ; i++) {
        const count = sys.read(registration.fd, chunk);
        if (count === sys.WOULD_BLOCK) return;
        byteCount += must(count);
        expect(i).toBeLessThan(8);
        if (!registration.charge(count)) return;
      }
    }, true);
    readBurst(trigger, reader, reactor);
    expect(byteCount).toBe(burstSize);
    expect(reactor.stats.requeued > 0).toBe(isEdge(trigger));
  });
});

eachBackend((backend) => {
  it('Edge reports a readable descriptor once, until new data arrives.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder();
    reactor.register(ours, Interest.Readable, recorder, { trigger: 'edge' });
    send(theirs, 'x');
    turnIdly(reactor);
    expect(recorder.readiness).toEqual(['Readable']);
    send(theirs, 'y');
    turnIdly(reactor);
    expect(recorder.readiness).toEqual(['Readable', 'Readable']);
  });

  it('Edge reports what is already there when the descriptor is added.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    send(theirs, 'x');
    const recorder = new Recorder();
    const registration = reactor.register(ours, Interest.Readable, recorder, { trigger: 'edge' });
    turnIdly(reactor);
    expect(recorder.readiness).toEqual(['Readable']);
    registration.rearm();
    turnIdly(reactor);
    expect(recorder.readiness).toEqual(['Readable', 'Readable']);
  });

  it('An edge reader that stops early is not called again while the peer is silent.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const reader = new ChunkReader(1, false);
    readBurst('edge', reader, reactor);
    expect(reader.byteCount).toBe(CHUNK);
  });

  it('A short read is no proof of being drained when ReadClosed is set.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const read = (isPatient: boolean): string[] => {
      const [ours, theirs] = descriptors.socketpair();
      send(theirs, 'ten bytes.');
      must(sys.shutdown(theirs, sys.constants.SHUT_WR));
      const counts: string[] = [];
      const recorder = new Recorder((readiness, { fd }) => {
        expect(readiness & Readiness.ReadClosed).not.toBe(0);
        counts.push(`${sys.read(fd, Buffer.alloc(64 * 1024))}`); // short: 10 of 65536
        if (isPatient) counts.push(`${sys.read(fd, Buffer.alloc(64 * 1024))}`);
      });
      reactor.register(ours, Interest.Readable, recorder, { trigger: 'edge' });
      turnIdly(reactor);
      return counts;
    };
    expect(read(true)).toEqual(['10', '0']);
    expect(read(false)).toEqual(['10']); // and it never gets the end
  });

  it('An edge reader that stops at its budget is called again in the next turn.', () => {
    const reactor = descriptors.using(new Reactor({ backend, budget: { operations: 2 } }));
    const [ours, theirs] = descriptors.socketpair();
    const turns: number[] = [];
    const recorder = new Recorder((readiness, registration) => {
      expect(readiness).toBe(Readiness.Readable);
      turns.push(reactor.stats.turns);
      while (sys.read(registration.fd, Buffer.alloc(1)) > 0) if (!registration.charge(1)) return;
    });
    reactor.register(ours, Interest.Readable, recorder, { trigger: 'edge' });
    send(theirs, 'seven..');
    for (let i = 0; i < 8; i++) reactor.turn(0);
    const [first] = turns as [number];
    expect(turns).toEqual([first, first + 1, first + 2, first + 3]);
    expect(reactor.stats).toMatchObject({ events: 1, requeued: 3 });
    expect(drain(ours).text).toBe('');
  });

  it('With `registerEdge` a handler that stops early is called again in the next turn, whatever the peer does.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    const counts: number[] = [];
    const onReady = (edge: Edge): Settled => {
      counts.push(edge.recv(Buffer.alloc(2)));
      return edge.closed(); // it is not
    };
    reactor.registerEdge(ours, Interest.Readable, { onReady });
    send(theirs, 'five.');
    turnIdly(reactor, 10);
    expect(counts).toEqual([2, 2, 1, sys.WOULD_BLOCK]);
  });

  it('Adding an interest under edge reports readiness that was there before.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder();
    const registration = reactor.register(ours, Interest.Readable, recorder, { trigger: 'edge' });
    turnIdly(reactor);
    registration.setInterest(Interest.Readable | Interest.Writable);
    turnIdly(reactor);
    expect(recorder.readiness).toEqual(['Writable']);
    registration.setInterest(Interest.Writable);
    send(theirs, 'x');
    turnIdly(reactor);
    registration.setInterest(Interest.Readable);
    turnIdly(reactor);
    expect(recorder.readiness.at(-1)).toBe('Readable');
  });

  it('a full writer hears once that there is room again', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder((_readiness, { fd }) => void fill(fd));
    reactor.register(ours, Interest.Writable, recorder, { trigger: 'edge' });
    turnIdly(reactor);
    expect(recorder.count).toBe(1);
    drain(theirs);
    turnIdly(reactor);
    expect(recorder.readiness).toEqual(['Writable', 'Writable']);
  });

  it('switching from level to edge loses nothing that was there', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    const reader = new Reader();
    const registration = reactor.register(ours, Interest.Readable, reader);
    send(theirs, 'before');
    registration.setTrigger('edge');
    turnIdly(reactor);
    expect(reader.text).toBe('before');
  });
}, 'edge');
