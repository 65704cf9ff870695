// Correct programs of own handlers: no finding, on any back-end, with any trigger that they are for.
import { beforeEach, describe, expect, it } from 'vitest';
import { isAccepted, isBytes } from '../../../src/index.ts';
import { Interest, Readiness } from '../../../src/poller/interest.ts';
import type { ReactorOptions } from '../../../src/reactor/options.ts';
import type { Registration } from '../../../src/reactor/registration.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, portOf, takeSocketError, useDescriptors } from '../../helpers/descriptors.ts';
import { drain, fill, Reader, send, turnIdly, turnUntil } from '../../helpers/handlers.ts';
import { eachBackend, eachTrigger, isEdge, isOneshot } from '../../helpers/matrix.ts';
import { makeLinted, stopClock } from './linted.ts';

const { Readable, Writable } = Interest;
const { AF_INET, EFD_NONBLOCK, SHUT_WR, SOCK_NONBLOCK, SOCK_STREAM } = sys.constants;
const bytes = Buffer.alloc(4096);
const MANY = 1_000_000;
/** More than the reports after which a level is a spin. */
const SPINS = 1100;

const descriptors = useDescriptors();
beforeEach(() => void stopClock());

/** Writes what it is given, and waits for room only while something is left. */
class Writer {
  rest: Buffer = Buffer.alloc(0);

  write(registration: Registration<unknown>, data: Buffer): void {
    this.rest = Buffer.concat([this.rest, data]);
    this.flush(registration);
  }

  flush(registration: Registration<unknown>): void {
    while (this.rest.length > 0) {
      const count = sys.write(registration.fd, this.rest);
      if (count < 0) break;
      this.rest = this.rest.subarray(count);
    }
    registration.setInterest(this.rest.length > 0 ? Readable | Writable : Readable);
  }
}

/** Reads what is there, as the trigger asks for. @returns whether the end was found. */
function readAll(registration: Registration<unknown>, use: (data: Buffer) => void): boolean {
  for (;;) {
    const count = sys.read(registration.fd, bytes);
    if (count <= 0) return count === 0;
    use(Buffer.from(bytes.subarray(0, count)));
    if (!isEdge(registration.trigger)) return false;
  }
}

eachTrigger((backend, trigger) => {
  const make = (options: ReactorOptions = {}) => makeLinted(descriptors, { backend, ...options });

  it('an echo with a queue of its own', () => {
    const { reactor, codes } = make();
    const [ours, theirs] = descriptors.socketpair();
    const writer = new Writer();
    const onReady = (readiness: Readiness, registration: Registration<unknown>): void => {
      if ((readiness & Readiness.Writable) !== 0) writer.flush(registration);
      if ((readiness & Readiness.Readable) === 0) return;
      const isEnd = readAll(registration, (data) => writer.write(registration, data));
      if (isEnd) registration.close();
      else if (isOneshot(trigger)) registration.rearm();
    };
    const registration = reactor.register(ours, Readable, { onReady }, { trigger });
    let echoed = 0;
    for (let round = 0; round < 50; round++) {
      fill(theirs);
      turnIdly(reactor);
      echoed += drain(theirs).text.length;
    }
    must(sys.shutdown(theirs, SHUT_WR));
    turnUntil(reactor, () => {
      echoed += drain(theirs).text.length;
      return registration.isClosed;
    });
    expect(echoed).toBeGreaterThan(MANY);
    expect(codes).toEqual([]);
  });

  it('a reader that is paused, and goes on', () => {
    const { reactor, codes } = make();
    const [ours, theirs] = descriptors.socketpair();
    const reader = new Reader();
    const registration = reactor.register(ours, Readable, reader, { trigger });
    for (let round = 0; round < 5; round++) {
      registration.setInterest(Interest.None);
      send(theirs, 'x');
      turnIdly(reactor);
      registration.setInterest(Readable);
      turnIdly(reactor);
    }
    expect(reader.text).toBe('xxxxx');
    expect(codes).toEqual([]);
  });

  it('a half-close: what is left is written behind the end, then closed', () => {
    const { reactor, codes } = make();
    const [ours, theirs] = descriptors.socketpair();
    const writer = new Writer();
    const onReady = (readiness: Readiness, registration: Registration<unknown>): void => {
      if ((readiness & Readiness.Readable) !== 0 && readAll(registration, () => undefined)) {
        writer.rest = Buffer.alloc(MANY);
      }
      writer.flush(registration);
      if (writer.rest.length > 0) registration.setInterest(Writable);
      else if (writer.rest.buffer.byteLength >= MANY) registration.close();
      else if (isOneshot(trigger)) registration.rearm();
    };
    const registration = reactor.register(ours, Readable, { onReady }, { trigger });
    send(theirs, 'a request');
    turnIdly(reactor);
    must(sys.shutdown(theirs, SHUT_WR));
    let length = 0;
    turnUntil(reactor, () => {
      length += drain(theirs).text.length;
      return registration.isClosed;
    });
    length += drain(theirs).text.length;
    expect(length).toBe(MANY);
    expect(codes).toEqual([]);
  });

  it('datagrams: an echo that drops what the kernel does not take', () => {
    const { reactor, codes } = make();
    const [ours, theirs] = [descriptors.udp(), descriptors.udp()];
    const from = new sys.SocketAddress();
    let count = 0;
    const onReady = (_readiness: Readiness, registration: Registration<unknown>): void => {
      while (sys.recvfrom(ours.fd, bytes, 0, 4096, 0, from) >= 0) {
        sys.sendto(ours.fd, bytes, 0, 4096, 0, from);
        count++;
      }
      if (isOneshot(trigger)) registration.rearm();
    };
    reactor.register(ours.fd, Readable, { onReady }, { trigger });
    for (let round = 0; round < 20; round++) {
      must(sys.sendto(theirs.fd, bytes, 0, round * 10, 0, ours.address)); // an empty one, too
      reactor.turn(20);
    }
    turnUntil(reactor, () => count === 20);
    expect(codes).toEqual([]);
  });

  it('both ends of a pipe', () => {
    const { reactor, codes } = make();
    const [from, to] = descriptors.pipe();
    const reader = new Reader();
    let rest = Buffer.alloc(MANY, 'x');
    const onReady = (_readiness: Readiness, registration: Registration<unknown>): void => {
      const count = sys.write(to, rest);
      if (count > 0) rest = rest.subarray(count);
      if (rest.length === 0) {
        registration.close();
        descriptors.close(to);
      } else if (count > 0 && isEdge(trigger)) registration.requeue();
      if (isOneshot(trigger) && !registration.isClosed) registration.rearm();
    };
    reactor.register(from, Readable, reader, { trigger });
    reactor.register(to, Writable, { onReady }, { trigger });
    turnUntil(reactor, () => reader.end === 'end');
    expect(reader.text.length).toBe(MANY);
    expect(codes).toEqual([]);
  });

  it('a listener that accepts until would-block, or its budget is used up', () => {
    const { reactor, codes } = make({ budget: { operations: 3 } });
    const { fd: listener, address } = descriptors.listener();
    let count = 0;
    const onReady = (_readiness: Readiness, registration: Registration<unknown>): void => {
      for (let more = true; more; more = registration.charge(0)) {
        const fd = sys.accept4(listener, null, SOCK_NONBLOCK);
        if (fd < 0) break;
        descriptors.track(fd);
        count++;
      }
      if (isOneshot(trigger)) registration.rearm();
    };
    reactor.register(listener, Readable, { onReady }, { trigger });
    for (let client = 0; client < 10; client++) {
      must(sys.connect(descriptors.track(sys.socket(AF_INET, SOCK_STREAM)), address));
    }
    turnUntil(reactor, () => count === 10);
    turnIdly(reactor);
    expect(codes).toEqual([]);
  });

  it.each(['SO_ERROR', 'getpeername', 'a second connect'])('a connect, checked by %s', (check) => {
    const { reactor, codes } = make();
    const { address } = descriptors.listener();
    const fd = descriptors.track(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
    must(-sys.connect(fd, address)); // under way
    let sent = 0;
    const onReady = (_readiness: Readiness, registration: Registration<unknown>): void => {
      if (check === 'SO_ERROR') expect(takeSocketError(fd)).toBe('OK');
      else if (check === 'getpeername') must(sys.getpeername(fd, new sys.SocketAddress()));
      else sys.connect(fd, address);
      sent = must(sys.send(fd, bytes, 0, 10));
      registration.close();
    };
    reactor.register(fd, Writable, { onReady }, { trigger });
    turnUntil(reactor, () => sent > 0);
    expect(portOf(fd)).toBeGreaterThan(0);
    expect(codes).toEqual([]);
  });
});

eachBackend((backend) => {
  const make = (options: ReactorOptions = {}) => makeLinted(descriptors, { backend, ...options });

  it('edges with a budget, and edges that re-queue themselves', () => {
    const { reactor, codes } = make({ budget: { bytes: 2000 } });
    for (const way of ['charge', 'requeue']) {
      const [ours, theirs] = descriptors.socketpair();
      let length = 0;
      const onReady = (_readiness: Readiness, registration: Registration<unknown>): void => {
        for (;;) {
          const count = sys.recv(ours, bytes, 0, 512);
          if (count <= 0) return;
          length += count;
          if (way === 'requeue') registration.requeue();
          if (way === 'requeue' || !registration.charge(count)) return;
        }
      };
      reactor.register(ours, Readable, { onReady }, { trigger: 'edge' });
      send(theirs, Buffer.alloc(16 * 1024));
      turnUntil(reactor, () => length === 16 * 1024);
      turnIdly(reactor);
    }
    expect(codes).toEqual([]);
  });

  it('registerEdge: reading and writing, an end, and a listener', () => {
    const { reactor, codes } = make();
    const [ours, theirs] = descriptors.socketpair();
    const { fd: listener, address } = descriptors.listener();
    reactor.registerEdge(ours, Readable | Writable, {
      onReady(edge) {
        edge.idle('write');
        for (;;) {
          const count = edge.recv(bytes);
          if (!isBytes(count)) return edge.settled(count);
          const sent = edge.send(bytes, 0, count);
          if (!isBytes(sent)) return edge.settled(sent);
          edge.idle('write');
          const over = edge.charge(count);
          if (over) return over;
        }
      },
    });
    reactor.registerEdge(listener, Readable, {
      onReady(edge) {
        for (;;) {
          const fd = edge.accept();
          if (!isAccepted(fd)) return edge.settled(fd);
          descriptors.track(fd);
        }
      },
    });
    must(sys.connect(descriptors.track(sys.socket(AF_INET, SOCK_STREAM)), address));
    send(theirs, 'hello');
    turnIdly(reactor);
    must(sys.shutdown(theirs, SHUT_WR));
    turnIdly(reactor);
    expect(drain(theirs).text).toBe('hello');
    expect(codes).toEqual([]);
  });

  it('an eventfd, which one read empties', ({ skip }) => {
    skip(EFD_NONBLOCK === undefined, 'no eventfd on this system');
    const { reactor, codes } = make();
    const fd = descriptors.track(sys.eventfd(0, EFD_NONBLOCK));
    let count = 0;
    const onReady = () => {
      count += must(sys.read(fd, bytes, 0, 8));
    };
    reactor.register(fd, Readable, { onReady }, { trigger: 'edge' });
    for (let round = 0; round < 3; round++) {
      must(sys.write(fd, Buffer.from(BigUint64Array.of(7n).buffer)));
      turnIdly(reactor);
    }
    expect(count).toBe(24);
    expect(codes).toEqual([]);
  });

  it('a handler that remembers the edge, and says so', () => {
    const { reactor, codes } = make();
    const [ours, theirs] = descriptors.socketpair();
    let isReadable = false;
    const handler = {
      lintIgnore: ['EDGEWISE_UNDRAINED'] as const,
      onReady: () => {
        isReadable = true;
      },
    };
    reactor.register(ours, Readable, handler, { trigger: 'edge' });
    send(theirs, 'x');
    turnIdly(reactor);
    expect(isReadable).toBe(true);
    expect(drain(ours).text).toBe('x');
    expect(codes).toEqual([]);
  });
}, 'edge');

describe('level', () => {
  eachBackend((backend) => {
    it('a writer that never stops, and a reader that does not stop either', () => {
      const { reactor, codes } = makeLinted(descriptors, { backend });
      const [ours, theirs] = descriptors.socketpair();
      reactor.register(ours, Writable, { onReady: () => void sys.write(ours, bytes, 0, 100) });
      reactor.register(theirs, Readable, { onReady: () => void sys.read(theirs, bytes) });
      turnIdly(reactor, SPINS);
      expect(reactor.stats.events).toBeGreaterThan(SPINS);
      expect(codes).toEqual([]);
    });
  });
});
